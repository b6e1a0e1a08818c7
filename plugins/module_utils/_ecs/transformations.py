# Copyright: slipway.aws contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Between the module's options in snake case and ECS's requests and answers: by botocore's shapes, without calls.

A generic change of case would also change what is data: names of environment variables, options of log drivers, docker
labels, tags. The shapes say which keys are members of a structure and which are data.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

try:
    from botocore import xform_name
except ImportError:
    pass  # AnsibleAWSModule reports the missing SDK.

from ..core import from_tag_list, to_tag_list

# Where botocore's own rule makes an unreadable name.
_NAMES = {"sizeInGiB": "size_in_gib"}


def snake_name(member: str) -> str:
    """The option's name for a member of ECS's API."""
    return _NAMES.get(member) or xform_name(member)


def is_tag_list(shape: Any) -> bool:
    """Whether a shape is ECS's list of tags, which the options write as a dictionary."""
    return shape.type_name == "list" and shape.member.type_name == "structure" and shape.member.name == "Tag"


def to_api(shape: Any, value: Any) -> Any:
    """An option's value as ECS takes it. What is None is left out."""
    if value is None:
        return None
    if is_tag_list(shape):
        return to_tag_list(value, key="key", value="value")
    if shape.type_name == "structure" and not getattr(shape, "is_document_type", False):
        members = ((name, member, value.get(snake_name(name))) for name, member in shape.members.items())
        return {name: to_api(member, item) for name, member, item in members if item is not None}
    if shape.type_name == "list":
        return [to_api(shape.member, item) for item in value]
    if shape.type_name == "map":
        return {key: to_api(shape.value, item) for key, item in value.items() if item is not None}
    return str(value) if shape.type_name == "string" else value


def from_api(shape: Any, value: Any) -> Any:
    """What ECS answers, in snake case and in types that JSON has."""
    if value is None:
        return None
    if is_tag_list(shape):
        return from_tag_list(value)
    if shape.type_name == "structure" and not getattr(shape, "is_document_type", False):
        return {snake_name(name): from_api(shape.members[name], value[name]) for name in shape.members if name in value}
    if shape.type_name == "list":
        return [from_api(shape.member, item) for item in value]
    if shape.type_name == "map":
        return {key: from_api(shape.value, item) for key, item in value.items()}
    return value.isoformat() if isinstance(value, datetime) else value


def options_of(shape: Any, options: Mapping[str, Any], leave_out: frozenset[str] = frozenset()) -> dict[str, Any]:
    """The options that are members of a request, as ECS takes them."""
    given = {
        name: to_api(member, options.get(snake_name(name)))
        for name, member in shape.members.items()
        if name not in leave_out
    }
    return {name: value for name, value in given.items() if value is not None}


def overlay(shape: Any, current: Any, given: Any) -> Any:
    """The current value with what is given laid over it: structures member by member, everything else as a whole."""
    structure = shape.type_name == "structure" and not getattr(shape, "is_document_type", False)
    if not (structure and isinstance(current, Mapping) and isinstance(given, Mapping)):
        return given
    merged = dict(current)
    for name, value in given.items():
        merged[name] = overlay(shape.members[name], current.get(name), value)
    return merged


def with_container_changes(containers: list[dict[str, Any]], changes: list[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Container definitions with the changes of the option C(containers). Raises ValueError that says what is wrong."""
    result = [dict(container) for container in containers]
    names = [container["name"] for container in result]
    for change in changes:
        name = change.get("name")
        if name is None and len(result) == 1:
            name = names[0]
        if name not in names:
            known = ", ".join(names)
            if name is None:
                raise ValueError(f"containers: a change needs the name of its container, one of {known}.")
            raise ValueError(f"containers.name: the task definition has no container {name!r}; it has {known}.")
        _change_container(result[names.index(name)], change)
    return result


def _change_container(container: dict[str, Any], change: Mapping[str, Any]) -> None:
    for option, member in (
        ("image", "image"),
        ("command", "command"),
        ("cpu", "cpu"),
        ("memory", "memory"),
        ("memory_reservation", "memoryReservation"),
    ):
        if change.get(option) is not None:
            container[member] = change[option]
    for option, value in (("environment", "value"), ("secrets", "valueFrom")):
        if change.get(option) is not None:
            container[option] = _with_pairs(container.get(option) or [], change[option], value)


def _with_pairs(pairs: list[dict[str, str]], changes: Mapping[str, Any], value: str) -> list[dict[str, str]]:
    merged: dict[str, Any] = {pair["name"]: pair.get(value, "") for pair in pairs} | dict(changes)
    return [{"name": name, value: str(text)} for name, text in merged.items() if text is not None]


def registrable(shape: Any, definition: Mapping[str, Any]) -> dict[str, Any]:
    """A described task definition as a request to register it again: only what a request can hold."""
    return {name: definition[name] for name in shape.members if definition.get(name) not in (None, [], {}, "")}


def cluster_name(reference: str) -> str:
    """The name of a cluster from its name or ARN."""
    return reference.rpartition("/")[2]


def revision_name(arn: str) -> str:
    """C(family:revision) from the ARN of a task definition."""
    return arn.rpartition("/")[2]


def revision_of(arn: str) -> int:
    """The number of a revision from the ARN of a task definition."""
    number = arn.rpartition(":")[2]
    return int(number) if number.isdigit() else 0


def images(definition: Mapping[str, Any]) -> dict[str, str]:
    """The image of each container of a task definition as ECS describes it."""
    return {item["name"]: item.get("image", "") for item in definition.get("containerDefinitions") or []}
