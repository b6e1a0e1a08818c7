# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an account on the local AWS holds, in the shape that terraform/ reads: the peer gets the same things to manage.

Nearly everything is what AWS answers, keyed by name; identifiers that AWS makes up are replaced by the name of what
they stand for.
"""

from __future__ import annotations

import json
from typing import Any

import boto3

from .stack import REGION

Json = dict[str, Any]


class Account:
    """The clients of one account."""

    def __init__(self, url: str, account: str) -> None:
        self.account = account
        self._url = url
        self._session = boto3.session.Session(aws_access_key_id=account, aws_secret_access_key="x", region_name=REGION)

    def ask(self, service: str, operation: str, key: str, **arguments: Any) -> Any:
        """All pages of an answer's list, or the object that it holds."""
        client = self._session.client(service, endpoint_url=self._url)
        if client.can_paginate(operation):
            return [item for page in client.get_paginator(operation).paginate(**arguments) for item in page[key]]
        return getattr(client, operation)(**arguments)[key]


def _tags(item: Json) -> dict[str, str]:
    tags = item.get("Tags") or item.get("tags") or item.get("TagSet") or item.get("TagList") or []
    if isinstance(tags, dict):
        return tags
    return {tag.get("Key", tag.get("key")): tag.get("Value", tag.get("value")) for tag in tags}


def _named(items: list[Json], key: str = "") -> dict[str, Json]:
    """By name: the value of a key, or the tag Name."""
    return {item[key] if key else _tags(item)["Name"]: {**item, "tags": _tags(item)} for item in items}


def holds(url: str, account: str, project: str, environment: str, as_account: str) -> Json:
    """Everything of one environment, as it would be called in another account."""
    aws = Account(url, account)
    found = {
        "prefix": f"{project}-{environment}",
        "vpc": _network(aws, project, environment),
        "data": _data(aws),
        "compute": _compute(aws),
        "edge": _edge(aws),
        "monitoring": _monitoring(aws),
    }
    return json.loads(json.dumps(found, default=str).replace(account, as_account))


def _network(aws: Account, project: str, environment: str) -> Json:
    own = [{"Name": "tag:Project", "Values": [project]}, {"Name": "tag:Environment", "Values": [environment]}]

    def ec2(operation: str, key: str) -> list[Json]:
        return aws.ask("ec2", operation, key, Filters=own)

    (vpc,) = ec2("describe_vpcs", "Vpcs")
    subnets = _named(ec2("describe_subnets", "Subnets"))
    names = {item["SubnetId"]: name for name, item in subnets.items()}
    gateways = _named([item for item in ec2("describe_nat_gateways", "NatGateways") if item["State"] == "available"])
    gateway_names = {item["NatGatewayId"]: name for name, item in gateways.items()}
    for gateway in gateways.values():
        gateway["subnet"] = names[gateway["SubnetId"]]
    tables = _named(ec2("describe_route_tables", "RouteTables"))
    table_names = {item["RouteTableId"]: name for name, item in tables.items()}
    for table in tables.values():
        table["subnets"] = [names[item["SubnetId"]] for item in table["Associations"] if "SubnetId" in item]
        routes = [route for route in table["Routes"] if route.get("DestinationCidrBlock") == "0.0.0.0/0"]
        table["nat"] = next((gateway_names.get(route.get("NatGatewayId")) for route in routes), None)
        table["internet"] = any(str(route.get("GatewayId", "")).startswith("igw-") for route in routes)
    acls = _named(ec2("describe_network_acls", "NetworkAcls"))
    for acl in acls.values():
        acl["subnets"] = [names[item["SubnetId"]] for item in acl["Associations"]]
        acl["rules"] = {
            f"{'out' if rule['Egress'] else 'in'}-{rule['RuleNumber']}": {
                "from": 0,
                "to": 0,
                **({key.lower(): value for key, value in rule.get("PortRange", {}).items()}),
                **rule,
            }
            for rule in acl["Entries"]
            if rule["RuleNumber"] < 32767
        }
    groups = _named(ec2("describe_security_groups", "SecurityGroups"))
    group_names = {item["GroupId"]: name for name, item in groups.items()}
    rules = {}
    for name, group in groups.items():
        for direction, key in (("in", "IpPermissions"), ("out", "IpPermissionsEgress")):
            for permission in group[key]:
                sources = [
                    *[(item["CidrIp"], None, None) for item in permission.get("IpRanges", [])],
                    *[(None, item["CidrIpv6"], None) for item in permission.get("Ipv6Ranges", [])],
                    *[(None, None, group_names[item["GroupId"]]) for item in permission.get("UserIdGroupPairs", [])],
                ]
                for ipv4, ipv6, source in sources:
                    ports = permission.get("FromPort", -1)
                    rules[f"{name} {direction} {permission['IpProtocol']} {ports} {ipv4 or ipv6 or source}"] = {
                        "group": name,
                        "direction": direction,
                        "protocol": permission["IpProtocol"],
                        "from": permission.get("FromPort"),
                        "to": permission.get("ToPort"),
                        "ipv4": ipv4,
                        "ipv6": ipv6,
                        "source": source,
                    }
    endpoints = _named(ec2("describe_vpc_endpoints", "VpcEndpoints"))
    for endpoint in endpoints.values():
        endpoint["subnets"] = [names[item] for item in endpoint["SubnetIds"]]
        endpoint["tables"] = [table_names[item] for item in endpoint["RouteTableIds"]]
        endpoint["groups"] = [group_names[item["GroupId"]] for item in endpoint.get("Groups", [])]
        endpoint["PolicyDocument"] = None
    return {
        "vpc": {**vpc, "tags": _tags(vpc)},
        "subnets": subnets,
        "nat_gateways": gateways,
        "route_tables": tables,
        "network_acls": acls,
        "network_acl_rules": {
            f"{acl} {rule}": {**entry, "acl": acl}
            for acl, item in acls.items()
            for rule, entry in item["rules"].items()
        },
        "security_groups": groups,
        "security_group_rules": rules,
        "endpoints": endpoints,
        "flow_log": ec2("describe_flow_logs", "FlowLogs")[0],
        "log_groups": _log_groups(aws, "/vpc/"),
        "role": _roles(aws, "flow"),
    }


def _log_groups(aws: Account, part: str) -> dict[str, Json]:
    groups = _named(aws.ask("logs", "describe_log_groups", "logGroups"), "logGroupName")
    return {
        name: {"retention": item.get("retentionInDays", 0)}
        for name, item in groups.items()
        # RDS makes its own.
        if part in name and not name.startswith("/aws/rds/")
    }


def _roles(aws: Account, part: str) -> dict[str, Json]:
    found = {}
    for role in aws.ask("iam", "list_roles", "Roles"):
        name = role["RoleName"]
        if part not in name or role["Path"].startswith("/aws-service-role/"):
            continue
        policies = {
            policy: aws.ask("iam", "get_role_policy", "PolicyDocument", RoleName=name, PolicyName=policy)
            for policy in aws.ask("iam", "list_role_policies", "PolicyNames", RoleName=name)
        }
        attached = aws.ask("iam", "list_attached_role_policies", "AttachedPolicies", RoleName=name)
        found[name] = {
            "path": role["Path"],
            "trust": role["AssumeRolePolicyDocument"],
            "policies": policies,
            "attached": [item["PolicyArn"] for item in attached],
            "tags": _tags(aws.ask("iam", "get_role", "Role", RoleName=name)),
        }
    return found


def _data(aws: Account) -> Json:
    databases = aws.ask("rds", "describe_db_instances", "DBInstances")
    primary = next(item for item in databases if not item.get("ReadReplicaSourceDBInstanceIdentifier"))
    group = primary["DBParameterGroups"][0]["DBParameterGroupName"]
    parameters = aws.ask("rds", "describe_db_parameters", "Parameters", DBParameterGroupName=group, Source="user")
    (cache,) = aws.ask("elasticache", "describe_replication_groups", "ReplicationGroups")
    caches = aws.ask("elasticache", "describe_cache_clusters", "CacheClusters")
    buckets = {
        bucket["Name"]: {
            "policy": json.loads(aws.ask("s3", "get_bucket_policy", "Policy", Bucket=bucket["Name"])),
            "versioning": aws.ask("s3", "get_bucket_versioning", "Status", Bucket=bucket["Name"]),
            "lifecycle": aws.ask("s3", "get_bucket_lifecycle_configuration", "Rules", Bucket=bucket["Name"]),
        }
        for bucket in aws.ask("s3", "list_buckets", "Buckets")
    }
    return {
        "secrets": _named(aws.ask("secretsmanager", "list_secrets", "SecretList"), "Name"),
        "database": {**primary, "tags": _tags(primary)},
        "replicas": _named([item for item in databases if item is not primary], "DBInstanceIdentifier"),
        "parameter_group": group,
        "parameters": [item for item in parameters if item.get("Source", "user") == "user"],
        "cache": {
            **cache,
            "parameter_group": caches[0]["CacheParameterGroup"]["CacheParameterGroupName"],
            "engine_version": caches[0]["EngineVersion"],
        },
        "buckets": buckets,
        "roles": _roles(aws, "monitoring"),
    }


def _compute(aws: Account) -> Json:
    repositories = {
        item["repositoryName"]: {
            "lifecycle": json.loads(
                aws.ask("ecr", "get_lifecycle_policy", "lifecyclePolicyText", repositoryName=item["repositoryName"])
            ),
            "policy": json.loads(
                aws.ask("ecr", "get_repository_policy", "policyText", repositoryName=item["repositoryName"])
            ),
        }
        for item in aws.ask("ecr", "describe_repositories", "repositories")
    }
    (cluster,) = aws.ask("ecs", "list_clusters", "clusterArns")
    arns = aws.ask("ecs", "list_services", "serviceArns", cluster=cluster)
    groups = _named(aws.ask("elbv2", "describe_target_groups", "TargetGroups"), "TargetGroupName")
    (balancer,) = aws.ask("elbv2", "describe_load_balancers", "LoadBalancers")
    (listener,) = aws.ask("elbv2", "describe_listeners", "Listeners", LoadBalancerArn=balancer["LoadBalancerArn"])
    rules = aws.ask("elbv2", "describe_rules", "Rules", ListenerArn=listener["ListenerArn"])
    scaling = aws.ask("application-autoscaling", "describe_scaling_policies", "ScalingPolicies", ServiceNamespace="ecs")
    targets = aws.ask("application-autoscaling", "describe_scalable_targets", "ScalableTargets", ServiceNamespace="ecs")
    services = {}
    for service in aws.ask("ecs", "describe_services", "services", cluster=cluster, services=arns):
        name = service["serviceName"]
        group = next(
            item for item in groups.values() if item["TargetGroupArn"] == service["loadBalancers"][0]["targetGroupArn"]
        )
        rule = next(rule for rule in rules if group["TargetGroupArn"] in json.dumps(rule["Actions"]))
        resource = f"service/{cluster.rpartition('/')[2]}/{name}"
        services[name] = {
            "definition": aws.ask(
                "ecs", "describe_task_definition", "taskDefinition", taskDefinition=service["taskDefinition"]
            ),
            "service": service,
            "group": group,
            "priority": int(rule["Priority"]),
            "paths": [value for item in rule["Conditions"] for value in item["PathPatternConfig"]["Values"]],
            "target": next(item for item in targets if item["ResourceId"] == resource),
            "policies": {item["PolicyName"]: item for item in scaling if item["ResourceId"] == resource},
        }
    policies = {
        f"{name} {policy}": {**item, "service": name}
        for name, service in services.items()
        for policy, item in service["policies"].items()
    }
    return {
        "repositories": repositories,
        "cluster": cluster.rpartition("/")[2],
        "balancer": balancer,
        "listener": listener,
        "services": services,
        "policies": policies,
        "log_groups": _log_groups(aws, "/ecs/"),
        "roles": {
            name: role for name, role in _roles(aws, "").items() if "flow" not in name and "monitoring" not in name
        },
    }


def _edge(aws: Account) -> Json:
    (summary,) = aws.ask("wafv2", "list_web_acls", "WebACLs", Scope="REGIONAL")
    acl = aws.ask("wafv2", "get_web_acl", "WebACL", Scope="REGIONAL", Name=summary["Name"], Id=summary["Id"])
    return {"acl": acl, "log_groups": _log_groups(aws, "aws-waf-logs")}


def _monitoring(aws: Account) -> Json:
    def alarms(kind: str, key: str) -> dict[str, Json]:
        found = _named(aws.ask("cloudwatch", "describe_alarms", key, AlarmTypes=[kind]), "AlarmName")
        # Those of target tracking come and go with the scaling policies.
        return {name: alarm for name, alarm in found.items() if not name.startswith("TargetTracking-")}

    topics = [item["TopicArn"] for item in aws.ask("sns", "list_topics", "Topics")]
    (dashboard,) = aws.ask("cloudwatch", "list_dashboards", "DashboardEntries")
    name = dashboard["DashboardName"]
    return {
        "topics": {
            arn.rpartition(":")[2]: aws.ask("sns", "list_subscriptions_by_topic", "Subscriptions", TopicArn=arn)[0]
            for arn in topics
        },
        "alarms": alarms("MetricAlarm", "MetricAlarms"),
        "composites": alarms("CompositeAlarm", "CompositeAlarms"),
        "dashboard": {
            "name": name,
            "body": json.loads(aws.ask("cloudwatch", "get_dashboard", "DashboardBody", DashboardName=name)),
        },
        "queries": _named(aws.ask("logs", "describe_query_definitions", "queryDefinitions"), "name"),
    }
