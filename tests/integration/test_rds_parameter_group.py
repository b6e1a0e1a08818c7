# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from typing import Any

import pytest

from .harness import Aws, ModuleFailed

MODULE = "rds_parameter_group"
GROUP: dict[str, Any] = {
    "name": "uex-test-postgres",
    "family": "postgres16",
    "description": "Settings of the test",
    "parameters": {"log_min_duration_statement": 500, "rds.force_ssl": True},
    "tags": {"Project": "uex"},
}


def user_set(aws: Aws) -> dict[str, tuple[str, str]]:
    pages = (
        aws.client("rds")
        .get_paginator("describe_db_parameters")
        .paginate(DBParameterGroupName=GROUP["name"], Source="user")
    )
    return {
        parameter["ParameterName"]: (parameter["ParameterValue"], parameter["ApplyMethod"])
        for page in pages
        for parameter in page["Parameters"]
    }


def test_creates_changes_and_leaves_alone(aws: Aws) -> None:
    predicted = aws.run_module(MODULE, GROUP, check=True)
    result = aws.run_module(MODULE, GROUP)

    assert predicted["actions"] == result["actions"]
    assert predicted["group"]["arn"].endswith("planned-pg:uex-test-postgres")
    assert user_set(aws) == {"log_min_duration_statement": ("500", "immediate"), "rds.force_ssl": ("1", "immediate")}
    assert not aws.run_module(MODULE, GROUP)["changed"]

    other = {**GROUP, "parameters": {"log_min_duration_statement": 1000, "max_connections": 200}}
    predicted = aws.run_module(MODULE, other, check=True)
    result = aws.run_module(MODULE, other)
    assert (
        predicted["actions"]
        == result["actions"]
        == [{"action": "update", "name": "uex-test-postgres", "fields": ["parameters"]}]
    )
    assert result["waiting_for_reboot"] == ["max_connections"]
    assert user_set(aws) == {
        "log_min_duration_statement": ("1000", "immediate"),
        "max_connections": ("200", "pending-reboot"),
    }
    assert not aws.run_module(MODULE, other)["changed"]


def test_without_purge_other_parameters_stay(aws: Aws) -> None:
    aws.run_module(MODULE, GROUP)
    added = {**GROUP, "parameters": {"log_connections": True}, "purge_parameters": False}

    assert aws.run_module(MODULE, added)["changed"]
    assert user_set(aws).keys() == {"log_min_duration_statement", "rds.force_ssl", "log_connections"}
    assert not aws.run_module(MODULE, added)["changed"]


def test_tags_round_trip(aws: Aws) -> None:
    aws.run_module(MODULE, GROUP)
    changed = {**GROUP, "tags": {"Project": "uex", "Owner": "payments"}}

    assert aws.run_module(MODULE, changed)["actions"][0]["fields"] == ["tags"]
    assert not aws.run_module(MODULE, changed)["changed"]


def test_unknown_parameters_and_immutable_fields_are_refused_before_any_change(aws: Aws) -> None:
    aws.mark()
    with pytest.raises(ModuleFailed, match="postgres16 has no parameter no_such_thing"):
        aws.run_module(MODULE, {**GROUP, "parameters": {"no_such_thing": 1}})
    assert aws.mutations() == []

    aws.run_module(MODULE, GROUP)
    aws.mark()
    with pytest.raises(ModuleFailed, match="AWS cannot change family"):
        aws.run_module(MODULE, {**GROUP, "family": "postgres15"})
    with pytest.raises(ModuleFailed, match="has no parameter no_such_thing"):
        aws.run_module(MODULE, {**GROUP, "parameters": {"no_such_thing": 1}})
    assert aws.mutations() == []


def test_deletes(aws: Aws) -> None:
    aws.run_module(MODULE, GROUP)
    absent = {"name": GROUP["name"], "state": "absent"}

    assert aws.run_module(MODULE, absent, check=True)["changed"]
    assert aws.run_module(MODULE, absent)["changed"]
    assert not aws.run_module(MODULE, absent)["changed"]
