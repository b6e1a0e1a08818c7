# Copyright: slipway.aws contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Scalable targets with their policies and scheduled actions: the changes between two states."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from ..core import AnsibleAWSError, Resource, State, chunks, differences, in_parallel, merged
from ..planned import planned_arn
from . import api
from . import transformations as to

# DescribeScalableTargets takes so many resources a call.
_TARGETS_A_CALL = 50
_REQUESTS: dict[str, Callable[[Mapping[str, Any]], dict[str, Any]]] = {
    "policies": to.policy_request,
    "scheduled_actions": to.scheduled_action_request,
}


def _require_limits(name: str, wanted: State) -> None:
    missing = [field for field in ("min_capacity", "max_capacity") if wanted.get(field) is None]
    if missing:
        raise AnsibleAWSError(
            message=f"targets: {name} is not registered yet and has no {' and no '.join(missing)}; state both limits."
        )


class ScalableTarget(Resource):
    """The scalable targets of one dimension that a task names, and with C(prefix) those that it may purge."""

    kind = "scalable target"

    def __init__(
        self,
        client: Any,
        dimension: api.Dimension,
        names: Iterable[str],
        *,
        roles: Mapping[str, str] | None = None,
        purge_policies: bool = True,
        prefix: str = "",
    ) -> None:
        self.client = client
        self.dimension = dimension
        self.names = list(names)
        # Resource id → role. AWS answers with the service-linked role where a service has one, so it is not compared.
        self.roles = roles or {}
        self.purge_policies = purge_policies
        self.prefix = prefix

    def describe(self) -> dict[str, State]:
        call = functools.partial
        found = self._purgeable() if self.prefix else []
        batches = in_parallel(
            {
                index: call(api.targets, self.client, self.dimension, batch)
                for index, batch in enumerate(chunks(self.names, _TARGETS_A_CALL))
            }
        )
        found += [item for batch in batches.values() for item in batch]
        states = {item["ResourceId"]: to.target_state(item) for item in found}
        parts: dict[tuple[str, str], Callable[[], list[dict[str, Any]]]] = {}
        for name in states:
            parts[name, "policies"] = call(api.policies, self.client, self.dimension, name)
            parts[name, "scheduled_actions"] = call(api.scheduled_actions, self.client, self.dimension, name)
        answers = in_parallel(parts)
        for name, state in states.items():
            state["policies"] = {item["PolicyName"]: to.policy_state(item) for item in answers[name, "policies"]}
            state["scheduled_actions"] = {
                item["ScheduledActionName"]: to.scheduled_action_state(item)
                for item in answers[name, "scheduled_actions"]
            }
        return states

    def _purgeable(self) -> list[dict[str, Any]]:
        listed = api.all_targets(self.client, self.dimension)
        return [item for item in listed if item["ResourceId"].startswith(self.prefix)]

    def differences(self, name: str, current: State, wanted: State) -> State:
        stated = dict(wanted)
        for field in ("policies", "scheduled_actions"):
            if wanted.get(field) is not None:
                # What means the same counts as the current one, so that only real changes are seen and made.
                meant = {
                    key: current[field][key] if to.same_policy(current[field].get(key), item) else item
                    for key, item in wanted[field].items()
                }
                stated[field] = meant if self.purge_policies else {**current[field], **meant}
        if wanted.get("suspended") is not None:
            stated["suspended"] = merged(current["suspended"], wanted["suspended"])
        return differences(current, stated)

    def create(self, name: str, wanted: State) -> State:
        _require_limits(name, wanted)
        arn = self._register(name, wanted)
        state = {**self._defaults(wanted), "arn": arn}
        self._hang(name, {"policies": {}, "scheduled_actions": {}}, wanted)
        return merged(state, {key: value for key, value in wanted.items() if key != "suspended"})

    def update(self, name: str, current: State, changes: State, wanted: State) -> State:
        if changes.keys() & {"min_capacity", "max_capacity", "suspended"}:
            self._register(name, changes)
        self._hang(name, current, changes)
        return merged(current, changes)

    def _register(self, name: str, fields: State) -> str:
        return api.register(
            self.client,
            self.dimension,
            name,
            MinCapacity=fields.get("min_capacity"),
            MaxCapacity=fields.get("max_capacity"),
            RoleARN=self.roles.get(name),
            SuspendedState=to.suspended_request(fields.get("suspended")),
        )

    def _hang(self, name: str, current: Mapping[str, Any], changes: Mapping[str, Any]) -> None:
        """Put the policies and scheduled actions that differ on the target, and take away those that shall go."""
        calls: dict[tuple[str, str], Callable[[], Any]] = {}
        for field, request in _REQUESTS.items():
            wanted = changes.get(field)
            if wanted is None:
                continue
            for key, item in wanted.items():
                if item != current[field].get(key):
                    calls[field, key] = functools.partial(
                        api.PUT[field], self.client, self.dimension, name, key, **request(item)
                    )
            for key in current[field].keys() - wanted.keys():
                calls[field, key] = functools.partial(api.DELETE[field], self.client, self.dimension, name, key)
        in_parallel(calls)

    def delete(self, name: str, current: State) -> None:
        # Its policies, their alarms and its scheduled actions go with it.
        api.deregister(self.client, self.dimension, name)

    def planned(self, name: str, wanted: State) -> State:
        _require_limits(name, wanted)
        namespace = self.dimension[0]
        arn = planned_arn("application-autoscaling", f"scalable-target/{namespace}/{name}")
        return merged({**self._defaults(wanted), "arn": arn}, {k: v for k, v in wanted.items() if k != "suspended"})

    @staticmethod
    def _defaults(wanted: State) -> State:
        suspended = merged({"scale_in": False, "scale_out": False, "scheduled": False}, wanted.get("suspended") or {})
        return {"suspended": suspended, "policies": {}, "scheduled_actions": {}}
