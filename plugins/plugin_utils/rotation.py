# Copyright: slipway.aws contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which secrets the role data rotates and how, and what became of them as text. Pure functions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from . import data

# What an entry's rotation says to the module as it is. `strategy` and `max_age_days` are tags of the secret, too.
_PASSED_ON = (
    *("strategy", "max_age_days", "test_with", "two_valid", "host", "port", "database", "username", "clone_username"),
    *("tls", "ca_file", "db_instance_identifier", "replication_group_id"),
)
_POSTGRES = ("postgres_single_user", "postgres_alternating_users")
_HEADINGS = ("secret", "age", "strategy", "outcome", "version", "consumers", "seconds")


def rotating(inputs: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Component → entry, of the secrets that have a strategy."""
    entries = data.secret_entries(data.typed(inputs))
    return {entry["component"]: entry for entry in entries if (entry.get("rotation") or {}).get("strategy")}


def by_hand(inputs: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Component → entry, of the secrets that have an age but no strategy: somebody rotates them, and is told when."""
    entries = data.secret_entries(data.typed(inputs))
    rotations = {entry["component"]: entry.get("rotation") or {} for entry in entries}
    return {
        entry["component"]: entry
        for entry in entries
        if rotations[entry["component"]].get("max_age_days") and not rotations[entry["component"]].get("strategy")
    }


def problems(inputs: Mapping[str, Any], asked: Mapping[str, Any]) -> list[str]:
    """What can be refused before any call."""
    known, manual = rotating(inputs), by_hand(inputs)
    names = ", ".join(sorted(known)) or "none"
    if asked.get("state") == "rolled_back" and not asked["components"]:
        told = "data_rotate_components (of rotate.yml: -e secrets=...): name what shall go back to the version before"
        return [f"{told}; there are {names}."]
    return [
        f"data_rotate_components names {component}, for which data_secrets has no rotation.strategy"
        f"{'; it is rotated by hand' if component in manual else ''}; there are {names}."
        for component in asked["components"]
        if component not in known
    ]


def plan(inputs: Mapping[str, Any], asked: Mapping[str, Any], found: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The list that secretsmanager_rotation takes. C(found) is environment_info's C(data)."""
    known = rotating(inputs)
    secrets = [_secret(inputs, asked, found, known[component]) for component in asked["components"] or sorted(known)]
    if not asked["components"]:
        secrets += [
            {
                "name": data.secret_name(inputs, entry),
                "rotate": "never",
                "max_age_days": entry["rotation"]["max_age_days"],
            }
            for _component, entry in sorted(by_hand(inputs).items())
        ]
    return secrets


def _secret(
    inputs: Mapping[str, Any], asked: Mapping[str, Any], found: Mapping[str, Any], entry: Mapping[str, Any]
) -> dict[str, Any]:
    rotation = entry["rotation"]
    secret = {key: rotation[key] for key in _PASSED_ON if rotation.get(key) is not None}
    secret["name"] = data.secret_name(inputs, entry)
    secret["rotate"] = asked["when"]
    if rotation.get("admin_component"):
        secret["admin_secret"] = data.secret_names(inputs)[rotation["admin_component"]]
    logs_in_with = {secret["strategy"], secret.get("test_with")}
    if logs_in_with & set(_POSTGRES):
        # What the secret itself says is the module's to read.
        said = entry.get("fields") or {}
        known = {"host": "endpoint", "port": "port", "dbname": "name"}
        there = {field: found["database"][key] for field, key in known.items() if field not in said}
        _default(secret, host=there.get("host"), port=there.get("port"), database=there.get("dbname"))
        _default(secret, ca_file=asked["ca_file"])
    if "rds_master_user" in logs_in_with:
        _default(secret, db_instance_identifier=inputs["data_database_identifier"])
    if "redis_auth" in logs_in_with:
        _default(secret, replication_group_id=inputs["data_redis_replication_group_id"])
    if secret["strategy"] == "random":
        secret["generate"] = entry.get("generate") or [{}]
    return secret


def _default(secret: dict[str, Any], **values: Any) -> None:
    for key, value in values.items():
        if value not in (None, ""):
            secret.setdefault(key, value)


# What became of them


def table(result: Mapping[str, Any]) -> str:
    """One line a secret, then what somebody should know or do."""
    secrets = result.get("secrets") or {}
    rows = [_HEADINGS, *(_row(secrets[name]) for name in sorted(secrets))]
    widths = [max(len(row[column]) for row in rows) for column in range(len(_HEADINGS))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    consumers = [_consumer(item) for item in result.get("consumers") or [] if item.get("action")]
    findings = [finding["message"] for finding in result.get("findings") or []]
    failures = [
        " ".join(
            part
            for part in (
                f"{item['name']}: {item['step']}: {item['cause'].rstrip('.')}.",
                item.get("current"),
                item.get("advice"),
            )
            if part
        )
        for item in result.get("failures") or []
    ]
    for heading, texts in (("Consumers", consumers), ("Findings", findings), ("Failures", failures)):
        if texts:
            lines += ["", f"{heading}:", *(f"  {text}" for text in texts)]
    return "\n".join(lines)


def _row(secret: Mapping[str, Any]) -> tuple[str, ...]:
    age = secret.get("age_days_before")
    limit = secret.get("max_age_days")
    before, now = (secret.get(key) or "" for key in ("version_id_before", "version_id"))
    return (
        secret["name"],
        "" if age is None else f"{age:.0f}{f' of {limit:.0f}' if limit else ''} days",
        secret.get("strategy") or "by hand",
        (secret.get("outcome") or "").replace("_", " "),
        now[:8] if before == now or not before else f"{before[:8]} -> {now[:8]}",
        ", ".join(secret.get("consumers") or []),
        f"{secret.get('seconds') or 0:.0f}",
    )


def _consumer(item: Mapping[str, Any]) -> str:
    who = f"{item['cluster']}/{item['service']}" if item.get("service") else f"a task of {item['cluster']}"
    runs = f", {item['task_definition']}" if item.get("task_definition") else ""
    versions = ", ".join(f"{name} {version[:8]}" for name, version in sorted((item.get("versions") or {}).items()))
    why = f": {item['failure']}" if item.get("failure") else ""
    return f"{who}: {item['action'].replace('_', ' ')}{runs}{f', reads {versions}' if versions else ''}{why}"
