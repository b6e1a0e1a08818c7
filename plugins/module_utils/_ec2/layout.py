# Copyright: slipway.aws contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How a VPC is laid out: which subnets, gateways, tables, rules and endpoints a network's inputs stand for.

Pure functions, no calls. The inputs are the variables of the role C(vpc) by their full names; what is left out has the
role's default. C(ids) holds what has an identifier by now, so that the same plan serves before and after each creation.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from typing import Any

TIERS = ("public", "app", "data")
# Each tier has room for this many availability zones, used or not: adding a zone moves no other subnet.
ZONE_SLOTS = 4
# Three tiers of four slots, and a fourth quarter of the address space that stays free.
LAYOUT_BLOCKS_BITS = 4
ANYWHERE = "0.0.0.0/0"
EPHEMERAL = "1024-65535"
PER_ZONE = "per-az"
GATEWAY_SERVICES = ("s3", "dynamodb")
# AWS's list of the addresses from which CloudFront asks origins.
CLOUDFRONT = "com.amazonaws.global.cloudfront.origin-facing"

# The role's defaults, so that a preflight may pass only what an inventory sets. A test keeps them equal to the role's.
DEFAULTS: dict[str, Any] = {
    "vpc_cidr": "10.0.0.0/16",
    "vpc_availability_zone_count": 3,
    "vpc_availability_zones": [],
    "vpc_subnet_cidrs": {},
    "vpc_nat_gateways": PER_ZONE,
    "vpc_service_ports": [],
    "vpc_alb_ingress_cidrs": [ANYWHERE],
    "vpc_alb_cloudfront_only": False,
    "vpc_app_egress_ports": [443],
    "vpc_database_port": 5432,
    "vpc_redis_port": 6379,
    "vpc_extra_security_group_rules": {},
    "vpc_network_acl_rules": {},
    "vpc_gateway_endpoints": ["s3"],
    "vpc_interface_endpoints": ["ecr.api", "ecr.dkr", "logs", "secretsmanager"],
    "vpc_endpoint_policies": {},
}


def value_of(inputs: Mapping[str, Any], name: str) -> Any:
    """An input's value: what is set, else the default."""
    value = inputs.get(name)
    return DEFAULTS[name] if value is None else value


def subnet_layout(cidr: str) -> dict[str, list[str]]:
    """The subnets' address ranges that a VPC's range yields: four a tier, one for each zone that may ever be used.

    The range is cut into sixteen equal blocks; the last four stay free. Neither the number of zones nor what exists
    changes a block's place.
    """
    network = ipaddress.IPv4Network(cidr)
    blocks = list(network.subnets(prefixlen_diff=LAYOUT_BLOCKS_BITS))
    return {
        tier: [str(block) for block in blocks[index * ZONE_SLOTS : (index + 1) * ZONE_SLOTS]]
        for index, tier in enumerate(TIERS)
    }


def zone_suffix(zone: str) -> str:
    """What tells a zone from its neighbours: C(a) of us-east-1a, C(bos-1a) of us-east-1-bos-1a."""
    return re.sub(r"^[a-z]{2}(-[a-z]+)+-\d+-?", "", zone) or zone


def availability_zones(inputs: Mapping[str, Any]) -> list[str]:
    """The zones the network spans: those named, else the first ones of the region."""
    explicit = value_of(inputs, "vpc_availability_zones")
    if explicit:
        return list(explicit)
    return sorted(inputs.get("available_zones") or [])[: int(value_of(inputs, "vpc_availability_zone_count"))]


def tier_cidrs(inputs: Mapping[str, Any]) -> dict[str, list[str]]:
    """The address ranges of each tier that exists: those given, else those computed."""
    explicit = value_of(inputs, "vpc_subnet_cidrs")
    if explicit:
        return {tier: list(explicit[tier]) for tier in TIERS if explicit.get(tier)}
    return subnet_layout(value_of(inputs, "vpc_cidr"))


def nat_count(inputs: Mapping[str, Any], zones: int) -> int:
    """How many NAT gateways the inputs ask for."""
    wanted = str(value_of(inputs, "vpc_nat_gateways"))
    return zones if wanted == PER_ZONE else int(wanted)


def network_plan(inputs: Mapping[str, Any], ids: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Everything the role makes, as the lists its modules take.

    C(ids) may hold C(internet_gateway_id) and the mappings C(subnet_ids) (by CIDR), C(nat_gateway_ids),
    C(route_table_ids) and C(security_group_ids) (by component). What is not there yet is an empty string.
    """
    known = ids or {}
    zones = availability_zones(inputs)
    subnets = _subnets(inputs, zones)
    subnet_ids = known.get("subnet_ids") or {}
    by_tier: dict[str, list[dict[str, Any]]] = {}
    for subnet in subnets:
        by_tier.setdefault(subnet["component"], []).append({**subnet, "subnet_id": subnet_ids.get(subnet["cidr"], "")})
    nats = _nat_gateways(inputs, zones, by_tier)
    return {
        "availability_zones": zones,
        "subnets": subnets,
        "nat_gateways": nats,
        "route_tables": _route_tables(inputs, by_tier, nats, known),
        "network_acls": [
            {
                "component": tier,
                "name": _named(inputs, f"{tier}-acl"),
                "subnet_ids": [subnet["subnet_id"] for subnet in members],
                **_acl_rules(inputs, tier, {name: [m["cidr"] for m in by_tier[name]] for name in by_tier}),
            }
            for tier, members in by_tier.items()
        ],
        "security_groups": security_groups(inputs),
        "endpoints": _endpoints(inputs, by_tier, known),
    }


def _named(inputs: Mapping[str, Any], thing: str) -> str:
    return f"{inputs.get('vpc_name_prefix', '')}-{thing}"


def _subnets(inputs: Mapping[str, Any], zones: list[str]) -> list[dict[str, Any]]:
    return [
        {
            "component": tier,
            "name": _named(inputs, f"{tier}-{zone_suffix(zone)}"),
            "cidr": cidr,
            "availability_zone": zone,
        }
        for tier, cidrs in tier_cidrs(inputs).items()
        for zone, cidr in zip(zones, cidrs, strict=False)
    ]


def _nat_gateways(
    inputs: Mapping[str, Any], zones: list[str], by_tier: Mapping[str, list[dict[str, Any]]]
) -> list[dict[str, Any]]:
    public = by_tier.get("public", [])[: nat_count(inputs, len(zones))]
    return [
        {
            "component": f"nat-{zone_suffix(subnet['availability_zone'])}",
            "name": _named(inputs, f"nat-{zone_suffix(subnet['availability_zone'])}"),
            "subnet_id": subnet["subnet_id"],
        }
        for subnet in public
    ]


def _route_tables(
    inputs: Mapping[str, Any],
    by_tier: Mapping[str, list[dict[str, Any]]],
    nats: list[dict[str, Any]],
    known: Mapping[str, Any],
) -> list[dict[str, Any]]:
    """One table for all public subnets, one for all data subnets, one for each app subnet.

    An app subnet keeps its own table whatever the number of NAT gateways: changing it changes routes, not tables.
    """
    nat_ids = known.get("nat_gateway_ids") or {}
    tables: list[dict[str, Any]] = []

    def table(component: str, members: list[dict[str, Any]], routes: list[dict[str, str]]) -> None:
        tables.append(
            {
                "component": component,
                "name": _named(inputs, f"{component}-rtb"),
                "subnet_ids": [member["subnet_id"] for member in members],
                "routes": routes,
            }
        )

    if "public" in by_tier:
        gateway = known.get("internet_gateway_id") or ""
        table("public", by_tier["public"], [{"destination": ANYWHERE, "target": gateway}])
    for index, member in enumerate(by_tier.get("app", [])):
        # The zone's own gateway where it has one; zones without one share the others evenly.
        routes = (
            [{"destination": ANYWHERE, "target": nat_ids.get(nats[index % len(nats)]["component"], "")}] if nats else []
        )
        table(f"app-{zone_suffix(member['availability_zone'])}", [member], routes)
    if "data" in by_tier:
        table("data", by_tier["data"], [])
    return tables


# Network ACLs. They are stateless: what answers a connection needs a rule of its own (the ephemeral ports).


def _acl_rules(inputs: Mapping[str, Any], tier: str, cidrs: Mapping[str, list[str]]) -> dict[str, list[dict[str, Any]]]:
    given = value_of(inputs, "vpc_network_acl_rules").get(tier)
    if given:
        return {direction: list(given.get(direction) or []) for direction in ("ingress", "egress")}
    return network_acl_rules(
        tier,
        vpc_cidr=value_of(inputs, "vpc_cidr"),
        cidrs=cidrs,
        egress_ports=value_of(inputs, "vpc_app_egress_ports"),
        data_ports=[value_of(inputs, "vpc_database_port"), value_of(inputs, "vpc_redis_port")],
    )


def network_acl_rules(
    tier: str,
    *,
    vpc_cidr: str,
    cidrs: Mapping[str, list[str]],
    egress_ports: list[int],
    data_ports: list[int],
) -> dict[str, list[dict[str, Any]]]:
    """What may enter and leave the subnets of a tier."""
    inside = {"protocol": "all", "cidr": vpc_cidr}
    answers = {"protocol": "tcp", "ports": EPHEMERAL, "cidr": ANYWHERE}
    outward = [
        {"protocol": "tcp", "ports": str(port), "cidr": ANYWHERE} for port in sorted({int(p) for p in egress_ports})
    ]
    if tier == "public":
        web = [{"protocol": "tcp", "ports": port, "cidr": ANYWHERE} for port in ("80", "443")]
        return {"ingress": _numbered([inside, *web, answers]), "egress": _numbered([inside, answers, *outward])}
    if tier == "app":
        return {"ingress": _numbered([inside, answers]), "egress": _numbered([inside, *outward])}
    # Data: only the stores' ports, only from where the application runs; the stores' own members talk freely.
    clients = cidrs.get("app") or cidrs.get("public") or [vpc_cidr]
    members = [{"protocol": "all", "cidr": cidr} for cidr in cidrs.get("data", [])]
    queries = [
        {"protocol": "tcp", "ports": str(port), "cidr": cidr}
        for cidr in clients
        for port in sorted({int(p) for p in data_ports})
    ]
    results = [{"protocol": "tcp", "ports": EPHEMERAL, "cidr": cidr} for cidr in clients]
    return {"ingress": _numbered([*members, *queries]), "egress": _numbered([*members, *results])}


def _numbered(rules: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{"rule_number": 100 + 10 * index, "action": "allow", **rule} for index, rule in enumerate(rules)]


# Security groups. They refer to each other; the load balancer is the only one that the Internet may reach.


def security_groups(inputs: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The five groups with the least access the stack works with."""
    services = [str(port) for port in sorted({int(port) for port in value_of(inputs, "vpc_service_ports")})]
    database, redis = str(value_of(inputs, "vpc_database_port")), str(value_of(inputs, "vpc_redis_port"))
    groups = {
        "alb": (
            "Load balancer",
            [_clients(inputs)],
            [{"ports": services, "groups": ["app"], "description": "Services"}],
        ),
        "app": (
            "Services",
            [{"ports": services, "groups": ["alb"], "description": "Load balancer"}],
            [
                {"ports": [database], "groups": ["rds"], "description": "Database"},
                {"ports": [redis], "groups": ["redis"], "description": "Redis"},
                {"ports": ["443"], "groups": ["endpoints"], "description": "VPC endpoints"},
                *_app_outward(inputs),
            ],
        ),
        "rds": ("Database", [{"ports": [database], "groups": ["app"], "description": "Services"}], []),
        "redis": ("Redis", [{"ports": [redis], "groups": ["app"], "description": "Services"}], []),
        "endpoints": ("VPC endpoints", [{"ports": ["443"], "groups": ["app"], "description": "Services"}], []),
    }
    extra = value_of(inputs, "vpc_extra_security_group_rules")
    return [
        {
            "component": component,
            "name": _named(inputs, f"{component}-sg"),
            "description": description,
            "ingress": [rule for rule in ingress if rule["ports"]]
            + list((extra.get(component) or {}).get("ingress") or []),
            "egress": [rule for rule in egress if rule["ports"]]
            + list((extra.get(component) or {}).get("egress") or []),
        }
        for component, (description, ingress, egress) in groups.items()
    ]


def _clients(inputs: Mapping[str, Any]) -> dict[str, Any]:
    """Who reaches the load balancer."""
    if value_of(inputs, "vpc_alb_cloudfront_only"):
        # One port: the list counts for 55 of the 60 rules that a group may have.
        return {"ports": ["443"], "prefix_lists": [CLOUDFRONT], "description": "HTTPS from CloudFront"}
    cidrs = list(value_of(inputs, "vpc_alb_ingress_cidrs"))
    return {"ports": ["80", "443"], "cidrs": cidrs, "description": "HTTP and HTTPS from clients"}


def _app_outward(inputs: Mapping[str, Any]) -> list[dict[str, Any]]:
    """How services leave the network: through a NAT gateway where there is one, and to the gateway endpoints."""
    has_nat = str(value_of(inputs, "vpc_nat_gateways")) != "0"
    ports = sorted({int(port) for port in value_of(inputs, "vpc_app_egress_ports")}) if has_nat else []
    rules: list[dict[str, Any]] = []
    if ports:
        rules.append(
            {"ports": [str(port) for port in ports], "cidrs": [ANYWHERE], "description": "Internet through NAT"}
        )
    if 443 not in ports:
        rules += [
            {"ports": ["443"], "prefix_lists": [service], "description": f"Gateway endpoint of {service}"}
            for service in value_of(inputs, "vpc_gateway_endpoints")
        ]
    return rules


def _endpoints(
    inputs: Mapping[str, Any], by_tier: Mapping[str, list[dict[str, Any]]], known: Mapping[str, Any]
) -> list[dict[str, Any]]:
    policies = value_of(inputs, "vpc_endpoint_policies")
    tables = known.get("route_table_ids") or {}
    groups = known.get("security_group_ids") or {}
    # Interface endpoints stand beside their callers, one address a zone.
    hosts = by_tier.get("app") or by_tier.get("data") or by_tier.get("public") or []

    def endpoint(service: str, fields: dict[str, Any]) -> dict[str, Any]:
        policy = {"policy": policies[service]} if service in policies else {}
        return {"component": service, "name": _named(inputs, service), "service": service, **fields, **policy}

    return [
        endpoint(service, {"type": "Gateway", "route_table_ids": [tables[name] for name in sorted(tables)]})
        for service in value_of(inputs, "vpc_gateway_endpoints")
    ] + [
        endpoint(
            service,
            {
                "type": "Interface",
                "subnet_ids": [host["subnet_id"] for host in hosts],
                "security_group_ids": [groups.get("endpoints", "")],
                "private_dns_enabled": True,
            },
        )
        for service in value_of(inputs, "vpc_interface_endpoints")
    ]
