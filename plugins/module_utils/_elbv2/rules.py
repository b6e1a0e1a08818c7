# Copyright: slipway.aws contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules of one listener, known by their tag Name."""

from __future__ import annotations

import functools
import threading
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from ..core import (
    AnsibleAWSError,
    Resource,
    State,
    Step,
    differences,
    in_parallel,
    merged,
    tag_changes,
    to_tag_list,
    wanted_tags,
)
from ..planned import is_planned, planned_arn
from . import api
from .actions import action_request, action_state, conditions_request, conditions_state, same_actions
from .priorities import free_priority, keeps_place

NAME = "Name"
# So many neighbours may take the priority that was free a moment ago before this is an error.
_RACES = 20


def rule_state(rule: Mapping[str, Any], tags: Mapping[str, str]) -> State:
    """A rule as the module speaks of it, from DescribeRules and DescribeTags."""
    return {
        "arn": rule["RuleArn"],
        "priority": int(rule["Priority"]),
        "conditions": conditions_state(rule["Conditions"]),
        "actions": [action_state(action) for action in rule["Actions"]],
        "tags": {key: value for key, value in tags.items() if key != NAME},
    }


class Rule(Resource):
    """The rules of one listener that a task names, or all of them where it purges."""

    kind = "listener rule"

    def __init__(
        self,
        client: Any,
        listener_arn: str,
        names: Iterable[str],
        *,
        keep_weights: Collection[str] = (),
        purge_tags: bool = True,
        owner: Mapping[str, Any] | None = None,
    ) -> None:
        self.client = client
        self.listener_arn = listener_arn
        self.names = set(names)
        self.keep_weights = keep_weights
        self.purge_tags = purge_tags
        self.owner = {key: str(value) for key, value in (owner or {}).items()}
        # What stands on the listener, the rules of others included; every new rule adds its priority.
        self.taken: dict[int, str] = {}
        self.conditions: dict[str, dict[str, Any]] = {}
        self._choosing = threading.Lock()
        # ARN → new priority, of the rules that change their place.
        self._moves: dict[str, int] = {}
        self._moving = threading.Lock()

    def describe(self) -> dict[str, State]:
        if is_planned(self.listener_arn):
            return {}
        rules = [rule for rule in api.list_rules(self.client, self.listener_arn) if not rule.get("IsDefault")]
        tags = api.tags(self.client, [rule["RuleArn"] for rule in rules])
        states: dict[str, State] = {}
        for rule in rules:
            own = tags.get(rule["RuleArn"], {})
            state = rule_state(rule, own)
            label = own.get(NAME) or state["arn"]
            self.taken[state["priority"]] = label
            self.conditions[label] = state["conditions"]
            if own.get(NAME) in self.names or (self.owner and self.owner.items() <= own.items()):
                states[label] = state
        return states

    def differences(self, name: str, current: State, wanted: State) -> State:
        changes = differences(
            current, {**wanted, "tags": wanted_tags(current["tags"], wanted.get("tags"), purge=self.purge_tags)}
        )
        if "actions" in changes and same_actions(
            current["actions"], changes["actions"], keep_weights=name in self.keep_weights
        ):
            del changes["actions"]
        if "conditions" in changes:
            self._refuse_twin(name, changes["conditions"])
            if wanted.get("priority") is None and not keeps_place(current["priority"], changes["conditions"]):
                with self._choosing:
                    changes["priority"] = free_priority(changes["conditions"], self.taken)
                    self.taken[changes["priority"]] = name
        if "priority" in changes:
            self._moves[current["arn"]] = changes["priority"]
        return changes

    def waves(self, steps: list[Step]) -> list[list[Step]]:
        # A new rule may take the priority that another one gives up.
        return [[step for step in steps if step.action == action] for action in ("delete", "update", "create")]

    def _refuse_twin(self, name: str, conditions: Mapping[str, Any]) -> None:
        """Two rules with the same conditions: the second would never get a request, and nobody would notice."""
        twin = next(
            (other for other, theirs in self.conditions.items() if other != name and theirs == conditions), None
        )
        # A rule that the task itself speaks of is compared with what the task wants of it, by the module.
        if twin is not None and twin not in self.names:
            raise AnsibleAWSError(
                message=f"rules: {name} has the conditions {dict(conditions)}, which the rule {twin} of the listener "
                f"{self.listener_arn} already has; only one of them can get the requests."
            )

    def create(self, name: str, wanted: State) -> State:
        self._refuse_twin(name, wanted["conditions"])
        tags = {**(wanted.get("tags") or {}), NAME: name}
        for attempt in range(_RACES):
            priority = wanted.get("priority") or self._choose(name, wanted["conditions"])
            try:
                created = api.create_rule(
                    self.client,
                    name,
                    ListenerArn=self.listener_arn,
                    Priority=priority,
                    Conditions=conditions_request(wanted["conditions"]),
                    Actions=[action_request(action) for action in wanted["actions"]],
                    Tags=to_tag_list(tags),
                )
            except AnsibleAWSError as error:
                if wanted.get("priority") or not api.is_priority_taken(error) or attempt == _RACES - 1:
                    raise
                # Another process creates rules on the same listener; look again what it left free.
                self._look_again()
            else:
                return {**rule_state(created, tags), "tags": wanted.get("tags") or {}}
        raise AssertionError("the last attempt returns or raises")

    def _choose(self, name: str, conditions: Mapping[str, Any]) -> int:
        with self._choosing:
            priority = free_priority(conditions, self.taken)
            self.taken[priority] = name
            return priority

    def _look_again(self) -> None:
        rules = api.list_rules(self.client, self.listener_arn)
        with self._choosing:
            for rule in rules:
                if not rule.get("IsDefault"):
                    self.taken.setdefault(int(rule["Priority"]), rule["RuleArn"])

    def update(self, name: str, current: State, changes: State, wanted: State) -> State:
        if "priority" in changes:
            self._move()
        calls = {}
        if changes.keys() & {"conditions", "actions"}:
            calls["rule"] = functools.partial(
                api.modify_rule,
                self.client,
                name,
                current["arn"],
                Conditions=conditions_request(changes["conditions"]) if "conditions" in changes else None,
                Actions=[action_request(action) for action in changes["actions"]] if "actions" in changes else None,
            )
        if "tags" in changes:
            calls["tags"] = functools.partial(
                api.set_tags, self.client, current["arn"], *tag_changes(current["tags"], changes["tags"])
            )
        in_parallel(calls)
        return merged(current, changes)

    def _move(self) -> None:
        """All changed priorities in one call, so that two rules can change places; whoever comes first makes it."""
        with self._moving:
            if self._moves:
                api.set_priorities(self.client, self._moves)
                self._moves = {}

    def delete(self, name: str, current: State) -> None:
        api.delete_rule(self.client, name, current["arn"])

    def planned(self, name: str, wanted: State) -> State:
        self._refuse_twin(name, wanted["conditions"])
        return {
            "arn": planned_arn("elasticloadbalancing", f"listener-rule/app/{name}"),
            "priority": wanted.get("priority") or self._choose(name, wanted["conditions"]),
            "conditions": wanted["conditions"],
            "actions": wanted["actions"],
            "tags": wanted.get("tags") or {},
        }
