# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Deployment groups of CodeDeploy: made, changed option by option, and taken down."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.slipway.aws.plugins.module_utils.codedeploy import DEPLOYMENT_GROUP

from .codedeploy import EVENTS, GROUPS, MODULE, WHERE, CodeDeployed
from .ecs import CLUSTER
from .harness import Aws, ModuleFailed

ENDING = "terminate_blue_instances_on_deployment_success"


@pytest.fixture
def stage(aws: Aws) -> CodeDeployed:
    return CodeDeployed(aws)


def changes(stage: CodeDeployed) -> dict[str, tuple[Any, Any]]:
    """For each option a value, and what is told of it then."""
    arn = f"arn:aws:sns:us-east-1:{stage.aws.account_id}:deployments"
    trigger = {"trigger_name": "all", "trigger_target_arn": arn, "trigger_events": ["DeploymentFailure"]}
    pair = {
        "target_groups": [{"name": "green"}, {"name": "blue"}],
        "prod_traffic_route": {"listener_arns": [stage.listener]},
    }
    return {
        "service_role_arn": (f"arn:aws:iam::{stage.aws.account_id}:role/other", None),
        "deployment_config_name": ("CodeDeployDefault.ECSCanary10Percent5Minutes", None),
        "ecs_services": ([{"service_name": "other", "cluster_name": CLUSTER}], None),
        "load_balancer_info": ({"target_group_pair_info_list": [pair]}, None),
        "blue_green_deployment_configuration": (
            {ENDING: {"termination_wait_time_in_minutes": 7}},
            # What is not given stays.
            {
                ENDING: {"action": "TERMINATE", "termination_wait_time_in_minutes": 7},
                "deployment_ready_option": {"action_on_timeout": "CONTINUE_DEPLOYMENT"},
            },
        ),
        "auto_rollback_configuration": ({"enabled": True, "events": EVENTS[:1]}, None),
        "alarm_configuration": ({"enabled": True, "alarms": [{"name": "errors"}]}, None),
        "trigger_configurations": ([trigger], None),
        "tags": ({"Team": "edge"}, None),
    }


def test_every_option_is_changed_and_then_unchanged(aws: Aws, stage: CodeDeployed) -> None:
    task = {"deployment_groups": [stage.group()]}
    for check in (True, False):
        early = aws.run_module(GROUPS, {**task, "defer": True}, check=check)
        assert (early["changed"], early["deferred"]) == (False, ["shop/backend"])
    aws.run_module(MODULE, stage.options())
    aws.run_module(MODULE, {**stage.options(), "name": "other"})
    predicted = aws.run_module(GROUPS, {**task, "defer": True}, check=True)
    made = aws.run_module(GROUPS, {**task, "defer": True})
    assert predicted["actions"] == made["actions"]
    assert made["deferred"] == []
    told = made["deployment_groups"]["shop/backend"]
    assert told["arn"].endswith(f":{aws.account_id}:deploymentgroup:shop/backend")
    aws.mark()
    assert not aws.run_module(GROUPS, task)["changed"]
    assert aws.calls() == ["codedeploy:BatchGetDeploymentGroups"]
    cases = changes(stage)
    assert cases.keys() == DEPLOYMENT_GROUP.keys() - WHERE.keys()
    for option, (value, after) in cases.items():
        changed = {"deployment_groups": [{**WHERE, option: value}]}
        predicted = aws.run_module(GROUPS, changed, check=True)
        result = aws.run_module(GROUPS, changed)
        assert result["actions"] == [{"action": "update", "name": "shop/backend", "fields": [option]}]
        assert result["diff"] == predicted["diff"]
        assert result["deployment_groups"]["shop/backend"][option] == (after or value)
        assert not aws.run_module(GROUPS, changed)["changed"], option
    info = stage.deploy.get_deployment_group(applicationName="shop", deploymentGroupName="backend")[
        "deploymentGroupInfo"
    ]
    assert info["deploymentStyle"] == {"deploymentType": "BLUE_GREEN", "deploymentOption": "WITH_TRAFFIC_CONTROL"}


def test_says_what_is_wrong_before_any_change(aws: Aws, stage: CodeDeployed) -> None:
    aws.mark()
    with pytest.raises(ModuleFailed, match="shop/backend does not exist yet, and lacks service_role_arn, ecs_services"):
        aws.run_module(GROUPS, {"deployment_groups": [WHERE]})
    with pytest.raises(ModuleFailed, match="stands twice"):
        aws.run_module(GROUPS, {"deployment_groups": [stage.group(), stage.group()]})
    assert aws.mutations() == []
    with pytest.raises(ModuleFailed, match="InvalidECSServiceException"):
        aws.run_module(GROUPS, {"deployment_groups": [stage.group()]})
    # The application is there now, and in nobody's way.
    aws.run_module(MODULE, stage.options())
    assert aws.run_module(GROUPS, {"deployment_groups": [stage.group()]})["changed"]
    aws.client("codedeploy").create_application(applicationName="servers", computePlatform="Server")
    aws.client("codedeploy").create_deployment_group(
        applicationName="servers", deploymentGroupName="all", serviceRoleArn="arn:aws:iam::123456789012:role/x"
    )
    foreign = {"application_name": "servers", "deployment_group_name": "all"}
    with pytest.raises(ModuleFailed, match="servers is an application for Server, not for ECS"):
        aws.run_module(GROUPS, {"deployment_groups": [foreign]})
