# Copyright: slipway.aws contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Parameter groups of RDS and of ElastiCache, which work alike."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from ansible_collections.amazon.aws.plugins.module_utils.exceptions import AnsibleAWSError

from ._core.parallel import in_parallel
from ._core.reconcile import Resource, State
from ._core.tags import from_tag_list, tag_changes, to_tag_list, wanted_tags

Parameters = Mapping[str, Mapping[str, Any]]

# How the services write yes and no.
_BOOLEANS = (("1", "0"), ("yes", "no"), ("on", "off"), ("true", "false"))


def text(parameter: Mapping[str, Any], value: Any) -> str:
    """A value as the service writes it: YAML's booleans become what the parameter allows."""
    if not isinstance(value, bool):
        return value if isinstance(value, str) else json.dumps(value)
    allowed = {word.strip().lower() for word in str(parameter.get("AllowedValues") or "").split(",")}
    yes, no = next((pair for pair in _BOOLEANS if set(pair) <= allowed), _BOOLEANS[0])
    return yes if value else no


def values(parameters: Parameters) -> dict[str, str]:
    """The parameters' values by name."""
    return {
        name: str(parameter["ParameterValue"])
        for name, parameter in parameters.items()
        if "ParameterValue" in parameter
    }


def differing(set_by_user: Parameters, wanted: Mapping[str, Any], *, purge: bool) -> dict[str, Any]:
    """The parameters to set, and with None those to give back to the engine's default."""
    now = values(set_by_user)
    found: dict[str, Any] = {
        name: value for name, value in wanted.items() if now.get(name) != text(set_by_user.get(name, {}), value)
    }
    if purge:
        found |= {name: None for name in now if name not in wanted}
    return found


def check(available: Parameters, wanted: Mapping[str, Any], family: str) -> None:
    """Refuse parameters that the family does not have or does not let anybody set."""
    unknown = sorted(name for name in wanted if name not in available)
    if unknown:
        raise AnsibleAWSError(message=f"parameters: the family {family} has no parameter {', '.join(unknown)}.")
    fixed = sorted(name for name in wanted if not available[name].get("IsModifiable", True))
    if fixed:
        raise AnsibleAWSError(message=f"parameters: the family {family} does not let anybody set {', '.join(fixed)}.")


def needs_reboot(parameter: Mapping[str, Any]) -> bool:
    """Whether a change takes effect only after a restart; RDS and ElastiCache have a word each for it."""
    return parameter.get("ApplyType") == "static" or parameter.get("ChangeType") == "requires-reboot"


class ParameterGroup(Resource):
    """A parameter group; C(api) is the private module with the calls of the service."""

    immutable = frozenset({"family", "description"})

    def __init__(
        self,
        client: Any,
        api: Any,
        name: str,
        *,
        from_group: Callable[[Mapping[str, Any]], State],
        setting: Callable[[Mapping[str, Any], str, str | None], dict[str, str]],
        purge_tags: bool,
        purge_parameters: bool,
    ) -> None:
        self.client = client
        self.api = api
        self.name = name
        self.from_group = from_group
        self.setting = setting
        self.purge_tags = purge_tags
        self.purge_parameters = purge_parameters
        self.set_by_user: dict[str, dict[str, Any]] = {}
        self.waiting_for_reboot: list[str] = []

    def describe(self) -> dict[str, State]:
        group = self.api.parameter_group(self.client, self.name)
        if group is None:
            return {}
        state = self.from_group(group)
        found = in_parallel(
            {
                "parameters": partial(self.api.parameters, self.client, self.name, set_by_user=True),
                "tags": partial(self.api.tags_of, self.client, state["arn"]),
            }
        )
        self.set_by_user = found["parameters"]
        state["parameters"] = values(self.set_by_user)
        state["tags"] = from_tag_list(found["tags"])
        return {self.name: state}

    def differences(self, name: str, current: State, wanted: State) -> State:
        found = {key: value for key, value in wanted.items() if key in self.immutable and current[key] != value}
        if "parameters" in wanted:
            changed = differing(self.set_by_user, wanted["parameters"], purge=self.purge_parameters)
            if changed:
                available = self.api.parameters(self.client, name)
                check(available, {key: value for key, value in changed.items() if value is not None}, current["family"])
                self.waiting_for_reboot = sorted(key for key in changed if needs_reboot(available.get(key, {})))
                found["parameters"] = self._after(current["parameters"], changed, available)
        target = wanted_tags(current["tags"], wanted.get("tags"), purge=self.purge_tags)
        if target is not None and target != current["tags"]:
            found["tags"] = target
        return found

    @staticmethod
    def _after(now: Mapping[str, str], changed: Mapping[str, Any], available: Parameters) -> dict[str, str]:
        after = {**now, **{name: text(available[name], value) for name, value in changed.items() if value is not None}}
        return {name: value for name, value in after.items() if changed.get(name, "") is not None}

    def check_new(self, wanted: State) -> dict[str, str]:
        """Before a group exists, its family tells which parameters it will have."""
        if not wanted.get("parameters"):
            return {}
        available = self.api.default_parameters(self.client, wanted["family"])
        check(available, wanted["parameters"], wanted["family"])
        return {name: text(available[name], value) for name, value in wanted["parameters"].items()}

    def planned(self, name: str, wanted: State) -> State:
        return {**wanted, "parameters": self.check_new(wanted), "tags": wanted.get("tags") or {}}

    def create(self, name: str, wanted: State) -> State:
        parameters = self.check_new(wanted)
        tags = wanted.get("tags") or {}
        group = self.api.create_parameter_group(
            self.client, name, wanted["family"], wanted["description"], to_tag_list(tags)
        )
        if parameters:
            self._apply(name, {}, parameters)
        return {**self.from_group(group), "parameters": parameters, "tags": tags}

    def update(self, name: str, current: State, changes: State, wanted: State) -> State:
        if "parameters" in changes:
            self._apply(name, current["parameters"], changes["parameters"])
        if "tags" in changes:
            to_set, to_remove = tag_changes(current["tags"], changes["tags"])
            if to_remove:
                self.api.untag(self.client, current["arn"], to_remove)
            if to_set:
                self.api.tag(self.client, current["arn"], to_tag_list(to_set))
        return {**current, **changes}

    def _apply(self, name: str, now: Mapping[str, str], target: Mapping[str, str]) -> None:
        available = self.api.parameters(self.client, name)
        to_set = {key: value for key, value in target.items() if now.get(key) != value}
        to_reset = [key for key in now if key not in target]
        if to_set:
            settings = [self.setting(available.get(key, {}), key, to_set[key]) for key in sorted(to_set)]
            self.api.modify_parameters(self.client, name, settings)
        if to_reset:
            settings = [self.setting(available.get(key, {}), key, None) for key in sorted(to_reset)]
            self.api.reset_parameters(self.client, name, settings)

    def delete(self, name: str, current: State) -> None:
        self.api.delete_parameter_group(self.client, name)
