# Copyright: slipway.aws contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What can be wrong with the inputs of the role compute. Pure functions: the problems, each a sentence for a person.

Each sentence names the variable, its value and what is allowed.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

Inputs = Mapping[str, Any]

PREFIX = "compute_service_"
# The role's defaults of what is checked here; a unit test holds them against defaults/main.yml.
DEFAULTS: dict[str, Any] = {
    "image": "",
    "image_tag": "",
    "port": 0,
    "path_patterns": [],
    "host_headers": [],
    "priority": 0,
    "cpu": 256,
    "memory": 512,
    "ephemeral_storage_gib": 0,
    "desired_count": 2,
    "cpu_target": 60,
    "memory_target": 75,
    "requests_target": 0,
    "health_check_path": "/health",
    "health_check_interval": 30,
    "health_check_timeout": 5,
    "environment": {},
    "secrets": {},
    "deployment_controller": "ECS",
    "deployment_strategy": "ROLLING",
    "lifecycle_hooks": [],
    "code_deploy_hooks": {},
    "minimum_healthy_percent": 100,
    "maximum_percent": 200,
}

# CPU units → memory in MiB, as AWS sells Fargate tasks.
FARGATE: dict[int, list[int]] = {
    256: [512, 1024, 2048],
    512: list(range(1024, 4096 + 1, 1024)),
    1024: list(range(2048, 8192 + 1, 1024)),
    2048: list(range(4096, 16384 + 1, 1024)),
    4096: list(range(8192, 30720 + 1, 1024)),
    8192: list(range(16384, 61440 + 1, 4096)),
    16384: list(range(32768, 122880 + 1, 8192)),
}
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,99}")
ENVIRONMENT_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
SECRET = re.compile(
    r"(?P<secret>arn:[^:]+:(?:secretsmanager|ssm):.+|[A-Za-z0-9][A-Za-z0-9/_+=.@-]*)(?::(?P<key>[^:]+))?"
)
# What a rule of a listener may hold at most, over all of its conditions.
MOST_VALUES = 5


def fargate_problems(cpu: int, memory: int, *, prefix: str = "compute_service_") -> list[str]:
    """What is wrong with a size."""
    if cpu not in FARGATE:
        return [f"{prefix}cpu is {cpu}; Fargate allows {_listed(FARGATE)} CPU units."]
    if memory not in FARGATE[cpu]:
        return [f"{prefix}memory is {memory}; with {prefix}cpu {cpu} Fargate allows {_sizes(FARGATE[cpu])} MiB."]
    return []


def _listed(values: Iterable[Any]) -> str:
    words = [str(value) for value in values]
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} or {words[-1]}"


def _sizes(sizes: list[int]) -> str:
    if len(sizes) <= 4:
        return _listed(sizes)
    return f"{sizes[0]} to {sizes[-1]} in steps of {sizes[1] - sizes[0]}"


def _name_problems(inputs: Inputs) -> list[str]:
    name = inputs.get("name") or ""
    if NAME.fullmatch(name):
        return []
    problem = (
        f"compute_service_name is {name!r}; allowed are 1 to 100 letters, digits, hyphens and underscores, beginning "
        "with a letter or digit."
    )
    return [problem]


def _image_problems(inputs: Inputs) -> list[str]:
    name = inputs.get("name")
    if inputs["image"]:
        return []
    if not inputs["image_tag"]:
        problem = (
            f"compute_service_image and compute_service_image_tag of the service {name} are empty; give an image, such "
            "as 123456789012.dkr.ecr.us-east-1.amazonaws.com/shop/api:1.4.2, or the tag of an image in the "
            "environment's repository of the service."
        )
        return [problem]
    if inputs.get("repository_url") == "":
        problem = (
            f"compute_service_image_tag is {inputs['image_tag']!r}, but the environment has no repository for the "
            f"service {name}; add {name} to compute_repositories, or give compute_service_image."
        )
        return [problem]
    return []


def _size_problems(inputs: Inputs) -> list[str]:
    problems = fargate_problems(inputs["cpu"], inputs["memory"])
    storage = inputs.get("ephemeral_storage_gib") or 0
    if storage and not 21 <= storage <= 200:
        problems.append(
            f"compute_service_ephemeral_storage_gib is {storage}; Fargate allows 21 to 200, or 0 for its 20."
        )
    return problems


def _count_problems(inputs: Inputs) -> list[str]:
    least, most, desired = inputs["min_count"], inputs["max_count"], inputs["desired_count"]
    problems = [
        f"compute_service_{name} is {value}; allowed is 0 or more."
        for name, value in (("min_count", least), ("max_count", most), ("desired_count", desired))
        if value < 0
    ]
    if least > most:
        problems.append(f"compute_service_min_count is {least}; at most compute_service_max_count, {most}, is allowed.")
    elif not least <= desired <= most:
        problems.append(
            f"compute_service_desired_count is {desired}; allowed is {least} to {most}, from compute_service_min_count "
            "to compute_service_max_count."
        )
    for name in ("cpu_target", "memory_target"):
        target = inputs.get(name) or 0
        if not 0 <= target <= 100:
            problems.append(
                f"compute_service_{name} is {target}; allowed are percentages from 1 to 100, or 0 for none."
            )
    return problems


def _traffic_problems(inputs: Inputs) -> list[str]:
    paths, hosts = inputs.get("path_patterns") or [], inputs.get("host_headers") or []
    port, priority = inputs.get("port") or 0, inputs.get("priority") or 0
    problems = []
    if not 0 <= port <= 65535:
        problems.append(f"compute_service_port is {port}; allowed are 1 to 65535, or 0 for a service without a port.")
    if (paths or hosts) and not port:
        problems.append(
            f"compute_service_port is {port}, but compute_service_path_patterns or compute_service_host_headers send "
            "requests to the service; a port from 1 to 65535 is needed."
        )
    problems += [
        f"compute_service_path_patterns has {path!r}; a path begins with / and has at most 128 characters, of which * "
        "and ? are wildcards."
        for path in paths
        if not path.startswith("/") or len(path) > 128
    ]
    if len(paths) + len(hosts) > MOST_VALUES:
        problems.append(
            f"compute_service_path_patterns and compute_service_host_headers have {len(paths) + len(hosts)} values; a "
            f"rule of a load balancer allows {MOST_VALUES} in all."
        )
    if not 0 <= priority <= 50000:
        problems.append(f"compute_service_priority is {priority}; allowed are 1 to 50000, or 0 for an automatic one.")
    return problems


def _health_problems(inputs: Inputs) -> list[str]:
    path = inputs.get("health_check_path") or ""
    interval, timeout = inputs["health_check_interval"], inputs["health_check_timeout"]
    problems = []
    if not path.startswith("/"):
        problems.append(f"compute_service_health_check_path is {path!r}; a path begins with /.")
    if not 5 <= interval <= 300:
        problems.append(f"compute_service_health_check_interval is {interval}; allowed are 5 to 300 seconds.")
    if not 2 <= timeout < interval:
        problems.append(
            f"compute_service_health_check_timeout is {timeout}; allowed are 2 seconds to less than "
            f"compute_service_health_check_interval, {interval}."
        )
    return problems


def _variable_problems(inputs: Inputs) -> list[str]:
    environment, secrets = inputs.get("environment") or {}, inputs.get("secrets") or {}
    known = inputs.get("secret_arns")
    problems = [
        f"compute_service_{kind} has {name!r}; allowed are letters, digits and underscores, not beginning with a digit."
        for kind, names in (("environment", environment), ("secrets", secrets))
        for name in names
        if not ENVIRONMENT_NAME.fullmatch(name)
    ]
    both = sorted(environment.keys() & secrets.keys())
    if both:
        problems.append(
            f"compute_service_environment and compute_service_secrets both have {_listed(both)}; a container has one "
            "variable of a name."
        )
    for name, reference in secrets.items():
        secret, _key = split_secret(str(reference))
        if not secret:
            problems.append(
                f"compute_service_secrets: {name} is {reference!r}; allowed is the logical name of a secret or its "
                "ARN, with :key behind it for one value of a JSON secret."
            )
        elif known is not None and not secret.startswith("arn:") and secret not in known:
            problems.append(
                f"compute_service_secrets: {name} is {reference!r}; the environment has "
                f"{_listed(sorted(known)) if known else 'no secrets'}. Name one of them, or give an ARN."
            )
    return problems


def split_secret(reference: str) -> tuple[str, str]:
    """A reference to a secret as its logical name or ARN, and the key of its JSON value. Two empty strings: none."""
    if reference.startswith("arn:"):
        # arn:partition:service:region:account:secret:name, and what follows is the key.
        parts = reference.split(":")
        if len(parts) < 6 or not parts[5]:
            return "", ""
        length = 7 if parts[2] == "secretsmanager" else 6
        return ":".join(parts[:length]), parts[length] if len(parts) > length else ""
    found = SECRET.fullmatch(reference)
    return (found["secret"], found["key"] or "") if found else ("", "")


def _code_deploy_problems(inputs: Inputs) -> list[str]:
    """What a service cannot have whose deployments CodeDeploy makes."""
    controller = "compute_service_deployment_controller is CODE_DEPLOY"
    problems = []
    if not (inputs.get("path_patterns") or inputs.get("host_headers")):
        problems.append(
            f"{controller}, which shifts requests, but compute_service_path_patterns and compute_service_host_headers "
            "are empty; give one of them, or ECS."
        )
    if inputs["deployment_strategy"] != "ROLLING":
        problems.append(
            f"compute_service_deployment_strategy is {inputs['deployment_strategy']}, one of ECS's own, but "
            f"{controller}; leave it out, and say in compute_service_code_deploy_config how requests are shifted."
        )
    if inputs["lifecycle_hooks"]:
        problems.append(
            f"compute_service_lifecycle_hooks are given, but {controller}; give compute_service_code_deploy_hooks."
        )
    return problems


def _requests_problems(inputs: Inputs) -> list[str]:
    """AWS counts the requests of one target group; where two of them take turns, that says nothing half of the time."""
    by_code_deploy = inputs["deployment_controller"] == "CODE_DEPLOY"
    if not inputs["requests_target"] or not (by_code_deploy or inputs["deployment_strategy"] != "ROLLING"):
        return []
    by = (
        "compute_service_deployment_controller is CODE_DEPLOY"
        if by_code_deploy
        else f"compute_service_deployment_strategy is {inputs['deployment_strategy']}"
    )
    problem = (
        f"compute_service_requests_target is {inputs['requests_target']}, but {by}: Application Auto Scaling does not "
        "support ALBRequestCountPerTarget where there are two target groups; leave it out and let "
        "compute_service_cpu_target scale, or deploy with ROLLING."
    )
    return [problem]


def _deployment_problems(inputs: Inputs) -> list[str]:
    if inputs["deployment_controller"] == "CODE_DEPLOY":
        return [*_code_deploy_problems(inputs), *_requests_problems(inputs)]
    least, most = inputs["minimum_healthy_percent"], inputs["maximum_percent"]
    strategy = inputs["deployment_strategy"]
    problems = _requests_problems(inputs)
    if strategy == "ROLLING" and (most <= least or most < 100 or not 0 <= least <= 100):
        problems.append(
            f"compute_service_minimum_healthy_percent is {least} and compute_service_maximum_percent is {most}; "
            "allowed are 0 to 100 for the first and more than the first, at least 100, for the second, or no task can "
            "be replaced."
        )
    if strategy != "ROLLING" and not (inputs.get("path_patterns") or inputs.get("host_headers")):
        problems.append(
            f"compute_service_deployment_strategy is {strategy}, which shifts requests, but "
            "compute_service_path_patterns and compute_service_host_headers are empty; give one of them, or ROLLING."
        )
    if inputs["code_deploy_hooks"]:
        problems.append(
            "compute_service_code_deploy_hooks are given, but compute_service_deployment_controller is "
            f"{inputs['deployment_controller']}; give compute_service_lifecycle_hooks, or CODE_DEPLOY."
        )
    return problems


def _environment_problems(inputs: Inputs) -> list[str]:
    balanced = inputs.get("path_patterns") or inputs.get("host_headers")
    return [
        f"{variable} is empty and the environment has none; run {made_by} first, or give {what}."
        for name, (variable, made_by, what) in _NEEDED.items()
        if name in inputs and not inputs[name] and (balanced or name != "listener_arn")
    ]


# What the environment must have → the variable, who makes it, and what may be given instead.
_NEEDED: dict[str, tuple[str, str, str]] = {
    "vpc_id": ("compute_vpc_id", "the role vpc", "the id of a VPC"),
    "app_subnet_ids": ("compute_app_subnet_ids", "the role vpc", "the ids of subnets"),
    "app_security_group_ids": ("compute_app_security_group_ids", "the role vpc", "the ids of security groups"),
    "execution_role_arn": ("compute_execution_role_arn", "the role compute", "the ARN of a role"),
    "listener_arn": ("compute_listener_arns", "the role compute", "the ARN of a listener as http or https"),
}
_MORE = {"name", "min_count", "max_count", "secret_arns", "repository_url", *_NEEDED}

_CHECKS: dict[str, Callable[[Inputs], list[str]]] = {
    "name": _name_problems,
    "image": _image_problems,
    "size": _size_problems,
    "counts": _count_problems,
    "traffic": _traffic_problems,
    "health": _health_problems,
    "variables": _variable_problems,
    "deployment": _deployment_problems,
    "environment": _environment_problems,
}


def service_inputs(variables: Inputs) -> dict[str, Any]:
    """The inputs of a service by their short names, from variables of either form, with the role's defaults.

    A whole host's variables may be given: only those of the service are read.
    """
    short = {
        name.removeprefix(PREFIX): variables[name]
        for name in variables
        if name.startswith(PREFIX) or name in DEFAULTS or name in _MORE
    }
    inputs = {**DEFAULTS, **short}
    inputs.setdefault("min_count", inputs["desired_count"])
    inputs.setdefault("max_count", 2 * inputs["desired_count"])
    return inputs


def service_problems(variables: Inputs, only: Iterable[str] = ()) -> list[str]:
    """What is wrong with a service, in every respect or only in some.

    What the environment has may be among the inputs: C(secret_arns) by logical name, C(repository_url) of the service,
    C(vpc_id) and so on. Without it, what it would tell is not checked.
    """
    inputs = service_inputs(variables)
    return [problem for respect in only or _CHECKS for problem in _CHECKS[respect](inputs)]


def path_conflicts(services: Iterable[Inputs]) -> list[str]:
    """What two services of an environment both want: a path of a host, or a priority."""
    problems: list[str] = []
    for one, two in itertools.combinations([service_inputs(service) for service in services], 2):
        shared_hosts = _shared(one, two, "host_headers")
        paths = _shared(one, two, "path_patterns")
        if shared_hosts is not None and paths is not None:
            where = f" of the host {_listed(shared_hosts)}" if shared_hosts else ""
            what = f"the path {_listed(paths)}" if paths else "every path"
            if paths or shared_hosts:
                problems.append(
                    f"compute_service_path_patterns: the services {one['name']} and {two['name']} both have "
                    f"{what}{where}; a path belongs to one service."
                )
        priority = one.get("priority")
        if priority and priority == two.get("priority"):
            problems.append(
                f"compute_service_priority: the services {one['name']} and {two['name']} both have {priority}; each "
                "rule has a priority of its own."
            )
    return problems


def _shared(one: Inputs, two: Inputs, field: str) -> list[str] | None:
    """What both name; empty when neither names any; None when they differ."""
    ours, theirs = set(one.get(field) or []), set(two.get(field) or [])
    if not ours and not theirs:
        return []
    return sorted(ours & theirs) or None


def environment_problems(inputs: Inputs) -> list[str]:
    """What is wrong with the inputs of the entry point main, without their common beginning C(compute_)."""
    problems: list[str] = []
    needed = {
        "public_subnet_ids": "the ids of subnets in at least two availability zones",
        "alb_security_group_ids": "the ids of the load balancer's security groups",
    }
    problems += [
        f"compute_{name} is empty and the environment has none; run the role vpc first, or give {what}."
        for name, what in needed.items()
        if not inputs.get(name)
    ]
    if len(inputs.get("public_subnet_ids") or []) == 1:
        problems.append(
            f"compute_public_subnet_ids is {list(inputs['public_subnet_ids'])}; a load balancer needs subnets in at "
            "least two availability zones."
        )
    name = inputs.get("load_balancer_name") or ""
    if not re.fullmatch(r"(?!internal-)[A-Za-z0-9](?:[A-Za-z0-9-]{0,30}[A-Za-z0-9])?", name):
        problems.append(
            f"compute_load_balancer_name is {name!r}; allowed are 1 to 32 letters, digits and hyphens, with no hyphen "
            "at either end and not beginning with internal-."
        )
    providers = inputs.get("capacity_providers") or []
    unknown = [
        item["capacity_provider"]
        for item in inputs.get("default_capacity_provider_strategy") or []
        if item["capacity_provider"] not in providers
    ]
    if unknown:
        problems.append(
            f"compute_default_capacity_provider_strategy has {_listed(unknown)}; compute_capacity_providers allows "
            f"{_listed(providers) if providers else 'none'}."
        )
    problems += [
        f"compute_repositories has {name!r}; allowed are lower-case letters and digits, with single . _ - or / between."
        for name in inputs.get("repositories") or []
        if not re.fullmatch(r"[a-z0-9]+(?:(?:[._/]|__|-+)[a-z0-9]+)*", name)
    ]
    return problems
