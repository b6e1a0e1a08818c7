# Copyright: slipway.aws contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is wrong with a network's inputs, said before anything is changed.

Pure functions, no calls. Each problem names the variable, its value and what is allowed.
"""

from __future__ import annotations

import difflib
import ipaddress
import itertools
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from ansible_collections.amazon.aws.plugins.module_utils.exceptions import AnsibleAWSError

from .layout import (
    DEFAULTS,
    GATEWAY_SERVICES,
    LAYOUT_BLOCKS_BITS,
    PER_ZONE,
    TIERS,
    ZONE_SLOTS,
    availability_zones,
    network_plan,
    value_of,
)
from .rules import acl_entries, expand_group_rules

Network = ipaddress.IPv4Network

# AWS's limits.
_LARGEST, _SMALLEST = 16, 28
# A load balancer needs subnets of at least this size.
_SMALLEST_PUBLIC = 27
_ACL_RULES = 20
_GROUP_RULE = ("protocol", "ports", "cidrs", "groups", "prefix_lists", "description")
_ACL_RULE = ("rule_number", "action", "protocol", "ports", "cidr")
_ACL_REQUIRED = ("rule_number", "cidr")
_GROUPS = ("alb", "app", "rds", "redis", "endpoints")


def network_problems(inputs: Mapping[str, Any]) -> list[str]:
    """Everything that is wrong with the inputs of the role C(vpc), as sentences. Empty when nothing is.

    Besides the role's variables the inputs may hold what was looked up in AWS; what is left out is not checked:
    C(available_zones) (names of the region's zones), C(available_services) (endpoint services, by full or short name),
    C(existing_vpcs) (mappings with C(vpc_id) and C(cidr_block) of the VPCs of this project and environment).
    """
    problems = [
        *_types(inputs),
    ]
    if problems:
        # The other checks would stumble over these.
        return problems
    return [
        *_zones(inputs),
        *_cidrs(inputs),
        *_nat(inputs),
        *_ports(inputs),
        *_ingress_cidrs(inputs),
        *_endpoints(inputs),
        *_group_rules(inputs),
        *_acl_rules(inputs),
        *_existing(inputs),
        *_acl_sizes(inputs),
    ]


def _problem(variable: str, value: Any, wrong: str, allowed: str) -> str:
    return f"{variable}: {value!r} {wrong}; allowed: {allowed}."


def _types(inputs: Mapping[str, Any]) -> list[str]:
    names = {list: "a list", dict: "a mapping", int: "a number", str: "a text"}
    problems = []
    for name, default in DEFAULTS.items():
        value = value_of(inputs, name)
        if isinstance(default, bool):
            if not isinstance(value, bool):
                problems.append(_problem(name, value, "is neither true nor false", "true or false"))
        elif isinstance(default, int):
            if not _is_number(value):
                problems.append(_problem(name, value, "is not a number", "a whole number"))
        elif isinstance(default, list):
            if not isinstance(value, (list, tuple)):
                problems.append(_problem(name, value, "is not a list", "a list"))
        elif isinstance(default, dict):
            if not isinstance(value, Mapping):
                problems.append(_problem(name, value, "is not a mapping", names[dict]))
        elif not isinstance(value, (str, int)):
            problems.append(_problem(name, value, "is neither a text nor a number", names[str]))
    return problems


def _is_number(value: Any) -> bool:
    return not isinstance(value, bool) and re.fullmatch(r"-?\d+", str(value)) is not None


def _network(text: Any) -> Network | None:
    try:
        return ipaddress.IPv4Network(str(text)) if "/" in str(text) else None
    except ValueError:
        return None


# Availability zones


def _zones(inputs: Mapping[str, Any]) -> list[str]:
    explicit = list(value_of(inputs, "vpc_availability_zones"))
    available = sorted(inputs.get("available_zones") or [])
    if explicit:
        problems = []
        if len(explicit) > ZONE_SLOTS or len(set(explicit)) < len(explicit):
            problems.append(
                _problem("vpc_availability_zones", explicit, "are not one to four different zones", "1 to 4, each once")
            )
        unknown = [zone for zone in explicit if available and zone not in available]
        if unknown:
            problems.append(
                _problem("vpc_availability_zones", unknown, "do not exist in this region", ", ".join(available))
            )
        return problems
    count = int(value_of(inputs, "vpc_availability_zone_count"))
    if not 1 <= count <= ZONE_SLOTS:
        return [_problem("vpc_availability_zone_count", count, "is out of range", f"1 to {ZONE_SLOTS}")]
    if available and count > len(available):
        return [
            _problem(
                "vpc_availability_zone_count",
                count,
                f"is more than the region's {len(available)} zones ({', '.join(available)})",
                f"1 to {min(len(available), ZONE_SLOTS)}",
            )
        ]
    return []


def _zone_count(inputs: Mapping[str, Any]) -> int:
    return len(value_of(inputs, "vpc_availability_zones")) or int(value_of(inputs, "vpc_availability_zone_count"))


# Address ranges


def _cidrs(inputs: Mapping[str, Any]) -> list[str]:
    cidr = value_of(inputs, "vpc_cidr")
    network = _network(cidr)
    if network is None:
        return [
            _problem(
                "vpc_cidr", cidr, "is not an IPv4 network", "an IPv4 network address with its size, like 10.0.0.0/16"
            )
        ]
    explicit = value_of(inputs, "vpc_subnet_cidrs")
    # The computed public subnets must be large enough for a load balancer.
    smallest = _SMALLEST if explicit else _SMALLEST_PUBLIC - LAYOUT_BLOCKS_BITS
    if not _LARGEST <= network.prefixlen <= smallest:
        what = "too large" if network.prefixlen < _LARGEST else "too small"
        reason = "" if explicit else ", or any size down to /28 with vpc_subnet_cidrs"
        return [_problem("vpc_cidr", cidr, f"is {what}", f"/{_LARGEST} to /{smallest}{reason}")]
    return _explicit_cidrs(inputs, network, explicit) if explicit else []


def _explicit_cidrs(inputs: Mapping[str, Any], vpc: Network, explicit: Mapping[str, Any]) -> list[str]:
    problems = [
        _problem("vpc_subnet_cidrs", tier, "is no tier of subnets", ", ".join(TIERS))
        for tier in explicit
        if tier not in TIERS
    ]
    zones = _zone_count(inputs)
    good: list[tuple[str, Network]] = []
    for tier in TIERS:
        cidrs = explicit.get(tier) or []
        variable = f"vpc_subnet_cidrs.{tier}"
        if not isinstance(cidrs, (list, tuple)):
            problems.append(_problem(variable, cidrs, "is not a list", "a list of one network for each zone"))
            continue
        if cidrs and len(cidrs) != zones:
            problems.append(
                _problem(
                    variable,
                    list(cidrs),
                    f"is not one network for each of the {zones} availability zones",
                    f"{zones} networks, another vpc_availability_zone_count, or the tier left out",
                )
            )
        smallest = _SMALLEST_PUBLIC if tier == "public" else _SMALLEST
        for cidr in cidrs:
            network = _network(cidr)
            if network is None:
                problems.append(
                    _problem(
                        variable, cidr, "is not an IPv4 network", "a network address with its size, like 10.0.1.0/24"
                    )
                )
            elif not network.subnet_of(vpc):
                problems.append(_problem(variable, cidr, "is outside the VPC", f"a part of vpc_cidr {vpc}"))
            elif not _LARGEST <= network.prefixlen <= smallest:
                what = "too large" if network.prefixlen < _LARGEST else "too small"
                problems.append(_problem(variable, cidr, f"is {what}", f"/{_LARGEST} to /{smallest}"))
            else:
                good.append((variable, network))
    problems += [
        _problem(variable, str(network), f"overlaps {other} of {other_variable}", "networks that share no address")
        for (other_variable, other), (variable, network) in itertools.combinations(good, 2)
        if network.overlaps(other)
    ]
    return problems


# NAT


def _nat(inputs: Mapping[str, Any]) -> list[str]:
    wanted = value_of(inputs, "vpc_nat_gateways")
    zones = _zone_count(inputs)
    allowed = f"0 to {zones} (the number of availability zones), or {PER_ZONE}"
    if str(wanted) != PER_ZONE and not (_is_number(wanted) and 0 <= int(wanted) <= zones):
        return [_problem("vpc_nat_gateways", wanted, "is no number of NAT gateways this network can have", allowed)]
    explicit = value_of(inputs, "vpc_subnet_cidrs")
    if explicit and not explicit.get("public") and str(wanted) != "0":
        return [_problem("vpc_nat_gateways", wanted, "needs public subnets, and vpc_subnet_cidrs has none", "0")]
    return []


# Ports and who may use them


def _ports(inputs: Mapping[str, Any]) -> list[str]:
    ports: Iterable[tuple[str, Any]] = [
        *(("vpc_service_ports", port) for port in value_of(inputs, "vpc_service_ports")),
        *(("vpc_app_egress_ports", port) for port in value_of(inputs, "vpc_app_egress_ports")),
        ("vpc_database_port", value_of(inputs, "vpc_database_port")),
        ("vpc_redis_port", value_of(inputs, "vpc_redis_port")),
    ]
    return [
        _problem(variable, port, "is not a port", "1 to 65535")
        for variable, port in ports
        if not (_is_number(port) and 1 <= int(port) <= 65535)
    ]


def _ingress_cidrs(inputs: Mapping[str, Any]) -> list[str]:
    return [
        _problem("vpc_alb_ingress_cidrs", cidr, "is not an IPv4 network", "networks like 0.0.0.0/0 or 192.0.2.0/24")
        for cidr in value_of(inputs, "vpc_alb_ingress_cidrs")
        if _network(cidr) is None
    ]


def _group_rules(inputs: Mapping[str, Any]) -> list[str]:
    def check(where: str, rules: Any) -> None:
        expand_group_rules(rules, lambda _kind, name: name, where)

    return _rules("vpc_extra_security_group_rules", inputs, _GROUPS, _GROUP_RULE, check)


def _acl_rules(inputs: Mapping[str, Any]) -> list[str]:
    return _rules(
        "vpc_network_acl_rules", inputs, TIERS, _ACL_RULE, lambda where, rules: acl_entries(rules, where), _ACL_REQUIRED
    )


def _rules(
    variable: str,
    inputs: Mapping[str, Any],
    names: Sequence[str],
    fields: Sequence[str],
    check: Callable[[str, Any], object],
    required: Sequence[str] = (),
) -> list[str]:
    """What is wrong with rules that the inputs state: their places, their fields, their values."""
    problems: list[str] = []
    for name, directions in value_of(inputs, variable).items():
        if name not in names:
            problems.append(_problem(variable, name, "is not known", ", ".join(names)))
            continue
        if not isinstance(directions, Mapping) or directions.keys() - {"ingress", "egress"}:
            problems.append(_problem(f"{variable}.{name}", directions, "is no pair of lists", "ingress and egress"))
            continue
        for direction, rules in directions.items():
            where = f"{variable}.{name}.{direction}"
            wrong = _misshapen(where, rules or [], fields, required)
            problems += wrong
            if not wrong:
                try:
                    check(where, rules or [])
                except AnsibleAWSError as error:
                    problems.append(f"{where}: {error.message}" if where not in error.message else error.message)
    return problems


def _misshapen(where: str, rules: Any, fields: Sequence[str], required: Sequence[str]) -> list[str]:
    if not isinstance(rules, (list, tuple)) or not all(isinstance(rule, Mapping) for rule in rules):
        return [_problem(where, rules, "is not a list of rules", f"mappings with {', '.join(fields)}")]
    return [
        _problem(where, sorted(rule), "are not the fields of a rule", f"{', '.join(fields)} (needed: {needed})")
        for needed in [", ".join(required) or "peers"]
        for rule in rules
        if rule.keys() - set(fields) or set(required) - rule.keys()
    ]


def _acl_sizes(inputs: Mapping[str, Any]) -> list[str]:
    """AWS allows twenty rules a direction; many egress ports may ask for more."""
    ports = value_of(inputs, "vpc_app_egress_ports")
    if any(check(inputs) for check in (_cidrs, _zones, _nat, _ports, _acl_rules)):
        return []
    plan = network_plan({**inputs, "available_zones": _some_zones(inputs)})
    return [
        f"vpc_network_acl_rules.{acl['component']}: the {direction} side has {len(acl[direction])} rules; "
        f"allowed: {_ACL_RULES}. Name fewer ports in vpc_app_egress_ports ({ports!r}), or give the tier's own rules."
        for acl in plan["network_acls"]
        for direction in ("ingress", "egress")
        if len(acl[direction]) > _ACL_RULES
    ]


def _some_zones(inputs: Mapping[str, Any]) -> list[str]:
    """The zones, or names in their place when the region's were not looked up."""
    return availability_zones(inputs) or [f"zone-{index}" for index in range(_zone_count(inputs))]


# Endpoints


def _endpoints(inputs: Mapping[str, Any]) -> list[str]:
    problems = [
        _problem("vpc_gateway_endpoints", service, "is no service with a gateway endpoint", ", ".join(GATEWAY_SERVICES))
        for service in value_of(inputs, "vpc_gateway_endpoints")
        if service not in GATEWAY_SERVICES
    ]
    interface = list(value_of(inputs, "vpc_interface_endpoints"))
    problems += [
        _problem("vpc_interface_endpoints", service, "stands twice", "each service once")
        for service in sorted({service for service in interface if interface.count(service) > 1})
    ]
    problems += [
        _problem("vpc_endpoint_policies", service, "is not among the endpoints", ", ".join(_listed(inputs)))
        for service in value_of(inputs, "vpc_endpoint_policies")
        if service not in _listed(inputs)
    ]
    available = {short_service(name) for name in inputs.get("available_services") or []}
    if available:
        problems += [
            _problem(
                "vpc_interface_endpoints",
                service,
                "is no endpoint service of this region",
                _nearest(short_service(service), available),
            )
            for service in interface
            if short_service(service) not in available
        ]
    return problems


def _listed(inputs: Mapping[str, Any]) -> list[str]:
    return [*value_of(inputs, "vpc_gateway_endpoints"), *value_of(inputs, "vpc_interface_endpoints")]


def short_service(name: str) -> str:
    """C(ecr.api) of C(com.amazonaws.eu-west-1.ecr.api)."""
    return re.sub(r"^(cn\.)?com\.amazonaws\.(?!vpce\.)[a-z0-9-]+\.", "", str(name))


def _nearest(service: str, available: set[str]) -> str:
    """The services that are written alike. The full list of a region has some three hundred names."""
    alike = difflib.get_close_matches(service, sorted(available), n=5, cutoff=0.4)
    return ", ".join([*alike, f"and the others of {len(available)} that aws ec2 describe-vpc-endpoint-services lists"])


# What exists


def _existing(inputs: Mapping[str, Any]) -> list[str]:
    vpcs = list(inputs.get("existing_vpcs") or [])
    cidr = value_of(inputs, "vpc_cidr")
    if len(vpcs) > 1:
        found = ", ".join(f"{vpc['vpc_id']} ({vpc['cidr_block']})" for vpc in vpcs)
        advice = "remove the tags Project, Environment and Role from those that do not belong here"
        return [f"vpc_project, vpc_environment: {len(vpcs)} VPCs carry their tags ({found}); allowed: one; {advice}."]
    return [
        _problem(
            "vpc_cidr",
            cidr,
            f"differs from the range {vpc['cidr_block']} of the existing {vpc['vpc_id']}, and AWS cannot change it",
            f"{vpc['cidr_block']}, or remove the environment first",
        )
        for vpc in vpcs
        if vpc["cidr_block"] != cidr
    ]
