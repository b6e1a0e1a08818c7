# Copyright: slipway.aws contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tags: AWS's lists of pairs and Ansible's dictionaries."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

# How the keys of tags begin that modules of ours write by themselves.
OWN = "slipway:"


def from_tag_list(tags: Iterable[Mapping[str, str]] | None) -> dict[str, str]:
    """A dictionary from AWS's list, whichever way the service spells its keys. AWS's own tags are left out."""
    pairs = (
        (
            tag.get("Key", tag.get("key", tag.get("TagKey", ""))),
            tag.get("Value", tag.get("value", tag.get("TagValue", ""))),
        )
        for tag in tags or []
    )
    return {key: value for key, value in pairs if not key.startswith("aws:")}


def to_tag_list(tags: Mapping[str, Any], *, key: str = "Key", value: str = "Value") -> list[dict[str, str]]:
    """AWS's list from a dictionary, in the order of the keys."""
    return [{key: name, value: str(tags[name])} for name in sorted(tags)]


def tag_filters(tags: Mapping[str, str]) -> list[dict[str, Any]]:
    """EC2's filters for resources that carry all of these tags."""
    return [{"Name": f"tag:{name}", "Values": [tags[name]]} for name in sorted(tags)]


def wanted_tags(current: Mapping[str, str], tags: Mapping[str, Any] | None, *, purge: bool) -> dict[str, str] | None:
    """The tags that a resource shall have: None where the task does not speak of tags."""
    if tags is None:
        return None
    stated = {name: str(value) for name, value in tags.items()}
    # Tags of ours are notes of what a module does; no inventory states them, and none means them to go.
    kept = {name: value for name, value in current.items() if not purge or name.startswith(OWN)}
    return {**kept, **stated}


def tag_changes(current: Mapping[str, str], wanted: Mapping[str, str]) -> tuple[dict[str, str], list[str]]:
    """Tags to set, and keys to remove."""
    to_set = {name: value for name, value in wanted.items() if current.get(name) != value}
    to_remove = sorted(name for name in current if name not in wanted)
    return to_set, to_remove
