# Copyright: slipway.aws contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""CloudFront's calls: each says what it tries to do, none of them decides anything."""

from __future__ import annotations

from typing import Any

from ..core import aws_call


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


@aws_call("list the invalidations of {identifier}")
def invalidations_since(client: Any, identifier: str, start: Any) -> list[dict[str, Any]]:
    """Those made since then; they come newest first."""
    found: list[dict[str, Any]] = []
    for page in client.get_paginator("list_invalidations").paginate(DistributionId=identifier):
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
