# Copyright: slipway.aws contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Option groups in the words of the module's options, and back: pure functions, no calls."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

State = dict[str, Any]


def from_group(group: Mapping[str, Any]) -> State:
    return {
        "arn": group.get("OptionGroupArn") or "",
        "engine": group["EngineName"],
        "major_engine_version": group["MajorEngineVersion"],
        "description": group.get("OptionGroupDescription") or "",
        "options": {option["OptionName"]: _from_option(option) for option in group.get("Options") or []},
    }


def _from_option(option: Mapping[str, Any]) -> State:
    found = {
        "version": option.get("OptionVersion"),
        "port": option.get("Port"),
        "settings": {setting["Name"]: setting.get("Value", "") for setting in option.get("OptionSettings") or []},
        "security_group_ids": sorted(
            group["VpcSecurityGroupId"] for group in option.get("VpcSecurityGroupMemberships") or []
        ),
    }
    return {key: value for key, value in found.items() if value}


def stated(option: Mapping[str, Any]) -> State:
    """What the task states about an option, as RDS writes it."""
    fields = {key: value for key, value in option.items() if key != "name" and value is not None}
    if "settings" in fields:
        fields["settings"] = {
            name: value if isinstance(value, str) else json.dumps(value) for name, value in fields["settings"].items()
        }
    if "security_group_ids" in fields:
        fields["security_group_ids"] = sorted(fields["security_group_ids"])
    return fields


def changes(current: Mapping[str, State], wanted: Mapping[str, State]) -> tuple[list[dict[str, Any]], list[str]]:
    """ModifyOptionGroup's OptionsToInclude and OptionsToRemove."""
    differing = [name for name in wanted if name not in current or not _same(current[name], wanted[name])]
    return [_argument(name, wanted[name]) for name in sorted(differing)], sorted(current.keys() - wanted.keys())


def _same(current: State, wanted: State) -> bool:
    settings = current.get("settings", {})
    return all(
        all(settings.get(name) == text for name, text in value.items())
        if key == "settings"
        else current.get(key) == value
        for key, value in wanted.items()
    )


def _argument(name: str, option: State) -> dict[str, Any]:
    argument: dict[str, Any] = {"OptionName": name}
    if option.get("version"):
        argument["OptionVersion"] = option["version"]
    if option.get("port"):
        argument["Port"] = option["port"]
    if option.get("security_group_ids"):
        argument["VpcSecurityGroupMemberships"] = option["security_group_ids"]
    if option.get("settings"):
        argument["OptionSettings"] = [{"Name": key, "Value": value} for key, value in option["settings"].items()]
    return argument
