# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.slipway.aws.plugins.module_utils._compute import plan
from ansible_collections.slipway.aws.plugins.module_utils._compute.problems import split_secret
from ansible_collections.slipway.aws.plugins.module_utils.compute import environment_plan, service_plan

CLUSTER = "arn:aws:ecs:eu-west-1:123456789012:cluster/uex-dev"
KEY = "arn:aws:kms:eu-west-1:123456789012:key/1"
SECRET = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:uex/dev/database-AbCdEf"
PARAMETER = "arn:aws:ssm:eu-west-1:123456789012:parameter/uex/flag"
GROUP = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/uex-dev-web/1"
ALTERNATE = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/uex-dev-web-alt/2"

ENVIRONMENT: dict[str, Any] = {
    "project": "uex",
    "environment_name": "dev",
    "name_prefix": "uex-dev",
    "tags": {"Project": "uex"},
    "cluster_name": "uex-dev",
    "permissions_boundary": "",
    "access_logs_bucket": "",
    "access_logs_prefix": "alb",
    "secret_arns": {"database": SECRET},
    "more_secret_arns": [],
    "kms_key_arn": KEY,
    "repositories": ["web"],
    "repository_scan_on_push": True,
    "repository_image_tag_mutability": "IMMUTABLE",
    "repository_keep_images": 50,
    "repository_untagged_days": 7,
    "repository_lifecycle_policy": {},
    "repository_pull_accounts": [],
    "repository_policy": {},
    "repository_kms_key_arn": "",
    "certificate_arn": "",
    "more_certificate_arns": [],
    "ssl_policy": "ELBSecurityPolicy-TLS13-1-2-2021-06",
    "deletion_protection": True,
    "idle_timeout": 60,
    "load_balancer_attributes": {},
    "github_subjects": [],
    "github_session_seconds": 3600,
}
SERVICE: dict[str, Any] = {
    "project": "uex",
    "environment_name": "dev",
    "name_prefix": "uex-dev",
    "tags": {"Project": "uex", "Service": "web"},
    "cluster_name": "uex-dev",
    "permissions_boundary": "",
    "vpc_id": "vpc-1",
    "execution_role_arn": "arn:aws:iam::123456789012:role/execution",
    "load_balancer_url": "https://alb.example.com",
    "load_balancer_full_name": "app/uex-dev-alb/1",
    "secret_arns": {"database": SECRET},
    "repository_url": "123456789012.dkr.ecr.eu-west-1.amazonaws.com/uex-dev/web",
    "name": "web",
    "image": "",
    "image_tag": "1.0.0",
    "cpu": 512,
    "memory": 1024,
    "architecture": "X86_64",
    "ephemeral_storage_gib": 0,
    "command": [],
    "entry_point": [],
    "user": "",
    "working_directory": "",
    "environment": {"TRACE": True, "LEVEL": "info", "SIZE": 3},
    "secrets": {"PASSWORD": "database:password"},
    "readonly_root_filesystem": False,
    "stop_timeout": 30,
    "container_health_check": {},
    "ulimits": [],
    "sidecars": [],
    "volumes": [],
    "task_policies": {},
    "task_managed_policies": [],
    "execute_command": False,
    "port": 8080,
    "listener_arn": "arn:listener",
    "path_patterns": ["/web/*"],
    "host_headers": [],
    "priority": 0,
    "stickiness_seconds": 0,
    "deregistration_delay": 30,
    "health_check_path": "/health",
    "health_check_codes": "200-299",
    "health_check_interval": 30,
    "health_check_timeout": 5,
    "healthy_threshold": 2,
    "unhealthy_threshold": 3,
    "desired_count": 2,
    "min_count": 2,
    "max_count": 4,
    "cpu_target": 60,
    "memory_target": 75,
    "requests_target": 0,
    "scale_in_cooldown": 300,
    "scale_out_cooldown": 60,
    "scheduled_scaling": [],
    "deployment_controller": "ECS",
    "deployment_strategy": "ROLLING",
    "minimum_healthy_percent": 100,
    "maximum_percent": 200,
    "circuit_breaker": True,
    "rollback": True,
    "deployment_alarms": [],
    "bake_minutes": 5,
    "shift_percent": 10.0,
    "shift_minutes": 5,
    "lifecycle_hooks": [],
    "code_deploy_config": "CodeDeployDefault.ECSAllAtOnce",
    "code_deploy_hooks": {},
    "log_retention_days": 30,
    "log_kms_key_arn": "",
}
RESULTS: dict[str, Any] = {
    "log_groups": {"/ecs/uex-dev/web": {"arn": "arn:aws:logs:eu-west-1:123456789012:log-group:/ecs/uex-dev/web"}},
    "roles": {
        "uex-dev-web-task": {"arn": "arn:aws:iam::123456789012:role/task"},
        "uex-dev-web-shift": {"arn": "arn:aws:iam::123456789012:role/shift"},
        "uex-dev-web-codedeploy": {"arn": "arn:aws:iam::123456789012:role/codedeploy"},
    },
    "target_groups": {
        "uex-dev-web": {"arn": GROUP, "full_name": "targetgroup/uex-dev-web/1"},
        "uex-dev-web-alt": {"arn": ALTERNATE, "full_name": "targetgroup/uex-dev-web-alt/2"},
    },
    "rules": {"uex-dev-web": {"arn": "arn:rule"}},
    "service": {
        "service_arn": "arn:service",
        "task_definition": "arn:definition:1",
        "desired_count": 2,
        "running_count": 2,
        "pending_count": 0,
        "deployments": [{"status": "ACTIVE"}, {"status": "PRIMARY", "rollout_state": "COMPLETED"}],
    },
}


def environment(**fields: Any) -> dict[str, Any]:
    return environment_plan({**ENVIRONMENT, **fields}, CLUSTER, fields.pop("provider_arn", ""))


def service(results: dict[str, Any] | None = None, **fields: Any) -> dict[str, Any]:
    return service_plan({**SERVICE, **fields}, RESULTS if results is None else results)


def statements(policy: dict[str, Any]) -> dict[str, Any]:
    return {statement["Sid"]: statement for statement in policy["Statement"]}


@pytest.mark.parametrize(
    ("name", "short"),
    [
        ("uex-dev-web", "uex-dev-web"),
        ("a" * 32, "a" * 32),
        ("payment-system-production-frontend", "payment-system-production-001d38"),
    ],
)
def test_short_name(name: str, short: str) -> None:
    assert plan.short_name(name) == short
    assert len(plan.short_name(name)) <= 32


def test_long_names_with_one_beginning_stay_two() -> None:
    long = "payment-system-production-reporting-"
    assert plan.short_name(f"{long}a") != plan.short_name(f"{long}b")


def test_the_execution_role_may_do_exactly_what_starting_tasks_takes() -> None:
    role = environment()["roles"][0]
    assert role["path"] == "/uex/dev/execution/"
    found = statements(role["inline_policies"]["start-tasks"])
    assert found["WriteLogs"]["Resource"] == [
        "arn:aws:logs:eu-west-1:123456789012:log-group:/ecs/uex-dev/*:log-stream:*"
    ]
    assert found["PullImages"]["Resource"] == ["arn:aws:ecr:eu-west-1:123456789012:repository/uex-dev/web"]
    assert found["ReadSecrets"]["Resource"] == [SECRET]
    assert found["DecryptSecrets"]["Resource"] == [KEY]
    assert [sid for sid, item in found.items() if item["Resource"] == ["*"]] == ["SignInToRegistry"]
    assert not any(action.endswith("*") for item in found.values() for action in item["Action"])


def test_the_execution_role_gets_nothing_that_nobody_needs() -> None:
    role = environment(secret_arns={}, repositories=[])["roles"][0]
    assert list(statements(role["inline_policies"]["start-tasks"])) == ["WriteLogs"]


def test_further_secrets_and_parameters_can_be_read() -> None:
    role = environment(secret_arns={}, more_secret_arns=[PARAMETER, SECRET])["roles"][0]
    found = statements(role["inline_policies"]["start-tasks"])
    assert found["ReadParameters"]["Resource"] == [PARAMETER]
    assert found["ReadSecrets"]["Resource"] == [SECRET]


def test_a_pipeline_gets_a_role_that_trusts_only_its_subjects() -> None:
    provider = "arn:aws:iam::123456789012:oidc-provider/token.actions.githubusercontent.com"
    subject = "repo:example/uex:ref:refs/heads/main"
    roles = environment_plan({**ENVIRONMENT, "github_subjects": [subject]}, CLUSTER, provider)["roles"]
    assert [role["name"] for role in roles] == ["uex-dev-ecs-execution", "uex-dev-github"]
    trust = roles[1]["assume_role_policy"]["Statement"][0]
    assert trust["Principal"] == {"Federated": provider}
    assert trust["Condition"]["StringLike"] == {"token.actions.githubusercontent.com:sub": [subject]}
    found = statements(roles[1]["inline_policies"]["deploy"])
    assert found["RollOut"]["Resource"][0] == "arn:aws:ecs:eu-west-1:123456789012:service/uex-dev/*"
    assert found["PassRoles"]["Resource"][0].endswith(":role/uex/dev/execution/uex-dev-ecs-execution")


def test_repositories() -> None:
    repository = environment()["repositories"][0]
    assert repository["name"] == "uex-dev/web"
    assert repository["tags"]["Service"] == "web"
    assert repository["encryption_type"] == "AES256"
    assert [rule["selection"]["countNumber"] for rule in repository["lifecycle_policy"]["rules"]] == [7, 50]
    principal = repository["repository_policy"]["Statement"][0]["Principal"]
    assert principal == {"AWS": ["arn:aws:iam::123456789012:root"]}


def test_repositories_as_the_inputs_say() -> None:
    own = {"rules": []}
    repository = environment(
        repository_lifecycle_policy=own, repository_pull_accounts=["999999999999"], repository_kms_key_arn=KEY
    )["repositories"][0]
    assert repository["lifecycle_policy"] == own
    assert (repository["encryption_type"], repository["kms_key"]) == ("KMS", KEY)
    assert len(repository["repository_policy"]["Statement"][0]["Principal"]["AWS"]) == 2


def test_http_serves_without_a_certificate() -> None:
    (listener,) = environment()["listeners"]
    assert (listener["port"], listener["default_actions"][0]["type"]) == (80, "fixed-response")


def test_http_leads_to_https_with_a_certificate() -> None:
    http, https = environment(certificate_arn="arn:a", more_certificate_arns=["arn:b"])["listeners"]
    assert http["default_actions"][0]["redirect"]["protocol"] == "HTTPS"
    assert https["certificates"] == ["arn:a", "arn:b"]
    assert https["ssl_policy"] == "ELBSecurityPolicy-TLS13-1-2-2021-06"


def test_load_balancer_attributes() -> None:
    attributes = environment()["attributes"]
    assert attributes["deletion_protection.enabled"] is True
    assert attributes["access_logs.s3.enabled"] is False
    assert "access_logs.s3.bucket" not in attributes
    logged = environment(access_logs_bucket="logs", load_balancer_attributes={"idle_timeout.timeout_seconds": 5})
    assert logged["attributes"]["access_logs.s3.bucket"] == "logs"
    assert logged["attributes"]["idle_timeout.timeout_seconds"] == 5


@pytest.mark.parametrize(
    ("reference", "parts"),
    [
        ("database", ("database", "")),
        ("database:password", ("database", "password")),
        (SECRET, (SECRET, "")),
        (f"{SECRET}:password", (SECRET, "password")),
        (PARAMETER, (PARAMETER, "")),
        ("arn:aws:secretsmanager", ("", "")),
        ("a b", ("", "")),
    ],
)
def test_split_secret(reference: str, parts: tuple[str, str]) -> None:
    assert split_secret(reference) == parts


def test_container_secrets() -> None:
    assert plan.container_secrets({"B": "database", "A": "database:password"}, {"database": SECRET}) == [
        {"name": "A", "value_from": f"{SECRET}:password::"},
        {"name": "B", "value_from": SECRET},
    ]


def test_task_definition() -> None:
    definition = service()["task_definition"]
    (container,) = definition["container_definitions"]
    assert (definition["family"], definition["cpu"], definition["memory"]) == ("uex-dev-web", "512", "1024")
    assert definition["task_role_arn"] == "arn:aws:iam::123456789012:role/task"
    assert container["image"] == f"{SERVICE['repository_url']}:1.0.0"
    assert container["environment"] == [
        {"name": "LEVEL", "value": "info"},
        {"name": "SIZE", "value": "3"},
        {"name": "TRACE", "value": "true"},
    ]
    assert container["log_configuration"]["options"]["awslogs-region"] == "eu-west-1"
    assert container["port_mappings"][0]["container_port"] == 8080
    assert "command" not in container
    assert "ephemeral_storage" not in definition


def test_task_definition_as_the_inputs_say() -> None:
    definition = service(
        image="nginx:1.27",
        port=0,
        command=["run"],
        user="1000",
        sidecars=[{"name": "agent"}],
        ephemeral_storage_gib=50,
        container_health_check={"command": ["CMD", "true"]},
        volumes=[{"name": "scratch"}],
    )["task_definition"]
    container, sidecar = definition["container_definitions"]
    assert container["image"] == "nginx:1.27"
    assert (container["command"], container["user"]) == (["run"], "1000")
    assert container["health_check"] == {"command": ["CMD", "true"]}
    assert "port_mappings" not in container
    assert sidecar == {"name": "agent"}
    assert definition["ephemeral_storage"] == {"size_in_gib": 50}
    assert definition["volumes"] == [{"name": "scratch"}]


def test_rolling_service_behind_the_load_balancer() -> None:
    wanted = service()
    assert [group["name"] for group in wanted["target_groups"]] == ["uex-dev-web"]
    assert wanted["rules"][0]["actions"][0]["target_groups"] == [{"arn": GROUP, "weight": 1}]
    assert "priority" not in wanted["rules"][0]
    assert wanted["load_balancers"] == [{"target_group_arn": GROUP, "container_name": "web", "container_port": 8080}]
    assert wanted["deployment_configuration"] == {
        "strategy": "ROLLING",
        "minimum_healthy_percent": 100,
        "maximum_percent": 200,
        "deployment_circuit_breaker": {"enable": True, "rollback": True},
    }
    assert [role["name"] for role in wanted["roles"]] == ["uex-dev-web-task"]


@pytest.mark.parametrize(
    ("strategy", "extra"),
    [
        ("BLUE_GREEN", {}),
        ("LINEAR", {"linear_configuration": {"step_percent": 10.0, "step_bake_time_in_minutes": 5}}),
        ("CANARY", {"canary_configuration": {"canary_percent": 10.0, "canary_bake_time_in_minutes": 5}}),
    ],
)
def test_shifting_service_behind_the_load_balancer(strategy: str, extra: dict[str, Any]) -> None:
    wanted = service(deployment_strategy=strategy, priority=7)
    assert [group["name"] for group in wanted["target_groups"]] == ["uex-dev-web", "uex-dev-web-alt"]
    rule = wanted["rules"][0]
    assert rule["keep_weights"]
    assert rule["priority"] == 7
    assert rule["actions"][0]["target_groups"] == [{"arn": GROUP, "weight": 1}, {"arn": ALTERNATE, "weight": 0}]
    assert wanted["load_balancers"][0]["advanced_configuration"] == {
        "alternate_target_group_arn": ALTERNATE,
        "production_listener_rule": "arn:rule",
        "role_arn": "arn:aws:iam::123456789012:role/shift",
    }
    configuration = wanted["deployment_configuration"]
    assert configuration["bake_time_in_minutes"] == 5
    assert {key: value for key, value in configuration.items() if key.endswith("_configuration")} == extra
    shift = wanted["roles"][1]
    assert shift["managed_policies"] == ["arn:aws:iam::aws:policy/AmazonECSInfrastructureRolePolicyForLoadBalancers"]


def test_service_that_codedeploy_deploys() -> None:
    wanted = service(
        deployment_controller="CODE_DEPLOY", deployment_alarms=["b", "a"], code_deploy_hooks={"after_install": "f"}
    )
    assert [group["name"] for group in wanted["target_groups"]] == ["uex-dev-web", "uex-dev-web-alt"]
    assert wanted["rules"][0]["keep_weights"]
    assert wanted["load_balancers"] == [{"target_group_arn": GROUP, "container_name": "web", "container_port": 8080}]
    # A circuit breaker and alarms of ECS's own are refused.
    assert wanted["deployment_configuration"] == {}
    where = {"application_name": "uex-dev", "deployment_group_name": "web"}
    assert wanted["code_deploy"] == {**where, "hooks": {"after_install": "f"}}
    (group,) = wanted["deployment_groups"]
    assert {name: group[name] for name in where} == where
    assert group["service_role_arn"] == "arn:aws:iam::123456789012:role/codedeploy"
    (pair,) = group["load_balancer_info"]["target_group_pair_info_list"]
    assert [item["name"] for item in pair["target_groups"]] == ["uex-dev-web", "uex-dev-web-alt"]
    assert group["alarm_configuration"] == {"enabled": True, "alarms": [{"name": "a"}, {"name": "b"}]}
    role = wanted["roles"][1]
    assert role["managed_policies"] == ["arn:aws:iam::aws:policy/AWSCodeDeployRoleForECS"]
    assert (service()["code_deploy"], service()["deployment_groups"], len(service()["roles"])) == ({}, [], 1)


def test_deployment_alarms_and_hooks() -> None:
    configuration = service(
        deployment_strategy="BLUE_GREEN", deployment_alarms=["b", "a"], lifecycle_hooks=[{"target_type": "PAUSE"}]
    )["deployment_configuration"]
    assert configuration["alarms"] == {"alarm_names": ["a", "b"], "enable": True, "rollback": True}
    assert configuration["lifecycle_hooks"] == [{"target_type": "PAUSE"}]


def test_service_without_requests() -> None:
    wanted = service(path_patterns=[], port=0)
    assert (wanted["target_groups"], wanted["rules"], wanted["load_balancers"]) == ([], [], [])
    assert wanted["output"]["target_group_arn"] == ""
    assert wanted["output"]["url"] == ""


def test_the_role_of_tasks() -> None:
    role = service(execute_command=True, task_policies={"read": {"Statement": []}})["roles"][0]
    assert role["path"] == "/uex/dev/task/web/"
    assert role["inline_policies"].keys() == {"read", "execute-command"}
    condition = role["assume_role_policy"]["Statement"][0]["Condition"]
    assert condition["StringEquals"] == {"aws:SourceAccount": "123456789012"}
    assert condition["ArnLike"] == {"aws:SourceArn": "arn:aws:ecs:eu-west-1:123456789012:*"}


def test_scaling() -> None:
    wanted = service(requests_target=1000)
    assert wanted["scales"]
    target = wanted["scalable_target"]
    assert target["resource_id"] == "service/uex-dev/web"
    tracked = {policy["name"]: policy["target_tracking"] for policy in target["policies"]}
    assert tracked.keys() == {"web-cpu", "web-memory", "web-requests"}
    assert tracked["web-requests"]["resource_label"] == "app/uex-dev-alb/1/targetgroup/uex-dev-web/1"
    assert "resource_label" not in tracked["web-cpu"]


@pytest.mark.parametrize(
    ("fields", "scales"),
    [
        ({"min_count": 2, "max_count": 2}, False),
        ({"min_count": 2, "max_count": 2, "scheduled_scaling": [{"name": "night"}]}, True),
        ({"min_count": 1, "max_count": 2}, True),
    ],
)
def test_whether_it_scales(fields: dict[str, Any], scales: bool) -> None:
    assert service(**fields)["scales"] is scales


def test_metrics_that_nobody_wants_are_not_tracked() -> None:
    wanted = service(cpu_target=0, requests_target=1000, path_patterns=[])
    assert [policy["name"] for policy in wanted["scalable_target"]["policies"]] == ["web-memory"]


def test_stickiness() -> None:
    attributes = service(stickiness_seconds=60)["target_groups"][0]["attributes"]
    assert attributes["stickiness.enabled"] is True
    assert attributes["stickiness.lb_cookie.duration_seconds"] == 60


@pytest.mark.parametrize(
    ("fields", "url"),
    [
        ({}, "https://alb.example.com/web/"),
        ({"host_headers": ["web.example.com"], "path_patterns": []}, "https://web.example.com/"),
        ({"host_headers": ["web.example.com"]}, "https://web.example.com/web/"),
        ({"load_balancer_url": ""}, ""),
    ],
)
def test_url(fields: dict[str, Any], url: str) -> None:
    assert service(**fields)["output"]["url"] == url


def test_output() -> None:
    assert service()["output"] == {
        "arn": "arn:service",
        "cluster_name": "uex-dev",
        "service_name": "web",
        "task_definition_arn": "arn:definition:1",
        "image": f"{SERVICE['repository_url']}:1.0.0",
        "desired_count": 2,
        "running_count": 2,
        "pending_count": 0,
        "target_group_arn": GROUP,
        "target_group_full_name": "targetgroup/uex-dev-web/1",
        "alternate_target_group_full_name": "",
        "log_group": "/ecs/uex-dev/web",
        "url": "https://alb.example.com/web/",
        "rollout_state": "COMPLETED",
        "deployment_controller": "ECS",
    }


def test_nothing_is_there_yet() -> None:
    wanted = service({})
    assert wanted["roles"] == []
    assert wanted["output"]["arn"] == ""
    assert wanted["output"]["desired_count"] == 2


def test_log_group_with_a_key() -> None:
    assert service(log_kms_key_arn=KEY)["log_group"]["kms_key_id"] == KEY
    assert "kms_key_id" not in service()["log_group"]
