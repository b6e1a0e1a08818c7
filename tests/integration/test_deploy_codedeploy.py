# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A service that CodeDeploy deploys, from the inventory: made by site.yml, deployed and taken back by deploy.yml."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from .harness import Aws, start_server, stop_server
from .plays import run_play, succeeded
from .test_deploy import CLUSTER, Shop, Site, table

GROUP = {"applicationName": CLUSTER, "deploymentGroupName": "web"}


class CodeDeployed(Shop):
    """An environment with the service web alone."""

    def __init__(self, aws: Aws, site: Site, folder: Path) -> None:
        super().__init__(aws, site, folder)
        inventory = yaml.safe_load(self.hosts.read_text())
        web = inventory["services"]["hosts"]["web"]
        web |= {
            "compute_service_deployment_controller": "CODE_DEPLOY",
            "compute_service_bake_minutes": 0,
            "compute_service_deregistration_delay": 5,
        }
        inventory["services"]["hosts"] = {"web": web}
        self.hosts.write_text(yaml.safe_dump(inventory))
        self.codedeploy = aws.client("codedeploy")

    def statuses(self) -> list[str]:
        numbers = self.codedeploy.list_deployments(**GROUP)["deployments"]
        return [self.codedeploy.get_deployment(deploymentId=number)["deploymentInfo"]["status"] for number in numbers]

    def serves(self) -> tuple[str, str]:
        """The image of the primary task set, and the target group that has all the requests."""
        ecs, elbv2 = self.aws.client("ecs"), self.aws.client("elbv2")
        (service,) = ecs.describe_services(cluster=CLUSTER, services=["web"])["services"]
        (primary,) = service["taskSets"]
        definition = ecs.describe_task_definition(taskDefinition=primary["taskDefinition"])["taskDefinition"]
        balancer = elbv2.describe_load_balancers()["LoadBalancers"][0]["LoadBalancerArn"]
        (listener,) = elbv2.describe_listeners(LoadBalancerArn=balancer)["Listeners"]
        (rule,) = [
            item
            for item in elbv2.describe_rules(ListenerArn=listener["ListenerArn"])["Rules"]
            if item["Actions"][0]["Type"] == "forward"
        ]
        groups = rule["Actions"][0]["ForwardConfig"]["TargetGroups"]
        (live,) = [group["TargetGroupArn"] for group in groups if group["Weight"]]
        assert len(groups) == 2
        assert primary["loadBalancers"][0]["targetGroupArn"] == live
        image = definition["containerDefinitions"][0]["image"]
        return image.rpartition(":")[2], live.split("/")[1]


@pytest.fixture
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CodeDeployed]:
    server = start_server(tmp_path_factory.mktemp("deploy-aws"), second_ms=2)
    site = Site()
    with pytest.MonkeyPatch.context() as monkeypatch:
        yield CodeDeployed(Aws(server, monkeypatch), site, tmp_path_factory.mktemp("deploy"))
    site.server.shutdown()
    stop_server(server)


def test_makes_the_group_deploys_and_takes_back(shop: CodeDeployed, tmp_path: Path) -> None:
    succeeded(shop.play("site.yml", "1.0.0", "--tags", "compute"))
    group = shop.codedeploy.get_deployment_group(**GROUP)["deploymentGroupInfo"]
    assert group["ecsServices"] == [{"serviceName": "web", "clusterName": CLUSTER}]
    assert group["serviceRoleArn"].endswith("/codedeploy/web/shop-test-web-codedeploy")
    assert group["autoRollbackConfiguration"]["enabled"]
    assert (shop.statuses(), shop.serves()) == ([], ("1.0.0", "shop-test-web"))

    play = succeeded(shop.deploy("1.1.0"))
    assert table(play)["web"][:3] == ["1.0.0 → 1.1.0", "1 → 2", "deployed"]
    assert "codedeploy:CreateDeployment" in shop.aws.mutations()
    assert "ecs:UpdateService" not in shop.aws.mutations()
    assert (shop.statuses(), shop.serves()) == (["Succeeded"], ("1.1.0", "shop-test-web-alt"))
    # What alarms are made of stays the same.
    found = shop.aws.run_module("environment_info", {"project": "shop", "environment": "test", "sections": ["compute"]})
    web = found["compute"]["services"]["web"]
    assert (web["deployment_controller"], web["image"].rpartition(":")[2]) == ("CODE_DEPLOY", "1.1.0")
    assert web["target_group_full_name"].startswith("targetgroup/shop-test-web/")
    # The target groups have changed places, and nothing brings them back.
    again = succeeded(shop.play("site.yml", "1.1.0", "--tags", "compute"))
    assert (again.changed, shop.aws.mutations()) == ({}, [])

    shop.site.answers["/web/"] = (500, "")
    failed = shop.deploy("2.0.0")
    assert failed.returncode == 2
    assert table(failed)["web"][2] == "smoke test failed, rolled back"
    assert (shop.statuses(), shop.serves()) == (["Succeeded"] * 3, ("1.1.0", "shop-test-web-alt"))

    absent = {"ansible.builtin.include_role": {"name": "slipway.aws.compute", "tasks_from": "absent"}}
    playbook = tmp_path / "absent.yml"
    where = {"compute_project": "shop", "compute_environment": "test"}
    playbook.write_text(
        yaml.safe_dump([{"hosts": "environment", "gather_facts": False, "vars": where, "tasks": [absent]}])
    )
    succeeded(run_play(playbook, *shop.arguments("1.1.0"), environment=shop.aws.environment()))
    assert shop.codedeploy.list_applications()["applications"] == []
