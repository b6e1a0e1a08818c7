# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filters of the role compute, as templates use them."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.slipway.aws.plugins.filter import (
    compute_plan,
    compute_problems,
    path_conflicts,
    service_plan,
    service_problems,
)


@pytest.mark.parametrize("plugin", [compute_plan, compute_problems, path_conflicts, service_plan, service_problems])
def test_each_file_offers_the_filter_it_is_named_after(plugin: Any) -> None:
    name = plugin.__name__.rpartition(".")[2]
    assert list(plugin.FilterModule().filters()) == [name]


def test_service_problems() -> None:
    check = service_problems.FilterModule().filters()["service_problems"]
    assert check({"name": "web", "image": "nginx:1", "cpu": 256, "memory": 512}) == []
    assert len(check({"name": "web", "image": "nginx:1", "cpu": 256, "memory": 513})) == 1
    assert check({"name": "web", "cpu": 1}, only=["name"]) == []


def test_path_conflicts() -> None:
    check = path_conflicts.FilterModule().filters()["path_conflicts"]
    service = {"compute_service_name": "a", "compute_service_path_patterns": ["/a"]}
    assert check([service]) == []
    assert "the services a and b both have the path /a" in check([service, {**service, "compute_service_name": "b"}])[0]


def test_compute_problems() -> None:
    check = compute_problems.FilterModule().filters()["compute_problems"]
    found = check({"load_balancer_name": "alb", "public_subnet_ids": ["a", "b"], "alb_security_group_ids": []})
    assert len(found) == 1
    assert found[0].startswith("compute_alb_security_group_ids is empty")
