# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Each option by itself: change it and the module reports the change, run again and nothing changes.

The options come from the argument spec, so that none can be forgotten.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

import pytest
from ansible_collections.slipway.aws.plugins.module_utils.ecs import SERVICE, TASK_DEFINITION

from .ecs import CLUSTER, Stage
from .harness import Aws, ModuleFailed, Server

MODULE = "ecs_service_rollout"
Path = tuple[str, ...]


def leaves(spec: dict[str, Any], path: Path = ()) -> Iterator[tuple[Path, dict[str, Any]]]:
    """The options without suboptions, by their paths."""
    for name, option in spec.items():
        if "options" in option:
            yield from leaves(option["options"], (*path, name))
        else:
            yield (*path, name), option


ROLE = "arn:aws:iam::111122223333:role/"
# Options whose values cannot be made up, with a value before and one after.
VALUES: dict[str, tuple[Any, Any]] = {
    "family": ("shop-one", "shop-two"),
    "network_mode": ("bridge", "host"),
    "requires_compatibilities": (["EC2"], ["EC2", "EXTERNAL"]),
    "cpu": ("256", "512"),
    "memory": ("512", "1024"),
    "container_definitions.name": ("main", "renamed"),
    "container_definitions.links": (["side"], ["side:alias"]),
    "container_definitions.essential": (True, False),
    "container_definitions.mount_points.source_volume": ("data", "other"),
    "container_definitions.volumes_from.source_container": ("side", "third"),
    "container_definitions.depends_on.container_name": ("side", "third"),
    "container_definitions.port_mappings.container_port_range": ("8000-8010", "8000-8020"),
    "container_definitions.secrets.name": ("SECRET_ONE", "SECRET_TWO"),
    "volumes.name": ("data", "renamed"),
    "placement_strategy.type": ("spread", "binpack"),
    "desired_count": (0, 1),
    "capacity_provider_strategy.capacity_provider": ("FARGATE", "FARGATE_SPOT"),
    "capacity_provider_strategy.weight": (1, 2),
    "health_check_grace_period_seconds": (10, 20),
    "platform_version": ("LATEST", "1.4.0"),
    "deployment_configuration.strategy": ("BLUE_GREEN", "ROLLING"),
    "deployment_configuration.maximum_percent": (150, 200),
    "deployment_configuration.minimum_healthy_percent": (50, 60),
    "deployment_configuration.alarms.alarm_names": (["errors"], ["errors", "latency"]),
    "deployment_configuration.linear_configuration.step_percent": (20.0, 30.5),
    "deployment_configuration.canary_configuration.canary_percent": (0.5, 7.5),
    "deployment_configuration.early_success_criteria.healthy_percent": (90, 95),
    "deployment_configuration.lifecycle_hooks.lifecycle_stages": (["PRE_SCALE_UP"], ["POST_SCALE_UP"]),
    "load_balancers.container_port": (8080, 9090),
    "service_registries.container_port": (8080, 9090),
    "service_connect_configuration.services.port_name": ("http", "admin"),
    "service_connect_configuration.enabled": (True, False),
    "vpc_lattice_configurations.port_name": ("http", "admin"),
    "gateway_connectors.port_name": ("http", "admin"),
    "volume_configurations.name": ("data", "other"),
    "monitoring.metric_configurations.resolution_seconds": (60, 20),
}
# What a leaf needs beside it.
SIBLINGS: dict[str, dict[str, Any]] = {
    "container_definitions": {"name": "main", "image": "main:1", "memory": 128},
    "container_definitions.environment": {"name": "one", "value": "1"},
    "container_definitions.port_mappings": {"container_port": 8080},
    "container_definitions.system_controls": {"namespace": "net.core.somaxconn", "value": "1"},
    "container_definitions.resource_requirements": {"type": "GPU", "value": "1"},
    "container_definitions.mount_points": {"source_volume": "data", "container_path": "/data"},
    "container_definitions.volumes_from": {"source_container": "side"},
    "container_definitions.depends_on": {"container_name": "side", "condition": "START"},
    "volumes": {"name": "data"},
    "proxy_configuration.properties": {"name": "one", "value": "1"},
    "placement_strategy": {"type": "spread", "field": "attribute:ecs.availability-zone"},
    "placement_constraints": {"type": "memberOf", "expression": "attribute:x == y"},
    "load_balancers": {"container_name": "main", "container_port": 8080},
    "service_registries": {"registry_arn": "arn:aws:servicediscovery:us-east-1:111122223333:service/srv-1"},
    "deployment_configuration.lifecycle_hooks": {
        "target_type": "PAUSE",
        "lifecycle_stages": ["PRE_SCALE_UP"],
        "role_arn": f"{ROLE}hooks",
        "hook_target_arn": "arn:aws:lambda:us-east-1:111122223333:function:check",
    },
    "deployment_configuration.early_success_criteria": {"enable": True},
    "service_connect_configuration": {"namespace": "shop"},
    "vpc_lattice_configurations": {"port_name": "http"},
    "gateway_connectors": {"port_name": "http"},
    "volume_configurations": {"name": "data"},
}
# Members of a union, of which ECS takes one at a time, need nothing; those of lists are listed.
FIXED = {("launch_type",), ("scheduling_strategy",)}


def dotted(path: Path) -> str:
    return ".".join(path)


def made_up(path: Path, option: dict[str, Any]) -> tuple[Any, Any]:
    """A value before and one after."""
    if dotted(path) in VALUES:
        return VALUES[dotted(path)]
    choices = option.get("choices")
    kind = option.get("elements", option["type"])
    one, two = {
        "str": (f"{path[-1]}-one", f"{path[-1]}-two"),
        "int": (11, 12),
        "float": (10.5, 20.5),
        "bool": (False, True),
        "dict": ({"keyOne": "one"}, {"keyOne": "two"}),
    }[kind]
    if choices:
        # None: with a single choice the change is that it goes.
        one, two = choices[0], choices[1] if len(choices) > 1 else None
    if option["type"] == "list":
        return [one], [] if two is None else [two]
    return one, two


def options_with(spec: dict[str, Any], path: Path, value: Any, at: Path = ()) -> dict[str, Any]:
    """The options that hold a value at a path, with what ECS requires beside it."""
    name, rest = path[0], path[1:]
    here = (*at, name)
    beside = {
        other: made_up((*at, other), option)[0]
        for other, option in spec.items()
        if option.get("required") and "options" not in option
    }
    nested = {
        other: required_structure(option, (*at, other))
        for other, option in spec.items()
        if option.get("required") and "options" in option and other != name
    }
    own = {**beside, **nested, **copy.deepcopy(SIBLINGS.get(dotted(at), {}))}
    if not rest:
        return {**own, name: value}
    inner = options_with(spec[name]["options"], rest, value, here)
    return {**own, name: [inner] if spec[name]["type"] == "list" else inner}


def required_structure(option: dict[str, Any], at: Path) -> Any:
    """A required structure, with its first leaf and what that needs."""
    path, leaf = next(leaves(option["options"]))
    inner = options_with(option["options"], path, made_up((*at, *path), leaf)[0], at)
    return [inner] if option["type"] == "list" else inner


def without(options: Any, path: Path) -> Any:
    """The options without the structure that holds the leaf, where its only choice leaves no other change."""
    return {name: value for name, value in options.items() if name != path[0]}


def variants(spec: dict[str, Any], path: Path, option: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    before, after = made_up(path, option)
    first = options_with(spec, path, before)
    if after in (None, []):
        return first, without(first, path)
    return first, options_with(spec, path, after)


@pytest.fixture(scope="module")
def account(server: Server) -> Iterator[Stage]:
    with pytest.MonkeyPatch.context() as monkeypatch:
        yield Stage(Aws(server, monkeypatch), balanced=True)


def run(stage: Stage, options: dict[str, Any], **common: Any) -> dict[str, Any]:
    always = {"cluster": CLUSTER, "wait": False, "on_running_deployment": "supersede", "initial_desired_count": 0}
    return stage.aws.run_module(MODULE, {**always, **options, **common})


def assert_round_trip(stage: Stage, name: str, before: dict[str, Any], after: dict[str, Any], path: Path) -> None:
    run(stage, before, name=name)
    changed = run(stage, after, name=name)
    assert changed["changed"], f"{dotted(path)} is not compared"
    again = run(stage, after, name=name)
    assert again["changes"] == [], f"{dotted(path)} does not come back as it was sent"
    assert not again["changed"]


TASK_DEFINITION_LEAVES = dict(leaves(TASK_DEFINITION))


def surroundings() -> list[dict[str, Any]]:
    """Containers that others refer to."""
    return [{"name": name, "image": f"{name}:1", "memory": 64} for name in ("side", "third")]


@pytest.mark.parametrize("path", TASK_DEFINITION_LEAVES, ids=dotted)
def test_option_of_the_task_definition(account: Stage, path: Path) -> None:
    before, after = variants(TASK_DEFINITION, path, TASK_DEFINITION_LEAVES[path])
    sent = []
    for options in (before, after):
        containers = options.get("container_definitions") or [SIBLINGS["container_definitions"]]
        volumes = options.get("volumes") or []
        extra = [{"name": name} for name in ("data", "other") if name not in {volume["name"] for volume in volumes}]
        definition = {"execution_role_arn": f"{ROLE}execution", "family": "shop", **options}
        definition["container_definitions"] = [*containers, *surroundings()]
        definition["volumes"] = [*volumes, *extra]
        sent.append({"task_definition": definition, "launch_type": "EC2"})
    assert_round_trip(account, "definition", sent[0], sent[1], path)


# What the local AWS does not play: these are compared, in check mode, and not sent.
UNPLAYED = {("deployment_controller", "type"): "CODE_DEPLOY", ("load_balancers", "load_balancer_name"): "classic"}
ALL_LEAVES = dict(leaves({**SERVICE, "tags": {"type": "dict"}}))
SERVICE_LEAVES = {path: option for path, option in ALL_LEAVES.items() if path not in FIXED and path not in UNPLAYED}


def service_around(stage: Stage, path: Path) -> dict[str, Any]:
    """A service on Fargate behind a load balancer, with the strategy that an option needs."""
    ports = [{"container_port": 8080, "name": "http"}, {"container_port": 9090, "name": "admin"}]
    volumes = [{"name": name, "configured_at_launch": True} for name in ("data", "other")]
    definition = stage.definition(
        container_definitions=[
            {"name": name, "image": f"{name}:1", "port_mappings": ports} for name in ("main", "side")
        ],
        volumes=volumes,
        task_role_arn=f"{ROLE}task",
    )
    network = {"awsvpc_configuration": {"subnets": stage.subnets[:1], "security_groups": stage.groups[:1]}}
    around = {"task_definition": definition, "network_configuration": network}
    if path[0] not in ("placement_strategy", "placement_constraints"):
        around["capacity_provider_strategy"] = [{"capacity_provider": "FARGATE", "weight": 1}]
    return around


def special(stage: Stage) -> dict[str, tuple[Any, Any]]:
    """Values that only the account knows."""
    blue, green = stage.target_groups
    return {
        "network_configuration.awsvpc_configuration.subnets": (stage.subnets[:1], stage.subnets),
        "network_configuration.awsvpc_configuration.security_groups": (stage.groups[:1], stage.groups),
        "load_balancers.target_group_arn": (blue, green),
        "load_balancers.advanced_configuration.alternate_target_group_arn": (green, blue),
        "load_balancers.container_name": ("main", "side"),
        "service_registries.container_name": ("main", "side"),
    }


def strategy_for(path: Path) -> str:
    if "linear_configuration" in path:
        return "LINEAR"
    if "canary_configuration" in path:
        return "CANARY"
    return "BLUE_GREEN" if "lifecycle_hooks" in path else "ROLLING"


def merged(around: Any, options: Any) -> Any:
    """Options laid over what is around them."""
    if isinstance(around, dict) and isinstance(options, dict):
        keys = {**around, **options}
        return {
            key: merged(around[key], options[key]) if key in around and key in options else keys[key] for key in keys
        }
    if isinstance(around, list) and isinstance(options, list) and len(around) == len(options) == 1:
        return [merged(around[0], options[0])]
    return options


def service_options(stage: Stage, path: Path, value: Any) -> dict[str, Any]:
    spec = {**SERVICE, "tags": {"type": "dict"}}
    around = service_around(stage, path)
    strategy = strategy_for(path)
    if path[0] in ("load_balancers", "health_check_grace_period_seconds") or strategy != "ROLLING":
        around["load_balancers"] = [
            {
                "target_group_arn": stage.target_groups[0],
                "container_name": "main",
                "container_port": 8080,
                "advanced_configuration": {
                    "alternate_target_group_arn": stage.target_groups[1],
                    "production_listener_rule": stage.listener_rule,
                    "role_arn": f"{ROLE}ecs",
                },
            }
        ]
    if path[0] == "deployment_configuration":
        around["deployment_configuration"] = {"strategy": strategy, "minimum_healthy_percent": 50}
    if value is None:
        # What has a single choice changes by going: a list is emptied.
        return {**around, path[0]: []} if SERVICE[path[0]]["type"] == "list" else around
    return merged(around, options_with(spec, path, value))


@pytest.mark.parametrize("path", SERVICE_LEAVES, ids=dotted)
def test_option_of_the_service(account: Stage, path: Path) -> None:
    before, after = special(account).get(dotted(path)) or made_up(path, SERVICE_LEAVES[path])
    first, second = (service_options(account, path, value) for value in (before, None if after == [] else after))
    assert_round_trip(account, f"service-{path[0]}", first, second, path)


@pytest.mark.parametrize("path", sorted(UNPLAYED), ids=dotted)
def test_option_that_is_only_compared(account: Stage, path: Path) -> None:
    around = service_around(account, path)
    run(account, around, name="unplayed")
    value = options_with(SERVICE, path, UNPLAYED[path])
    common = {"cluster": CLUSTER, "name": "unplayed", "on_running_deployment": "supersede"}
    changed = account.aws.run_module(MODULE, {**around, **value, **common}, check=True)
    assert [change["field"].partition(".")[0] for change in changed["changes"]] == [path[0]]


@pytest.mark.parametrize("path", sorted(FIXED), ids=dotted)
def test_option_that_ecs_cannot_change_is_refused(account: Stage, path: Path) -> None:
    one, two = {"launch_type": ("FARGATE", "EC2"), "scheduling_strategy": ("REPLICA", "DAEMON")}[path[0]]
    around = {**service_around(account, path), path[0]: one}
    if path[0] == "launch_type":
        del around["capacity_provider_strategy"]
    run(account, around, name=f"fixed-{path[0].replace('_', '-')}")
    with pytest.raises(ModuleFailed, match=f"{path[0]}: ECS cannot change it"):
        run(account, {**around, path[0]: two}, name=f"fixed-{path[0].replace('_', '-')}")
