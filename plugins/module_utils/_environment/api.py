# Copyright: slipway.aws contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The describe calls: each returns AWS's own answer, none of them interprets it."""

from __future__ import annotations

from typing import Any

from .._ecs.verdict import as_its_primary_task_set
from ..core import aws_call, chunks, in_parallel, tag_filters


def _pages(client: Any, operation: str, key: str, **arguments: Any) -> list[Any]:
    paginator = client.get_paginator(operation)
    return [item for page in paginator.paginate(**arguments) for item in page.get(key, [])]


@aws_call("find the resources tagged {tags}")
def tagged_resources(client: Any, tags: dict[str, str], types: list[str]) -> list[dict[str, Any]]:
    filters = [{"Key": key, "Values": [value]} for key, value in tags.items()]
    return _pages(
        client,
        "get_resources",
        "ResourceTagMappingList",
        TagFilters=filters,
        ResourceTypeFilters=types,
        ResourcesPerPage=100,
    )


# operation of EC2 → where its answer stands, and whether the filters are called Filter
_NETWORK: dict[str, tuple[str, str]] = {
    "describe_vpcs": ("Vpcs", "Filters"),
    "describe_subnets": ("Subnets", "Filters"),
    "describe_internet_gateways": ("InternetGateways", "Filters"),
    "describe_nat_gateways": ("NatGateways", "Filter"),
    "describe_route_tables": ("RouteTables", "Filters"),
    "describe_network_acls": ("NetworkAcls", "Filters"),
    "describe_security_groups": ("SecurityGroups", "Filters"),
    "describe_vpc_endpoints": ("VpcEndpoints", "Filters"),
    "describe_flow_logs": ("FlowLogs", "Filter"),
}


@aws_call("describe the network ({operation})")
def _network_part(client: Any, operation: str, tags: dict[str, str]) -> list[dict[str, Any]]:
    key, argument = _NETWORK[operation]
    return _pages(client, operation, key, **{argument: tag_filters(tags)})


def network(client: Any, tags: dict[str, str]) -> dict[str, list[dict[str, Any]]]:
    """Every part of the network, by the key under which EC2 answers."""
    answers = in_parallel(
        {operation: lambda operation=operation: _network_part(client, operation, tags) for operation in _NETWORK}
    )
    return {_NETWORK[operation][0]: answer for operation, answer in answers.items()}


@aws_call("list the IAM roles below {path}")
def iam_roles(client: Any, path: str) -> list[dict[str, Any]]:
    return _pages(client, "list_roles", "Roles", PathPrefix=path)


@aws_call("list the aliases of the key {key_arn}")
def key_aliases(client: Any, key_arn: str) -> list[dict[str, Any]]:
    return _pages(client, "list_aliases", "Aliases", KeyId=key_arn)


@aws_call("describe the databases {identifiers}")
def databases(client: Any, identifiers: list[str]) -> list[dict[str, Any]]:
    filters = [{"Name": "db-instance-id", "Values": identifiers}]
    return _pages(client, "describe_db_instances", "DBInstances", Filters=filters)


@aws_call("describe the replication group {identifier}", missing=["ReplicationGroupNotFoundFault"], default={})
def replication_group(client: Any, identifier: str) -> dict[str, Any]:
    return client.describe_replication_groups(ReplicationGroupId=identifier)["ReplicationGroups"][0]


@aws_call("describe the load balancer {arn}", missing=["LoadBalancerNotFound"], default={})
def load_balancer(client: Any, arn: str) -> dict[str, Any]:
    return client.describe_load_balancers(LoadBalancerArns=[arn])["LoadBalancers"][0]


@aws_call("describe the listeners of {load_balancer_arn}", missing=["LoadBalancerNotFound"], default=[])
def listeners(client: Any, load_balancer_arn: str) -> list[dict[str, Any]]:
    return _pages(client, "describe_listeners", "Listeners", LoadBalancerArn=load_balancer_arn)


@aws_call("describe the rules of {listener_arn}", missing=["ListenerNotFound"], default=[])
def rules(client: Any, listener_arn: str) -> list[dict[str, Any]]:
    return _pages(client, "describe_rules", "Rules", ListenerArn=listener_arn)


@aws_call("list the services of {cluster_arn}", missing=["ClusterNotFoundException"], default=[])
def _service_arns(client: Any, cluster_arn: str) -> list[str]:
    return _pages(client, "list_services", "serviceArns", cluster=cluster_arn)


@aws_call("describe the services of {cluster_arn}")
def _some_services(client: Any, cluster_arn: str, arns: list[str]) -> list[dict[str, Any]]:
    answer = client.describe_services(cluster=cluster_arn, services=arns, include=["TAGS"])
    return [as_its_primary_task_set(service) for service in answer["services"]]


@aws_call("describe the task definition {arn}")
def _task_definition(client: Any, arn: str) -> dict[str, Any]:
    return client.describe_task_definition(taskDefinition=arn)["taskDefinition"]


def services(client: Any, cluster_arn: str) -> list[dict[str, Any]]:
    """The active services of a cluster, ten a call, each with its task definition under C(task_definition)."""
    batches = chunks(sorted(_service_arns(client, cluster_arn)), 10)
    described = in_parallel(
        {index: lambda batch=batch: _some_services(client, cluster_arn, batch) for index, batch in enumerate(batches)}
    )
    found = [service for batch in described.values() for service in batch if service["status"] == "ACTIVE"]
    definitions = in_parallel(
        {arn: lambda arn=arn: _task_definition(client, arn) for arn in {item["taskDefinition"] for item in found}}
    )
    return [{**service, "task_definition": definitions[service["taskDefinition"]]} for service in found]


@aws_call("list the CloudFront distributions")
def distributions(client: Any) -> list[dict[str, Any]]:
    return [
        item
        for page in client.get_paginator("list_distributions").paginate()
        for item in page["DistributionList"].get("Items", [])
    ]


@aws_call("list the dashboards named {prefix}*")
def dashboards(client: Any, prefix: str) -> list[dict[str, Any]]:
    return _pages(client, "list_dashboards", "DashboardEntries", DashboardNamePrefix=prefix)


@aws_call("list the saved queries named {prefix}*")
def query_definitions(client: Any, prefix: str) -> list[dict[str, Any]]:
    # CloudWatch Logs has no paginator for these; a page holds up to 1000.
    found: list[dict[str, Any]] = []
    arguments: dict[str, Any] = {"queryDefinitionNamePrefix": prefix, "maxResults": 1000}
    while True:
        page = client.describe_query_definitions(**arguments)
        found += page["queryDefinitions"]
        if not page.get("nextToken"):
            return found
        arguments["nextToken"] = page["nextToken"]


@aws_call("describe the certificate {arn}", missing=["ResourceNotFoundException"], default={})
def certificate(client: Any, arn: str) -> dict[str, Any]:
    return client.describe_certificate(CertificateArn=arn)["Certificate"]
