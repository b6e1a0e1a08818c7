# Copyright: slipway.aws contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules in one form, whether a task states them or EC2 answers them. Pure functions, no calls."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from ansible_collections.amazon.aws.plugins.module_utils.exceptions import AnsibleAWSError

Rule = dict[str, Any]

_ALL = {"-1": "all"}
_NUMBERS = {"all": "-1", "tcp": "6", "udp": "17", "icmp": "1", "icmpv6": "58"}
_NAMES = {number: name for name, number in _NUMBERS.items()}


def canonical_cidr(cidr: str) -> str:
    """The range as EC2 writes it: host bits cleared, IPv6 compressed."""
    try:
        return str(ipaddress.ip_network(cidr, strict=False))
    except ValueError as error:
        raise AnsibleAWSError(
            message=f"{cidr!r} is not an address range; allowed: IPv4 or IPv6 networks such as 10.0.0.0/16."
        ) from error


def port_range(ports: Any) -> tuple[int, int]:
    """C(443) or C(1024-65535) as its two ends."""
    text = str(ports)
    first, _dash, last = text.partition("-")
    if not first.isdigit() or (last and not last.isdigit()) or (_dash and not last):
        raise AnsibleAWSError(message=f"{text!r} is not a port; allowed: a port like 443 or a range like 1024-65535.")
    low, high = int(first), int(last or first)
    if not 0 <= low <= high <= 65535:
        raise AnsibleAWSError(message=f"{text!r} is not a port range; allowed: 0 to 65535, the lower end first.")
    return low, high


# Security groups. One rule: protocol, two ports, one peer, a description.


def expand_group_rules(
    rules: Iterable[Mapping[str, Any]], resolve: Callable[[str, str], str], where: str = "rules"
) -> list[Rule]:
    """Single rules from the compact ones of a task: each port with each peer.

    C(resolve(kind, name)) gives the identifier of a group or prefix list.
    """
    expanded: dict[tuple[Any, ...], Rule] = {}
    for rule in rules:
        protocol = str(rule.get("protocol") or "tcp")
        ports = rule.get("ports") or []
        if protocol in ("tcp", "udp") and not ports:
            raise AnsibleAWSError(message=f"{where}: a {protocol} rule has no ports; name them, 0-65535 for all.")
        peers = (
            [("cidr", canonical_cidr(cidr)) for cidr in rule.get("cidrs") or []]
            + [("group", resolve("group", name)) for name in rule.get("groups") or []]
            + [("prefix_list", resolve("prefix_list", name)) for name in rule.get("prefix_lists") or []]
        )
        if not peers:
            raise AnsibleAWSError(
                message=f"{where}: a rule has none of cidrs, groups and prefix_lists; name its peers."
            )
        ranges = [port_range(port) for port in ports] if protocol in ("tcp", "udp") else [(-1, -1)]
        for low, high in ranges:
            for kind, peer in peers:
                single = {
                    "protocol": protocol,
                    "from_port": low,
                    "to_port": high,
                    "kind": kind,
                    "peer": peer,
                    "description": str(rule.get("description") or ""),
                }
                expanded[group_rule_key(single)] = single
    return sort_group_rules(expanded.values())


def group_rule_key(rule: Rule) -> tuple[Any, ...]:
    """What makes two rules the same rule for EC2: everything but the description."""
    return (rule["protocol"], rule["from_port"], rule["to_port"], rule["kind"], rule["peer"])


def sort_group_rules(rules: Iterable[Rule]) -> list[Rule]:
    """Rules in an order of their own, so that lists can be compared and shown."""
    return sorted(rules, key=group_rule_key)


def flatten_permissions(permissions: Iterable[Mapping[str, Any]]) -> list[Rule]:
    """Single rules from EC2's IpPermissions."""
    rules: list[Rule] = []
    for permission in permissions:
        protocol = _group_protocol(str(permission.get("IpProtocol", "-1")))
        base = {
            "protocol": protocol,
            "from_port": permission.get("FromPort", -1) if protocol in ("tcp", "udp") else -1,
            "to_port": permission.get("ToPort", -1) if protocol in ("tcp", "udp") else -1,
        }
        peers = (
            [("cidr", item["CidrIp"], item) for item in permission.get("IpRanges") or []]
            + [("cidr", item["CidrIpv6"], item) for item in permission.get("Ipv6Ranges") or []]
            + [("group", item["GroupId"], item) for item in permission.get("UserIdGroupPairs") or []]
            + [("prefix_list", item["PrefixListId"], item) for item in permission.get("PrefixListIds") or []]
        )
        rules += [
            {**base, "kind": kind, "peer": peer, "description": item.get("Description") or ""}
            for kind, peer, item in peers
        ]
    return sort_group_rules(rules)


def _group_protocol(value: str) -> str:
    return _ALL.get(value) or _NAMES.get(value, value)


def to_permissions(rules: Iterable[Rule], *, descriptions: bool = True) -> list[dict[str, Any]]:
    """EC2's IpPermissions from single rules, those of one port together."""
    permissions: dict[tuple[Any, ...], dict[str, Any]] = {}
    for rule in rules:
        key = (rule["protocol"], rule["from_port"], rule["to_port"])
        permission = permissions.setdefault(key, _permission(rule))
        field, name = {
            "cidr": ("Ipv6Ranges", "CidrIpv6") if ":" in rule["peer"] else ("IpRanges", "CidrIp"),
            "group": ("UserIdGroupPairs", "GroupId"),
            "prefix_list": ("PrefixListIds", "PrefixListId"),
        }[rule["kind"]]
        text = {"Description": rule["description"]} if descriptions and rule["description"] else {}
        permission.setdefault(field, []).append({name: rule["peer"], **text})
    return list(permissions.values())


def _permission(rule: Rule) -> dict[str, Any]:
    protocol = "-1" if rule["protocol"] == "all" else rule["protocol"]
    if protocol == "-1":
        return {"IpProtocol": protocol}
    return {"IpProtocol": protocol, "FromPort": rule["from_port"], "ToPort": rule["to_port"]}


# Network ACLs. One entry: number, protocol, ports, range, action.


def acl_entries(rules: Iterable[Mapping[str, Any]], where: str = "rules") -> list[Rule]:
    """A task's ACL rules in the form in which they are compared, by number."""
    entries: dict[int, Rule] = {}
    for rule in rules:
        number = int(rule["rule_number"])
        if number in entries:
            raise AnsibleAWSError(message=f"{where}: rule number {number} stands twice; each number may stand once.")
        if not 1 <= number <= 32766:
            raise AnsibleAWSError(message=f"{where}: rule number {number} is out of range; allowed: 1 to 32766.")
        protocol = str(rule.get("protocol") or "tcp")
        entry: Rule = {
            "rule_number": number,
            "action": rule.get("action") or "allow",
            "protocol": protocol,
            "cidr": canonical_cidr(rule["cidr"]),
        }
        if protocol in ("tcp", "udp"):
            low, high = port_range(rule.get("ports") or "0-65535")
            entry["ports"] = str(low) if low == high else f"{low}-{high}"
        entries[number] = entry
    return [entries[number] for number in sorted(entries)]


def flatten_acl_entries(entries: Iterable[Mapping[str, Any]], *, egress: bool) -> list[Rule]:
    """EC2's entries of one direction in the same form, without the closing deny that every ACL has."""
    rules: list[Rule] = []
    for entry in entries:
        if bool(entry.get("Egress")) != egress or entry["RuleNumber"] > 32766:
            continue
        protocol = _group_protocol(str(entry.get("Protocol", "-1")))
        rule: Rule = {
            "rule_number": entry["RuleNumber"],
            "action": entry["RuleAction"],
            "protocol": protocol,
            "cidr": entry.get("CidrBlock") or entry.get("Ipv6CidrBlock", ""),
        }
        if protocol in ("tcp", "udp"):
            ports = entry.get("PortRange") or {"From": 0, "To": 65535}
            rule["ports"] = str(ports["From"]) if ports["From"] == ports["To"] else f"{ports['From']}-{ports['To']}"
        rules.append(rule)
    return sorted(rules, key=lambda rule: rule["rule_number"])


def to_acl_entry(rule: Rule, *, egress: bool) -> dict[str, Any]:
    """The arguments of CreateNetworkAclEntry and ReplaceNetworkAclEntry for one rule."""
    cidr = {"Ipv6CidrBlock" if ":" in rule["cidr"] else "CidrBlock": rule["cidr"]}
    arguments: dict[str, Any] = {
        "RuleNumber": rule["rule_number"],
        "RuleAction": rule["action"],
        "Protocol": _NUMBERS.get(rule["protocol"], rule["protocol"]),
        "Egress": egress,
        **cidr,
    }
    if "ports" in rule:
        low, high = port_range(rule["ports"])
        arguments["PortRange"] = {"From": low, "To": high}
    if rule["protocol"] in ("icmp", "icmpv6"):
        arguments["IcmpTypeCode"] = {"Type": -1, "Code": -1}
    return arguments


# Routes. One route: a destination and the identifier of a target, whose prefix tells what it is.

_TARGETS = {
    "igw-": "GatewayId",
    "vgw-": "GatewayId",
    "nat-": "NatGatewayId",
    "tgw-": "TransitGatewayId",
    "pcx-": "VpcPeeringConnectionId",
    "eni-": "NetworkInterfaceId",
    "eigw-": "EgressOnlyInternetGatewayId",
    "vpce-": "VpcEndpointId",
    "cagw-": "CarrierGatewayId",
    "lgw-": "LocalGatewayId",
}


def canonical_routes(routes: Iterable[Mapping[str, str]], where: str = "routes") -> list[Rule]:
    """A task's routes in the form in which they are compared."""
    wanted: dict[str, Rule] = {}
    for route in routes:
        destination = route["destination"]
        destination = destination if destination.startswith("pl-") else canonical_cidr(destination)
        if destination in wanted:
            raise AnsibleAWSError(message=f"{where}: the destination {destination} stands twice; it may stand once.")
        if not any(route["target"].startswith(prefix) for prefix in _TARGETS):
            raise AnsibleAWSError(
                message=f"{where}: the target {route['target']!r} of {destination} is no route target; "
                f"allowed: identifiers that begin with {', '.join(sorted(_TARGETS))}."
            )
        wanted[destination] = {"destination": destination, "target": route["target"]}
    return [wanted[destination] for destination in sorted(wanted)]


def flatten_routes(routes: Iterable[Mapping[str, Any]]) -> list[Rule]:
    """EC2's routes in the same form, without those that AWS keeps itself (local, propagated, gateway endpoints)."""
    found: list[Rule] = []
    for route in routes:
        target = next((route[field] for field in dict.fromkeys(_TARGETS.values()) if route.get(field)), "")
        destination = (
            route.get("DestinationCidrBlock")
            or route.get("DestinationIpv6CidrBlock")
            or route.get("DestinationPrefixListId")
            or ""
        )
        kept_by_aws = (
            target == "local"
            or route.get("Origin", "CreateRoute") != "CreateRoute"
            or (destination.startswith("pl-") and target.startswith("vpce-"))
        )
        if not kept_by_aws:
            found.append({"destination": destination, "target": target})
    return sorted(found, key=lambda route: route["destination"])


def to_route(route: Rule) -> dict[str, str]:
    """The arguments of CreateRoute and ReplaceRoute for one route."""
    target = next(name for prefix, name in _TARGETS.items() if route["target"].startswith(prefix))
    return {**route_destination(route["destination"]), target: route["target"]}


def route_destination(destination: str) -> dict[str, str]:
    """The argument that names a route's destination."""
    if destination.startswith("pl-"):
        return {"DestinationPrefixListId": destination}
    return {"DestinationIpv6CidrBlock" if ":" in destination else "DestinationCidrBlock": destination}
