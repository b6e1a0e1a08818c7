# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.amazon.aws.plugins.module_utils.exceptions import AnsibleAWSError
from ansible_collections.slipway.aws.plugins.module_utils._core.reconcile import Outcome, Step
from ansible_collections.slipway.aws.plugins.module_utils._ec2.common import (
    NetworkResource,
    Scope,
    combined,
    in_vpc,
    listed,
    refuse_empty_owner,
    surplus,
    tag_specification,
    wanted_items,
)

OWNER = {"Project": "uex", "Environment": "dev"}


def scope(**options: Any) -> Scope:
    return Scope({"owner_tags": OWNER, "tags": {"Team": "a", "Project": "not mine"}, "purge_tags": True, **options})


class Thing(NetworkResource):
    kind = "thing"
    identifier = "thing_id"


def answer(component: str, **tags: str) -> dict[str, Any]:
    return {"Tags": [{"Key": key, "Value": value} for key, value in {"Component": component, **tags}.items()]}


def test_an_items_tags_win_and_the_owners_win_over_all() -> None:
    item = {"component": "alb", "name": "uex-dev-alb", "tags": {"Team": "b"}}
    assert scope().wanted(item) == {**OWNER, "Name": "uex-dev-alb", "Team": "b", "Component": "alb"}


def test_ownership_needs_all_tags() -> None:
    assert scope().owns({**OWNER, "Other": "x"})
    assert not scope().owns({"Project": "uex"})


def test_resources_are_found_by_component_among_the_owners() -> None:
    found = [
        (answer("alb", **OWNER), {"thing_id": "1"}),
        (answer("alb", Project="other"), {"thing_id": "2"}),
        ({"Tags": []}, {"thing_id": "3"}),
    ]
    states = Thing(None, scope()).by_component(found)
    assert states == {"alb": {"thing_id": "1", "tags": {"Component": "alb", **OWNER}}}


def test_two_of_one_component_are_an_error() -> None:
    found = [(answer("alb", **OWNER), {"thing_id": identifier}) for identifier in ("1", "2")]
    with pytest.raises(AnsibleAWSError, match="Two things carry the tag Component=alb: 1 and 2"):
        Thing(None, scope()).by_component(found)


@pytest.mark.parametrize(("purge", "changes"), [(True, {"tags": {"a": "1"}}), (False, {})])
def test_other_tags_go_only_when_asked(purge: bool, changes: dict[str, Any]) -> None:
    resource = Thing(None, scope(purge_tags=purge))
    assert resource.differences("x", {"tags": {"a": "1", "b": "2"}}, {"tags": {"a": "1"}}) == changes


def test_wanted_items() -> None:
    items = [{"component": "a", "name": "uex-a", "size": 1, "kind": None, "tags": None}]
    assert wanted_items(items, "present", scope(), option="things") == {
        "a": {"size": 1, "tags": {**OWNER, "Team": "a", "Name": "uex-a", "Component": "a"}}
    }
    assert wanted_items(items, "absent", scope(), option="things") == {"a": None}


@pytest.mark.parametrize(
    ("items", "message"),
    [
        ([{"component": "a"}, {"component": "a"}], "things: component 'a' stands twice"),
        ([{"component": "a", "size": None}], "things: 'a' has no size"),
    ],
)
def test_items_are_checked(items: list[dict[str, Any]], message: str) -> None:
    required = ["size"] if "size" in items[0] else []
    with pytest.raises(AnsibleAWSError, match=message):
        wanted_items(items, "present", scope(), option="things", required=required)


def test_purging_needs_an_owner() -> None:
    refuse_empty_owner({"purge": True, "owner_tags": OWNER})
    refuse_empty_owner({"purge": False, "owner_tags": {}})
    with pytest.raises(AnsibleAWSError, match="owner_tags is empty"):
        refuse_empty_owner({"purge": True, "owner_tags": {}})


def outcome(name: str, field: str) -> Outcome:
    return Outcome([Step("update", name, {field: 1})], {name: {field: 0}}, {name: {field: 1}}, {name: {field: 1}})


def test_several_passes_make_one_result() -> None:
    result = combined(outcome("a", "tags"), outcome("a", "rules"), Outcome([], {}, {}, {}))
    assert result["changed"] is True
    assert [action["fields"] for action in result["actions"]] == [["tags"], ["rules"]]
    assert result["diff"] == {"before": {"a": {"tags": 0, "rules": 0}}, "after": {"a": {"tags": 1, "rules": 1}}}


def test_what_is_listed_and_what_is_left() -> None:
    found = Outcome([], {}, {}, {"b": {"x": 1}, "a": {"x": 2}})
    assert surplus(found, {"b": {}}) == ["a"]
    assert listed(found, {"b": {}, "gone": None}) == {"b": {"x": 1}}


def test_nothing_is_in_a_planned_vpc() -> None:
    # No client: a placeholder never reaches AWS.
    assert in_vpc(None, "describe_subnets", "Subnets", "subnets", "vpc-planned-uex-dev") == []


def test_tags_at_creation() -> None:
    assert tag_specification("subnet", {"b": 2, "a": "1"}) == [
        {"ResourceType": "subnet", "Tags": [{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}]}
    ]
