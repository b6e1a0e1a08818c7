# Copyright: slipway.aws contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a distribution refers to by name: policies, functions and origin access controls."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from ..core import AnsibleAWSError, in_parallel
from ..planned import is_planned, planned_arn, planned_id
from . import api, policies
from . import distribution_config as to

_IDENTIFIER = re.compile(r"^E[A-Z0-9]{10,}$")


class References:
    """The identifiers behind the names of policies, functions and origin access controls."""

    def __init__(self, client: Any, *, check_mode: bool) -> None:
        self.client = client
        self.check_mode = check_mode

    def resolved(self, options: Mapping[str, Any]) -> dict[str, Any]:
        """The options with identifiers in place of names."""
        behaviours = [item for item in (options["default_cache_behavior"], *(options["cache_behaviors"] or [])) if item]
        calls: dict[tuple[str, str], Callable[[], str]] = {}
        for behaviour in behaviours:
            for option in to.POLICIES:
                name = behaviour.get(option)
                if name and not self._known_policy(option, name):
                    calls[option, name] = lambda option=option, name=name: self._policy(option, name)
            for name in (behaviour.get("functions") or {}).values():
                if not name.startswith("arn:"):
                    calls["function", name] = lambda name=name: self._function(name)
        for origin in options["origins"] or []:
            name = origin.get("origin_access_control")
            if name and not _IDENTIFIER.match(name) and not is_planned(name):
                calls["control", name] = lambda name=name: self._control(name)
        found = in_parallel(calls)

        def behaviour_of(item: Mapping[str, Any]) -> dict[str, Any]:
            made = dict(item)
            for option in to.POLICIES:
                if made.get(option):
                    made[option] = self._known_policy(option, made[option]) or found[option, made[option]]
            if made.get("functions") is not None:
                made["functions"] = {
                    event: found.get(("function", name), name) for event, name in made["functions"].items()
                }
            return made

        made = dict(options)
        if options["default_cache_behavior"]:
            made["default_cache_behavior"] = behaviour_of(options["default_cache_behavior"])
        if options["cache_behaviors"] is not None:
            made["cache_behaviors"] = [behaviour_of(item) for item in options["cache_behaviors"]]
        if options["origins"] is not None:
            made["origins"] = [
                {
                    **origin,
                    "origin_access_control": found.get(
                        ("control", origin["origin_access_control"]), origin["origin_access_control"]
                    ),
                }
                for origin in options["origins"]
            ]
        return made

    def _known_policy(self, option: str, name: str) -> str:
        """The identifier, where no call is needed for it."""
        if policies.is_identifier(name) or is_planned(name):
            return name
        if self.client.meta.partition != "aws":
            return ""
        managed = policies.MANAGED[option]
        return managed.get(name) or managed.get(name.removeprefix("Managed-")) or ""

    def _policy(self, option: str, name: str) -> str:
        kind = policies.KINDS[option]
        for policy in api.policies(self.client, kind):
            if policy[kind.config]["Name"] == name:
                return policy["Id"]
        return self._missing(option, f"there is no {kind.words} {name}", planned_id(option, name))

    def _function(self, name: str) -> str:
        found = api.function(self.client, name, "LIVE")
        if found:
            return found["FunctionMetadata"]["FunctionARN"]
        return self._missing(
            "functions", f"there is no published function {name}", planned_arn("cloudfront", f"function/{name}")
        )

    def _control(self, name: str) -> str:
        for control in api.origin_access_controls(self.client):
            if control["Name"] == name:
                return control["Id"]
        what = f"there is no origin access control {name}"
        return self._missing("origin_access_control", what, planned_id("origin_access_control", name))

    def _missing(self, option: str, what: str, placeholder: str) -> str:
        if self.check_mode:
            return placeholder
        raise AnsibleAWSError(message=f"{option}: {what}; create it first, or correct the name.")
