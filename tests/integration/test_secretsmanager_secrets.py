# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import json
import re
from typing import Any

import pytest
from ansible_collections.slipway.aws.plugins.module_utils.core import SlipwayModule

from .harness import Aws, ModuleFailed
from .rotation_functions import Function, partner_role

MODULE = "secretsmanager_secrets"

DATABASE: dict[str, Any] = {
    "name": "uex-test/database",
    "description": "Master user of the database",
    "fields": {"engine": "postgres", "port": 5432, "dbname": "uex", "username": "uex"},
    "generate": [{"field": "password", "length": 40, "alphabet": "database"}],
    "tags": {"Project": "uex", "RotationStrategy": "postgres_alternating_users"},
}
REDIS: dict[str, Any] = {"name": "uex-test/redis", "generate": [{"length": 64, "alphabet": "redis"}], "tags": {}}


@pytest.fixture
def warned(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the module warns of. Where ansible-core puts it depends on who runs the module."""
    told: list[str] = []
    monkeypatch.setattr(SlipwayModule, "warn", lambda _module, text: told.append(text))
    return told


def value_of(aws: Aws, name: str) -> str:
    return aws.client("secretsmanager").get_secret_value(SecretId=name, VersionStage="AWSCURRENT")["SecretString"]


def versions_of(aws: Aws, name: str) -> dict[str, list[str]]:
    return aws.client("secretsmanager").describe_secret(SecretId=name)["VersionIdsToStages"]


def test_creates_generated_values_once(aws: Aws) -> None:
    result = aws.run_module(MODULE, {"secrets": [DATABASE, REDIS]})

    assert result["changed"]
    assert {action["action"] for action in result["actions"]} == {"create"}
    database = json.loads(value_of(aws, "uex-test/database"))
    assert {**database, "password": ""} == {**DATABASE["fields"], "password": ""}
    assert len(database["password"]) == 40
    assert not set(database["password"]) & set("/@\" '\\")
    assert re.fullmatch(r"[A-Za-z0-9!&#$^<>-]{64}", value_of(aws, "uex-test/redis"))
    assert result["secrets"]["uex-test/database"]["arn"].startswith("arn:aws:secretsmanager:us-east-1:")
    assert result["secrets"]["uex-test/database"]["version_id"] in versions_of(aws, "uex-test/database")
    assert result["secrets"]["uex-test/database"]["tags"] == DATABASE["tags"]

    aws.mark()
    again = aws.run_module(MODULE, {"secrets": [DATABASE, REDIS]})

    assert not again["changed"]
    assert aws.calls() == ["secretsmanager:ListSecrets"], "an unchanged list of secrets costs one call"
    assert again["secrets"] == result["secrets"]


def test_never_overwrites_a_value(aws: Aws) -> None:
    aws.run_module(MODULE, {"secrets": [DATABASE]})
    before = value_of(aws, "uex-test/database")
    rotated = json.dumps({**json.loads(before), "password": "rotated-since"})
    aws.client("secretsmanager").put_secret_value(SecretId="uex-test/database", SecretString=rotated)

    other = {**DATABASE, "fields": {"engine": "mysql"}, "generate": [{"field": "password", "length": 8}]}
    assert not aws.run_module(MODULE, {"secrets": [other]})["changed"]
    given = {"name": "uex-test/database", "value": "an old value of the inventory"}
    assert not aws.run_module(MODULE, {"secrets": [given]})["changed"]
    assert value_of(aws, "uex-test/database") == rotated


def test_gives_a_value_to_a_secret_that_has_none(aws: Aws) -> None:
    aws.client("secretsmanager").create_secret(Name="uex-test/redis")

    result = aws.run_module(MODULE, {"secrets": [REDIS]})

    assert result["actions"] == [{"action": "update", "name": "uex-test/redis", "fields": ["value"]}]
    assert len(value_of(aws, "uex-test/redis")) == 64
    assert not aws.run_module(MODULE, {"secrets": [REDIS]})["changed"]


def test_check_mode_predicts_and_touches_nothing(aws: Aws) -> None:
    result = aws.run_module(MODULE, {"secrets": [DATABASE, REDIS]}, check=True)

    assert result["changed"]
    assert result["secrets"]["uex-test/redis"]["arn"].endswith("planned-redis")
    assert "password" not in json.dumps(result["diff"])

    aws.run_module(MODULE, {"secrets": [DATABASE]})
    aws.mark()
    change = {**DATABASE, "on_existing": "replace", "description": "other"}
    assert aws.run_module(MODULE, {"secrets": [change]}, check=True)["changed"]
    assert "secretsmanager:GetSecretValue" not in aws.calls()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("description", "another description"),
        ("tags", {"Project": "uex", "Owner": "payments"}),
        ("kms_key_id", "alias/uex-test"),
        ("replicas", [{"region": "us-west-2"}]),
        (
            "policy",
            {
                "Version": "2012-10-17",
                "Statement": [
                    {
                        "Sid": "Read",
                        "Effect": "Allow",
                        "Principal": {"AWS": "arn:aws:iam::123456789012:root"},
                        "Action": "secretsmanager:GetSecretValue",
                        "Resource": "*",
                    }
                ],
            },
        ),
    ],
)
def test_each_option_round_trips(aws: Aws, field: str, value: Any) -> None:
    aws.run_module(MODULE, {"secrets": [DATABASE]})
    before = value_of(aws, "uex-test/database")
    changed = {**DATABASE, field: value}

    predicted = aws.run_module(MODULE, {"secrets": [changed]}, check=True)
    result = aws.run_module(MODULE, {"secrets": [changed]})

    expected = [{"action": "update", "name": "uex-test/database", "fields": [field]}]
    assert predicted["actions"] == result["actions"] == expected
    assert not aws.run_module(MODULE, {"secrets": [changed]})["changed"]
    assert value_of(aws, "uex-test/database") == before


CLIENT: dict[str, Any] = {
    "name": "uex-test/salesforce",
    "type": "SalesforceClientSecret",
    "value": json.dumps({"consumerKey": "key", "consumerSecret": "marker-secret"}),
}


def test_a_managed_external_secret_round_trips(aws: Aws) -> None:
    rotation = {
        "role_arn": partner_role(aws),
        "metadata": {"apiVersion": "v65.0", "grace": 7},
        "automatically_after_days": 30,
    }
    for secret in ({**CLIENT, "rotation": rotation}, {**CLIENT, "rotation": {**rotation, "metadata": {"grace": 8}}}):
        predicted = aws.run_module(MODULE, {"secrets": [secret]}, check=True)
        result = aws.run_module(MODULE, {"secrets": [secret]})
        assert predicted["actions"] == result["actions"]
        assert result["secrets"][CLIENT["name"]]["type"] == "SalesforceClientSecret"
        shown = {
            **secret["rotation"],
            "metadata": {key: str(value) for key, value in secret["rotation"]["metadata"].items()},
        }
        assert result["secrets"][CLIENT["name"]]["rotation"] == shown
        aws.mark()
        assert not aws.run_module(MODULE, {"secrets": [secret]})["changed"]
        assert aws.calls() == ["secretsmanager:ListSecrets"]
    assert value_of(aws, CLIENT["name"]) == CLIENT["value"]
    assert aws.run_module(MODULE, {"secrets": [{**CLIENT, "rotation": {}}]})["actions"][0]["fields"] == ["rotation"]


def test_an_existing_secret_becomes_a_managed_external_one(aws: Aws) -> None:
    function = Function(aws)
    rotation = {"lambda_arn": function.arn, "automatically_after_days": 30}
    plain = {"name": CLIENT["name"], "value": CLIENT["value"], "rotation": rotation}
    aws.run_module(MODULE, {"secrets": [plain]})
    with pytest.raises(ModuleFailed, match="cancel the rotation"):
        aws.run_module(MODULE, {"secrets": [CLIENT]})
    with pytest.raises(ModuleFailed, match="SalesForce isn't supported"):
        aws.run_module(MODULE, {"secrets": [{**CLIENT, "type": "SalesForce", "rotation": {}}]})
    aws.run_module(MODULE, {"secrets": [plain]})
    moved = {**CLIENT, "rotation": {"role_arn": partner_role(aws), "automatically_after_days": 30}}
    assert aws.run_module(MODULE, {"secrets": [moved]})["actions"][0]["fields"] == ["rotation", "type"]
    assert not aws.run_module(MODULE, {"secrets": [moved]})["changed"]
    assert value_of(aws, CLIENT["name"]) == CLIENT["value"]


def test_a_policy_for_everybody_is_refused(aws: Aws) -> None:
    statement = {"Effect": "Allow", "Principal": "*", "Action": "secretsmanager:GetSecretValue", "Resource": "*"}
    with pytest.raises(ModuleFailed, match="did not prevent broad access"):
        aws.run_module(MODULE, {"secrets": [{**REDIS, "policy": {"Version": "2012-10-17", "Statement": [statement]}}]})


def test_replicas_and_policy_are_removed_by_empty_options(aws: Aws) -> None:
    policy = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"AWS": "arn:aws:iam::123456789012:root"},
                "Action": "secretsmanager:GetSecretValue",
                "Resource": "*",
            }
        ],
    }
    full = {**REDIS, "replicas": [{"region": "us-west-2"}, {"region": "eu-west-1"}], "policy": policy}
    aws.run_module(MODULE, {"secrets": [full]})
    reordered = {**full, "replicas": full["replicas"][::-1]}
    assert not aws.run_module(MODULE, {"secrets": [reordered]})["changed"]

    bare = {**REDIS, "replicas": [], "policy": {}}
    result = aws.run_module(MODULE, {"secrets": [bare]})

    assert result["actions"][0]["fields"] == ["policy", "replicas"]
    assert not aws.client("secretsmanager").describe_secret(SecretId="uex-test/redis").get("ReplicationStatus")
    assert not aws.run_module(MODULE, {"secrets": [bare]})["changed"]


def test_tags_are_kept_without_purge(aws: Aws) -> None:
    aws.run_module(MODULE, {"secrets": [DATABASE]})
    added = {**DATABASE, "tags": {"Owner": "payments"}}

    result = aws.run_module(MODULE, {"secrets": [added], "purge_tags": False})

    assert result["secrets"]["uex-test/database"]["tags"] == {**DATABASE["tags"], "Owner": "payments"}
    assert not aws.run_module(MODULE, {"secrets": [added], "purge_tags": False})["changed"]


def test_replaces_a_generated_value_once_for_each_replacement_id(aws: Aws) -> None:
    aws.run_module(MODULE, {"secrets": [REDIS]})
    first = value_of(aws, "uex-test/redis")
    replace = {**REDIS, "on_existing": "replace"}

    assert aws.run_module(MODULE, {"secrets": [replace]})["changed"]
    second = value_of(aws, "uex-test/redis")
    assert second != first
    assert not aws.run_module(MODULE, {"secrets": [replace]})["changed"]
    assert value_of(aws, "uex-test/redis") == second

    assert aws.run_module(MODULE, {"secrets": [{**replace, "replacement_id": "2"}]})["changed"]
    assert value_of(aws, "uex-test/redis") != second


def test_a_new_secret_with_replace_is_not_replaced_by_the_next_run(aws: Aws) -> None:
    replace = {**REDIS, "on_existing": "replace"}
    aws.run_module(MODULE, {"secrets": [replace]})

    assert not aws.run_module(MODULE, {"secrets": [replace]})["changed"]
    assert len(versions_of(aws, "uex-test/redis")) == 1


def test_replaces_a_given_value_only_where_it_differs(aws: Aws) -> None:
    secret = {"name": "uex-test/mongodb", "value": "mongodb://marker-one", "on_existing": "replace"}
    aws.run_module(MODULE, {"secrets": [secret]})
    assert not aws.run_module(MODULE, {"secrets": [secret]})["changed"]

    result = aws.run_module(MODULE, {"secrets": [{**secret, "value": "mongodb://marker-two"}]})

    assert result["changed"]
    assert value_of(aws, "uex-test/mongodb") == "mongodb://marker-two"
    assert "marker" not in json.dumps(result)


def test_a_secret_scheduled_for_deletion_is_restored_with_its_value(aws: Aws, warned: list[str]) -> None:
    aws.run_module(MODULE, {"secrets": [DATABASE]})
    before = value_of(aws, "uex-test/database")
    removed = aws.run_module(MODULE, {"secrets": [DATABASE], "state": "absent"})
    assert removed["actions"] == [{"action": "delete", "name": "uex-test/database", "fields": []}]
    assert not aws.run_module(MODULE, {"secrets": [DATABASE], "state": "absent"})["changed"]

    predicted = aws.run_module(MODULE, {"secrets": [DATABASE]}, check=True)
    result = aws.run_module(MODULE, {"secrets": [DATABASE]})

    assert predicted["restored"] == result["restored"] == ["uex-test/database"]
    assert [text.partition(" was scheduled for deletion; ")[2] for text in warned] == [
        "it would be restored with its old value.",
        "it was restored with its old value.",
    ]
    assert value_of(aws, "uex-test/database") == before
    assert not aws.run_module(MODULE, {"secrets": [DATABASE]})["changed"]


def test_deletes_for_good_also_with_replicas(aws: Aws) -> None:
    aws.run_module(MODULE, {"secrets": [{**REDIS, "replicas": [{"region": "us-west-2"}]}, DATABASE]})
    aws.run_module(MODULE, {"secrets": [DATABASE], "state": "absent"})
    gone = {"secrets": [REDIS, DATABASE], "state": "absent", "recovery_window_in_days": 0}

    assert len(aws.run_module(MODULE, gone, check=True)["actions"]) == 2
    assert len(aws.run_module(MODULE, gone)["actions"]) == 2
    assert aws.client("secretsmanager").list_secrets(IncludePlannedDeletion=True)["SecretList"] == []
    assert not aws.run_module(MODULE, gone)["changed"]


@pytest.mark.parametrize(
    ("secret", "told"),
    [
        ({"name": "x", "value": "marker", "generate": [{"length": 8}]}, "x has a value as well as generate"),
        ({"name": "x", "generate": [{"length": 8}], "fields": {"a": 1}}, "x generates one whole value and JSON fields"),
        ({"name": "x", "generate": [{"field": "a"}, {"field": "a"}]}, "x says twice what the field a is"),
        ({"name": "x", "generate": [{"length": 0}]}, "x generates 0 characters"),
        ({"name": "x"}, "does not say what its value is"),
        ({"name": "x", "on_existing": "replace"}, "x has on_existing=replace, but neither"),
        ({"name": "x", "value": "marker", "rotation": {"automatically_after_days": 90}}, "x has no lambda_arn"),
        ({"name": "x", "value": "marker", "rotation": {"lambda_arn": "f", "role_arn": "r"}}, "it has role_arn as well"),
    ],
)
def test_bad_input_is_refused_before_any_change(aws: Aws, secret: dict[str, Any], told: str) -> None:
    for check in (True, False):
        aws.mark()
        with pytest.raises(ModuleFailed) as failure:
            aws.run_module(MODULE, {"secrets": [secret]}, check=check)

        assert told in failure.value.result["msg"]
        assert "marker" not in json.dumps(failure.value.result)
        assert aws.mutations() == []
