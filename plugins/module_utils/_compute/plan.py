# Copyright: slipway.aws contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the role compute asks its modules for. Pure functions: inputs in, options of modules out."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any

from .problems import split_secret

Inputs = Mapping[str, Any]
Document = dict[str, Any]

_VERSION = "2012-10-17"
_PULL = ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]
_PUSH = ["ecr:CompleteLayerUpload", "ecr:InitiateLayerUpload", "ecr:PutImage", "ecr:UploadLayerPart"]
# The role with which ECS moves requests from one target group to the other.
_SHIFT_POLICY = "iam::aws:policy/AmazonECSInfrastructureRolePolicyForLoadBalancers"
# The role with which CodeDeploy starts tasks, moves requests and calls hooks.
_CODE_DEPLOY_POLICY = "iam::aws:policy/AWSCodeDeployRoleForECS"
_ROLLBACK_EVENTS = ["DEPLOYMENT_FAILURE", "DEPLOYMENT_STOP_ON_ALARM", "DEPLOYMENT_STOP_ON_REQUEST"]
GITHUB = "token.actions.githubusercontent.com"


def short_name(name: str, limit: int = 32) -> str:
    """C(name) where it fits, else its beginning and a mark made of all of it, so that two long names stay two."""
    if len(name) <= limit:
        return name
    mark = hashlib.sha256(name.encode()).hexdigest()[:6]
    return f"{name[: limit - len(mark) - 1].rstrip('-')}-{mark}"


def _statement(sid: str, actions: list[str], resources: list[str], **more: Any) -> Document:
    return {"Sid": sid, "Effect": "Allow", "Action": actions, "Resource": resources, **more}


def _document(statements: Iterable[Document]) -> Document:
    return {"Version": _VERSION, "Statement": list(statements)}


def trust(service: str, *, account: str = "", source: str = "") -> Document:
    """A trust policy for a service of AWS, acting for nobody but this account where that is known."""
    statement: Document = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
    if account:
        statement["Condition"] = {"StringEquals": {"aws:SourceAccount": account}}
        if source:
            statement["Condition"]["ArnLike"] = {"aws:SourceArn": source}
    return {"Version": _VERSION, "Statement": [statement]}


def arn_parts(arn: str) -> dict[str, str]:
    """Partition, region and account of an ARN."""
    parts = arn.split(":", 5)
    return {"partition": parts[1], "region": parts[3], "account": parts[4]}


def _task_trust(where: Mapping[str, str]) -> Document:
    """The trust policy of a task's role, with the guard against confused deputies that ECS documents for it."""
    source = f"arn:{where['partition']}:ecs:{where['region']}:{where['account']}:*"
    return trust("ecs-tasks.amazonaws.com", account=where["account"], source=source)


def execution_policy(
    where: Mapping[str, str],
    *,
    repositories: Iterable[str],
    secrets: Iterable[str],
    kms_key: str,
    log_prefix: str,
) -> Document:
    """Exactly what starting the environment's tasks takes: its repositories, its log groups, its secrets, its key."""
    partition, region, account = where["partition"], where["region"], where["account"]
    logs = f"arn:{partition}:logs:{region}:{account}:log-group:{log_prefix}*:log-stream:*"
    statements = [_statement("WriteLogs", ["logs:CreateLogStream", "logs:PutLogEvents"], [logs])]
    names = sorted(repositories)
    if names:
        arns = [f"arn:{partition}:ecr:{region}:{account}:repository/{name}" for name in names]
        statements += [
            # A token is not bound to a repository; what it opens is.
            _statement("SignInToRegistry", ["ecr:GetAuthorizationToken"], ["*"]),
            _statement("PullImages", _PULL, arns),
        ]
    arns = sorted(set(secrets))
    if stored := [arn for arn in arns if ":secretsmanager:" in arn]:
        statements.append(_statement("ReadSecrets", ["secretsmanager:GetSecretValue"], stored))
    if parameters := [arn for arn in arns if ":ssm:" in arn]:
        statements.append(_statement("ReadParameters", ["ssm:GetParameters"], parameters))
    if kms_key and arns:
        through = [f"{service}.{region}.amazonaws.com" for service in ("secretsmanager", "ssm")]
        condition = {"StringEquals": {"kms:ViaService": through}}
        statements.append(_statement("DecryptSecrets", ["kms:Decrypt"], [kms_key], Condition=condition))
    return _document(statements)


def repository_policy(where: Mapping[str, str], accounts: Iterable[str]) -> Document:
    """Who pulls: this account, and those that are named."""
    principals = [f"arn:{where['partition']}:iam::{account}:root" for account in sorted({where["account"], *accounts})]
    statement = {"Sid": "Pull", "Effect": "Allow", "Principal": {"AWS": principals}, "Action": _PULL}
    return _document([statement])


def lifecycle_policy(keep: int, untagged_days: int) -> Document:
    """Untagged images go after some days, and of all images the last so many stay."""
    return {
        "rules": [
            {
                "rulePriority": 1,
                "description": f"Expire untagged images after {untagged_days} days",
                "selection": {
                    "tagStatus": "untagged",
                    "countType": "sinceImagePushed",
                    "countUnit": "days",
                    "countNumber": untagged_days,
                },
                "action": {"type": "expire"},
            },
            {
                "rulePriority": 2,
                "description": f"Keep the last {keep} images",
                "selection": {"tagStatus": "any", "countType": "imageCountMoreThan", "countNumber": keep},
                "action": {"type": "expire"},
            },
        ]
    }


def repositories(inputs: Inputs, where: Mapping[str, str]) -> list[dict[str, Any]]:
    """The options of the module ecr_repositories."""
    lifecycle = inputs["repository_lifecycle_policy"] or lifecycle_policy(
        inputs["repository_keep_images"], inputs["repository_untagged_days"]
    )
    policy = inputs["repository_policy"] or repository_policy(where, inputs["repository_pull_accounts"])
    encryption = (
        {"encryption_type": "KMS", "kms_key": inputs["repository_kms_key_arn"]}
        if inputs["repository_kms_key_arn"]
        else {"encryption_type": "AES256"}
    )
    return [
        {
            "name": repository_name(inputs["name_prefix"], service),
            "scan_on_push": inputs["repository_scan_on_push"],
            "image_tag_mutability": inputs["repository_image_tag_mutability"],
            "lifecycle_policy": lifecycle,
            "repository_policy": policy,
            "tags": {**inputs["tags"], "Name": repository_name(inputs["name_prefix"], service), "Service": service},
            **encryption,
        }
        for service in inputs["repositories"]
    ]


def repository_name(prefix: str, service: str) -> str:
    """Where a service's images are."""
    return f"{prefix}/{service}"


def github_policy(inputs: Inputs, where: Mapping[str, str], execution_role: str) -> Document:
    """What a pipeline needs to push images and roll them out in this environment, and no more."""
    partition, region, account = where["partition"], where["region"], where["account"]
    prefix, cluster = inputs["name_prefix"], inputs["cluster_name"]
    path = f"/{inputs['project']}/{inputs['environment_name']}"

    def ecs(resource: str) -> str:
        return f"arn:{partition}:ecs:{region}:{account}:{resource}"

    arns = [f"arn:{partition}:ecr:{region}:{account}:repository/{prefix}/*"]
    roles = [execution_role, f"arn:{partition}:iam::{account}:role{path}/task/*"]
    passed = {"StringEquals": {"iam:PassedToService": "ecs-tasks.amazonaws.com"}}
    return _document(
        [
            _statement("SignInToRegistry", ["ecr:GetAuthorizationToken"], ["*"]),
            _statement("PushImages", [*_PULL, *_PUSH], arns),
            # These two know no resources.
            _statement("RegisterTaskDefinitions", ["ecs:DescribeTaskDefinition", "ecs:RegisterTaskDefinition"], ["*"]),
            _statement(
                "RollOut",
                [
                    "ecs:DescribeServiceDeployments",
                    "ecs:DescribeServiceRevisions",
                    "ecs:DescribeServices",
                    "ecs:ListServiceDeployments",
                    "ecs:StopServiceDeployment",
                    "ecs:UpdateService",
                ],
                [ecs(f"{kind}/{cluster}/*") for kind in ("service", "service-deployment", "service-revision")],
            ),
            # For the services that CodeDeploy deploys: the application has the environment's name.
            _statement(
                "RollOutByCodeDeploy",
                [
                    "codedeploy:BatchGetDeployments",
                    "codedeploy:ContinueDeployment",
                    "codedeploy:CreateDeployment",
                    "codedeploy:GetApplicationRevision",
                    "codedeploy:GetDeployment",
                    "codedeploy:GetDeploymentConfig",
                    "codedeploy:GetDeploymentTarget",
                    "codedeploy:ListDeployments",
                    "codedeploy:RegisterApplicationRevision",
                    "codedeploy:StopDeployment",
                ],
                [
                    f"arn:{partition}:codedeploy:{region}:{account}:{resource}"
                    for resource in (f"application:{prefix}", f"deploymentgroup:{prefix}/*", "deploymentconfig:*")
                ],
            ),
            _statement("WatchTasks", ["ecs:DescribeTasks"], [ecs(f"task/{cluster}/*")]),
            _statement(
                "ListTasks",
                ["ecs:ListTasks"],
                ["*"],
                Condition={"ArnEquals": {"ecs:cluster": ecs(f"cluster/{cluster}")}},
            ),
            _statement("TagTaskDefinitions", ["ecs:TagResource"], [ecs(f"task-definition/{prefix}-*:*")]),
            _statement("PassRoles", ["iam:PassRole"], roles, Condition=passed),
        ]
    )


def github_trust(provider_arn: str, subjects: Iterable[str]) -> Document:
    """Who may assume the pipeline's role: jobs of these repositories, branches or environments."""
    condition = {
        "StringEquals": {f"{GITHUB}:aud": "sts.amazonaws.com"},
        "StringLike": {f"{GITHUB}:sub": sorted(subjects)},
    }
    statement = {
        "Effect": "Allow",
        "Principal": {"Federated": provider_arn},
        "Action": "sts:AssumeRoleWithWebIdentity",
        "Condition": condition,
    }
    return {"Version": _VERSION, "Statement": [statement]}


def environment_roles(inputs: Inputs, cluster_arn: str, provider_arn: str = "") -> list[dict[str, Any]]:
    """The options of the module iam_roles for what all services share. What a role is for stands in its path."""
    where = arn_parts(cluster_arn)
    path = f"/{inputs['project']}/{inputs['environment_name']}"
    prefix = inputs["name_prefix"]
    policy = execution_policy(
        where,
        repositories=[repository_name(prefix, service) for service in inputs["repositories"]],
        secrets=[*inputs["secret_arns"].values(), *inputs["more_secret_arns"]],
        kms_key=inputs["kms_key_arn"],
        log_prefix=log_group(prefix, ""),
    )
    name = f"{prefix}-ecs-execution"
    roles = [
        {
            "name": name,
            "path": f"{path}/execution/",
            "description": f"Starts the tasks of {inputs['project']} {inputs['environment_name']}",
            "assume_role_policy": trust("ecs-tasks.amazonaws.com"),
            "inline_policies": {"start-tasks": policy},
            "managed_policies": [],
            "permissions_boundary": inputs["permissions_boundary"],
            "tags": {**inputs["tags"], "Name": name, "Component": "execution"},
        }
    ]
    if provider_arn:
        execution = f"arn:{where['partition']}:iam::{where['account']}:role{path}/execution/{name}"
        deploy = f"{prefix}-github"
        roles.append(
            {
                "name": deploy,
                "path": f"{path}/github/",
                "description": f"Deploys {inputs['project']} {inputs['environment_name']} from GitHub Actions",
                "assume_role_policy": github_trust(provider_arn, inputs["github_subjects"]),
                "max_session_duration": inputs["github_session_seconds"],
                "inline_policies": {"deploy": github_policy(inputs, where, execution)},
                "managed_policies": [],
                "permissions_boundary": inputs["permissions_boundary"],
                "tags": {**inputs["tags"], "Name": deploy, "Component": "github"},
            }
        )
    return roles


def load_balancer_attributes(inputs: Inputs) -> dict[str, Any]:
    """The attributes of the load balancer."""
    attributes: dict[str, Any] = {
        "deletion_protection.enabled": inputs["deletion_protection"],
        "idle_timeout.timeout_seconds": inputs["idle_timeout"],
        "routing.http.drop_invalid_header_fields.enabled": True,
        "access_logs.s3.enabled": bool(inputs["access_logs_bucket"]),
    }
    if inputs["access_logs_bucket"]:
        attributes["access_logs.s3.bucket"] = inputs["access_logs_bucket"]
        attributes["access_logs.s3.prefix"] = inputs["access_logs_prefix"]
    return {**attributes, **inputs["load_balancer_attributes"]}


def listeners(inputs: Inputs) -> list[dict[str, Any]]:
    """Port 80 leads to port 443 where there is a certificate, and serves by itself where there is none."""
    not_found = {
        "type": "fixed-response",
        "fixed_response": {"status_code": "404", "content_type": "text/plain", "message_body": "Not found"},
    }
    if not inputs["certificate_arn"]:
        return [{"port": 80, "protocol": "HTTP", "default_actions": [not_found]}]
    to_https = {"type": "redirect", "redirect": {"protocol": "HTTPS", "port": "443", "status_code": "HTTP_301"}}
    return [
        {"port": 80, "protocol": "HTTP", "default_actions": [to_https]},
        {
            "port": 443,
            "protocol": "HTTPS",
            "ssl_policy": inputs["ssl_policy"],
            "certificates": [inputs["certificate_arn"], *inputs["more_certificate_arns"]],
            "default_actions": [not_found],
        },
    ]


def log_group(prefix: str, service: str) -> str:
    """Where a service's tasks write."""
    return f"/ecs/{prefix}/{service}"


def container_secrets(references: Mapping[str, str], arns: Mapping[str, str]) -> list[dict[str, str]]:
    """A container's secrets as ECS takes them: the ARN, and for one value of a JSON secret its key."""
    found = []
    for name in sorted(references):
        secret, key = split_secret(str(references[name]))
        arn = secret if secret.startswith("arn:") else arns[secret]
        found.append({"name": name, "value_from": f"{arn}:{key}::" if key else arn})
    return found


def image(inputs: Inputs) -> str:
    """The image of a service: the one that is given, or a tag in the environment's repository."""
    return inputs["image"] or f"{inputs['repository_url']}:{inputs['image_tag']}"


def is_balanced(inputs: Inputs) -> bool:
    """Whether the load balancer sends requests to the service."""
    return bool(inputs["path_patterns"] or inputs["host_headers"])


def is_shifting(inputs: Inputs) -> bool:
    """Whether deployments of ECS itself shift requests between two target groups."""
    return inputs["deployment_strategy"] != "ROLLING"


def by_code_deploy(inputs: Inputs) -> bool:
    """Whether CodeDeploy makes the deployments, which always shift requests."""
    return inputs["deployment_controller"] == "CODE_DEPLOY"


def has_pair(inputs: Inputs) -> bool:
    """Whether the service has two target groups."""
    return is_shifting(inputs) or by_code_deploy(inputs)


def service_names(inputs: Inputs) -> dict[str, Any]:
    """What things of a service are called."""
    base = f"{inputs['name_prefix']}-{inputs['name']}"
    return {
        "family": base,
        "rule": base,
        "target_group": short_name(base),
        "alternate_target_group": short_name(f"{base}-alt"),
        "task_role": short_name(f"{base}-task", 64),
        "shift_role": short_name(f"{base}-shift", 64),
        "code_deploy_role": short_name(f"{base}-codedeploy", 64),
        "log_group": log_group(inputs["name_prefix"], inputs["name"]),
        "resource_id": f"service/{inputs['cluster_name']}/{inputs['name']}",
    }


def service_roles(inputs: Inputs, where: Mapping[str, str]) -> list[dict[str, Any]]:
    """The options of the module iam_roles for one service."""
    names = service_names(inputs)
    path = f"/{inputs['project']}/{inputs['environment_name']}"
    policies = dict(inputs["task_policies"])
    if inputs["execute_command"]:
        channels = [
            f"ssmmessages:{action}{kind}Channel" for action in ("Create", "Open") for kind in ("Control", "Data")
        ]
        # The channels of Session Manager know no resources.
        policies["execute-command"] = _document([_statement("ExecuteCommand", channels, ["*"])])
    common = {"permissions_boundary": inputs["permissions_boundary"]}
    roles = [
        {
            "name": names["task_role"],
            "path": f"{path}/task/{inputs['name']}/",
            "description": f"Tasks of {inputs['name']} in {inputs['project']} {inputs['environment_name']}",
            "assume_role_policy": _task_trust(where),
            "inline_policies": policies,
            "managed_policies": inputs["task_managed_policies"],
            "tags": {**inputs["tags"], "Name": names["task_role"], "Component": "task"},
            **common,
        }
    ]
    if is_shifting(inputs):
        roles.append(
            {
                "name": names["shift_role"],
                "path": f"{path}/shift/{inputs['name']}/",
                "description": f"Shifts the requests of {inputs['name']} when ECS deploys it",
                "assume_role_policy": trust("ecs.amazonaws.com"),
                "inline_policies": {},
                "managed_policies": [f"arn:{where['partition']}:{_SHIFT_POLICY}"],
                "tags": {**inputs["tags"], "Name": names["shift_role"], "Component": "shift"},
                **common,
            }
        )
    if by_code_deploy(inputs):
        roles.append(
            {
                "name": names["code_deploy_role"],
                "path": f"{path}/codedeploy/{inputs['name']}/",
                "description": f"Deploys {inputs['name']} of {inputs['project']} {inputs['environment_name']}",
                "assume_role_policy": trust("codedeploy.amazonaws.com"),
                "inline_policies": {},
                "managed_policies": [f"arn:{where['partition']}:{_CODE_DEPLOY_POLICY}"],
                "tags": {**inputs["tags"], "Name": names["code_deploy_role"], "Component": "codedeploy"},
                **common,
            }
        )
    return roles


def service_target_groups(inputs: Inputs) -> list[dict[str, Any]]:
    """The options of the module elbv2_target_groups for one service."""
    names = service_names(inputs)
    wanted = [names["target_group"], *([names["alternate_target_group"]] if has_pair(inputs) else [])]
    stickiness = inputs["stickiness_seconds"]
    return [
        {
            "name": name,
            "protocol": "HTTP",
            # ECS registers each task with the port of its container. The group's own port only counts where none is
            # said, and AWS could not change it with the service's.
            "port": 80,
            "target_type": "ip",
            "vpc_id": inputs["vpc_id"],
            "health_check": {
                "enabled": True,
                "protocol": "HTTP",
                "port": "traffic-port",
                "path": inputs["health_check_path"],
                "interval": inputs["health_check_interval"],
                "timeout": inputs["health_check_timeout"],
                "healthy_threshold": inputs["healthy_threshold"],
                "unhealthy_threshold": inputs["unhealthy_threshold"],
                "codes": inputs["health_check_codes"],
            },
            "attributes": {
                "deregistration_delay.timeout_seconds": inputs["deregistration_delay"],
                "stickiness.enabled": bool(stickiness),
                **({"stickiness.lb_cookie.duration_seconds": stickiness} if stickiness else {}),
            },
            "tags": {**inputs["tags"], "Name": name},
        }
        for name in wanted
    ]


def service_rule(inputs: Inputs, target_group_arns: list[str]) -> dict[str, Any]:
    """The options of the module elbv2_listener_rules for one service."""
    rule: dict[str, Any] = {
        "name": service_names(inputs)["rule"],
        "conditions": {"path_patterns": inputs["path_patterns"], "host_headers": inputs["host_headers"]},
        "actions": [
            {
                "type": "forward",
                # The second one only gets requests while ECS or CodeDeploy shifts them there.
                "target_groups": [
                    {"arn": arn, "weight": 0 if index else 1} for index, arn in enumerate(target_group_arns)
                ],
            }
        ],
        "keep_weights": has_pair(inputs),
        "tags": inputs["tags"],
    }
    if inputs["priority"]:
        rule["priority"] = inputs["priority"]
    return rule


def task_definition(inputs: Inputs, task_role_arn: str, region: str) -> dict[str, Any]:
    """The task definition of a service, as the module ecs_service_rollout takes it."""
    names = service_names(inputs)
    container: dict[str, Any] = {
        "name": inputs["name"],
        "image": image(inputs),
        "essential": True,
        "environment": [
            {"name": name, "value": environment_text(inputs["environment"][name])}
            for name in sorted(inputs["environment"])
        ],
        "secrets": container_secrets(inputs["secrets"], inputs["secret_arns"]),
        "log_configuration": {
            "log_driver": "awslogs",
            "options": {
                "awslogs-group": names["log_group"],
                "awslogs-region": region,
                "awslogs-stream-prefix": "ecs",
            },
        },
        "readonly_root_filesystem": inputs["readonly_root_filesystem"],
        # Reaps what the application leaves behind, and passes on the signal to stop.
        "linux_parameters": {"init_process_enabled": True},
        "stop_timeout": inputs["stop_timeout"],
    }
    if inputs["port"]:
        container["port_mappings"] = [
            {"name": "main", "container_port": inputs["port"], "protocol": "tcp", "app_protocol": "http"}
        ]
    if inputs["container_health_check"]:
        container["health_check"] = inputs["container_health_check"]
    for option in ("command", "entry_point", "user", "working_directory", "ulimits"):
        if inputs[option]:
            container[option] = inputs[option]
    definition: dict[str, Any] = {
        "family": names["family"],
        "requires_compatibilities": ["FARGATE"],
        "network_mode": "awsvpc",
        "cpu": str(inputs["cpu"]),
        "memory": str(inputs["memory"]),
        "execution_role_arn": inputs["execution_role_arn"],
        "task_role_arn": task_role_arn,
        "runtime_platform": {"cpu_architecture": inputs["architecture"], "operating_system_family": "LINUX"},
        "container_definitions": [container, *inputs["sidecars"]],
        "tags": {**inputs["tags"], "Name": names["family"]},
    }
    if inputs["volumes"]:
        definition["volumes"] = inputs["volumes"]
    if inputs["ephemeral_storage_gib"]:
        definition["ephemeral_storage"] = {"size_in_gib": inputs["ephemeral_storage_gib"]}
    return definition


def environment_text(value: Any) -> str:
    """A variable's value as a container sees it: YAML's true is true, not True."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def deployment_configuration(inputs: Inputs) -> dict[str, Any]:
    """How ECS replaces tasks; nothing where CodeDeploy does."""
    if by_code_deploy(inputs):
        return {}
    strategy = inputs["deployment_strategy"]
    configuration: dict[str, Any] = {
        "strategy": strategy,
        "minimum_healthy_percent": inputs["minimum_healthy_percent"],
        "maximum_percent": inputs["maximum_percent"],
        "deployment_circuit_breaker": {"enable": inputs["circuit_breaker"], "rollback": inputs["rollback"]},
    }
    if inputs["deployment_alarms"]:
        configuration["alarms"] = {
            "alarm_names": sorted(inputs["deployment_alarms"]),
            "enable": True,
            "rollback": inputs["rollback"],
        }
    if is_shifting(inputs):
        configuration["bake_time_in_minutes"] = inputs["bake_minutes"]
        if inputs["lifecycle_hooks"]:
            configuration["lifecycle_hooks"] = inputs["lifecycle_hooks"]
    if strategy == "LINEAR":
        configuration["linear_configuration"] = {
            "step_percent": inputs["shift_percent"],
            "step_bake_time_in_minutes": inputs["shift_minutes"],
        }
    if strategy == "CANARY":
        configuration["canary_configuration"] = {
            "canary_percent": inputs["shift_percent"],
            "canary_bake_time_in_minutes": inputs["shift_minutes"],
        }
    return configuration


def deployment_group_names(inputs: Inputs) -> dict[str, str]:
    """The application is the environment's, and each service has a deployment group in it."""
    return {"application_name": inputs["name_prefix"], "deployment_group_name": inputs["name"]}


def code_deploy(inputs: Inputs) -> dict[str, Any]:
    """The option code_deploy of the module ecs_service_rollout; nothing where ECS itself deploys."""
    if not by_code_deploy(inputs):
        return {}
    hooks = {"hooks": dict(inputs["code_deploy_hooks"])} if inputs["code_deploy_hooks"] else {}
    return {**deployment_group_names(inputs), **hooks}


def deployment_groups(inputs: Inputs, role_arn: str) -> list[dict[str, Any]]:
    """The options of the module codedeploy_ecs_deployment_groups for one service."""
    if not by_code_deploy(inputs):
        return []
    names = service_names(inputs)
    groups = [{"name": names[name]} for name in ("target_group", "alternate_target_group")]
    route = {"listener_arns": [inputs["listener_arn"]]}
    alarms = sorted(inputs["deployment_alarms"])
    return [
        {
            **deployment_group_names(inputs),
            "service_role_arn": role_arn,
            "deployment_config_name": inputs["code_deploy_config"],
            "ecs_services": [{"cluster_name": inputs["cluster_name"], "service_name": inputs["name"]}],
            "load_balancer_info": {
                "target_group_pair_info_list": [{"target_groups": groups, "prod_traffic_route": route}]
            },
            "blue_green_deployment_configuration": {
                "terminate_blue_instances_on_deployment_success": {
                    "action": "TERMINATE",
                    "termination_wait_time_in_minutes": inputs["bake_minutes"],
                },
            },
            "auto_rollback_configuration": {
                "enabled": inputs["rollback"],
                "events": _ROLLBACK_EVENTS if inputs["rollback"] else [],
            },
            "alarm_configuration": {"enabled": bool(alarms), "alarms": [{"name": name} for name in alarms]},
            "tags": {**inputs["tags"], "Name": inputs["name"]},
        }
    ]


def service_load_balancers(
    inputs: Inputs, target_group_arns: list[str], rule_arn: str, shift_role_arn: str
) -> list[dict[str, Any]]:
    """Where ECS registers the tasks of a service."""
    if not target_group_arns:
        return []
    balancer: dict[str, Any] = {
        "target_group_arn": target_group_arns[0],
        "container_name": inputs["name"],
        "container_port": inputs["port"],
    }
    if is_shifting(inputs):
        balancer["advanced_configuration"] = {
            "alternate_target_group_arn": target_group_arns[1],
            "production_listener_rule": rule_arn,
            "role_arn": shift_role_arn,
        }
    return [balancer]


def scalable_target(inputs: Inputs, request_label: str) -> dict[str, Any]:
    """The options of the module application_autoscaling_targets for one service."""
    metrics = {
        "cpu": ("ECSServiceAverageCPUUtilization", inputs["cpu_target"], ""),
        "memory": ("ECSServiceAverageMemoryUtilization", inputs["memory_target"], ""),
        "requests": ("ALBRequestCountPerTarget", inputs["requests_target"] if request_label else 0, request_label),
    }
    policies = [
        {
            "name": f"{inputs['name']}-{name}",
            "target_tracking": {
                "metric": metric,
                "target_value": target,
                **({"resource_label": label} if label else {}),
                "scale_in_cooldown": inputs["scale_in_cooldown"],
                "scale_out_cooldown": inputs["scale_out_cooldown"],
            },
        }
        for name, (metric, target, label) in metrics.items()
        if target
    ]
    return {
        "resource_id": service_names(inputs)["resource_id"],
        "min_capacity": inputs["min_count"],
        "max_capacity": inputs["max_count"],
        "policies": policies,
        "scheduled_actions": inputs["scheduled_scaling"],
    }


def service_url(base_url: str, inputs: Inputs) -> str:
    """Where people reach a service."""
    if not base_url or not is_balanced(inputs):
        return ""
    path = inputs["path_patterns"][0].rstrip("*") if inputs["path_patterns"] else "/"
    return f"{base_url}{path}" if not inputs["host_headers"] else f"{_host_url(base_url, inputs)}{path}"


def _host_url(base_url: str, inputs: Inputs) -> str:
    return f"{base_url.split('://', 1)[0]}://{inputs['host_headers'][0]}"


def environment_plan(inputs: Inputs, cluster_arn: str, provider_arn: str = "") -> dict[str, Any]:
    """Everything that the entry point main asks its modules for."""
    return {
        "roles": environment_roles(inputs, cluster_arn, provider_arn),
        "repositories": repositories(inputs, arn_parts(cluster_arn)),
        "listeners": listeners(inputs),
        "attributes": load_balancer_attributes(inputs),
    }


def service_plan(inputs: Inputs, results: Mapping[str, Any]) -> dict[str, Any]:
    """Everything that the entry point service asks its modules for.

    C(results) grows while the role works: C(log_groups), C(roles), C(target_groups), C(rules) and C(service), as the
    modules return them. What needs a result that is not there yet is left empty.
    """
    names = service_names(inputs)
    groups = service_target_groups(inputs) if is_balanced(inputs) else []
    url = service_url(inputs["load_balancer_url"], inputs)
    log_arn = _result(results, "log_groups", names["log_group"])
    where = arn_parts(log_arn) if log_arn else {}
    group_arns = [_result(results, "target_groups", group["name"]) for group in groups]
    rule_arn = _result(results, "rules", names["rule"])
    full_name = _result(results, "target_groups", names["target_group"], "full_name") if groups else ""
    balancer = inputs["load_balancer_full_name"]
    return {
        "names": names,
        "log_group": {
            "name": names["log_group"],
            "retention_days": inputs["log_retention_days"],
            "tags": {**inputs["tags"], "Name": names["log_group"]},
            **({"kms_key_id": inputs["log_kms_key_arn"]} if inputs["log_kms_key_arn"] else {}),
        },
        "roles": service_roles(inputs, where) if where else [],
        "target_groups": groups,
        "rules": [service_rule(inputs, group_arns)] if groups else [],
        "task_definition": task_definition(
            inputs, _result(results, "roles", names["task_role"]), where.get("region", "")
        ),
        "load_balancers": service_load_balancers(
            inputs, group_arns, rule_arn, _result(results, "roles", names["shift_role"])
        ),
        "deployment_configuration": deployment_configuration(inputs),
        "code_deploy": code_deploy(inputs),
        "deployment_groups": deployment_groups(inputs, _result(results, "roles", names["code_deploy_role"])),
        "scales": inputs["min_count"] != inputs["max_count"] or bool(inputs["scheduled_scaling"]),
        "scalable_target": scalable_target(inputs, f"{balancer}/{full_name}" if balancer and full_name else ""),
        "output": service_output(inputs, results, url),
    }


def _result(results: Mapping[str, Any], kind: str, name: str, field: str = "arn") -> str:
    return (results.get(kind) or {}).get(name, {}).get(field, "")


def service_output(inputs: Inputs, results: Mapping[str, Any], url: str) -> dict[str, Any]:
    """What the entry point service publishes of the service, from what the modules answered."""
    names = service_names(inputs)
    service = results.get("service") or {}
    balanced = is_balanced(inputs)
    return {
        "arn": service.get("service_arn", ""),
        "cluster_name": inputs["cluster_name"],
        "service_name": inputs["name"],
        "task_definition_arn": service.get("task_definition", ""),
        "image": image(inputs),
        "desired_count": service.get("desired_count", inputs["desired_count"]),
        "running_count": service.get("running_count", 0),
        "pending_count": service.get("pending_count", 0),
        "target_group_arn": _result(results, "target_groups", names["target_group"]) if balanced else "",
        "target_group_full_name": _result(results, "target_groups", names["target_group"], "full_name")
        if balanced
        else "",
        "alternate_target_group_full_name": _result(
            results, "target_groups", names["alternate_target_group"], "full_name"
        )
        if balanced and has_pair(inputs)
        else "",
        "log_group": names["log_group"],
        "url": url,
        "rollout_state": next(
            (item.get("rollout_state", "") for item in service.get("deployments", []) if item["status"] == "PRIMARY"),
            "",
        ),
        "deployment_controller": inputs["deployment_controller"],
    }
