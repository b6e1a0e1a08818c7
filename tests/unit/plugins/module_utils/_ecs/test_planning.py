# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest
from ansible_collections.slipway.aws.plugins.module_utils._ecs.comparison import Change
from ansible_collections.slipway.aws.plugins.module_utils._ecs.outcome import has_count, plan_diff
from ansible_collections.slipway.aws.plugins.module_utils._ecs.planning import (
    Plan,
    of_strategy,
    tag_pairs,
    without_marks,
)


def test_own_marks_are_no_tags_of_the_user() -> None:
    assert without_marks({"slipway:service": "shop/backend", "Team": "core"}) == {"Team": "core"}
    assert tag_pairs({"b": 1, "a": "x"}) == [{"key": "a", "value": "x"}, {"key": "b", "value": "1"}]


def test_another_strategy_leaves_its_settings_behind() -> None:
    current = {"linearConfiguration": {"stepPercent": 10}, "lifecycleHooks": [], "maximumPercent": 200}
    assert of_strategy({**current, "strategy": "ROLLING"}, {"strategy": "ROLLING"}) == {
        "maximumPercent": 200,
        "strategy": "ROLLING",
    }
    # What the task itself says is not dropped: it is refused by name.
    given = {"linearConfiguration": {"stepPercent": 10}}
    assert "linearConfiguration" in of_strategy({**current, "strategy": "CANARY"}, given)


@pytest.mark.parametrize(("running", "pending", "there"), [(2, 0, True), (2, 1, False), (1, 0, False)])
def test_count_is_reached_when_nothing_starts_any_more(running: int, pending: int, there: bool) -> None:
    assert has_count({"runningCount": running, "pendingCount": pending}, 2) is there


def test_plan_knows_whether_a_deployment_starts() -> None:
    scale = Plan(fields={"desiredCount": 3}, changes=[Change("desired_count", 2, 3, False)])
    assert (scale.updates_service, scale.starts_deployment) == (True, False)
    assert plan_diff(scale)["after_header"] == "as it shall be (starts no deployment)"
    deploy = Plan(changes=[Change("task_definition.cpu", "256", "512", True)])
    assert deploy.starts_deployment
    assert plan_diff(deploy) == {
        "before": {"task_definition.cpu": "256"},
        "after": {"task_definition.cpu": "512"},
        "before_header": "as it is",
        "after_header": "as it shall be (starts a deployment)",
    }
    assert Plan(force=True).starts_deployment
    assert plan_diff(Plan()) == {"before": {}, "after": {}}
