# Copyright: slipway.aws contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which options a secret's strategy takes, and the rules of its rotation: pure functions, no calls."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from .._secretsmanager.transformations import rotation as rules_of
from .._secretsmanager.values import alphabet
from ..core import AnsibleAWSError, from_tag_list, given, to_tag_list
from .strategies import STRATEGIES
from .strategy import Strategy

STRATEGY_TAG = "RotationStrategy"
MAX_AGE_TAG = "RotationMaxAgeDays"

# The suboptions that have a meaning for every strategy.
COMMON = frozenset({"name", "strategy", "rotate", "max_age_days", "rotation"})


def strategy_name(options: Mapping[str, Any], entry: Mapping[str, Any]) -> str:
    """As the task says, else as the secret's tag says; empty when neither does."""
    return options.get("strategy") or from_tag_list(entry.get("Tags")).get(STRATEGY_TAG, "")


def max_age(options: Mapping[str, Any], entry: Mapping[str, Any]) -> float | None:
    """The days that a version may become old: as the task, the tag or the rule says."""
    if options.get("max_age_days") is not None:
        return float(options["max_age_days"])
    tag = from_tag_list(entry.get("Tags")).get(MAX_AGE_TAG, "")
    if tag.isdigit():
        return float(tag)
    days = rules_of(entry).get("automatically_after_days")
    return float(days) if days else None


def problems(options: Mapping[str, Any], kind: type[Strategy], own: Iterable[str]) -> list[str]:
    """What is wrong with one entry of the option C(secrets), as sentences. C(own) is what the strategy itself finds."""
    name, stated = options["name"], given(options)
    tester = STRATEGIES.get(stated.get("test_with", ""))
    takes = COMMON | kind.takes | (tester.takes if tester is not None else frozenset())
    found = [f"{name}: the strategy {kind.name} has no use for {option}." for option in sorted(stated.keys() - takes)]
    found += [f"{name}: the strategy {kind.name} needs {option}." for option in sorted(kind.needs - stated.keys())]
    found += [f"{name}: {sentence}" for sentence in own]
    for recipe in stated.get("generate") or []:
        if recipe["length"] < 8 or len(alphabet(recipe)) < 2:
            found.append(f"{name}: generate draws {recipe['length']} characters; at least 8 out of 2 are needed.")
    return found


def check_secrets(secrets: list[dict[str, Any]], state: str, token: str | None) -> None:
    """What can be refused before any call."""
    found = []
    names = [secret["name"] for secret in secrets]
    found += [f"the name {name} stands twice." for name in sorted({name for name in names if names.count(name) > 1})]
    for secret in secrets:
        for option in ("strategy", "test_with"):
            if secret.get(option) and secret[option] not in STRATEGIES:
                known = ", ".join(sorted(STRATEGIES))
                found.append(f"{secret['name']}: there is no strategy {secret[option]}; there are {known}.")
        if state == "rotated" and secret["rotate"] == "now" and not token:
            found.append(
                f"{secret['name']}: rotate is now, which needs token: the name of this rotation, such as a date or a "
                "ticket. The same token never rotates twice."
            )
        rotation = given(secret.get("rotation") or {})
        if rotation.get("automatically_after_days") and rotation.get("schedule_expression"):
            found.append(
                f"{secret['name']}: rotation has automatically_after_days as well as schedule_expression; give one."
            )
        if rotation and not rotation.keys() & {"automatically_after_days", "schedule_expression"}:
            found.append(
                f"{secret['name']}: rotation says nothing of when: give automatically_after_days or "
                "schedule_expression, or an empty rotation to switch it off."
            )
    refuse(found)


def refuse(found: list[str]) -> None:
    if found:
        raise AnsibleAWSError(message="secrets: " + " ".join(found) + " Nothing was changed.")


def current_rules(entry: Mapping[str, Any]) -> dict[str, Any]:
    """How a secret rotates by itself, in the words of the option C(rotation); empty when it does not."""
    found = rules_of(entry)
    if entry.get("RotationEnabled") and not found:
        found["enabled"] = True
    return found


def _stated(wanted: Mapping[str, Any]) -> dict[str, Any]:
    """What the task says about the rules, as AWS keeps it: metadata are strings."""
    stated = given(wanted)
    if stated.get("metadata") is not None:
        stated["metadata"] = {key: str(value) for key, value in stated["metadata"].items()}
    return stated


def rules_differ(entry: Mapping[str, Any], wanted: Mapping[str, Any] | None) -> bool:
    """Whether the rules have to be set. What the task does not state it does not touch, but for when: that is one."""
    if wanted is None:
        return False
    current, stated = current_rules(entry), _stated(wanted)
    if not stated:
        return bool(current)
    when = ("automatically_after_days", "schedule_expression")
    return any(current.get(name) != value for name, value in stated.items()) or any(
        name in current and name not in stated for name in when
    )


def rules_to_set(entry: Mapping[str, Any], wanted: Mapping[str, Any]) -> dict[str, Any]:
    """RotateSecret's arguments for the rules, with what the task leaves as it is."""
    current, stated = current_rules(entry), _stated(wanted)
    rules = {
        "AutomaticallyAfterDays": stated.get("automatically_after_days"),
        "ScheduleExpression": stated.get("schedule_expression"),
        "Duration": stated.get("duration", current.get("duration")),
    }
    metadata = stated.get("metadata")
    return given(
        {
            "RotationLambdaARN": stated.get("lambda_arn"),
            "RotationRules": given(rules),
            "ExternalSecretRotationRoleArn": stated.get("role_arn"),
            "ExternalSecretRotationMetadata": None if metadata is None else to_tag_list(metadata),
        }
    )
