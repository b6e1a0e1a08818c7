# Copyright: slipway.aws contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""CloudFront's calls: each says what it tries to do, none of them decides anything."""

from __future__ import annotations

from typing import Any

from ..core import aws_call, from_tag_list, to_tag_list

# CloudFront and what it is tagged with live here, whatever the region of everything else.
GLOBAL_REGION = "us-east-1"


@aws_call("list the distributions")
def distributions(client: Any) -> list[dict[str, Any]]:
    pages = client.get_paginator("list_distributions").paginate()
    return [item for page in pages for item in page["DistributionList"].get("Items", [])]


@aws_call("find the distributions tagged {tags}")
def tagged_distributions(client: Any, tags: dict[str, str]) -> list[str]:
    filters = [{"Key": key, "Values": [str(value)]} for key, value in tags.items()]
    pages = client.get_paginator("get_resources").paginate(
        TagFilters=filters, ResourceTypeFilters=["cloudfront:distribution"]
    )
    return sorted(item["ResourceARN"].rpartition("/")[2] for page in pages for item in page["ResourceTagMappingList"])


@aws_call("read the configuration of the distribution {identifier}")
def distribution_config(client: Any, identifier: str) -> dict[str, Any]:
    return client.get_distribution_config(Id=identifier)["DistributionConfig"]


@aws_call("list the invalidations of {identifier}")
def latest_invalidations(client: Any, kind: str, identifier: str) -> list[dict[str, Any]]:
    """The newest hundred."""
    if kind == "tenant":
        answer = client.list_invalidations_for_distribution_tenant(Id=identifier, MaxItems=100)
    else:
        answer = client.list_invalidations(DistributionId=identifier, MaxItems="100")
    return answer["InvalidationList"].get("Items", [])


@aws_call("list the distribution tenants")
def tenants(client: Any) -> list[dict[str, Any]]:
    pages = client.get_paginator("list_distribution_tenants").paginate()
    return [item for page in pages for item in page.get("DistributionTenantList") or []]


@aws_call("list the invalidations of {identifier}")
def invalidations_since(client: Any, kind: str, identifier: str, start: Any) -> list[dict[str, Any]]:
    """Those made since then; they come newest first."""
    if kind == "tenant":
        pages = client.get_paginator("list_invalidations_for_distribution_tenant").paginate(Id=identifier)
    else:
        pages = client.get_paginator("list_invalidations").paginate(DistributionId=identifier)
    found: list[dict[str, Any]] = []
    for page in pages:
        items = page["InvalidationList"].get("Items", [])
        recent = [item for item in items if item["CreateTime"] >= start]
        found += recent
        if len(recent) < len(items):
            break
    return found


@aws_call("read the invalidation {invalidation_id} of {identifier}")
def invalidation(client: Any, kind: str, identifier: str, invalidation_id: str) -> dict[str, Any]:
    if kind == "tenant":
        answer = client.get_invalidation_for_distribution_tenant(DistributionTenantId=identifier, Id=invalidation_id)
    else:
        answer = client.get_invalidation(DistributionId=identifier, Id=invalidation_id)
    return answer["Invalidation"]


def create_invalidation(client: Any, kind: str, identifier: str, items: list[str], reference: str) -> dict[str, Any]:
    """Raises botocore's error: a full quota is the caller's to wait for."""
    batch = {"Paths": {"Quantity": len(items), "Items": items}, "CallerReference": reference}
    if kind == "tenant":
        answer = client.create_invalidation_for_distribution_tenant(Id=identifier, InvalidationBatch=batch)
    else:
        answer = client.create_invalidation(DistributionId=identifier, InvalidationBatch=batch)
    return answer["Invalidation"]


# Distributions


@aws_call("find the distribution {name}")
def named_distributions(client: Any, name: str) -> dict[str, dict[str, str]]:
    """The distributions with the tag C(Name): identifier → all tags, in one call."""
    pages = client.get_paginator("get_resources").paginate(
        TagFilters=[{"Key": "Name", "Values": [name]}], ResourceTypeFilters=["cloudfront:distribution"]
    )
    return {
        item["ResourceARN"].rpartition("/")[2]: from_tag_list(item["Tags"])
        for page in pages
        for item in page["ResourceTagMappingList"]
    }


@aws_call("read the distribution {identifier}", missing=["NoSuchDistribution"])
def distribution(client: Any, identifier: str) -> dict[str, Any] | None:
    """What C(GetDistribution) answers about the distribution, and its C(ETag)."""
    answer = client.get_distribution(Id=identifier)
    return {**answer["Distribution"], "ETag": answer["ETag"]}


@aws_call("read the tags of {arn}")
def tags(client: Any, arn: str) -> dict[str, str]:
    return from_tag_list(client.list_tags_for_resource(Resource=arn)["Tags"].get("Items"))


@aws_call("tag {arn}")
def set_tags(client: Any, arn: str, to_set: dict[str, str], to_remove: list[str]) -> None:
    if to_set:
        client.tag_resource(Resource=arn, Tags={"Items": to_tag_list(to_set)})
    if to_remove:
        client.untag_resource(Resource=arn, TagKeys={"Items": to_remove})


def create_distribution(client: Any, config: dict[str, Any], tags: dict[str, str]) -> dict[str, Any]:
    """Raises botocore's error: what is taken, or not seen yet, is the caller's to judge."""
    answer = client.create_distribution_with_tags(
        DistributionConfigWithTags={"DistributionConfig": config, "Tags": {"Items": to_tag_list(tags)}}
    )
    return {**answer["Distribution"], "ETag": answer["ETag"]}


def update_distribution(client: Any, identifier: str, etag: str, config: dict[str, Any]) -> dict[str, Any]:
    """Raises botocore's error: a conflict is the caller's to retry."""
    answer = client.update_distribution(Id=identifier, IfMatch=etag, DistributionConfig=config)
    return {**answer["Distribution"], "ETag": answer["ETag"]}


def delete_distribution(client: Any, identifier: str, etag: str) -> None:
    """Raises botocore's error: a distribution that is not disabled everywhere yet is the caller's to wait for."""
    client.delete_distribution(Id=identifier, IfMatch=etag)


# What a distribution refers to


def _all(call: Any, key: str, **arguments: Any) -> list[dict[str, Any]]:
    """All pages of a list that botocore has no paginator for."""
    found: list[dict[str, Any]] = []
    while True:
        answer = call(**arguments)[key]
        found += answer.get("Items") or []
        marker = answer.get("NextMarker")
        if not marker:
            return found
        arguments["Marker"] = marker


@aws_call("list the {kind.words} objects")
def policies(client: Any, kind: Any, only: str = "") -> list[dict[str, Any]]:
    """The policies of one kind, of one type (C(managed), C(custom)) or both."""
    arguments = {"Type": only} if only else {}
    return [item[kind.shape] for item in _all(getattr(client, f"list_{kind.plural}"), f"{kind.shape}List", **arguments)]


@aws_call("list the origin access controls")
def origin_access_controls(client: Any) -> list[dict[str, Any]]:
    return _all(client.list_origin_access_controls, "OriginAccessControlList")


@aws_call("look for the published function {name}", missing=["NoSuchFunctionExists"])
def function(client: Any, name: str, stage: str) -> dict[str, Any] | None:
    """The function's summary and C(ETag) at a stage."""
    answer = client.describe_function(Name=name, Stage=stage)
    return {**answer["FunctionSummary"], "ETag": answer["ETag"]}


@aws_call("list the functions")
def functions(client: Any, stage: str) -> dict[str, dict[str, Any]]:
    """The functions at a stage, by their names."""
    return {item["Name"]: item for item in _all(client.list_functions, "FunctionList", Stage=stage)}


@aws_call("read the code of the function {name}")
def function_code(client: Any, name: str, stage: str) -> str:
    return client.get_function(Name=name, Stage=stage)["FunctionCode"].read().decode("utf-8", errors="replace")
