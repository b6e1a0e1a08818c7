# Copyright: slipway.aws contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What operating an environment takes: the container of a migration, the rules of maintenance mode. Pure functions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .plan import container_secrets, environment_text
from .problems import MOST_VALUES

Inputs = Mapping[str, Any]

# What Elastic Load Balancing takes at most as the body of a fixed response.
LONGEST_BODY = 1024


def migration_container(inputs: Inputs) -> dict[str, Any]:
    """What a migration's task has otherwise than the tasks that run: what the inventory says now."""
    container: dict[str, Any] = {
        "name": inputs["name"],
        "environment": {name: environment_text(value) for name, value in inputs["environment"].items()},
        "secrets": {
            item["name"]: item["value_from"] for item in container_secrets(inputs["secrets"], inputs["secret_arns"])
        },
    }
    return {**container, "image": inputs["image"]} if inputs["image"] else container


def maintenance_rules(inputs: Inputs) -> list[dict[str, Any]]:
    """The rules of maintenance mode. As many as the paths take: a rule holds few values.

    Raises ValueError that names what is wrong.
    """
    hosts, paths, first = inputs["host_headers"], inputs["path_patterns"], inputs["priority"]
    room = MOST_VALUES - len(hosts)
    if not paths or room < 1:
        raise ValueError(
            f"compute_maintenance_path_patterns: {paths} with compute_maintenance_host_headers: {hosts}; needed is a "
            f"path, and fewer than {MOST_VALUES} host names."
        )
    if len(inputs["body"].encode()) > LONGEST_BODY:
        raise ValueError(f"compute_maintenance_body: {len(inputs['body'])} characters; at most {LONGEST_BODY} bytes.")
    rules = []
    for number, some in enumerate(paths[start : start + room] for start in range(0, len(paths), room)):
        conditions = {"path_patterns": some, **({"host_headers": hosts} if hosts else {})}
        rules.append(
            {
                "name": inputs["name"] if not number else f"{inputs['name']}-{number + 1}",
                "priority": first + number,
                "conditions": conditions,
                "actions": [
                    {
                        "type": "fixed-response",
                        "fixed_response": {
                            "status_code": str(inputs["status_code"]),
                            "content_type": inputs["content_type"],
                            "message_body": inputs["body"],
                        },
                    }
                ],
                "tags": inputs["tags"],
            }
        )
    return rules
