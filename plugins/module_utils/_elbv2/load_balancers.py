# Copyright: slipway.aws contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An application load balancer with its listeners: state in the words of the module, and the changes."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from typing import Any

from ..core import (
    Resource,
    State,
    differences,
    given,
    in_parallel,
    merged,
    tag_changes,
    to_tag_list,
    waiter_config,
    wanted_tags,
)
from ..planned import MARK, planned_arn
from . import api
from .actions import action_request, action_state, same_actions

# What AWS chooses for a listener with TLS that does not say which policy it follows.
_HTTPS = "HTTPS"
DELETION_PROTECTION = "deletion_protection.enabled"

Listeners = dict[int, dict[str, Any]]


def load_balancer_state(balancer: Mapping[str, Any]) -> State:
    """A load balancer as the module speaks of it, from DescribeLoadBalancers, which tells only of itself."""
    return {
        "arn": balancer["LoadBalancerArn"],
        "full_name": balancer["LoadBalancerArn"].split(":loadbalancer/", 1)[1],
        "dns_name": balancer["DNSName"],
        "hosted_zone_id": balancer.get("CanonicalHostedZoneId", ""),
        "vpc_id": balancer.get("VpcId", ""),
        "scheme": balancer["Scheme"],
        "ip_address_type": balancer.get("IpAddressType", "ipv4"),
        "subnets": sorted(zone["SubnetId"] for zone in balancer.get("AvailabilityZones", [])),
        "security_groups": sorted(balancer.get("SecurityGroups", [])),
        "status": balancer.get("State", {}).get("Code", ""),
    }


def listener_state(listener: Mapping[str, Any], more_certificates: list[str] | None = None) -> dict[str, Any]:
    """A listener as the module speaks of it, from DescribeListeners."""
    default = [item["CertificateArn"] for item in listener.get("Certificates") or []]
    return {
        "arn": listener["ListenerArn"],
        "protocol": listener["Protocol"],
        "ssl_policy": listener.get("SslPolicy") or "",
        # The first one is the default, the others have no order.
        "certificates": default[:1] + sorted({*default[1:], *(more_certificates or [])} - set(default[:1])),
        "default_actions": [action_state(action) for action in listener["DefaultActions"]],
    }


def listener_changes(current: Mapping[str, Any], wanted: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of a listener that differ. What the task leaves open stays as it is."""
    changes = differences(current, wanted)
    if "default_actions" in changes and same_actions(current["default_actions"], changes["default_actions"]):
        del changes["default_actions"]
    return changes


def wanted_listeners(current: Listeners, stated: Listeners | None, *, purge: bool) -> Listeners | None:
    """The listeners that a load balancer shall have, by port."""
    if stated is None:
        return None
    combined = {port: merged(current.get(port, {}), listener) for port, listener in stated.items()}
    return combined if purge else {**current, **combined}


def listener_request(listener: Mapping[str, Any]) -> dict[str, Any]:
    """A listener, or its changes, as AWS takes it."""
    return given(
        {
            "Protocol": listener.get("protocol"),
            "SslPolicy": listener.get("ssl_policy") or None,
            "Certificates": [{"CertificateArn": listener["certificates"][0]}] if listener.get("certificates") else None,
            "DefaultActions": [action_request(action) for action in listener["default_actions"]]
            if "default_actions" in listener
            else None,
        }
    )


class LoadBalancer(Resource):
    """One application load balancer."""

    kind = "load balancer"
    immutable = frozenset({"scheme"})
    unordered = frozenset({"subnets", "security_groups"})

    def __init__(
        self,
        client: Any,
        name: str,
        *,
        region: str = "",
        purge_listeners: bool = True,
        purge_tags: bool = True,
        force: bool = False,
        wait_timeout: int = 0,
    ) -> None:
        self.client = client
        self.name = name
        self.region = region
        self.purge_listeners = purge_listeners
        self.purge_tags = purge_tags
        self.force = force
        self.wait_timeout = wait_timeout

    def describe(self) -> dict[str, State]:
        found = api.get_load_balancer(self.client, self.name)
        if not found:
            return {}
        state = load_balancer_state(found)
        call = functools.partial
        answers: dict[str, Any] = in_parallel(
            {
                "attributes": call(api.load_balancer_attributes, self.client, state["arn"]),
                "listeners": call(api.list_listeners, self.client, state["arn"]),
                "tags": call(api.tags, self.client, [state["arn"]]),
            }
        )
        secure = [item["ListenerArn"] for item in answers["listeners"] if item["Protocol"] == _HTTPS]
        more = in_parallel({arn: call(api.listener_certificates, self.client, arn) for arn in secure})
        state["attributes"] = answers["attributes"]
        state["tags"] = answers["tags"].get(state["arn"], {})
        state["listeners"] = {
            item["Port"]: listener_state(item, more.get(item["ListenerArn"])) for item in answers["listeners"]
        }
        return {self.name: state}

    def differences(self, name: str, current: State, wanted: State) -> State:
        attributes = wanted.get("attributes")
        stated = {
            **wanted,
            "attributes": merged(current["attributes"], attributes) if attributes is not None else None,
            "listeners": wanted_listeners(current["listeners"], wanted.get("listeners"), purge=self.purge_listeners),
            "tags": wanted_tags(current["tags"], wanted.get("tags"), purge=self.purge_tags),
        }
        for port, listener in (stated["listeners"] or {}).items():
            # Check mode answers with an ARN for a listener to come, too.
            listener.setdefault("arn", self._planned_listener(name, port))
        return differences(current, stated, unordered=self.unordered)

    def create(self, name: str, wanted: State) -> State:
        tags = wanted.get("tags") or {}
        created = api.create_load_balancer(
            self.client,
            name,
            Scheme=wanted.get("scheme"),
            IpAddressType=wanted.get("ip_address_type"),
            Subnets=wanted.get("subnets"),
            SecurityGroups=wanted.get("security_groups"),
            Tags=to_tag_list(tags) if tags else None,
        )
        state = {**load_balancer_state(created), "tags": tags, "listeners": {}}
        listeners = wanted.get("listeners") or {}
        calls: dict[Any, Callable[[], Any]] = {
            port: functools.partial(self._create_listener, state["arn"], port, listener, tags)
            for port, listener in listeners.items()
        }
        if wanted.get("attributes"):
            calls["attributes"] = functools.partial(
                api.modify_load_balancer_attributes, self.client, state["arn"], wanted["attributes"]
            )
        made = in_parallel(calls)
        made.pop("attributes", None)
        state["listeners"] = made
        state["attributes"] = api.load_balancer_attributes(self.client, state["arn"])
        self._wait(state["arn"], "load_balancer_available")
        return state

    def _create_listener(
        self, arn: str, port: int, listener: Mapping[str, Any], tags: Mapping[str, str]
    ) -> dict[str, Any]:
        created = api.create_listener(
            self.client,
            arn,
            Port=port,
            **listener_request(listener),
            Tags=to_tag_list({key: value for key, value in tags.items() if key != "Name"}) or None,
        )
        more = (listener.get("certificates") or [])[1:]
        api.add_certificates(self.client, created["ListenerArn"], more)
        return listener_state(created, more)

    def update(self, name: str, current: State, changes: State, wanted: State) -> State:
        arn = current["arn"]
        after = merged(current, changes)
        setters: dict[str, Callable[[Any, str, Any], None]] = {
            "subnets": api.set_subnets,
            "security_groups": api.set_security_groups,
            "ip_address_type": api.set_ip_address_type,
        }
        # One after another: a load balancer that is being changed refuses the next change.
        for field, setter in setters.items():
            if field in changes:
                setter(self.client, arn, changes[field])
        if "attributes" in changes:
            changed = differences(current["attributes"], wanted["attributes"])
            api.modify_load_balancer_attributes(self.client, arn, changed)
        if "tags" in changes:
            api.set_tags(self.client, arn, *tag_changes(current["tags"], changes["tags"]))
        if "listeners" in changes:
            after["listeners"] = self._change_listeners(arn, current["listeners"], changes["listeners"], after["tags"])
        return after

    def _change_listeners(self, arn: str, current: Listeners, wanted: Listeners, tags: Mapping[str, str]) -> Listeners:
        calls: dict[int, Callable[[], dict[str, Any] | None]] = {}
        for port in current.keys() - wanted.keys():
            calls[port] = functools.partial(api.delete_listener, self.client, current[port]["arn"])
        for port, listener in wanted.items():
            if port not in current:
                calls[port] = functools.partial(self._create_listener, arn, port, listener, tags)
            elif listener_changes(current[port], listener):
                calls[port] = functools.partial(self._change_listener, current[port], listener)
        made = {port: listener for port, listener in in_parallel(calls).items() if listener}
        return {port: made.get(port, current.get(port, {})) for port in wanted}

    def _change_listener(self, current: dict[str, Any], wanted: Mapping[str, Any]) -> dict[str, Any]:
        changes = listener_changes(current, wanted)
        if changes.keys() & {"protocol", "ssl_policy", "default_actions"} or (
            current["certificates"][:1] != wanted.get("certificates", [])[:1]
        ):
            # A listener that becomes HTTPS needs its certificate and policy in the same call.
            fields = {**changes, "certificates": wanted.get("certificates")}
            api.modify_listener(self.client, current["arn"], **listener_request(fields))
        if "certificates" in changes:
            before, now = set(current["certificates"]), set(changes["certificates"])
            api.add_certificates(
                self.client, current["arn"], [item for item in wanted["certificates"][1:] if item not in before]
            )
            gone = sorted(before - now - set(current["certificates"][:1]))
            api.remove_certificates(self.client, current["arn"], gone)
        return merged(current, changes)

    def delete(self, name: str, current: State) -> None:
        if self.force and current["attributes"].get(DELETION_PROTECTION) == "true":
            api.modify_load_balancer_attributes(self.client, current["arn"], {DELETION_PROTECTION: "false"})
        api.delete_load_balancer(self.client, current["arn"])
        self._wait(current["arn"], "load_balancers_deleted")

    def _wait(self, arn: str, waiter: str) -> None:
        if self.wait_timeout:
            api.wait_for_load_balancer(self.client, arn, waiter, waiter_config(self.wait_timeout, 5))

    def planned(self, name: str, wanted: State) -> State:
        arn = planned_arn("elasticloadbalancing", f"loadbalancer/app/{name}", region=self.region)
        state = load_balancer_state(
            {
                "LoadBalancerArn": arn,
                "DNSName": f"{MARK}-{name}.{self.region}.elb.amazonaws.com",
                "Scheme": "internet-facing",
            }
        )
        predicted = merged({**state, "attributes": {}, "tags": {}, "listeners": {}}, wanted)
        predicted["listeners"] = {
            port: {**listener, "arn": self._planned_listener(name, port)}
            for port, listener in predicted["listeners"].items()
        }
        return predicted

    def _planned_listener(self, name: str, port: int) -> str:
        return planned_arn("elasticloadbalancing", f"listener/app/{name}/{port}", region=self.region)
