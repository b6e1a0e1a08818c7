# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Versions of a secret and their staging labels.

AWS: each label is attached to at most one version; attaching AWSCURRENT to another version moves AWSPREVIOUS to the one
that had it; GetSecretValue without a stage returns AWSCURRENT. PutSecretValue with a token that a version has already
is ignored when the value is the same and ResourceExistsException when it differs. UpdateSecretVersionStage must name
the version that has the label. A version without labels is deprecated: DescribeSecret leaves it out,
ListSecretVersionIds includes it on request, and never one without a value. Versions are dated to the millisecond. A
name that is scheduled for deletion cannot be reused (Secrets Manager API reference).
moto 5.2.5: returns the old value after AWSCURRENT was moved, leaves two versions with one label, has the token rules
the wrong way round.
Can go when moto's labels follow these rules.
"""

from __future__ import annotations

import json
import time
from typing import Any

from moto.secretsmanager.exceptions import (
    InvalidParameterException,
    InvalidRequestException,
    OperationNotPermittedOnReplica,
    ResourceExistsException,
    ResourceNotFoundException,
    SecretNotFoundException,
)
from moto.secretsmanager.models import FakeSecret, ReplicaSecret, SecretsManagerBackend
from moto.secretsmanager.responses import SecretsManagerResponse

from ..clock import Clock

CURRENT, PREVIOUS, PENDING = "AWSCURRENT", "AWSPREVIOUS", "AWSPENDING"


def holder(secret: FakeSecret, stage: str) -> str | None:
    """The version that a label is attached to."""
    return next((key for key, version in secret.versions.items() if stage in version["version_stages"]), None)


def detach(secret: FakeSecret, stage: str) -> None:
    for version in secret.versions.values():
        version["version_stages"] = [label for label in version["version_stages"] if label != stage]


def attach(secret: FakeSecret, stage: str, version_id: str) -> None:
    """Move a label to a version; AWSPREVIOUS follows AWSCURRENT."""
    before = holder(secret, stage)
    if before == version_id:
        return
    detach(secret, stage)
    version = secret.versions[version_id]
    version["version_stages"] = [*version["version_stages"], stage]
    if stage == CURRENT:
        detach(secret, PREVIOUS)
        if before is not None:
            secret.versions[before]["version_stages"].append(PREVIOUS)


def _reset_default_version(self: FakeSecret, secret_version: dict[str, Any], version_id: str) -> None:
    stages = list(secret_version["version_stages"])
    secret_version["version_stages"] = []
    self.versions[version_id] = secret_version
    for stage in stages:
        attach(self, stage, version_id)


def find(self: SecretsManagerBackend, secret_id: str) -> FakeSecret:
    """The secret of a request that changes it."""
    if not self._is_valid_identifier(secret_id):
        raise SecretNotFoundException
    secret = self.secrets[secret_id]
    if isinstance(secret, ReplicaSecret):
        raise OperationNotPermittedOnReplica
    if secret.is_deleted():
        raise InvalidRequestException(
            "You can't perform this operation on the secret because it was marked for deletion."
        )
    return secret


def _put_secret_value(
    self: SecretsManagerBackend,
    secret_id: str,
    secret_string: str,
    secret_binary: str,
    client_request_token: str,
    version_stages: list[str],
) -> str:
    secret = find(self, secret_id)
    version_id = self._from_client_request_token(client_request_token)
    sent = {"secret_string": secret_string, "secret_binary": secret_binary}
    value = {key: item for key, item in sent.items() if item is not None}
    version = secret.versions.get(version_id)
    if version is None:
        version = {"createdate": round(time.time(), 3), "version_id": version_id, "version_stages": [], **value}
        if not secret.versions and CURRENT not in version_stages:
            version_stages = [*version_stages, CURRENT]
        secret.versions[version_id] = version
    elif "secret_string" not in version and "secret_binary" not in version:
        version.update(value)  # the empty version that a rotation made
    elif {key: version.get(key) for key in sent} != sent:
        raise ResourceExistsException(
            f"You can't use ClientRequestToken {version_id} because that value is already in use "
            f"for a version of secret {secret.arn}."
        )
    else:
        return secret.to_short_dict(include_version_stages=True, version_id=version_id)
    for stage in version_stages:
        attach(secret, stage, version_id)
    secret.last_changed_date = int(time.time())
    return secret.to_short_dict(include_version_stages=True, version_id=version_id)


def _update_secret_version_stage(
    self: SecretsManagerBackend,
    secret_id: str,
    version_stage: str,
    remove_from_version_id: str,
    move_to_version_id: str,
) -> tuple[str, str]:
    secret = find(self, secret_id)
    for version_id in (remove_from_version_id, move_to_version_id):
        if version_id and version_id not in secret.versions:
            raise ResourceNotFoundException(f"Secrets Manager can't find the specified secret version: {version_id}")
    attached_to = holder(secret, version_stage)
    if remove_from_version_id and remove_from_version_id != attached_to:
        raise InvalidParameterException(
            f"Staging label {version_stage} isn't attached to version {remove_from_version_id}."
        )
    if attached_to and not remove_from_version_id and attached_to != move_to_version_id:
        raise InvalidParameterException(
            f"The parameter RemoveFromVersionId can't be empty. Staging label {version_stage} is currently attached "
            f"to version {attached_to}, so you must explicitly reference that version in RemoveFromVersionId."
        )
    if move_to_version_id:
        attach(secret, version_stage, move_to_version_id)
    elif version_stage == CURRENT:
        raise InvalidParameterException("You can't remove AWSCURRENT without moving it to another version.")
    else:
        detach(secret, version_stage)
    secret.last_changed_date = int(time.time())
    return secret.arn, secret.name


def _list_secret_version_ids(self: SecretsManagerResponse) -> str:
    secret_id = self._get_param("SecretId", if_none="")
    if not self.backend._is_valid_identifier(secret_id):
        raise SecretNotFoundException
    secret = self.backend.secrets[secret_id]
    with_deprecated = self._get_bool_param("IncludeDeprecated", False)
    versions = [
        {
            "VersionId": version_id,
            "VersionStages": version["version_stages"],
            "CreatedDate": version["createdate"],
        }
        for version_id, version in secret.versions.items()
        if (version["version_stages"] or with_deprecated) and {"secret_string", "secret_binary"} & version.keys()
    ]
    return json.dumps({"ARN": secret.arn, "Name": secret.name, "Versions": versions})


def apply(clock: Clock) -> None:
    create, to_dict = SecretsManagerBackend.create_secret, FakeSecret.to_dict

    def mended_create(self: SecretsManagerBackend, name: str, *args: Any, **kwargs: Any) -> str:
        if name in self.secrets and self.secrets[name].is_deleted():
            raise InvalidRequestException(
                "You can't create this secret because a secret with this name is already scheduled for deletion."
            )
        return create(self, name, *args, **kwargs)

    def mended_to_dict(self: FakeSecret) -> dict[str, Any]:
        described = to_dict(self)
        for key in ("VersionIdsToStages", "SecretVersionsToStages"):
            if key in described:
                described[key] = {version: stages for version, stages in described[key].items() if stages}
        return described

    FakeSecret.default_version_id = property(  # type: ignore[assignment, attr-defined]
        lambda self: holder(self, CURRENT), lambda self, value: None
    )
    FakeSecret.reset_default_version = _reset_default_version  # type: ignore[method-assign]
    FakeSecret.to_dict = mended_to_dict  # type: ignore[method-assign]
    SecretsManagerBackend.put_secret_value = _put_secret_value  # type: ignore[method-assign]
    SecretsManagerBackend.update_secret_version_stage = _update_secret_version_stage  # type: ignore[method-assign]
    SecretsManagerBackend.create_secret = mended_create  # type: ignore[method-assign]
    SecretsManagerResponse.list_secret_version_ids = _list_secret_version_ids  # type: ignore[method-assign]
