# Copyright: slipway.aws contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From AWS's answers to the outputs of the roles: pure functions, no calls."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from .._compute.plan import short_name
from .._ecs.verdict import controller_of
from ..core import from_tag_list

# The tag that says which one of its kind a resource is: alb among the security groups, database among the secrets.
COMPONENT = "Component"
SERVICE = "Service"

Tags = Mapping[str, str]


def _by_component(items: Iterable[Mapping[str, Any]], identifier: str) -> dict[str, str]:
    """Component → identifier, for EC2's answers, whose tags stand in the item."""
    keyed = {from_tag_list(item.get("Tags")).get(COMPONENT, ""): item[identifier] for item in items}
    return {component: keyed[component] for component in sorted(keyed) if component}


def _first(items: list[dict[str, Any]]) -> dict[str, Any]:
    return items[0] if items else {}


def vpc_output(network: Mapping[str, list[dict[str, Any]]]) -> dict[str, Any]:
    """What the role C(vpc) publishes, from the parts of the network."""
    vpc = _first(network["Vpcs"])
    subnets = sorted(network["Subnets"], key=lambda subnet: (subnet["AvailabilityZone"], subnet["SubnetId"]))
    nat_gateways = sorted(
        (gateway for gateway in network["NatGateways"] if gateway["State"] in ("pending", "available")),
        key=lambda gateway: from_tag_list(gateway.get("Tags")).get("Name", gateway["NatGatewayId"]),
    )
    flow_log = _first(network["FlowLogs"])
    return {
        "vpc_id": vpc.get("VpcId", ""),
        "cidr_block": vpc.get("CidrBlock", ""),
        "availability_zones": sorted({subnet["AvailabilityZone"] for subnet in subnets}),
        "subnet_ids": {
            tier: [subnet["SubnetId"] for subnet in subnets if from_tag_list(subnet.get("Tags")).get(COMPONENT) == tier]
            for tier in ("public", "app", "data")
        },
        "internet_gateway_id": _first(network["InternetGateways"]).get("InternetGatewayId", ""),
        "nat_gateway_ids": [gateway["NatGatewayId"] for gateway in nat_gateways],
        "nat_public_ips": [
            address["PublicIp"]
            for gateway in nat_gateways
            for address in gateway.get("NatGatewayAddresses", [])
            if address.get("PublicIp")
        ],
        "route_table_ids": _by_component(network["RouteTables"], "RouteTableId"),
        "network_acl_ids": _by_component(network["NetworkAcls"], "NetworkAclId"),
        "security_group_ids": _by_component(network["SecurityGroups"], "GroupId"),
        "endpoint_ids": _by_component(
            (endpoint for endpoint in network["VpcEndpoints"] if endpoint["State"] not in ("deleting", "deleted")),
            "VpcEndpointId",
        ),
        "flow_log_id": flow_log.get("FlowLogId", ""),
        "flow_log_group": flow_log.get("LogGroupName", ""),
    }


class Tagged:
    """The answer of the tagging API: ARNs with their tags."""

    def __init__(self, mappings: Iterable[Mapping[str, Any]]) -> None:
        self.tags: dict[str, Tags] = {item["ResourceARN"]: from_tag_list(item.get("Tags")) for item in mappings}

    def arns(self, service: str, resource: str = "") -> list[str]:
        """The ARNs of one kind, for example C(ecs) and C(cluster/), sorted."""
        return sorted(arn for arn in self.tags if _is(arn, service, resource))

    def first(self, service: str, resource: str = "", component: str = "") -> str:
        """The first ARN of a kind, of one component where that is asked for."""
        matching = (
            arn for arn in self.arns(service, resource) if not component or self.tags[arn].get(COMPONENT) == component
        )
        return next(matching, "")

    def by_component(
        self, service: str, resource: str = "", *, tag: str = COMPONENT, value: Callable[[str], str] = str
    ) -> dict[str, str]:
        """Component (or another tag) → ARN, or what C(value) makes of it."""
        return {self.tags[arn][tag]: value(arn) for arn in self.arns(service, resource) if self.tags[arn].get(tag)}


def _is(arn: str, service: str, resource: str) -> bool:
    parts = arn.split(":", 5)
    return len(parts) == 6 and parts[2] == service and parts[5].startswith(resource)


def name_of(arn: str) -> str:
    """The last part of an ARN: a bucket's or a database's name, a topic's name."""
    return arn.rsplit(":", 1)[-1].rsplit("/", 1)[-1]


def database_output(instances: list[dict[str, Any]]) -> dict[str, Any]:
    """The primary and its replicas."""
    primary = _first([item for item in instances if not item.get("ReadReplicaSourceDBInstanceIdentifier")])
    replicas = sorted(
        (item for item in instances if item.get("ReadReplicaSourceDBInstanceIdentifier")),
        key=lambda item: item["DBInstanceIdentifier"],
    )
    endpoint = primary.get("Endpoint", {})
    return {
        "identifier": primary.get("DBInstanceIdentifier", ""),
        "arn": primary.get("DBInstanceArn", ""),
        "resource_id": primary.get("DbiResourceId", ""),
        "endpoint": endpoint.get("Address", ""),
        "port": endpoint.get("Port", ""),
        "name": primary.get("DBName", ""),
        "replica_identifiers": [item["DBInstanceIdentifier"] for item in replicas],
        "replica_endpoints": [item["Endpoint"]["Address"] for item in replicas if item.get("Endpoint")],
        "status": primary.get("DBInstanceStatus", ""),
    }


def redis_output(group: Mapping[str, Any]) -> dict[str, Any]:
    """A replication group, with cluster mode or without."""
    node_group = _first(group.get("NodeGroups", []))
    primary = node_group.get("PrimaryEndpoint", {})
    configuration = group.get("ConfigurationEndpoint", {})
    return {
        "replication_group_id": group.get("ReplicationGroupId", ""),
        "arn": group.get("ARN", ""),
        "primary_endpoint": primary.get("Address", ""),
        "reader_endpoint": node_group.get("ReaderEndpoint", {}).get("Address", ""),
        "configuration_endpoint": configuration.get("Address", ""),
        "port": primary.get("Port", configuration.get("Port", "")),
        "member_ids": sorted(group.get("MemberClusters", [])),
        "status": group.get("Status", ""),
    }


def data_output(
    tagged: Tagged,
    aliases: list[dict[str, Any]],
    instances: list[dict[str, Any]],
    replication_group: Mapping[str, Any],
) -> dict[str, Any]:
    """What the role C(data) publishes."""
    return {
        "kms_key_arn": tagged.first("kms", "key/"),
        "kms_key_alias": _first(aliases).get("AliasName", ""),
        "secret_arns": tagged.by_component("secretsmanager", "secret:"),
        "database": database_output(instances),
        "redis": redis_output(replication_group),
        "buckets": tagged_buckets(tagged, "data"),
    }


def tagged_buckets(tagged: Tagged, role: str) -> dict[str, str]:
    """Component → name of the buckets that a role made."""
    return {
        component: name
        for component, name in tagged.by_component("s3", value=name_of).items()
        if tagged.tags[f"arn:{_partition(tagged)}:s3:::{name}"].get("Role") == role
    }


def _partition(tagged: Tagged) -> str:
    return next((arn.split(":", 2)[1] for arn in tagged.tags), "aws")


def role_arns(roles: Iterable[Mapping[str, Any]], project: str, environment: str) -> dict[str, str]:
    """What a role is for → its ARN. What it is for stands in its path: C(execution), C(task/uex-backend)."""
    prefix = f"/{project}/{environment}/"
    return {role["Path"].removeprefix(prefix).strip("/"): role["Arn"] for role in roles}


def full_name(arn: str) -> str:
    """A load balancer's or target group's name as CloudWatch's dimensions have it."""
    resource = arn.split(":", 5)[-1]
    return resource.removeprefix("loadbalancer/")


def paths_by_target_group(rules: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """Target group → the path under which its service is reached."""
    paths: dict[str, str] = {}
    for rule in rules:
        patterns = [
            value
            for condition in rule.get("Conditions", [])
            if condition.get("Field") == "path-pattern"
            for value in condition.get("PathPatternConfig", {}).get("Values") or condition.get("Values", [])
        ]
        for target in _targets(rule):
            if patterns:
                paths.setdefault(target, patterns[0].rstrip("*"))
    return paths


def _targets(rule: Mapping[str, Any]) -> list[str]:
    """The target groups that a rule forwards to."""
    found = [
        arn
        for action in rule.get("Actions", [])
        for arn in (
            action.get("TargetGroupArn"),
            *(target["TargetGroupArn"] for target in action.get("ForwardConfig", {}).get("TargetGroups", [])),
        )
    ]
    return [arn for arn in found if arn]


def with_first_target_group(
    service: Mapping[str, Any], rules: Iterable[Mapping[str, Any]], name_prefix: str
) -> Mapping[str, Any]:
    """A service with the first of its two target groups, whichever of them CodeDeploy has made the live one.

    It is the one that the role compute tells of, so that what is made of it stays. The other one stands where ECS tells
    the alternate target group of services that it deploys itself.
    """
    if controller_of(service) != "CODE_DEPLOY":
        return service
    base = f"{name_prefix}-{service['serviceName']}"
    known = {full_name(arn).split("/")[1]: arn for rule in rules for arn in _targets(rule)}
    first, alternate = known.get(short_name(base)), known.get(short_name(f"{base}-alt"), "")
    if not first:
        return service
    pair = {"targetGroupArn": first, "advancedConfiguration": {"alternateTargetGroupArn": alternate}}
    balancers = [{**item, **pair} for item in service.get("loadBalancers", [])[:1]]
    return {**service, "loadBalancers": balancers} if balancers else service


def service_output(service: Mapping[str, Any], base_url: str, paths: Mapping[str, str]) -> dict[str, Any]:
    """One ECS service."""
    definition = service["task_definition"]
    container = _first(definition.get("containerDefinitions", []))
    log_options = container.get("logConfiguration", {}).get("options", {})
    balancer = _first(service.get("loadBalancers", []))
    target_group = balancer.get("targetGroupArn", "")
    alternate = balancer.get("advancedConfiguration", {}).get("alternateTargetGroupArn", "")
    primary = _first([item for item in service.get("deployments", []) if item["status"] == "PRIMARY"])
    return {
        "arn": service["serviceArn"],
        "cluster_name": name_of(service["clusterArn"]),
        "service_name": service["serviceName"],
        "task_definition_arn": service["taskDefinition"],
        "image": container.get("image", ""),
        "desired_count": service["desiredCount"],
        "running_count": service["runningCount"],
        "pending_count": service["pendingCount"],
        "target_group_arn": target_group,
        "target_group_full_name": full_name(target_group) if target_group else "",
        "alternate_target_group_full_name": full_name(alternate) if alternate else "",
        "log_group": log_options.get("awslogs-group", ""),
        "url": f"{base_url}{paths[target_group]}" if target_group in paths and base_url else "",
        "rollout_state": primary.get("rolloutState", ""),
        "deployment_controller": controller_of(service),
    }


def compute_output(
    tagged: Tagged,
    roles: Mapping[str, str],
    balancer: Mapping[str, Any],
    listeners: list[dict[str, Any]],
    rules: list[dict[str, Any]],
    services: list[dict[str, Any]],
    name_prefix: str = "",
) -> dict[str, Any]:
    """What the role C(compute) publishes."""
    cluster_arn = tagged.first("ecs", "cluster/")
    by_protocol = {listener["Protocol"].lower(): listener["ListenerArn"] for listener in listeners}
    scheme = "https" if "https" in by_protocol else "http"
    url = f"{scheme}://{balancer['DNSName']}" if balancer.get("DNSName") else ""
    paths = paths_by_target_group(rules)
    return {
        "cluster_name": name_of(cluster_arn) if cluster_arn else "",
        "cluster_arn": cluster_arn,
        "repository_urls": tagged.by_component("ecr", "repository/", tag=SERVICE, value=repository_url),
        "execution_role_arn": roles.get("execution", ""),
        "task_role_arns": {
            purpose.removeprefix("task/"): arn for purpose, arn in roles.items() if purpose.startswith("task/")
        },
        "load_balancer": {
            "name": balancer.get("LoadBalancerName", ""),
            "arn": balancer.get("LoadBalancerArn", ""),
            "full_name": full_name(balancer["LoadBalancerArn"]) if balancer else "",
            "dns_name": balancer.get("DNSName", ""),
            "hosted_zone_id": balancer.get("CanonicalHostedZoneId", ""),
            "url": url,
        },
        "listener_arns": {"http": by_protocol.get("http", ""), "https": by_protocol.get("https", "")},
        "services": {
            from_tag_list(service.get("tags")).get(SERVICE, service["serviceName"]): service_output(
                with_first_target_group(service, rules, name_prefix), url, paths
            )
            for service in sorted(services, key=lambda item: item["serviceName"])
        },
    }


def repository_url(arn: str) -> str:
    """The address of an ECR repository, from its ARN."""
    partition, region, account, resource = (arn.split(":", 5)[index] for index in (1, 3, 4, 5))
    domain = "amazonaws.com.cn" if partition == "aws-cn" else "amazonaws.com"
    return f"{account}.dkr.ecr.{region}.{domain}/{resource.removeprefix('repository/')}"


def same_component(tagged: Tagged, service: str, resource: str) -> list[str]:
    """The ARNs that share their region and component with another one: a certificate and the one that replaces it."""
    counted = Counter(_place(tagged, arn) for arn in tagged.arns(service, resource))
    return [arn for arn in tagged.arns(service, resource) if counted[_place(tagged, arn)] > 1]


def _place(tagged: Tagged, arn: str) -> tuple[str, str]:
    return arn.split(":")[3], tagged.tags[arn].get(COMPONENT, "")


def certificate_arns(tagged: Tagged, region: str, described: Mapping[str, Mapping[str, Any]]) -> dict[str, str]:
    """Component → ARN of a region's certificates; of several the one that serves, which is the youngest issued one."""

    def rank(arn: str) -> tuple[bool, float]:
        certificate = described.get(arn) or {}
        made = certificate.get("CreatedAt")
        return certificate.get("Status") == "ISSUED", made.timestamp() if made else 0

    arns = [arn for arn in tagged.arns("acm", "certificate/") if arn.split(":")[3] == region]
    return {tagged.tags[arn][COMPONENT]: arn for arn in sorted(arns, key=rank) if tagged.tags[arn].get(COMPONENT)}


def edge_output(
    tagged: Tagged,
    distributions: list[dict[str, Any]],
    region: str,
    global_region: str,
    certificates: Mapping[str, Mapping[str, Any]],
) -> dict[str, Any]:
    """What the role C(edge) publishes."""
    web_acl = tagged.first("wafv2", "regional/webacl/")
    sites_web_acl = tagged.first("wafv2", "global/webacl/")
    zone = tagged.first("route53", "hostedzone/")
    buckets = tagged_buckets(tagged, "edge")
    by_arn = {item["ARN"]: item for item in distributions}
    sites = tagged.by_component("cloudfront", "distribution/")
    return {
        "web_acl": {"name": web_acl.split("/")[-2] if web_acl else "", "arn": web_acl},
        "sites_web_acl": {"name": sites_web_acl.split("/")[-2] if sites_web_acl else "", "arn": sites_web_acl},
        "sites_log_bucket": buckets.get("sites-logs", ""),
        "certificate_arns": certificate_arns(tagged, region, certificates),
        "sites_certificate_arns": certificate_arns(tagged, global_region, certificates),
        "hosted_zone_id": name_of(zone) if zone else "",
        "sites": {
            site: site_output(by_arn[arn], buckets.get(site, "")) for site, arn in sites.items() if arn in by_arn
        },
    }


def site_output(distribution: Mapping[str, Any], bucket: str) -> dict[str, Any]:
    """One static site behind CloudFront."""
    origins = distribution.get("Origins", {}).get("Items", [])
    aliases = distribution.get("Aliases", {}).get("Items", [])
    return {
        "bucket": bucket,
        "distribution_id": distribution["Id"],
        "distribution_arn": distribution["ARN"],
        "domain_name": distribution["DomainName"],
        "aliases": aliases,
        "enabled": distribution["Enabled"],
        "status": distribution["Status"],
        "web_acl_arn": distribution.get("WebACLId", ""),
        "certificate_arn": distribution.get("ViewerCertificate", {}).get("ACMCertificateArn", ""),
        "origin_access_control_ids": sorted(
            {origin["OriginAccessControlId"] for origin in origins if origin.get("OriginAccessControlId")}
        ),
        "url": f"https://{aliases[0] if aliases else distribution['DomainName']}",
    }


def monitoring_output(
    tagged: Tagged, dashboards: list[dict[str, Any]], queries: list[dict[str, Any]]
) -> dict[str, Any]:
    """What the role C(monitoring) publishes."""
    topics = tagged.by_component("sns")
    return {
        "topic_arns": {severity: topics.get(severity, "") for severity in ("critical", "warning", "info")},
        "alarm_names": [arn.split(":alarm:", 1)[1] for arn in tagged.arns("cloudwatch", "alarm:")],
        "dashboard_name": _first(dashboards).get("DashboardName", ""),
        "query_definition_ids": {query["name"]: query["queryDefinitionId"] for query in queries},
    }
