# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.slipway.aws.plugins.module_utils._iam.oidc import host_of, provider_state, wanted_clients
from ansible_collections.slipway.aws.plugins.module_utils._iam.roles import (
    carries,
    role_state,
    wanted_attachments,
    wanted_policies,
)

READ = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": ["s3:Get*"], "Resource": "*"}]}
SAME = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:Get*", "Resource": ["*"]}]}
WRITE = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:Put*", "Resource": "*"}]}


def test_role_state() -> None:
    role = {"Arn": "arn", "RoleId": "A", "Path": "/", "RoleName": "r", "AssumeRolePolicyDocument": READ}
    assert role_state(role) == {
        "arn": "arn",
        "role_id": "A",
        "path": "/",
        "description": "",
        "assume_role_policy": READ,
        "max_session_duration": 3600,
        "permissions_boundary": "",
        "tags": {},
    }
    full = {
        **role,
        "MaxSessionDuration": 7200,
        "PermissionsBoundary": {"PermissionsBoundaryArn": "b"},
        "Tags": [{"Key": "k", "Value": "v"}],
    }
    assert role_state(full)["permissions_boundary"] == "b"
    assert role_state(full)["max_session_duration"] == 7200
    assert role_state(full)["tags"] == {"k": "v"}


@pytest.mark.parametrize(
    ("stated", "purge", "wanted"),
    [
        (None, True, None),
        ({}, True, {}),
        ({}, False, {"read": READ}),
        ({"read": SAME}, True, {"read": READ}),
        ({"write": WRITE}, True, {"write": WRITE}),
        ({"write": WRITE}, False, {"read": READ, "write": WRITE}),
    ],
)
def test_wanted_policies(stated: dict[str, Any] | None, purge: bool, wanted: dict[str, Any] | None) -> None:
    assert wanted_policies({"read": READ}, stated, purge=purge) == wanted


@pytest.mark.parametrize(
    ("stated", "purge", "wanted"), [(None, True, None), (["b"], True, ["b"]), (["b"], False, ["a", "b"])]
)
def test_wanted_attachments_and_clients(stated: list[str] | None, purge: bool, wanted: list[str] | None) -> None:
    assert wanted_attachments(["a"], stated, purge=purge) == wanted
    assert wanted_clients(["a"], stated, purge=purge) == wanted


def test_carries() -> None:
    assert carries({"a": "1", "b": "2"}, {"a": 1})
    assert not carries({"a": "1"}, {"a": "1", "b": "2"})


@pytest.mark.parametrize("url", ["https://example.com/a/", "https://example.com/a", "example.com/a"])
def test_host_of(url: str) -> None:
    assert host_of(url) == "example.com/a"


def test_provider_state() -> None:
    assert provider_state("arn", {"ClientIDList": ["b", "a"]}) == {
        "arn": "arn",
        "client_ids": ["a", "b"],
        "thumbprints": [],
        "tags": {},
    }
