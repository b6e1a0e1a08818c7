# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who logs in where, and the value with another password."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from ansible_collections.slipway.aws.plugins.module_utils._rotation import logins, postgres, postgres_server, redis_auth
from ansible_collections.slipway.aws.plugins.module_utils._rotation.redis_acl_user import rules_to_allow, rules_to_end
from ansible_collections.slipway.aws.plugins.module_utils._rotation.redis_server import digest
from ansible_collections.slipway.aws.plugins.module_utils._rotation.strategy import RotationError

OLD = "old-pass/word?"


def renewed(value: Any, options: dict[str, Any] | None = None, username: str = "") -> Any:
    text = value if isinstance(value, str) else json.dumps(value)
    made = logins.with_new_password(text, options or {}, alphabet="alphanumeric", length=20, username=username)
    return json.loads(made) if isinstance(value, dict) else made


def test_only_the_password_of_a_json_object_is_new() -> None:
    made = renewed({"username": "app", "password": OLD, "port": 5432, "engine": "postgres"})
    assert made == {"username": "app", "password": made["password"], "port": 5432, "engine": "postgres"}
    assert made["password"] != OLD
    assert made["password"].isalnum()
    assert len(made["password"]) == 20


def test_a_plain_value_is_the_password() -> None:
    assert renewed(OLD) != OLD
    assert logins.login_of(OLD, {"username": "app"}, "set") == logins.Login("app", OLD)
    with pytest.raises(RotationError, match="names no user"):
        logins.login_of(OLD, {}, "set")


def test_a_token_stays_in_its_field() -> None:
    made = renewed({"auth_token": OLD})
    assert list(made) == ["auth_token"]
    assert made["auth_token"] != OLD


def test_urls_get_the_new_login_and_others_stay() -> None:
    other = "https://user:another@example.com/"
    value = {
        "user": "app",
        "password": OLD,
        "url": "postgresql://app:old-pass%2Fword%3F@db:5432/uex?a=%40",
        "other": other,
    }
    made = renewed(value, username="app_clone")
    assert made["user"] == "app_clone"
    assert made["url"] == f"postgresql://app_clone:{made['password']}@db:5432/uex?a=%40"
    assert made["other"] == other


def test_a_copy_of_the_old_password_in_an_unknown_form_is_not_overlooked() -> None:
    with pytest.raises(RotationError, match="the field dsn of the secret repeats the old password") as failure:
        renewed({"username": "app", "password": OLD, "dsn": f"host=db password='{OLD}'"})
    assert OLD not in f"{failure.value} {failure.value.advice}"


def test_recipes_have_to_name_the_password() -> None:
    recipe = {"field": "password", "length": 12, "alphabet": "hex"}
    assert len(renewed({"password": OLD}, {"generate": [recipe]})["password"]) == 12
    with pytest.raises(RotationError, match="no entry for the password"):
        renewed({"password": OLD}, {"generate": [{**recipe, "field": "salt"}]})


def test_the_tasks_options_count_more_than_the_secrets_fields() -> None:
    value = json.dumps({"host": "from-the-secret", "port": "5433", "dbname": "uex"})
    assert logins.target_of(value, {}, "set", port=5432) == logins.Target("from-the-secret", 5433, "uex")
    options = {"host": "db", "port": 1, "database": "other"}
    assert logins.target_of(value, options, "set", port=5432) == logins.Target("db", 1, "other")
    assert logins.target_of("{}", {"host": "db"}, "set", port=5432, database="d") == logins.Target("db", 5432, "d")
    with pytest.raises(RotationError, match="names a host"):
        logins.target_of("{}", {}, "set", port=5432)
    with pytest.raises(RotationError, match="port of the secret is no number"):
        logins.target_of('{"host": "h", "port": "x"}', {}, "set", port=5432)


def test_a_login_shows_no_password() -> None:
    assert OLD not in repr(logins.Login("app", OLD))


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"ca_file": "/nowhere.pem"}, "there is no file /nowhere.pem"),
        ({"ca_file": "/nowhere.pem", "tls": "off"}, "no certificate is verified"),
    ],
)
def test_options_that_make_no_sense_together(options: dict[str, Any], sentence: str) -> None:
    assert any(sentence in found for found in logins.problems_of(options))
    assert logins.problems_of({"tls": "off"}) == logins.problems_of({"ca_file": "system"}) == []


@pytest.mark.parametrize(
    ("options", "current", "users"),
    [
        ({}, "app", ("app", "app_clone")),
        ({}, "app_clone", ("app", "app_clone")),
        ({"username": "app"}, "app_clone", ("app", "app_clone")),
        ({"username": "app", "clone_username": "app2"}, "app2", ("app", "app2")),
    ],
)
def test_the_two_users(options: dict[str, Any], current: str, users: tuple[str, str]) -> None:
    assert postgres.users_of(options, current) == users


@pytest.mark.parametrize(
    ("message", "transient"),
    [
        ("connection refused", True),
        ("FATAL: the database system is starting up", True),
        ("FATAL: sorry, too many clients already", True),
        ('FATAL: password authentication failed for user "app"', False),
        ("SSL error: certificate verify failed", False),
        ('root certificate file "/root.crt" does not exist', False),
    ],
)
def test_what_may_be_better_in_a_moment(message: str, transient: bool) -> None:
    assert postgres_server.is_transient(message) is transient


def test_settings_are_made_equal_but_for_the_role() -> None:
    first = {("", "search_path"): "app", ("uex", "statement_timeout"): "5s", ("", "role"): "other"}
    second = {("", "search_path"): "old", ("", "role"): "app", ("uex", "lock_timeout"): "1s"}
    assert postgres_server.settings_to_change(first, second) == {
        ("", "search_path"): "app",
        ("uex", "statement_timeout"): "5s",
        ("uex", "lock_timeout"): None,
    }
    assert postgres_server.settings_to_change(first, {**first, ("", "role"): "app"}) == {}


def test_rules_of_redis_change_what_differs_and_never_end_what_is_kept() -> None:
    known = {digest("one"), digest("two")}
    assert rules_to_allow(known, "one") == []
    assert rules_to_allow(known, "three") == [f"#{digest('three')}"]
    assert rules_to_end(known, "one", "two") == [f"!{digest('one')}"]
    assert rules_to_end(known, "three", "two") == []
    assert rules_to_end(known, "one", "one") == []
    assert rules_to_end({digest("one")}, "one", "two") == [f"#{digest('two')}", f"!{digest('one')}"]


def test_whether_the_token_was_changed_since() -> None:
    made = datetime(2026, 11, 21, tzinfo=UTC)
    assert not redis_auth.changed_since({}, made)
    assert not redis_auth.changed_since({"AuthTokenLastModifiedDate": made}, None)
    assert not redis_auth.changed_since({"AuthTokenLastModifiedDate": made - timedelta(seconds=1)}, made)
    assert redis_auth.changed_since({"AuthTokenLastModifiedDate": made.replace(tzinfo=None)}, made)


def test_a_group_is_settled_when_no_token_is_under_way() -> None:
    assert redis_auth.is_settled({"Status": "available", "PendingModifiedValues": {}})
    assert not redis_auth.is_settled({"Status": "modifying"})
    pending = {"AuthTokenStatus": "ROTATING"}
    assert not redis_auth.is_settled({"Status": "available", "PendingModifiedValues": pending})
