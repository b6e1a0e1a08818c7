# Copyright: slipway.aws contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The calls to Secrets Manager, each with the sentence that its failure says. None of them returns or names a value."""

from __future__ import annotations

from typing import Any

from .._core.errors import aws_call
from .._core.parallel import chunks

# A filter takes at most ten values.
_FILTER_VALUES = 10
_MISSING = ("ResourceNotFoundException",)


@aws_call("list secrets")
def list_secrets(client: Any, names: list[str]) -> dict[str, dict[str, Any]]:
    """The secrets of these names, also those scheduled for deletion. Ten names cost one call."""
    wanted = set(names)
    found: dict[str, dict[str, Any]] = {}
    for some in chunks(sorted(wanted), _FILTER_VALUES):
        pages = client.get_paginator("list_secrets").paginate(
            Filters=[{"Key": "name", "Values": some}], IncludePlannedDeletion=True
        )
        # The filter matches the beginning of a name, so neighbours come along.
        found |= {entry["Name"]: entry for page in pages for entry in page["SecretList"] if entry["Name"] in wanted}
    return found


@aws_call("describe the secret {name}", missing=_MISSING)
def describe_secret(client: Any, name: str) -> dict[str, Any] | None:
    return client.describe_secret(SecretId=name)


@aws_call("list the versions of the secret {name}", missing=_MISSING, default=())
def version_ids(client: Any, name: str) -> list[str]:
    arguments = {"SecretId": name, "IncludeDeprecated": True}
    found: list[str] = []
    while True:
        page = client.list_secret_version_ids(**arguments)
        found += [version["VersionId"] for version in page.get("Versions", [])]
        if not page.get("NextToken"):
            return found
        arguments["NextToken"] = page["NextToken"]


@aws_call("read the resource policy of the secret {name}", missing=_MISSING)
def resource_policy(client: Any, name: str) -> str | None:
    return client.get_resource_policy(SecretId=name).get("ResourcePolicy")


@aws_call("create the secret {name}", missing=("ResourceExistsException",))
def create_secret(client: Any, name: str, arguments: dict[str, Any]) -> dict[str, Any] | None:
    """None when the secret exists although the listing did not know it yet: ListSecrets lags behind."""
    return client.create_secret(Name=name, **arguments)


@aws_call("update the secret {name}")
def update_secret(client: Any, name: str, arguments: dict[str, Any]) -> None:
    client.update_secret(SecretId=name, **arguments)


@aws_call("restore the secret {name}, which is scheduled for deletion")
def restore_secret(client: Any, name: str) -> None:
    client.restore_secret(SecretId=name)


@aws_call("put a new version of the secret {name}")
def put_value(client: Any, name: str, value: str, token: str) -> str:
    return client.put_secret_value(SecretId=name, SecretString=value, ClientRequestToken=token)["VersionId"]


@aws_call("tag the secret {name}")
def tag(client: Any, name: str, tags: list[dict[str, str]]) -> None:
    client.tag_resource(SecretId=name, Tags=tags)


@aws_call("remove tags from the secret {name}")
def untag(client: Any, name: str, keys: list[str]) -> None:
    client.untag_resource(SecretId=name, TagKeys=keys)


@aws_call("set the resource policy of the secret {name}")
def put_policy(client: Any, name: str, policy: str) -> None:
    client.put_resource_policy(SecretId=name, ResourcePolicy=policy, BlockPublicPolicy=True)


@aws_call("remove the resource policy of the secret {name}", missing=_MISSING)
def delete_policy(client: Any, name: str) -> None:
    client.delete_resource_policy(SecretId=name)


@aws_call("replicate the secret {name}")
def add_replicas(client: Any, name: str, regions: list[dict[str, str]]) -> None:
    client.replicate_secret_to_regions(SecretId=name, AddReplicaRegions=regions)


@aws_call("remove replicas of the secret {name}")
def remove_replicas(client: Any, name: str, regions: list[str]) -> None:
    client.remove_regions_from_replication(SecretId=name, RemoveReplicaRegions=regions)


@aws_call("configure the rotation of the secret {name}")
def configure_rotation(client: Any, name: str, arguments: dict[str, Any]) -> None:
    client.rotate_secret(SecretId=name, **arguments)


@aws_call("switch off the rotation of the secret {name}")
def cancel_rotation(client: Any, name: str) -> None:
    client.cancel_rotate_secret(SecretId=name)


@aws_call("delete the secret {name}", missing=_MISSING)
def delete_secret(client: Any, name: str, arguments: dict[str, Any]) -> None:
    client.delete_secret(SecretId=name, **arguments)


@aws_call("read the current version of the secret {secret_id}")
def current_value(client: Any, secret_id: str) -> str:
    """For use inside a process only: what is returned here is put into a call to AWS and nowhere else."""
    return client.get_secret_value(SecretId=secret_id, VersionStage="AWSCURRENT")["SecretString"]
