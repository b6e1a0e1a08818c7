# Copyright: slipway.aws contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""ECR's calls, one function each, errors by decorator."""

from __future__ import annotations

import json
from typing import Any

from ..core import aws_call, from_tag_list, given, to_tag_list

_NO_REPOSITORY = "RepositoryNotFoundException"


@aws_call("describe the repository {name}", missing=[_NO_REPOSITORY])
def get_repository(client: Any, name: str) -> dict[str, Any] | None:
    return client.describe_repositories(repositoryNames=[name])["repositories"][0]


@aws_call("list the repositories")
def list_repositories(client: Any, prefix: str) -> list[dict[str, Any]]:
    pages = client.get_paginator("describe_repositories").paginate()
    return [item for page in pages for item in page["repositories"] if item["repositoryName"].startswith(prefix)]


@aws_call(
    "read the lifecycle policy of the repository {name}",
    missing=["LifecyclePolicyNotFoundException", _NO_REPOSITORY],
    default={},
)
def get_lifecycle_policy(client: Any, name: str) -> dict[str, Any]:
    return json.loads(client.get_lifecycle_policy(repositoryName=name)["lifecyclePolicyText"])


@aws_call(
    "read the policy of the repository {name}",
    missing=["RepositoryPolicyNotFoundException", _NO_REPOSITORY],
    default={},
)
def get_repository_policy(client: Any, name: str) -> dict[str, Any]:
    return json.loads(client.get_repository_policy(repositoryName=name)["policyText"])


@aws_call("list the tags of the repository {arn}", missing=[_NO_REPOSITORY], default={})
def get_tags(client: Any, arn: str) -> dict[str, str]:
    return from_tag_list(client.list_tags_for_resource(resourceArn=arn)["tags"])


@aws_call("create the repository {name}")
def create_repository(client: Any, name: str, **fields: Any) -> dict[str, Any]:
    return client.create_repository(repositoryName=name, **given(fields))["repository"]


@aws_call("set the mutability of tags in the repository {name}")
def set_mutability(client: Any, name: str, mutability: str, exclusions: list[dict[str, str]]) -> None:
    extra = {"imageTagMutabilityExclusionFilters": exclusions} if exclusions else {}
    client.put_image_tag_mutability(repositoryName=name, imageTagMutability=mutability, **extra)


@aws_call("set scanning of the repository {name}")
def set_scanning(client: Any, name: str, scan_on_push: bool) -> None:
    client.put_image_scanning_configuration(
        repositoryName=name, imageScanningConfiguration={"scanOnPush": scan_on_push}
    )


@aws_call("set the lifecycle policy of the repository {name}")
def set_lifecycle_policy(client: Any, name: str, policy: dict[str, Any]) -> None:
    if policy:
        client.put_lifecycle_policy(repositoryName=name, lifecyclePolicyText=json.dumps(policy))
    else:
        client.delete_lifecycle_policy(repositoryName=name)


@aws_call("set the policy of the repository {name}")
def set_repository_policy(client: Any, name: str, policy: dict[str, Any]) -> None:
    if policy:
        client.set_repository_policy(repositoryName=name, policyText=json.dumps(policy))
    else:
        client.delete_repository_policy(repositoryName=name)


@aws_call("tag the repository {arn}")
def set_tags(client: Any, arn: str, to_set: dict[str, str], to_remove: list[str]) -> None:
    if to_remove:
        client.untag_resource(resourceArn=arn, tagKeys=to_remove)
    if to_set:
        client.tag_resource(resourceArn=arn, tags=to_tag_list(to_set))


@aws_call("delete the repository {name}", missing=[_NO_REPOSITORY])
def delete_repository(client: Any, name: str, force: bool) -> None:
    client.delete_repository(repositoryName=name, force=force)
