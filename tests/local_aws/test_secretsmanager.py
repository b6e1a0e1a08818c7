# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Mends of Secrets Manager."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

Clients = Callable[..., Any]
NAME = "uex/dev/database"


def code_of(caught: pytest.ExceptionInfo[ClientError]) -> str:
    return caught.value.response["Error"]["Code"]


@pytest.fixture
def secrets(aws: Clients) -> Any:
    return aws("secretsmanager")


@pytest.fixture
def first(secrets: Any) -> str:
    return secrets.create_secret(Name=NAME, SecretString="one")["VersionId"]


def stages(secrets: Any) -> dict[str, list[str]]:
    return secrets.describe_secret(SecretId=NAME)["VersionIdsToStages"]


def put(secrets: Any, value: str, *labels: str, token: str | None = None) -> str:
    options = {"VersionStages": list(labels)} if labels else {}
    token = token or str(uuid.uuid4())
    return secrets.put_secret_value(SecretId=NAME, SecretString=value, ClientRequestToken=token, **options)["VersionId"]


def move(secrets: Any, to: str, **options: str) -> None:
    secrets.update_secret_version_stage(SecretId=NAME, VersionStage="AWSCURRENT", MoveToVersionId=to, **options)


def value(secrets: Any, **options: str) -> str:
    return secrets.get_secret_value(SecretId=NAME, **options)["SecretString"]


def test_the_current_value_follows_the_label(secrets: Any, first: str) -> None:
    second = put(secrets, "two", "AWSPENDING")
    assert value(secrets) == "one"
    assert value(secrets, VersionStage="AWSPENDING") == "two"
    move(secrets, second, RemoveFromVersionId=first)
    assert value(secrets) == "two"
    assert value(secrets, VersionStage="AWSPREVIOUS") == "one"
    assert stages(secrets) == {first: ["AWSPREVIOUS"], second: ["AWSPENDING", "AWSCURRENT"]}
    third = put(secrets, "three")
    assert stages(secrets) == {second: ["AWSPENDING", "AWSPREVIOUS"], third: ["AWSCURRENT"]}
    assert value(secrets) == "three"


def test_versions_without_labels_are_deprecated(secrets: Any, first: str) -> None:
    put(secrets, "two")
    put(secrets, "three")
    listed = secrets.list_secret_version_ids(SecretId=NAME)
    assert first not in {version["VersionId"] for version in listed["Versions"]}
    assert listed["ARN"].startswith("arn:aws:secretsmanager:us-east-1:123456789012:secret:uex/dev/database-")
    everything = secrets.list_secret_version_ids(SecretId=NAME, IncludeDeprecated=True)["Versions"]
    assert first in {version["VersionId"] for version in everything}


def test_a_token_stands_for_one_value(secrets: Any, first: str) -> None:
    token = str(uuid.uuid4())
    assert put(secrets, "two", token=token) == token
    assert put(secrets, "two", token=token) == token
    with pytest.raises(ClientError) as caught:
        put(secrets, "three", token=token)
    assert code_of(caught) == "ResourceExistsException"
    assert value(secrets) == "two"


def test_moving_a_label_names_where_from(secrets: Any, first: str) -> None:
    second = put(secrets, "two", "AWSPENDING")
    with pytest.raises(ClientError) as caught:
        move(secrets, second)
    assert code_of(caught) == "InvalidParameterException"
    with pytest.raises(ClientError) as caught:
        move(secrets, second, RemoveFromVersionId=second)
    assert code_of(caught) == "InvalidParameterException"
    assert value(secrets) == "one"
    secrets.update_secret_version_stage(SecretId=NAME, VersionStage="AWSPENDING", RemoveFromVersionId=second)
    assert second not in stages(secrets)


def test_rotation_needs_a_function(secrets: Any, first: str) -> None:
    with pytest.raises(ClientError) as caught:
        secrets.rotate_secret(SecretId=NAME)
    assert code_of(caught) == "InvalidRequestException"
    with pytest.raises(ClientError) as caught:
        secrets.rotate_secret(SecretId=NAME, RotationLambdaARN="arn:aws:lambda:us-east-1:123456789012:function:nothing")
    assert code_of(caught) == "ResourceNotFoundException"
    assert value(secrets) == "one"
    assert stages(secrets) == {first: ["AWSCURRENT"]}
    assert not secrets.describe_secret(SecretId=NAME).get("RotationEnabled", False)


def test_a_secret_without_a_value_gets_its_first(secrets: Any) -> None:
    secrets.create_secret(Name=NAME)
    with pytest.raises(ClientError) as caught:
        value(secrets)
    assert code_of(caught) == "ResourceNotFoundException"
    version = put(secrets, "one", "AWSPENDING")
    assert sorted(stages(secrets)[version]) == ["AWSCURRENT", "AWSPENDING"]


def test_a_deleted_name_is_not_free(secrets: Any, first: str) -> None:
    secrets.delete_secret(SecretId=NAME, RecoveryWindowInDays=7)
    with pytest.raises(ClientError) as caught:
        secrets.create_secret(Name=NAME, SecretString="x")
    assert code_of(caught) == "InvalidRequestException"
    with pytest.raises(ClientError) as caught:
        put(secrets, "two")
    assert code_of(caught) == "InvalidRequestException"
    secrets.restore_secret(SecretId=NAME)
    assert value(secrets) == "one"
    secrets.delete_secret(SecretId=NAME, ForceDeleteWithoutRecovery=True)
    secrets.create_secret(Name=NAME, SecretString="new")
    assert value(secrets) == "new"


def test_update_secret_makes_a_new_current_version(secrets: Any, first: str) -> None:
    second = secrets.update_secret(SecretId=NAME, SecretString="two")["VersionId"]
    assert value(secrets) == "two"
    assert stages(secrets) == {first: ["AWSPREVIOUS"], second: ["AWSCURRENT"]}
