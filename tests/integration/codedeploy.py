# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What tests of CodeDeploy need around a service that it deploys."""

from __future__ import annotations

import time
from typing import Any

from .ecs import CLUSTER, SERVICE, Stage, control
from .harness import Aws

MODULE = "ecs_service_rollout"
GROUPS = "codedeploy_ecs_deployment_groups"
CONTROLLER = {"deployment_controller": {"type": "CODE_DEPLOY"}}
WHERE = {"application_name": "shop", "deployment_group_name": "backend"}
EVENTS = ["DEPLOYMENT_FAILURE", "DEPLOYMENT_STOP_ON_ALARM", "DEPLOYMENT_STOP_ON_REQUEST"]
ROLLBACK = {"auto_rollback_configuration": {"enabled": True, "events": EVENTS}}


class CodeDeployed(Stage):
    """A stage whose service CodeDeploy deploys."""

    def __init__(self, aws: Aws) -> None:
        super().__init__(aws, balanced=True)
        elbv2 = aws.client("elbv2")
        for group in self.target_groups:
            # A deployment ends when the original tasks have given up their targets.
            delay = {"Key": "deregistration_delay.timeout_seconds", "Value": "5"}
            elbv2.modify_target_group_attributes(TargetGroupArn=group, Attributes=[delay])
        self.deploy = aws.client("codedeploy")
        balancer = elbv2.describe_load_balancers()["LoadBalancers"][0]["LoadBalancerArn"]
        self.listener = elbv2.describe_listeners(LoadBalancerArn=balancer)["Listeners"][0]["ListenerArn"]
        self.test_listener = elbv2.create_listener(
            LoadBalancerArn=balancer,
            Protocol="HTTP",
            Port=8080,
            DefaultActions=[{"Type": "forward", "TargetGroupArn": self.target_groups[0]}],
        )["Listeners"][0]["ListenerArn"]

    def options(self, tag: str = "1.0", *, code_deploy: dict[str, Any] | None = None, **changes: Any) -> dict[str, Any]:
        balancer = {"target_group_arn": self.target_groups[0], "container_name": "backend", "container_port": 8080}
        options = self.service(tag, load_balancers=[balancer], **CONTROLLER, **changes)
        del options["deployment_configuration"]
        return {**options, "code_deploy": {**WHERE, **ROLLBACK, **(code_deploy or {})}}

    def group(self, **changes: Any) -> dict[str, Any]:
        pair = {
            "target_groups": [{"name": "blue"}, {"name": "green"}],
            "prod_traffic_route": {"listener_arns": [self.listener]},
            "test_traffic_route": {"listener_arns": [self.test_listener]},
        }
        return {
            **WHERE,
            "service_role_arn": f"arn:aws:iam::{self.aws.account_id}:role/codedeploy",
            "ecs_services": [{"service_name": SERVICE, "cluster_name": CLUSTER}],
            "load_balancer_info": {"target_group_pair_info_list": [pair]},
            **changes,
        }

    def set_up(self, **group: Any) -> None:
        """The service at 1.0, and its deployment group."""
        self.aws.run_module(MODULE, self.options())
        self.aws.run_module(GROUPS, {"deployment_groups": [self.group(**group)]})

    def numbers(self) -> list[str]:
        where = {"applicationName": "shop", "deploymentGroupName": "backend"}
        return self.deploy.list_deployments(**where)["deployments"]

    def statuses(self) -> list[str]:
        return [self.info(number)["status"] for number in self.numbers()]

    def info(self, number: str = "") -> dict[str, Any]:
        return self.deploy.get_deployment(deploymentId=number or self.numbers()[0])["deploymentInfo"]

    def runs(self) -> str:
        """The revision of the primary task set."""
        (primary,) = [item for item in self.described()["taskSets"] if item["status"] == "PRIMARY"]
        return primary["taskDefinition"].rpartition(":")[2]

    def hook(self, name: str, *answers: str) -> str:
        function = f"arn:aws:lambda:us-east-1:{self.aws.account_id}:function:{name}"
        control(self.aws, "ecs/hooks", function=function, account=self.aws.account_id, answers=list(answers))
        return function

    def started(self, count: int) -> None:
        """Wait until so many deployments have been started."""
        until = time.monotonic() + 120
        while len(self.numbers()) < count:
            assert time.monotonic() < until
            time.sleep(0.02)
