# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.amazon.aws.plugins.module_utils.exceptions import AnsibleAWSError
from ansible_collections.slipway.aws.plugins.module_utils._core.reconcile import Resource, State, reconcile


class Shelf(Resource):
    """Things on a shelf, instead of resources in an account."""

    kind = "thing"
    immutable = frozenset({"material"})
    hidden = frozenset({"secret"})

    def __init__(self, **things: State) -> None:
        self.things = things
        self.calls: list[str] = []

    def describe(self) -> dict[str, State]:
        return dict(self.things)

    def create(self, name: str, wanted: State) -> State:
        self.calls.append(f"create {name}")
        self.things[name] = {**wanted, "id": f"id-{name}"}
        return self.things[name]

    def update(self, name: str, current: State, changes: State, wanted: State) -> State:
        self.calls.append(f"update {name} {sorted(changes)}")
        self.things[name] = {**current, **changes}
        return self.things[name]

    def delete(self, name: str, current: State) -> None:
        self.calls.append(f"delete {name}")
        del self.things[name]

    def planned(self, name: str, wanted: State) -> State:
        return {**wanted, "id": f"planned-{name}"}


def run(shelf: Shelf, wanted: dict[str, State | None], **options: Any) -> Any:
    return reconcile(shelf, wanted, **{"check_mode": False, **options})


def test_what_is_missing_is_created_and_a_second_run_changes_nothing() -> None:
    shelf = Shelf()
    first = run(shelf, {"a": {"size": 1}})
    assert first.changed
    assert first.items == {"a": {"size": 1, "id": "id-a"}}
    second = run(shelf, {"a": {"size": 1}})
    assert not second.changed
    assert second.items == first.items
    assert shelf.calls == ["create a"]


def test_only_what_differs_is_updated() -> None:
    shelf = Shelf(a={"size": 1, "color": "red"})
    outcome = run(shelf, {"a": {"size": 2, "color": None}})
    assert shelf.calls == ["update a ['size']"]
    assert outcome.as_result()["diff"] == {"before": {"a": {"size": 1}}, "after": {"a": {"size": 2}}}
    assert outcome.as_result()["actions"] == [{"action": "update", "name": "a", "fields": ["size"]}]


def test_none_and_purge_delete_and_absence_stays_absence() -> None:
    shelf = Shelf(a={"size": 1}, b={"size": 1})
    assert run(shelf, {"a": None, "c": None}).changed
    assert shelf.things == {"b": {"size": 1}}
    assert not run(shelf, {"a": None, "c": None}).changed
    assert run(shelf, {}, purge=True).items == {}
    assert shelf.things == {}


def test_check_mode_calls_nothing_and_predicts_what_the_run_does() -> None:
    things = {"a": {"size": 1}, "b": {"size": 1}}
    wanted: dict[str, State | None] = {"a": {"size": 2}, "b": None, "c": {"size": 3}}
    planned_shelf = Shelf(**things)
    plan = run(planned_shelf, wanted, check_mode=True)
    assert planned_shelf.calls == []
    done = run(Shelf(**things), wanted)
    assert plan.steps == done.steps
    assert plan.items["a"] == done.items["a"] == {"size": 2}
    assert plan.items["c"]["id"] == "planned-c"
    assert "b" not in plan.items


def test_what_aws_cannot_change_is_an_error_before_any_call() -> None:
    shelf = Shelf(a={"material": "wood"})
    with pytest.raises(AnsibleAWSError, match=r"cannot change material of the thing a .*'wood' → 'steel'"):
        run(shelf, {"a": {"material": "steel"}, "b": {"size": 1}})
    assert shelf.calls == []


def test_hidden_fields_stay_out_of_the_diff() -> None:
    outcome = run(Shelf(), {"a": {"size": 1, "secret": "hush"}})
    assert "hush" not in str(outcome.as_result())
