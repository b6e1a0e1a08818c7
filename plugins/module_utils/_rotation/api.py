# Copyright: slipway.aws contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The calls to Secrets Manager that a rotation makes. None of them puts a value into an error."""

from __future__ import annotations

from datetime import datetime
from typing import Any

try:
    from botocore.exceptions import ClientError
except ImportError:
    pass  # AnsibleAWSModule reports the missing SDK.

from ..core import AnsibleAWSError, aws_call, error_code

_MISSING = ("ResourceNotFoundException",)


@aws_call("describe the secret {secret_id}", missing=_MISSING)
def describe(client: Any, secret_id: str) -> dict[str, Any] | None:
    """The secret as it is; None when there is none."""
    return client.describe_secret(SecretId=secret_id)


@aws_call("list the versions of the secret {secret_id}", missing=_MISSING, default={})
def version_dates(client: Any, secret_id: str) -> dict[str, datetime]:
    """When the versions that have a label were made."""
    arguments = {"SecretId": secret_id}
    found: dict[str, datetime] = {}
    while True:
        page = client.list_secret_version_ids(**arguments)
        found |= {version["VersionId"]: version["CreatedDate"] for version in page.get("Versions", [])}
        if not page.get("NextToken"):
            return found
        arguments["NextToken"] = page["NextToken"]


@aws_call("read a version of the secret {secret_id}", missing=_MISSING)
def read(client: Any, secret_id: str, version_id: str) -> str | None:
    """The value of a version, for use inside the process only. None when the version has no value yet."""
    answer = client.get_secret_value(SecretId=secret_id, VersionId=version_id)
    if answer.get("SecretString") is None and answer.get("SecretBinary") is not None:
        raise AnsibleAWSError(message=f"The secret {secret_id} is binary; only text can be rotated.")
    return answer.get("SecretString")


@aws_call("put the pending version of the secret {secret_id}")
def put_pending(client: Any, secret_id: str, value: str, token: str, stages: list[str]) -> bool:
    """Whether the version was made: not when another run has just made it with another value."""
    try:
        client.put_secret_value(SecretId=secret_id, SecretString=value, ClientRequestToken=token, VersionStages=stages)
    except ClientError as error:
        if error_code(error) == "ResourceExistsException":
            return False
        raise
    return True


@aws_call("move the staging label {stage} of the secret {secret_id}")
def move_stage(client: Any, secret_id: str, stage: str, to: str, before: str) -> None:
    """Attach a staging label to the version C(to), or with C(to) empty only take it from C(before)."""
    arguments = {"SecretId": secret_id, "VersionStage": stage}
    if to:
        arguments["MoveToVersionId"] = to
    if before:
        arguments["RemoveFromVersionId"] = before
    client.update_secret_version_stage(**arguments)


@aws_call("configure the rotation of the secret {secret_id}")
def configure(client: Any, secret_id: str, arguments: dict[str, Any]) -> None:
    """Set the rules. This never rotates."""
    client.rotate_secret(SecretId=secret_id, RotateImmediately=False, **arguments)


@aws_call("switch off the rotation of the secret {secret_id}")
def switch_off(client: Any, secret_id: str) -> None:
    client.cancel_rotate_secret(SecretId=secret_id)


@aws_call("rotate the secret {secret_id}")
def start(client: Any, secret_id: str, token: str, arguments: dict[str, Any]) -> str:
    """Start a rotation. What AWS says when one is under way already, which it then tries again; else empty."""
    try:
        client.rotate_secret(SecretId=secret_id, ClientRequestToken=token, **arguments)
    except ClientError as error:
        message = str(error.response.get("Error", {}).get("Message", ""))
        if error_code(error) == "InvalidRequestException" and "previous rotation" in message.lower():
            return message
        raise
    return ""
