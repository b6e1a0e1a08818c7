# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import json

import pytest
from ansible_collections.slipway.aws.plugins.module_utils._rotation.consumers import rolled_for, tag_value
from ansible_collections.slipway.aws.plugins.module_utils._rotation.options import rules_differ, rules_to_set
from ansible_collections.slipway.aws.plugins.module_utils._rotation.random_value import renewed
from ansible_collections.slipway.aws.plugins.module_utils._rotation.strategies import STRATEGIES
from ansible_collections.slipway.aws.plugins.module_utils._rotation.strategy import Hidden, RotationError, secret_parts
from ansible_collections.slipway.aws.plugins.modules import secretsmanager_rotation


def test_the_module_takes_every_strategy_and_every_option_that_one_takes() -> None:
    assert sorted(STRATEGIES) == secretsmanager_rotation.STRATEGIES
    for kind in STRATEGIES.values():
        assert kind.takes <= secretsmanager_rotation.SECRET.keys()
        assert kind.needs <= kind.takes


@pytest.mark.parametrize("secret", ["pa'ss word&1", 'quo"ted\\secret', "plain-secret-value", "per%cent/slash+x"])
def test_hidden_values_are_found_however_they_are_spelled(secret: str) -> None:
    hidden = Hidden()
    hidden.add(json.dumps({"username": "uex-user", "password": secret}))
    from urllib.parse import quote, quote_plus

    for spelling in (
        secret,
        quote(secret, safe=""),
        quote_plus(secret),
        json.dumps(secret),
        repr(secret),
        secret.replace("'", "''"),
    ):
        told = hidden.scrub(f"error near {spelling} in the statement of uex-user")
        assert secret not in told
        assert spelling.strip("'\"") not in told
        assert "uex-user" in told


def test_hidden_values_reach_the_module_too() -> None:
    seen: list[str] = []
    Hidden(seen.append).add("a-plain-secret")
    assert "a-plain-secret" in seen
    Hidden(seen.append).add("short")
    assert "short" not in seen, "a value that short would hide everything"


def test_what_is_secret_in_a_value_is_found_however_deep_it_is() -> None:
    drawn = "aB3dE5fG7hI9jK1l"
    value = {
        "host": "db-1.Example.us-east-1.rds.amazonaws.com",
        "username": "uex-prod-backend-user-1",
        "masterarn": "arn:aws:secretsmanager:us-east-1:123456789012:secret:uex/Master-a1B2c3",
        "jwt": drawn,
        "pools": [{"password": "nested-1"}, {"keys": ["listed-1", {"name": "first", "key": "listed-2"}]}],
        "salt": "0123456789abcdef" * 2,
        "port": 5432,
    }
    text = json.dumps(value)
    assert list(secret_parts(text)) == [text, drawn, "nested-1", "listed-1", "listed-2", value["salt"]]
    for url in (
        "mongodb+srv://uex:it%27s-me@db.example.com/uex?w=1",
        json.dumps({"mongo": "redis://:it%27s-me@db:6379"}),
    ):
        assert set(secret_parts(url)) == {url, "it%27s-me", "it's-me"}
    assert list(secret_parts("https://example.com/[")) == ["https://example.com/["]


def test_renewed_keeps_what_no_recipe_names() -> None:
    recipe = {"field": "key", "length": 12, "alphabet": "hex"}
    value = json.loads(renewed('{"key": "old", "kept": 1}', [recipe], {"set": "along"}))
    assert (value["kept"], value["set"], len(value["key"])) == (1, "along", 12)
    assert len(renewed("anything", [{"field": None, "length": 20}])) == 20
    with pytest.raises(RotationError, match="no JSON object"):
        renewed("plain", [recipe])


def test_rules_are_compared_by_what_the_task_states() -> None:
    entry = {
        "RotationEnabled": True,
        "RotationLambdaARN": "arn:f",
        "RotationRules": {"AutomaticallyAfterDays": 90, "Duration": "3h"},
    }
    assert not rules_differ(entry, None)
    assert not rules_differ(entry, {"automatically_after_days": 90, "lambda_arn": None})
    assert rules_differ(entry, {"automatically_after_days": 30})
    assert rules_differ(entry, {"schedule_expression": "rate(10 days)"})
    assert rules_differ(entry, {})
    assert not rules_differ({"RotationEnabled": False}, {})
    assert rules_to_set(entry, {"automatically_after_days": 30}) == {
        "RotationRules": {"AutomaticallyAfterDays": 30, "Duration": "3h"}
    }
    external = {**entry, "ExternalSecretRotationRoleArn": "arn:r"}
    assert not rules_differ(external, {"automatically_after_days": 90, "role_arn": "arn:r"})
    stated = {"automatically_after_days": 90, "role_arn": "arn:s", "metadata": {"b": 1, "a": "x"}}
    assert rules_differ(external, stated)
    assert rules_to_set(external, stated)["ExternalSecretRotationMetadata"] == [
        {"Key": "a", "Value": "x"},
        {"Key": "b", "Value": "1"},
    ]


def test_tag_says_what_a_service_was_rolled_for() -> None:
    def service(tag: str, deployment: str) -> dict[str, object]:
        return {
            "tags": [{"key": "slipway:rotation", "value": tag}],
            "deployments": [{"id": f"ecs-svc/{deployment}", "status": "PRIMARY"}],
        }

    wanted = {"db": "v1", "redis": "v2"}
    tag = tag_value(wanted, "ecs-svc/111")
    assert rolled_for(service(tag, "222"), wanted) == "111"
    assert rolled_for(service(tag, "222"), {"db": "v1"}) == "111"
    assert rolled_for(service(tag, "111"), wanted) == "", "the deployment has not begun"
    assert rolled_for(service(tag, "222"), {**wanted, "app": "v3"}) == ""
    assert rolled_for(service(tag, "222"), {"db": "v9"}) == ""
    assert rolled_for({"deployments": []}, wanted) == ""
    many = {f"secret-{number}": "v" for number in range(40)}
    assert len(tag_value(many, "ecs-svc/1234567890123456789")) <= 256
