# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Managed external secrets: what a partner holds, rotated by Secrets Manager with a role, and without a function.

AWS: CreateSecret takes the Type, the exact name of what a partner holds; an existing secret gets one by UpdateSecret,
once its own rotation is cancelled. RotateSecret takes the role that Secrets Manager assumes, which is tried at once,
and the partner's metadata instead of a function; it works over time, with a version that is AWSPENDING until the
partner has taken it. DescribeSecret and ListSecrets show all three. PutResourcePolicy with BlockPublicPolicy refuses
broad access (Secrets Manager API reference; user guide, Managed external secrets; what is said of the role is what
Terraform's provider waits for; the words about a type, and about a function beside it, are not documented).
moto 5.2.5: ignores Type, role, metadata and BlockPublicPolicy.
Can go when moto rotates secrets that have a Type.

``/local-aws/secretsmanager/rotations`` tells what a rotation does, with the type in the place of the function.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

from moto.iam.models import iam_backends
from moto.secretsmanager.exceptions import InvalidParameterException, InvalidRequestException, SecretsManagerClientError
from moto.secretsmanager.models import FakeSecret
from moto.secretsmanager.responses import SecretsManagerResponse
from moto.utilities.utils import get_partition

from ..clock import Clock
from . import _rotation_functions as functions
from . import _rotation_rules as rules_of
from .secretsmanager_rotation import SCRIPTS, configure, has_rotated
from .secretsmanager_versions import CURRENT, PENDING, attach, detach, find, holder

#: The types of the user guide's "Managed external secrets Partners", and the field that a rotation renews.
TYPES = {
    "BigIDClientSecret": "clientSecret",
    "ConfluentCloudApiKey": "apiSecret",
    "DatabricksSPSecret": "clientSecret",
    "DatadogApiKey": "apiKey",
    "GitLabAccessToken": "token",
    "MongoDBAtlasDatabaseUser": "password",
    "MongoDBAtlasServiceAccount": "clientSecret",
    "PaddleApiKey": "apiKey",
    "SalesforceClientSecret": "consumerSecret",
    "SnowflakeKeyPairAuthentication": "privateKey",
    "SnowflakePat": "token",
}
SECONDS = 8.0


class PublicPolicyException(SecretsManagerClientError):
    def __init__(self) -> None:
        super().__init__(
            "PublicPolicyException",
            "The BlockPublicPolicy parameter is set to true, and the resource policy did not prevent broad access to "
            "the secret.",
        )


def type_of(secret: FakeSecret) -> str:
    return getattr(secret, "external_type", "")


def _check_type(kind: str) -> None:
    if kind and kind not in TYPES:
        raise InvalidParameterException(f"The secret type {kind} isn't supported.")


def _check_role(account_id: str, region: str, arn: str | None) -> None:
    """Refuse a role that Secrets Manager cannot assume."""
    for role in iam_backends[account_id][get_partition(region)].roles.values():
        if role.arn == arn and "secretsmanager.amazonaws.com" in role.assume_role_policy_document:
            return
    raise InvalidRequestException(f"Secrets Manager is unable to assume role {arn}.")


class Attempt:
    """One attempt to have the partner take a new value."""

    def __init__(self, clock: Clock, secret: FakeSecret, token: str) -> None:
        self.secret, self.token = secret, token
        self._clock = clock
        self._script = SCRIPTS.take(type_of(secret), secret)

    def start(self) -> None:
        self.secret.rotation_attempt = self  # type: ignore[attr-defined]
        self._clock.after(sum(self._script.seconds.values()) or SECONDS, self._end)

    def cancel(self) -> None:
        self.secret.rotation_attempt = None  # type: ignore[attr-defined]

    def _end(self) -> None:
        if self.secret.rotation_attempt is not self:  # type: ignore[attr-defined]
            return
        self.cancel()
        if self._script.outcome != "succeed":
            return
        current = self.secret.versions[holder(self.secret, CURRENT) or ""]["secret_string"]
        self.secret.versions[self.token]["secret_string"] = self._renewed(current)
        attach(self.secret, CURRENT, self.token)
        detach(self.secret, PENDING)
        has_rotated(self.secret)

    def _renewed(self, current: str) -> str:
        fields = functions.fields_of(current) or {}
        return json.dumps({**fields, TYPES[type_of(self.secret)]: functions.new_value("")})


def _rotate(clock: Clock, secret: FakeSecret, token: str, immediately: bool) -> str:
    pending = holder(secret, PENDING)
    if pending is not None and pending != holder(secret, CURRENT):
        if getattr(secret, "rotation_attempt", None) is None:
            Attempt(clock, secret, pending).start()
        if pending != token:
            raise InvalidRequestException("A previous rotation isn't complete. That rotation will be reattempted.")
    elif token not in secret.versions and immediately:
        secret.versions[token] = {"createdate": int(time.time()), "version_id": token, "version_stages": []}
        attach(secret, PENDING, token)
        Attempt(clock, secret, token).start()
    return secret.to_short_dict(version_id=token if token in secret.versions else None)


def _is_public(policy: str) -> bool:
    return any(
        statement.get("Effect") == "Allow"
        and not statement.get("Condition")
        and statement.get("Principal") in ("*", {"AWS": "*"}, {"AWS": ["*"]})
        for statement in json.loads(policy).get("Statement", [])
    )


def apply(clock: Clock) -> None:
    response = SecretsManagerResponse
    create, update, rotate, put_policy = (
        response.create_secret,
        response.update_secret,
        response.rotate_secret,
        response.put_resource_policy,
    )
    to_dict = FakeSecret.to_dict

    def create_secret(self: SecretsManagerResponse) -> str:
        kind = self._get_param("Type") or ""
        _check_type(kind)
        answer = create(self)
        if kind:
            self.backend.secrets[self._get_param("Name")].external_type = kind  # type: ignore[union-attr]
        return answer

    def update_secret(self: SecretsManagerResponse) -> str:
        kind = self._get_param("Type")
        if kind is None:
            return update(self)
        secret = find(self.backend, self._get_param("SecretId"))
        _check_type(kind)
        if secret.rotation_enabled and kind != type_of(secret):
            raise InvalidRequestException("You must cancel the rotation of the secret before you change its type.")
        answer = update(self)
        secret.external_type = kind  # type: ignore[attr-defined]
        if not type_of(secret):
            return answer
        # The function of the rotation that was cancelled is not its own any more.
        secret.rotation_lambda_arn = ""
        return answer

    def rotate_secret(self: SecretsManagerResponse) -> str:
        role, metadata = (
            self._get_param(f"ExternalSecretRotation{name}", if_none=None) for name in ("RoleArn", "Metadata")
        )
        secret = find(self.backend, self._get_param("SecretId"))
        if not type_of(secret):
            if role or metadata:
                raise InvalidRequestException(
                    "You can specify ExternalSecretRotationRoleArn and ExternalSecretRotationMetadata only for a "
                    "managed external secret."
                )
            return rotate(self)
        if self._get_param("RotationLambdaARN"):
            raise InvalidRequestException("You can't specify a RotationLambdaARN for a managed external secret.")
        rules = self._get_param("RotationRules")
        if rules is not None:
            rules_of.check(rules)
            rules_of.next_rotation(rules, time.time(), time.time())
        role = role or getattr(secret, "external_role", None)
        _check_role(secret.account_id, secret.region, role)
        token = self.backend._from_client_request_token(self._get_param("ClientRequestToken"))
        answer = _rotate(clock, secret, token, self._get_bool_param("RotateImmediately", True))
        secret.external_role = role  # type: ignore[attr-defined]
        if metadata is not None:
            secret.external_metadata = metadata  # type: ignore[attr-defined]
        configure(secret, rules)
        return answer

    def put_resource_policy(self: SecretsManagerResponse) -> str:
        if self._get_bool_param("BlockPublicPolicy", False) and _is_public(self._get_param("ResourcePolicy")):
            raise PublicPolicyException
        return put_policy(self)

    def mended_to_dict(self: FakeSecret) -> dict[str, Any]:
        described = to_dict(self)
        for name, attribute in (
            ("Type", "external_type"),
            ("ExternalSecretRotationRoleArn", "external_role"),
            ("ExternalSecretRotationMetadata", "external_metadata"),
        ):
            if getattr(self, attribute, None):
                described[name] = getattr(self, attribute)
        return described

    mended: dict[str, Callable[[SecretsManagerResponse], str]] = {
        "create_secret": create_secret,
        "update_secret": update_secret,
        "rotate_secret": rotate_secret,
        "put_resource_policy": put_resource_policy,
    }
    for name, method in mended.items():
        setattr(response, name, method)
    FakeSecret.to_dict = mended_to_dict  # type: ignore[method-assign]
