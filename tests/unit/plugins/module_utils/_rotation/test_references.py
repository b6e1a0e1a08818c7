# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest
from ansible_collections.slipway.aws.plugins.module_utils._rotation.references import (
    Reference,
    name_of,
    parse,
    places,
    references,
    service_places,
)

ARN = "arn:aws:secretsmanager:us-east-1:123456789012:secret:uex/db-a1B2c3"
PARTIAL = ARN.removesuffix("-a1B2c3")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (ARN, Reference("x")),
        (f"{ARN}:password::", Reference("x", key="password")),
        (f"{ARN}::AWSPREVIOUS:", Reference("x", stage="AWSPREVIOUS")),
        (f"{ARN}:::v-1", Reference("x", version="v-1")),
        (PARTIAL, Reference("x")),
        (f"{PARTIAL}:password:AWSCURRENT:", Reference("x", key="password", stage="AWSCURRENT")),
        ("uex/db", Reference("x")),
        ("/aws/reference/secretsmanager/uex/db", Reference("x")),
        ("arn:aws:ssm:us-east-1:1:parameter/aws/reference/secretsmanager/uex/db", Reference("x")),
        (ARN.replace("a1B2c3", "zzzzzz"), None),
        (f"{PARTIAL}-replica-a1B2c3", None),
        (ARN.replace("123456789012", "210987654321"), None),
        ("uex/db2", None),
        ("/aws/reference/secretsmanager/uex/db2", None),
        ("/uex/db", None),
        ("", None),
    ],
)
def test_reference(value: str, expected: Reference | None) -> None:
    assert parse(value, "x", ARN) == expected


def test_only_a_version_pins() -> None:
    assert Reference("x", version="v").pinned
    assert not Reference("x", key="k", stage="AWSPREVIOUS").pinned


def test_name_may_end_like_a_suffix() -> None:
    assert name_of("arn:aws:secretsmanager:us-east-1:1:secret:db-abcdef-XyZ123") == "db-abcdef"
    assert name_of("uex/db") == "uex/db"


def test_every_place_is_looked_at() -> None:
    definition = {
        "containerDefinitions": [
            {
                "name": "app",
                "secrets": [
                    {"name": "PASSWORD", "valueFrom": f"{ARN}:password::"},
                    {"name": "O", "valueFrom": "other"},
                ],
                "logConfiguration": {"secretOptions": [{"name": "splunk-token", "valueFrom": ARN}]},
                "repositoryCredentials": {"credentialsParameter": ARN},
            },
            {"name": "bare"},
        ],
        "volumes": [
            {
                "name": "share",
                "fsxWindowsFileServerVolumeConfiguration": {"authorizationConfig": {"credentialsParameter": ARN}},
            },
            {"name": "plain", "host": {}},
        ],
    }
    assert [found.where for found in references(places(definition), ARN)] == [
        "app.secrets.PASSWORD",
        "app.logConfiguration.splunk-token",
        "app.repositoryCredentials",
        "volumes.share",
    ]
    connect = {"logConfiguration": {"secretOptions": [{"name": "token", "valueFrom": ARN}]}}
    service = {"deployments": [{"serviceConnectConfiguration": connect}, {}]}
    assert [found.where for found in references(service_places(service), ARN)] == ["serviceConnectConfiguration.token"]
