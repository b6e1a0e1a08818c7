# Copyright: slipway.aws contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The calls to KMS, each with the sentence that its failure says."""

from __future__ import annotations

import json
from typing import Any

from .._core.errors import aws_call

_MISSING = ("NotFoundException",)


@aws_call("describe the KMS key {name}", missing=_MISSING)
def describe(client: Any, name: str) -> dict[str, Any] | None:
    return client.describe_key(KeyId=name)["KeyMetadata"]


@aws_call("read the policy of the KMS key {key}")
def policy(client: Any, key: str) -> dict[str, Any]:
    return json.loads(client.get_key_policy(KeyId=key, PolicyName="default")["Policy"])


@aws_call("read the rotation of the KMS key {key}")
def rotation(client: Any, key: str) -> dict[str, Any]:
    return client.get_key_rotation_status(KeyId=key)


@aws_call("list the grants of the KMS key {key}")
def grants(client: Any, key: str) -> list[dict[str, Any]]:
    pages = client.get_paginator("list_grants").paginate(KeyId=key)
    return [grant for page in pages for grant in page["Grants"]]


@aws_call("list the tags of the KMS key {key}")
def tags(client: Any, key: str) -> list[dict[str, str]]:
    pages = client.get_paginator("list_resource_tags").paginate(KeyId=key)
    return [tag for page in pages for tag in page["Tags"]]


@aws_call("create the KMS key {name}")
def create(client: Any, name: str, arguments: dict[str, Any]) -> dict[str, Any]:
    return client.create_key(**arguments)["KeyMetadata"]


@aws_call("create the alias {alias}")
def create_alias(client: Any, alias: str, key: str) -> None:
    client.create_alias(AliasName=alias, TargetKeyId=key)


@aws_call("describe in words the KMS key {key}")
def set_description(client: Any, key: str, text: str) -> None:
    client.update_key_description(KeyId=key, Description=text)


@aws_call("set the policy of the KMS key {key}")
def set_policy(client: Any, key: str, document: dict[str, Any]) -> None:
    client.put_key_policy(KeyId=key, PolicyName="default", Policy=json.dumps(document))


@aws_call("set the rotation of the KMS key {key}")
def set_rotation(client: Any, key: str, on: bool, days: int | None) -> None:
    if on:
        client.enable_key_rotation(KeyId=key, **({"RotationPeriodInDays": days} if days else {}))
    else:
        client.disable_key_rotation(KeyId=key)


@aws_call("enable the KMS key {key}")
def enable(client: Any, key: str, on: bool) -> None:
    (client.enable_key if on else client.disable_key)(KeyId=key)


@aws_call("call off the deletion of the KMS key {key}")
def cancel_deletion(client: Any, key: str) -> None:
    client.cancel_key_deletion(KeyId=key)


@aws_call("schedule the deletion of the KMS key {key}", missing=_MISSING)
def schedule_deletion(client: Any, key: str, days: int) -> None:
    client.schedule_key_deletion(KeyId=key, PendingWindowInDays=days)


@aws_call("tag the KMS key {key}")
def tag(client: Any, key: str, pairs: list[dict[str, str]]) -> None:
    client.tag_resource(KeyId=key, Tags=pairs)


@aws_call("remove tags from the KMS key {key}")
def untag(client: Any, key: str, names: list[str]) -> None:
    client.untag_resource(KeyId=key, TagKeys=names)


@aws_call("create a grant of the KMS key {key}")
def create_grant(client: Any, key: str, arguments: dict[str, Any]) -> None:
    client.create_grant(KeyId=key, **arguments)


@aws_call("revoke a grant of the KMS key {key}", missing=_MISSING)
def revoke_grant(client: Any, key: str, grant_id: str) -> None:
    client.revoke_grant(KeyId=key, GrantId=grant_id)
