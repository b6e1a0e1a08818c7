# Copyright: slipway.aws contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""WAF's calls: each says what it tries to do, none of them decides anything."""

from __future__ import annotations

from typing import Any

from ..core import aws_call, from_tag_list, to_tag_list

MISSING = ("WAFNonexistentItemException",)


@aws_call("list the web ACLs")
def find(client: Any, scope: str, name: str) -> dict[str, Any] | None:
    arguments: dict[str, Any] = {"Scope": scope, "Limit": 100}
    while True:
        page = client.list_web_acls(**arguments)
        for summary in page["WebACLs"]:
            if summary["Name"] == name:
                return summary
        # WAF answers with a marker also on the last page that has anything in it.
        if not page.get("NextMarker") or not page["WebACLs"]:
            return None
        arguments["NextMarker"] = page["NextMarker"]


@aws_call("read the web ACL {name}", missing=MISSING)
def get(client: Any, scope: str, name: str, identifier: str) -> dict[str, Any] | None:
    answer = client.get_web_acl(Scope=scope, Name=name, Id=identifier)
    return {**answer["WebACL"], "LockToken": answer["LockToken"]}


@aws_call("list the tags of {arn}", missing=MISSING, default={})
def tags(client: Any, arn: str) -> dict[str, str]:
    found: list[dict[str, str]] = []
    arguments: dict[str, Any] = {"ResourceARN": arn, "Limit": 100}
    while True:
        page = client.list_tags_for_resource(**arguments)
        batch = page.get("TagInfoForResource", {}).get("TagList", [])
        found += batch
        if not page.get("NextMarker") or not batch:
            return from_tag_list(found)
        arguments["NextMarker"] = page["NextMarker"]


@aws_call("list what the web ACL {arn} protects", missing=MISSING, default=[])
def protected(client: Any, arn: str, resource_type: str) -> list[str]:
    return client.list_resources_for_web_acl(WebACLArn=arn, ResourceType=resource_type)["ResourceArns"]


@aws_call("read the logging configuration of {arn}", missing=MISSING)
def logging(client: Any, arn: str) -> dict[str, Any] | None:
    return client.get_logging_configuration(ResourceArn=arn)["LoggingConfiguration"]


@aws_call("create the web ACL {name}")
def create(client: Any, scope: str, name: str, arguments: dict[str, Any], tags: dict[str, str]) -> dict[str, Any]:
    tagging = {"Tags": to_tag_list(tags)} if tags else {}
    return client.create_web_acl(Scope=scope, Name=name, **arguments, **tagging)["Summary"]


def update(client: Any, scope: str, name: str, identifier: str, lock_token: str, arguments: dict[str, Any]) -> None:
    """Raises botocore's error: a lock conflict is the caller's to retry."""
    client.update_web_acl(Scope=scope, Name=name, Id=identifier, LockToken=lock_token, **arguments)


def delete(client: Any, scope: str, name: str, identifier: str, lock_token: str) -> None:
    """Raises botocore's error: a lock conflict is the caller's to retry."""
    client.delete_web_acl(Scope=scope, Name=name, Id=identifier, LockToken=lock_token)


def associate(client: Any, arn: str, resource_arn: str) -> None:
    """Raises botocore's error: a web ACL or load balancer that WAF does not see yet is the caller's to retry."""
    client.associate_web_acl(WebACLArn=arn, ResourceArn=resource_arn)


@aws_call("take {resource_arn} from its web ACL", missing=MISSING)
def disassociate(client: Any, resource_arn: str) -> None:
    client.disassociate_web_acl(ResourceArn=resource_arn)


@aws_call("log what the web ACL does")
def put_logging(client: Any, arguments: dict[str, Any]) -> None:
    client.put_logging_configuration(LoggingConfiguration=arguments)


@aws_call("stop logging what {arn} does", missing=MISSING)
def delete_logging(client: Any, arn: str) -> None:
    client.delete_logging_configuration(ResourceArn=arn)


@aws_call("tag {arn}")
def tag(client: Any, arn: str, tags: dict[str, str]) -> None:
    client.tag_resource(ResourceARN=arn, Tags=to_tag_list(tags))


@aws_call("remove tags of {arn}")
def untag(client: Any, arn: str, keys: list[str]) -> None:
    client.untag_resource(ResourceARN=arn, TagKeys=keys)
