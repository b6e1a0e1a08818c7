# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible_collections.slipway.aws.plugins.module_utils.compute import (
    DEFAULTS,
    FARGATE,
    environment_problems,
    fargate_problems,
    path_conflicts,
    service_inputs,
    service_problems,
)

DEFAULTS_FILE = Path(__file__).resolve().parents[5] / "roles" / "compute" / "defaults" / "main.yml"
GOOD: dict[str, Any] = {"name": "web", "image": "nginx:1.27", "port": 8080, "path_patterns": ["/web/*"]}


def service(**fields: Any) -> dict[str, Any]:
    return {**GOOD, **fields}


def test_a_good_service_has_no_problems() -> None:
    assert service_problems(GOOD) == []


def test_defaults_are_the_roles() -> None:
    defaults = yaml.safe_load(DEFAULTS_FILE.read_text())
    assert {name: defaults[f"compute_service_{name}"] for name in DEFAULTS} == DEFAULTS


def test_reads_only_the_services_variables_of_a_host() -> None:
    host = {f"compute_service_{name}": value for name, value in GOOD.items()} | {"groups": {}}
    assert service_inputs(host)["name"] == "web"
    assert "groups" not in service_inputs(host)
    assert service_problems(host) == []
    assert service_problems({**host, "compute_service_cpu": 3}) == service_problems(service(cpu=3))


def test_counts_follow_the_desired_count() -> None:
    inputs = service_inputs({"name": "web", "desired_count": 3})
    assert (inputs["min_count"], inputs["max_count"]) == (3, 6)


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ({"name": "my service"}, "compute_service_name is 'my service'; allowed are 1 to 100 letters"),
        ({"image": ""}, "compute_service_image and compute_service_image_tag of the service web are empty"),
        (
            {"image": "", "image_tag": "1", "repository_url": ""},
            "compute_service_image_tag is '1', but the environment has no repository for the service web",
        ),
        ({"cpu": 300}, "compute_service_cpu is 300; Fargate allows 256, 512, 1024, 2048, 4096, 8192 or 16384"),
        (
            {"cpu": 256, "memory": 4096},
            "compute_service_memory is 4096; with compute_service_cpu 256 Fargate allows 512, 1024 or 2048 MiB",
        ),
        ({"cpu": 1024, "memory": 512}, "Fargate allows 2048 to 8192 in steps of 1024 MiB"),
        ({"ephemeral_storage_gib": 20}, "compute_service_ephemeral_storage_gib is 20; Fargate allows 21 to 200"),
        (
            {"min_count": 5, "max_count": 4},
            "compute_service_min_count is 5; at most compute_service_max_count, 4, is allowed",
        ),
        (
            {"desired_count": 9, "min_count": 1, "max_count": 4},
            "compute_service_desired_count is 9; allowed is 1 to 4",
        ),
        ({"min_count": -1}, "compute_service_min_count is -1; allowed is 0 or more"),
        ({"cpu_target": 101}, "compute_service_cpu_target is 101; allowed are percentages from 1 to 100"),
        ({"port": 0}, "compute_service_port is 0, but compute_service_path_patterns"),
        ({"port": 70000}, "compute_service_port is 70000; allowed are 1 to 65535"),
        ({"path_patterns": ["web/*"]}, "compute_service_path_patterns has 'web/*'; a path begins with /"),
        ({"path_patterns": ["/1", "/2", "/3", "/4", "/5", "/6"]}, "have 6 values; a rule of a load balancer allows 5"),
        ({"priority": 50001}, "compute_service_priority is 50001; allowed are 1 to 50000"),
        ({"health_check_path": "health"}, "compute_service_health_check_path is 'health'; a path begins with /"),
        ({"health_check_interval": 4}, "compute_service_health_check_interval is 4; allowed are 5 to 300 seconds"),
        (
            {"health_check_timeout": 30},
            "compute_service_health_check_timeout is 30; allowed are 2 seconds to less than",
        ),
        ({"environment": {"MY-VAR": "1"}}, "compute_service_environment has 'MY-VAR'; allowed are letters"),
        (
            {"environment": {"A": "1"}, "secrets": {"A": "app"}},
            "compute_service_environment and compute_service_secrets both have A",
        ),
        ({"secrets": {"A": "a b"}}, "compute_service_secrets: A is 'a b'; allowed is the logical name"),
        (
            {"secrets": {"A": "databas:password"}, "secret_arns": {"database": "arn:x", "app": "arn:y"}},
            "compute_service_secrets: A is 'databas:password'; the environment has app or database",
        ),
        ({"secrets": {"A": "app"}, "secret_arns": {}}, "the environment has no secrets"),
        (
            {"minimum_healthy_percent": 100, "maximum_percent": 100},
            "compute_service_minimum_healthy_percent is 100 and compute_service_maximum_percent is 100",
        ),
        (
            {"deployment_strategy": "BLUE_GREEN", "path_patterns": []},
            "compute_service_deployment_strategy is BLUE_GREEN, which shifts requests",
        ),
        (
            {"deployment_controller": "CODE_DEPLOY", "path_patterns": []},
            "compute_service_deployment_controller is CODE_DEPLOY, which shifts requests",
        ),
        (
            {"deployment_controller": "CODE_DEPLOY", "deployment_strategy": "CANARY"},
            "compute_service_deployment_strategy is CANARY, one of ECS's own",
        ),
        (
            {"deployment_controller": "CODE_DEPLOY", "lifecycle_hooks": [{"target_type": "PAUSE"}]},
            "give compute_service_code_deploy_hooks",
        ),
        (
            {"deployment_strategy": "BLUE_GREEN", "requests_target": 100},
            "compute_service_requests_target is 100, but compute_service_deployment_strategy is BLUE_GREEN",
        ),
        (
            {"deployment_controller": "CODE_DEPLOY", "requests_target": 100},
            "compute_service_requests_target is 100, but compute_service_deployment_controller is CODE_DEPLOY",
        ),
        ({"code_deploy_hooks": {"after_install": "f"}}, "give compute_service_lifecycle_hooks, or CODE_DEPLOY"),
        ({"vpc_id": ""}, "compute_vpc_id is empty and the environment has none; run the role vpc first"),
        ({"listener_arn": ""}, "compute_listener_arns is empty and the environment has none"),
    ],
)
def test_names_variable_value_and_what_is_allowed(fields: dict[str, Any], problem: str) -> None:
    found = service_problems(service(**fields))
    assert any(problem in sentence for sentence in found), found


def test_tells_all_problems_at_once() -> None:
    assert len(service_problems(service(cpu=3, image="", priority=-1))) == 3


def test_looks_only_where_it_shall() -> None:
    assert service_problems({"name": "web", "min_count": 3, "max_count": 1}, ["name", "counts"]) == [
        "compute_service_min_count is 3; at most compute_service_max_count, 1, is allowed."
    ]


@pytest.mark.parametrize(
    "fields",
    [
        {"image": "", "image_tag": "1.0.0"},
        {"image": "", "image_tag": "1.0.0", "repository_url": "1.dkr.ecr.eu-west-1.amazonaws.com/web"},
        {"port": 0, "path_patterns": []},
        {"port": 0, "path_patterns": [], "listener_arn": ""},
        {"cpu": 16384, "memory": 122880},
        {"desired_count": 0, "min_count": 0, "max_count": 0},
        {"secrets": {"A": "database:password", "B": "arn:aws:secretsmanager:eu-west-1:1:secret:x-AbCdEf:key"}},
        {"secrets": {"A": "database"}, "secret_arns": {"database": "arn:aws:secretsmanager:eu-west-1:1:secret:d"}},
        {"minimum_healthy_percent": 0, "maximum_percent": 100},
    ],
)
def test_accepts(fields: dict[str, Any]) -> None:
    assert service_problems(service(**fields)) == []


@pytest.mark.parametrize(
    ("cpu", "least", "most", "count"),
    [
        (256, 512, 2048, 3),
        (512, 1024, 4096, 4),
        (1024, 2048, 8192, 7),
        (2048, 4096, 16384, 13),
        (4096, 8192, 30720, 23),
        (8192, 16384, 61440, 12),
        (16384, 32768, 122880, 12),
    ],
)
def test_fargates_sizes(cpu: int, least: int, most: int, count: int) -> None:
    assert (FARGATE[cpu][0], FARGATE[cpu][-1], len(FARGATE[cpu])) == (least, most, count)
    assert fargate_problems(cpu, least) == fargate_problems(cpu, most) == []
    assert fargate_problems(cpu, least - 1)
    assert fargate_problems(cpu, most + 1)


PATHS = "compute_service_path_patterns: the services a and b both have"


@pytest.mark.parametrize(
    ("one", "two", "problems"),
    [
        ({"path_patterns": ["/a/*"]}, {"path_patterns": ["/b/*"]}, []),
        ({"path_patterns": ["/a/*"]}, {"path_patterns": ["/a/*"]}, [f"{PATHS} the path /a/*; a path belongs to"]),
        ({"path_patterns": ["/a/*", "/c"]}, {"path_patterns": ["/b", "/c"]}, [f"{PATHS} the path /c;"]),
        # An overlap is fine: the longer path wins.
        ({"path_patterns": ["/a/*"]}, {"path_patterns": ["/a/b/*"]}, []),
        (
            {"path_patterns": ["/*"], "host_headers": ["a.com"]},
            {"path_patterns": ["/*"], "host_headers": ["b.com"]},
            [],
        ),
        ({"path_patterns": ["/*"], "host_headers": ["a.com"]}, {"path_patterns": ["/*"]}, []),
        (
            {"path_patterns": ["/*"], "host_headers": ["a.com", "b.com"]},
            {"path_patterns": ["/*"], "host_headers": ["b.com"]},
            [f"{PATHS} the path /* of the host b.com;"],
        ),
        ({"host_headers": ["a.com"]}, {"host_headers": ["a.com"]}, [f"{PATHS} every path of the host a.com;"]),
        ({}, {}, []),
        ({"priority": 5}, {"priority": 5}, ["compute_service_priority: the services a and b both have 5"]),
        ({"priority": 5}, {"priority": 6}, []),
    ],
)
def test_path_conflicts(one: dict[str, Any], two: dict[str, Any], problems: list[str]) -> None:
    found = path_conflicts([{"name": "a", **one}, {"name": "b", **two}])
    assert len(found) == len(problems)
    assert all(sentence.startswith(problem) for sentence, problem in zip(found, problems, strict=True)), found


ENVIRONMENT = {
    "public_subnet_ids": ["subnet-1", "subnet-2"],
    "alb_security_group_ids": ["sg-1"],
    "load_balancer_name": "uex-dev-alb",
    "capacity_providers": ["FARGATE"],
    "default_capacity_provider_strategy": [{"capacity_provider": "FARGATE"}],
    "repositories": ["uex-backend"],
}


def test_a_good_environment_has_no_problems() -> None:
    assert environment_problems(ENVIRONMENT) == []


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ({"public_subnet_ids": []}, "compute_public_subnet_ids is empty and the environment has none"),
        ({"public_subnet_ids": ["subnet-1"]}, "a load balancer needs subnets in at least two availability zones"),
        ({"alb_security_group_ids": []}, "compute_alb_security_group_ids is empty"),
        ({"load_balancer_name": "a" * 33}, "allowed are 1 to 32 letters, digits and hyphens"),
        ({"load_balancer_name": "internal-x"}, "compute_load_balancer_name is 'internal-x'"),
        (
            {"default_capacity_provider_strategy": [{"capacity_provider": "FARGATE_SPOT"}]},
            "compute_default_capacity_provider_strategy has FARGATE_SPOT; compute_capacity_providers allows FARGATE",
        ),
        ({"repositories": ["Backend"]}, "compute_repositories has 'Backend'; allowed are lower-case letters"),
    ],
)
def test_environment_problems(fields: dict[str, Any], problem: str) -> None:
    found = environment_problems({**ENVIRONMENT, **fields})
    assert len(found) == 1
    assert problem in found[0]
