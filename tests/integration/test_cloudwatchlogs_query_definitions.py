# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from typing import Any

import pytest

from .harness import Aws, ModuleFailed

MODULE = "cloudwatchlogs_query_definitions"
ERRORS: dict[str, Any] = {
    "name": "uex-test/errors",
    "query_string": "fields @message | filter @message like /ERROR/",
    "log_group_names": ["/ecs/uex-test/a", "/ecs/uex-test/b"],
}
SLOW = {"name": "uex-test/slow", "query_string": "fields @duration | sort @duration desc"}


def test_created_once_whatever_the_order_of_the_groups(aws: Aws) -> None:
    predicted = aws.run_module(MODULE, {"queries": [ERRORS, SLOW]}, check=True)
    assert predicted["queries"]["uex-test/errors"]["query_definition_id"].startswith("planned-")
    first = aws.run_module(MODULE, {"queries": [ERRORS, SLOW]})
    assert first["actions"] == predicted["actions"]
    reordered = {**ERRORS, "log_group_names": list(reversed(ERRORS["log_group_names"]))}
    second = aws.run_module(MODULE, {"queries": [SLOW, reordered]})
    assert not second["changed"]
    ids = {name: query["query_definition_id"] for name, query in first["queries"].items()}
    assert {name: query["query_definition_id"] for name, query in second["queries"].items()} == ids


@pytest.mark.parametrize(
    ("option", "value"), [("query_string", "fields @message"), ("log_group_names", ["/ecs/uex-test/a"])]
)
def test_each_option_round_trips(aws: Aws, option: str, value: Any) -> None:
    first = aws.run_module(MODULE, {"queries": [ERRORS]})
    changed = {"queries": [{**ERRORS, option: value}]}
    predicted = aws.run_module(MODULE, changed, check=True)
    done = aws.run_module(MODULE, changed)
    assert done["actions"] == predicted["actions"] == [{"action": "update", "name": ERRORS["name"], "fields": [option]}]
    assert not aws.run_module(MODULE, changed)["changed"]
    name = ERRORS["name"]
    assert done["queries"][name]["query_definition_id"] == first["queries"][name]["query_definition_id"]


def test_what_the_task_leaves_open_stays(aws: Aws) -> None:
    aws.run_module(MODULE, {"queries": [ERRORS]})
    short = {"name": ERRORS["name"], "query_string": "fields @message"}
    assert aws.run_module(MODULE, {"queries": [short]})["changed"]
    (found,) = aws.client("logs").describe_query_definitions()["queryDefinitions"]
    assert found["logGroupNames"] == ERRORS["log_group_names"]


def test_absent_and_purge(aws: Aws) -> None:
    other = {"name": "other", "query_string": "fields @message"}
    aws.run_module(MODULE, {"queries": [ERRORS, SLOW, other]})
    gone = {"queries": [{"name": SLOW["name"]}], "state": "absent"}
    assert aws.run_module(MODULE, gone)["changed"]
    assert not aws.run_module(MODULE, gone)["changed"]
    purge = {"queries": [], "name_prefix": "uex-test/", "purge": True}
    assert aws.run_module(MODULE, purge, check=True)["changed"]
    assert aws.run_module(MODULE, purge)["changed"]
    assert not aws.run_module(MODULE, purge)["changed"]
    assert [query["name"] for query in aws.client("logs").describe_query_definitions()["queryDefinitions"]] == ["other"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"queries": [ERRORS, ERRORS]}, "uex-test/errors stands twice"),
        ({"queries": [{"name": "a"}]}, "a has no query_string"),
        ({"queries": [ERRORS], "name_prefix": "uex-prod/"}, "does not start with name_prefix uex-prod/"),
        ({"queries": [], "purge": True}, "name_prefix is empty"),
    ],
)
def test_bad_input_is_refused(aws: Aws, arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ModuleFailed, match=message):
        aws.run_module(MODULE, arguments)
