# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import json
from typing import Any

import pytest

from .harness import Aws, ModuleFailed

MODULE = "cloudwatch_dashboard"


def body(title: str = "Requests") -> dict[str, Any]:
    properties = {"title": title, "region": "us-east-1", "metrics": [["AWS/ECS", "CPUUtilization"]]}
    return {"widgets": [{"type": "metric", "x": 0, "y": 0, "width": 12, "height": 6, "properties": properties}]}


def test_life_of_a_dashboard(aws: Aws) -> None:
    cloudwatch = aws.client("cloudwatch")
    wanted = {"name": "uex-test", "body": body()}
    predicted = aws.run_module(MODULE, wanted, check=True)
    first = aws.run_module(MODULE, wanted)
    assert first["changed"]
    assert (first["actions"], first["body"]) == (predicted["actions"], predicted["body"])
    # The same body in another text is the same body.
    cloudwatch.put_dashboard(DashboardName="uex-test", DashboardBody=json.dumps(body(), indent=4, sort_keys=True))
    assert not aws.run_module(MODULE, wanted)["changed"]

    other = {"name": "uex-test", "body": body("Other")}
    assert aws.run_module(MODULE, other, check=True)["changed"]
    assert aws.run_module(MODULE, other)["changed"]
    assert not aws.run_module(MODULE, other)["changed"]
    assert json.loads(cloudwatch.get_dashboard(DashboardName="uex-test")["DashboardBody"]) == body("Other")

    gone = {"name": "uex-test", "state": "absent"}
    assert aws.run_module(MODULE, gone, check=True)["changed"]
    assert aws.run_module(MODULE, gone)["changed"]
    assert not aws.run_module(MODULE, gone)["changed"]
    assert cloudwatch.list_dashboards()["DashboardEntries"] == []


def test_present_needs_a_body(aws: Aws) -> None:
    with pytest.raises(ModuleFailed, match="body"):
        aws.run_module(MODULE, {"name": "uex-test"})
