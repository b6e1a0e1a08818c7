# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The role vpc in a play that ends between its entry points main and ready."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from .harness import Aws
from .network import tags_of
from .plays import run_play, succeeded

INPUTS: dict[str, Any] = {
    "vpc_project": "uex",
    "vpc_environment": "test",
    "vpc_service_ports": [3900],
    "vpc_availability_zone_count": 2,
    "vpc_nat_gateways": 2,
    "vpc_interface_endpoints": [],
    "vpc_flow_logs": False,
}


def run(aws: Aws, folder: Path, *entries: str) -> None:
    """A play of its own, which knows nothing of those before."""
    play = {
        "hosts": "localhost",
        "connection": "local",
        "gather_facts": False,
        "vars": {**INPUTS, "vpc_wait": False, "ansible_python_interpreter": sys.executable},
        "tasks": [{"import_role": {"name": "slipway.aws.vpc", "tasks_from": entry}} for entry in entries],
    }
    playbook = folder / "play.yml"
    playbook.write_text(json.dumps([play]))
    succeeded(run_play(playbook, environment=aws.environment()))


def test_a_run_that_ended_before_the_gateways_were_ready_is_finished_by_the_next(aws: Aws, tmp_path: Path) -> None:
    ec2 = aws.client("ec2")
    run(aws, tmp_path, "main")
    made = {nat["NatGatewayId"] for nat in ec2.describe_nat_gateways()["NatGateways"]}
    assert len(made) == 2
    aws.mark()
    run(aws, tmp_path, "main", "ready")
    # What the first has made is used, and not made again.
    assert {call for call in aws.mutations() if call != "ec2:CreateTags"} == {
        "ec2:AssociateRouteTable",
        "ec2:CreateRoute",
        "ec2:CreateRouteTable",
        "ec2:CreateVpcEndpoint",
    }
    gateways = ec2.describe_nat_gateways()["NatGateways"]
    assert {nat["NatGatewayId"]: nat["State"] for nat in gateways} == dict.fromkeys(made, "available")
    tables = ec2.describe_route_tables(Filters=[{"Name": "tag:Role", "Values": ["vpc"]}])["RouteTables"]
    leads = {tags_of(table)["Component"]: table["Routes"] for table in tables}
    used = {route["NatGatewayId"] for routes in leads.values() for route in routes if route.get("NatGatewayId")}
    assert used == made, leads
