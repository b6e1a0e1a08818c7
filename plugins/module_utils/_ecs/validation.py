# Copyright: slipway.aws contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What ECS would refuse or get stuck on, found before any call: the option, its value, what is allowed.

The functions take requests as ECS would get them, and are pure.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ..planned import is_planned
from .comparison import units
from .transformations import snake_name

Problems = Iterator[str]

# CPU units → MiB of memory that Fargate has for them.
FARGATE_SIZES: dict[int, tuple[int, ...]] = {
    256: (512, 1024, 2048),
    512: tuple(range(1024, 4097, 1024)),
    1024: tuple(range(2048, 8193, 1024)),
    2048: tuple(range(4096, 16385, 1024)),
    4096: tuple(range(8192, 30721, 1024)),
    8192: tuple(range(16384, 61441, 4096)),
    16384: tuple(range(32768, 122881, 8192)),
}
NO_PAUSE_STAGES = ("TEST_TRAFFIC_SHIFT", "PRODUCTION_TRAFFIC_SHIFT")
_NAME = re.compile(r"[A-Za-z0-9_-]{1,255}")
_SHIFTING = ("BLUE_GREEN", "LINEAR", "CANARY")
_FARGATE_PROVIDERS = frozenset({"FARGATE", "FARGATE_SPOT"})


def problems_of_task_definition(definition: Mapping[str, Any], *, fargate: bool = False) -> Problems:
    """What is wrong with a task definition. C(fargate) says that the service runs it there."""
    family = definition.get("family") or ""
    if not _NAME.fullmatch(family):
        yield f"task_definition.family: {family!r} is not 1 to 255 letters, digits, hyphens and underscores."
    containers = definition.get("containerDefinitions") or []
    if not containers:
        yield "task_definition.container_definitions: [] has no container; at least one is needed."
    fargate = fargate or "FARGATE" in (definition.get("requiresCompatibilities") or [])
    if fargate:
        yield from _problems_on_fargate(definition)
    names = [container.get("name", "") for container in containers]
    for name, times in Counter(names).items():
        if times > 1:
            yield f"task_definition.container_definitions: the name {name!r} is used {times} times; names are unique."
    if containers and not any(container.get("essential", True) for container in containers):
        yield "task_definition.container_definitions.essential: false for all containers; one at least is essential."
    volumes = {volume.get("name") for volume in definition.get("volumes") or []}
    for container in containers:
        yield from _problems_of_container(container, names, volumes, definition)


def _problems_on_fargate(definition: Mapping[str, Any]) -> Problems:
    mode = definition.get("networkMode")
    if mode != "awsvpc":
        yield f"task_definition.network_mode: {mode!r} is not possible on Fargate, which allows awsvpc only."
    cpu, memory = definition.get("cpu"), definition.get("memory")
    if not cpu or not memory:
        yield f"task_definition.cpu and task_definition.memory: {cpu!r} and {memory!r}; Fargate needs both."
        return
    sizes = _number(units(cpu)), _number(units(memory))
    known = FARGATE_SIZES.get(sizes[0])
    if known is None:
        allowed = ", ".join(str(size) for size in FARGATE_SIZES)
        yield f"task_definition.cpu: {cpu!r} is no CPU size of Fargate, which allows {allowed}."
    elif sizes[1] not in known:
        yield (
            f"task_definition.memory: {memory!r} does not go with cpu {cpu!r} on Fargate, which allows {_sizes(known)}."
        )
    storage = (definition.get("ephemeralStorage") or {}).get("sizeInGiB")
    if storage is not None and not 20 <= storage <= 200:
        yield f"task_definition.ephemeral_storage.size_in_gib: {storage} is not allowed; Fargate allows 20 to 200."


def _sizes(known: tuple[int, ...]) -> str:
    if len(known) <= 4:
        return ", ".join(str(size) for size in known)
    return f"{known[0]} to {known[-1]} in steps of {known[1] - known[0]}"


def _number(text: str) -> int:
    return int(text) if text.isdigit() else -1


def _problems_of_container(
    container: Mapping[str, Any], names: list[str], volumes: set[str | None], definition: Mapping[str, Any]
) -> Problems:
    name = container.get("name", "")
    where = f"task_definition.container_definitions.{name}"
    mode = definition.get("networkMode")
    if not container.get("image"):
        yield f"{where}.image: {container.get('image')!r} is no image; each container needs one."
    if not (definition.get("memory") or container.get("memory") or container.get("memoryReservation")):
        yield f"{where}.memory: not given, nor memory_reservation; without task_definition.memory one is needed."
    for mapping in container.get("portMappings") or []:
        port, host = mapping.get("containerPort"), mapping.get("hostPort")
        if mode == "awsvpc" and host not in (None, port):
            yield f"{where}.port_mappings.host_port: {host} is not container_port; awsvpc allows {port} only."
    plain = [pair.get("name") for pair in container.get("environment") or []]
    secret = [pair.get("name") for pair in container.get("secrets") or []]
    for key, times in Counter([*plain, *secret]).items():
        if times > 1:
            yield f"{where}.environment and secrets: {key!r} is set {times} times; a name is allowed once."
    if secret and not definition.get("executionRoleArn"):
        yield f"task_definition.execution_role_arn: not given; the secrets of {name} need a role that may read them."
    for mount in container.get("mountPoints") or []:
        volume = mount.get("sourceVolume")
        if volume not in volumes:
            known = ", ".join(sorted(str(item) for item in volumes)) or "none"
            yield f"{where}.mount_points.source_volume: {volume!r} is no volume of the task definition; it has {known}."
    for dependency in container.get("dependsOn") or []:
        target = dependency.get("containerName")
        if target not in names or target == name:
            others = ", ".join(item for item in names if item != name) or "none"
            yield f"{where}.depends_on.container_name: {target!r} is no other container; there are {others}."


def problems_of_service(
    service: Mapping[str, Any], definition: Mapping[str, Any] | None, *, complete: bool = True
) -> Problems:
    """What is wrong with a service as it would be. C(definition) is what it will run, where that is known.

    Not C(complete) are options of which the rest is known only once the service has been described.
    """
    name = service.get("serviceName") or ""
    if not _NAME.fullmatch(name):
        yield f"name: {name!r} is not 1 to 255 letters, digits, hyphens and underscores."
    count = service.get("desiredCount")
    if count is not None and count < 0:
        yield f"desired_count: {count} is negative; 0 and more is allowed."
    if count is not None and service.get("schedulingStrategy") == "DAEMON":
        yield f"desired_count: {count} is not possible with scheduling_strategy DAEMON; leave it out."
    yield from problems_of_deployment_configuration(service.get("deploymentConfiguration") or {}, complete=complete)
    yield from _problems_of_providers(service.get("capacityProviderStrategy") or [])
    yield from _problems_of_balancers(service, definition, complete=complete)
    yield from _problems_of_network(service, definition, complete=complete)
    yield from _problems_of_names(service, definition)


def problems_of_deployment_configuration(options: Mapping[str, Any], *, complete: bool = True) -> Problems:
    """What is wrong with a deployment configuration."""
    where = "deployment_configuration"
    strategy = options.get("strategy") or ("ROLLING" if complete else None)
    lowest, highest = options.get("minimumHealthyPercent"), options.get("maximumPercent")
    if strategy == "ROLLING" and lowest is not None and highest is not None and lowest >= 100 and highest <= 100:
        yield (
            f"{where}.maximum_percent: {highest} with minimum_healthy_percent {lowest} blocks every deployment; "
            "allowed is a maximum above 100 or a minimum below 100."
        )
    for member, low, high in (("bakeTimeInMinutes", 0, 1440),):
        yield from _out_of_range(options, member, low, high, where)
    for member, owner in (("linearConfiguration", "LINEAR"), ("canaryConfiguration", "CANARY")):
        if options.get(member) and strategy not in (None, owner):
            yield f"{where}.{snake_name(member)}: not allowed with strategy {strategy}, only with {owner}."
    yield from _out_of_range(options.get("linearConfiguration"), "stepPercent", 3, 100, f"{where}.linear_configuration")
    yield from _out_of_range(
        options.get("linearConfiguration"), "stepBakeTimeInMinutes", 0, 1440, f"{where}.linear_configuration"
    )
    canary = options.get("canaryConfiguration")
    yield from _out_of_range(canary, "canaryPercent", 0.1, 100, f"{where}.canary_configuration")
    yield from _out_of_range(canary, "canaryBakeTimeInMinutes", 0, 1440, f"{where}.canary_configuration")
    early = options.get("earlySuccessCriteria") or {}
    if early.get("enable") and strategy not in (None, "ROLLING"):
        yield f"{where}.early_success_criteria: not allowed with strategy {strategy}, only with ROLLING."
    yield from _out_of_range(early, "healthyPercent", lowest or 0, 100, f"{where}.early_success_criteria")
    threshold = (options.get("deploymentCircuitBreaker") or {}).get("thresholdConfiguration") or {}
    if threshold and (threshold.get("value") or 0) < 1:
        yield (
            f"{where}.deployment_circuit_breaker.threshold_configuration.value: {threshold.get('value')} is not "
            "allowed; it is at least 1."
        )
    alarms = options.get("alarms") or {}
    if alarms.get("enable") and not alarms.get("alarmNames"):
        yield f"{where}.alarms.alarm_names: [] names no alarm; with enable at least one is needed."
    for hook in options.get("lifecycleHooks") or []:
        yield from _problems_of_hook(hook, strategy)


def _problems_of_hook(hook: Mapping[str, Any], strategy: str | None) -> Problems:
    where = "deployment_configuration.lifecycle_hooks"
    if strategy == "ROLLING":
        yield f"{where}: not allowed with strategy ROLLING, only with {', '.join(_SHIFTING)}."
    stages = hook.get("lifecycleStages") or []
    if not stages:
        yield f"{where}.lifecycle_stages: [] names no stage; at least one is needed."
    if hook.get("targetType") == "PAUSE":
        for stage in stages:
            if stage in NO_PAUSE_STAGES:
                yield (
                    f"{where}.lifecycle_stages: {stage} cannot be paused at; PAUSE is allowed at every stage but "
                    f"{' and '.join(NO_PAUSE_STAGES)}."
                )
    else:
        for member in ("hookTargetArn", "roleArn"):
            if not hook.get(member):
                yield f"{where}.{snake_name(member)}: not given; a hook with target_type AWS_LAMBDA needs it."
    yield from _out_of_range(
        hook.get("timeoutConfiguration"), "timeoutInMinutes", 1, 20160, f"{where}.timeout_configuration"
    )


def _out_of_range(options: Mapping[str, Any] | None, member: str, low: float, high: float, where: str) -> Problems:
    value = (options or {}).get(member)
    if value is not None and not low <= value <= high:
        yield f"{where}.{snake_name(member)}: {value:g} is not allowed; it is {low:g} to {high:g}."


def _problems_of_providers(strategy: list[Mapping[str, Any]]) -> Problems:
    names = [item["capacityProvider"] for item in strategy]
    fargate = sorted(_FARGATE_PROVIDERS.intersection(names))
    others = sorted(set(names) - _FARGATE_PROVIDERS)
    if fargate and others:
        yield (
            f"capacity_provider_strategy: {', '.join([*fargate, *others])} cannot be mixed; allowed are FARGATE and "
            "FARGATE_SPOT, or others."
        )
    if strategy and not any(item.get("weight") or item.get("base") for item in strategy):
        yield "capacity_provider_strategy.weight: 0 for all; one at least needs a weight above 0."
    if sum(1 for item in strategy if item.get("base")) > 1:
        yield "capacity_provider_strategy.base: given for several; it is allowed for one capacity provider."


def exposed_ports(container: Mapping[str, Any]) -> set[int]:
    """The ports that a container exposes, ranges included."""
    ports: set[int] = set()
    for mapping in container.get("portMappings") or []:
        if mapping.get("containerPort") is not None:
            ports.add(mapping["containerPort"])
        first, dash, last = str(mapping.get("containerPortRange") or "").partition("-")
        if dash and first.isdigit() and last.isdigit():
            ports.update(range(int(first), int(last) + 1))
    return ports


def _problems_of_balancers(
    service: Mapping[str, Any], definition: Mapping[str, Any] | None, *, complete: bool
) -> Problems:
    strategy = (service.get("deploymentConfiguration") or {}).get("strategy") or "ROLLING"
    balancers = service.get("loadBalancers") or []
    containers = {item["name"]: item for item in (definition or {}).get("containerDefinitions") or []}
    for option, items in (
        ("load_balancers", balancers),
        ("service_registries", service.get("serviceRegistries") or []),
    ):
        for item in items:
            yield from _problems_of_port(option, item, containers)
    for balancer in balancers:
        advanced = balancer.get("advancedConfiguration") or {}
        if strategy in _SHIFTING and not (
            advanced.get("alternateTargetGroupArn") and advanced.get("productionListenerRule")
        ):
            yield (
                f"load_balancers.advanced_configuration: strategy {strategy} needs alternate_target_group_arn and "
                "production_listener_rule for each load balancer."
            )
    checks = any(container.get("healthCheck") for container in containers.values())
    grace = service.get("healthCheckGracePeriodSeconds")
    if (
        grace
        and definition is not None
        and not balancers
        and not checks
        and not service.get("vpcLatticeConfigurations")
    ):
        yield (
            f"health_check_grace_period_seconds: {grace} is not allowed for a service without load balancer and "
            "container health check; leave it out."
        )


def _problems_of_port(option: str, item: Mapping[str, Any], containers: Mapping[str, Mapping[str, Any]]) -> Problems:
    name, port = item.get("containerName"), item.get("containerPort")
    if not containers or name is None:
        return
    if name not in containers:
        known = ", ".join(containers)
        yield f"{option}.container_name: {name!r} is no container of the task definition, which has {known}."
        return
    ports = exposed_ports(containers[name])
    if port is not None and port not in ports:
        known = ", ".join(str(item) for item in sorted(ports)) or "none"
        yield f"{option}.container_port: {port} is not exposed by container {name}; its port_mappings expose {known}."


def _problems_of_network(
    service: Mapping[str, Any], definition: Mapping[str, Any] | None, *, complete: bool
) -> Problems:
    network = (service.get("networkConfiguration") or {}).get("awsvpcConfiguration")
    mode = (definition or {}).get("networkMode")
    if complete and mode == "awsvpc" and not (network or {}).get("subnets"):
        yield "network_configuration.awsvpc_configuration.subnets: not given; the network mode awsvpc needs subnets."
    if network and definition is not None and mode != "awsvpc":
        yield f"network_configuration: not allowed with the network mode {mode or 'bridge'}, only with awsvpc."
    for option, most in (("subnets", 16), ("securityGroups", 5)):
        number = len((network or {}).get(option) or [])
        if number > most:
            yield (
                f"network_configuration.awsvpc_configuration.{snake_name(option)}: {number} items; ECS allows {most}."
            )


def _problems_of_names(service: Mapping[str, Any], definition: Mapping[str, Any] | None) -> Problems:
    """Names by which the service refers to ports and volumes of its task definition."""
    if definition is None:
        return
    ports = {
        mapping["name"]
        for container in definition.get("containerDefinitions") or []
        for mapping in container.get("portMappings") or []
        if mapping.get("name")
    }
    connect = service.get("serviceConnectConfiguration") or {}
    users = [("service_connect_configuration.services", item) for item in connect.get("services") or []]
    users += [("vpc_lattice_configurations", item) for item in service.get("vpcLatticeConfigurations") or []]
    for where, item in users:
        if item["portName"] not in ports:
            known = ", ".join(sorted(ports)) or "none"
            yield f"{where}.port_name: {item['portName']!r} names no port mapping of a container; those {known}."
    at_launch = {item.get("name") for item in definition.get("volumes") or [] if item.get("configuredAtLaunch")}
    for item in service.get("volumeConfigurations") or []:
        if item["name"] not in at_launch:
            known = ", ".join(sorted(str(name) for name in at_launch)) or "none"
            yield f"volume_configurations.name: {item['name']!r} is no volume configured_at_launch; those: {known}."


def runs_on_fargate(service: Mapping[str, Any]) -> bool:
    """Whether a service's tasks run on Fargate."""
    names = {item["capacityProvider"] for item in service.get("capacityProviderStrategy") or []}
    return service.get("launchType") == "FARGATE" or bool(names & _FARGATE_PROVIDERS)


def placeholders(value: Any, path: str = "") -> Iterator[str]:
    """Paths of values that stand for what a check-mode run would have created."""
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield from placeholders(item, f"{path}.{key}" if path else str(key))
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from placeholders(item, path)
    elif is_planned(value):
        yield f"{path}: {value!r} is a placeholder from check mode; a real run needs the real one."


def listed(problems: Iterable[str]) -> str:
    """All problems in one message."""
    return " ".join(dict.fromkeys(problems))
