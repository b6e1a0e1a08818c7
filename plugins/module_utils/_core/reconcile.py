# Copyright: slipway.aws contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Describe → compare → plan → apply: check mode, diff and idempotence are this one piece of code for every module."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.amazon.aws.plugins.module_utils.exceptions import AnsibleAWSError

from .compare import differences, merged
from .parallel import in_parallel

State = dict[str, Any]

# Among the names of a wave's calls; no resource is called so.
_DELETIONS = "\0deletions"


class Resource:
    """What a module says about one kind of AWS resource. A state is a dictionary in the words of the module's options.

    Subclasses describe all resources of the kind in one pass and make single changes; everything else is done here.
    """

    kind: str = "resource"
    unordered: frozenset[str] = frozenset()
    policies: frozenset[str] = frozenset()
    # Fields that AWS cannot change on an existing resource. A difference is an error that says so, never silence.
    immutable: frozenset[str] = frozenset()
    # Fields that must not appear in a diff.
    hidden: frozenset[str] = frozenset()

    def describe(self) -> dict[str, State]:
        """Every resource that this task is concerned with, by the name the user gives it."""
        raise NotImplementedError

    def differences(self, name: str, current: State, wanted: State) -> State:
        """The wanted fields that differ from the current ones."""
        return differences(current, wanted, unordered=self.unordered, policies=self.policies)

    def create(self, name: str, wanted: State) -> State:
        """Create the resource and return its state."""
        raise NotImplementedError

    def update(self, name: str, current: State, changes: State, wanted: State) -> State:
        """Apply only C(changes) and return the new state."""
        raise NotImplementedError

    def delete(self, name: str, current: State) -> None:
        """Delete the resource."""
        raise NotImplementedError

    def delete_all(self, states: Mapping[str, State]) -> None:
        """Delete several resources. To be overridden where AWS deletes many in one call."""
        in_parallel({name: lambda name=name: self.delete(name, states[name]) for name in states})

    def waves(self, steps: list[Step]) -> list[list[Step]]:
        """The steps in the groups that must wait for one another; within a group they run at the same time."""
        return [steps]

    def apply(
        self, steps: list[Step], current: Mapping[str, State], wanted: Mapping[str, State | None]
    ) -> dict[str, State | None]:
        """Make all the changes. To be overridden where AWS takes a whole list of changes in one call."""
        return _apply(self, steps, current, wanted)

    def planned(self, name: str, wanted: State) -> State:
        """Check mode: the state that C(create) would return, with placeholders for what only AWS can know."""
        return merged({}, wanted)


@dataclass(frozen=True)
class Step:
    """One change to one resource, known before it is made."""

    action: str
    name: str
    changes: State = field(default_factory=dict)


@dataclass(frozen=True)
class Outcome:
    """What was done, or in check mode what would be done."""

    steps: list[Step]
    before: dict[str, State]
    after: dict[str, State]
    items: dict[str, State]

    @property
    def changed(self) -> bool:
        return bool(self.steps)

    def as_result(self, **extra: Any) -> dict[str, Any]:
        """The common part of every module's result."""
        return {
            "changed": self.changed,
            "actions": [
                {"action": step.action, "name": step.name, "fields": sorted(step.changes)} for step in self.steps
            ],
            "diff": {"before": self.before, "after": self.after},
            **extra,
        }


def plan(
    resource: Resource, current: Mapping[str, State], wanted: Mapping[str, State | None], *, purge: bool
) -> list[Step]:
    """The steps from what is to what is wanted. A wanted value of None means: shall not exist."""
    steps: list[Step] = []
    for name, state in wanted.items():
        if state is None:
            if name in current:
                steps.append(Step("delete", name))
        elif name not in current:
            steps.append(Step("create", name, merged({}, state)))
        else:
            changes = resource.differences(name, current[name], state)
            _refuse_immutable(resource, name, current[name], changes)
            if changes:
                steps.append(Step("update", name, changes))
    if purge:
        steps += [Step("delete", name) for name in sorted(current) if name not in wanted]
    return steps


def _refuse_immutable(resource: Resource, name: str, current: State, changes: State) -> None:
    fixed = sorted(resource.immutable & changes.keys())
    if fixed:
        was = ", ".join(f"{key}: {current.get(key)!r} → {changes[key]!r}" for key in fixed)
        raise AnsibleAWSError(
            message=f"AWS cannot change {', '.join(fixed)} of the {resource.kind} {name} ({was}). "
            "Keep the value, or delete the resource first and let it be created again."
        )


def reconcile(
    resource: Resource,
    wanted: Mapping[str, State | None],
    *,
    check_mode: bool,
    purge: bool = False,
) -> Outcome:
    """Make the resources what is wanted, or in check mode say what that would take."""
    current = resource.describe()
    steps = plan(resource, current, wanted, purge=purge)
    if check_mode:
        changed = {step.name: _predict(resource, step, current, wanted) for step in steps}
    else:
        changed = resource.apply(steps, current, wanted)
    items = {name: state for name, state in {**current, **changed}.items() if state is not None}
    return Outcome(
        steps=steps,
        before={step.name: _shown(resource, step, current.get(step.name)) for step in steps},
        after={step.name: _shown(resource, step, items.get(step.name)) for step in steps},
        items=items,
    )


def _predict(
    resource: Resource, step: Step, current: Mapping[str, State], wanted: Mapping[str, State | None]
) -> State | None:
    if step.action == "delete":
        return None
    if step.action == "create":
        return resource.planned(step.name, wanted[step.name] or {})
    return merged(current[step.name], step.changes)


def _apply(
    resource: Resource, steps: list[Step], current: Mapping[str, State], wanted: Mapping[str, State | None]
) -> dict[str, State | None]:
    def call(step: Step) -> Callable[[], State | None]:
        name = step.name
        if step.action == "create":
            return lambda: resource.create(name, wanted[name] or {})
        return lambda: resource.update(name, current[name], step.changes, wanted[name] or {})

    results: dict[str, State | None] = {}
    for wave in resource.waves(steps):
        deleted = {step.name: current[step.name] for step in wave if step.action == "delete"}
        calls: dict[str, Callable[[], State | None]] = {
            step.name: call(step) for step in wave if step.action != "delete"
        }
        if deleted:
            # One call among the others: it may be one request for many resources.
            calls[_DELETIONS] = lambda deleted=deleted: resource.delete_all(deleted)
        results |= in_parallel(calls) | dict.fromkeys(deleted)
    results.pop(_DELETIONS, None)
    return results


def _shown(resource: Resource, step: Step, state: State | None) -> State:
    """The part of a state that a diff shows: what the step changes, without what must stay hidden."""
    if state is None:
        return {}
    fields = step.changes.keys() if step.action == "update" else state.keys()
    return {name: state.get(name) for name in fields if name not in resource.hidden}
