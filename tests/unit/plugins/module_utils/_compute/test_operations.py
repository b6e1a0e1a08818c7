# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.slipway.aws.plugins.module_utils.compute import maintenance_rules, migration_container

MAINTENANCE: dict[str, Any] = {
    "name": "shop-maintenance",
    "priority": 1,
    "path_patterns": ["/*"],
    "host_headers": [],
    "status_code": 503,
    "content_type": "text/html",
    "body": "back soon",
    "tags": {"Component": "maintenance"},
}


def test_one_rule_answers_everything() -> None:
    (rule,) = maintenance_rules(MAINTENANCE)
    assert (rule["name"], rule["priority"], rule["conditions"]) == ("shop-maintenance", 1, {"path_patterns": ["/*"]})
    assert rule["actions"][0]["fixed_response"] == {
        "status_code": "503",
        "content_type": "text/html",
        "message_body": "back soon",
    }


def test_more_paths_than_a_rule_holds_make_more_rules() -> None:
    paths = [f"/{number}/*" for number in range(7)]
    rules = maintenance_rules({**MAINTENANCE, "path_patterns": paths, "host_headers": ["a.example", "b.example"]})
    assert [rule["name"] for rule in rules] == ["shop-maintenance", "shop-maintenance-2", "shop-maintenance-3"]
    assert [rule["priority"] for rule in rules] == [1, 2, 3]
    assert [path for rule in rules for path in rule["conditions"]["path_patterns"]] == paths
    assert max(len(rule["conditions"]["path_patterns"]) + 2 for rule in rules) == 5


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"path_patterns": []}, "compute_maintenance_path_patterns"),
        ({"host_headers": list("abcde")}, "fewer than 5 host names"),
        ({"body": "ä" * 600}, "compute_maintenance_body: 600 characters"),
    ],
)
def test_what_the_load_balancer_would_refuse(changes: dict[str, Any], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        maintenance_rules({**MAINTENANCE, **changes})


def test_migration_gets_what_the_inventory_says_now() -> None:
    inputs = {
        "name": "api",
        "image": "registry/api:2",
        "environment": {"DEBUG": False, "WORKERS": 4},
        "secrets": {"PASSWORD": "database:password"},
        "secret_arns": {"database": "arn:db"},
    }
    assert migration_container(inputs) == {
        "name": "api",
        "image": "registry/api:2",
        "environment": {"DEBUG": "false", "WORKERS": "4"},
        "secrets": {"PASSWORD": "arn:db:password::"},
    }
    assert "image" not in migration_container({**inputs, "image": ""}), "without a new image it is the service's"
