# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Conditions and actions come back as AWS normalises them; target groups know their load balancers; ports are unique.

AWS: a path or host condition may have up to five values, given as Values or as PathPatternConfig/HostHeaderConfig, and
is returned with both. A forward action is returned with ForwardConfig, and with TargetGroupArn when it has one target
group. Redirects are returned with the defaults of host, path, port, protocol and query. A second listener on a port is
DuplicateListener, a second load balancer with the name but other settings DuplicateLoadBalancerName; a protected load
balancer cannot be deleted (OperationNotPermitted); LoadBalancerArns of a target group follows the rules (Elastic Load
Balancing API reference).
moto 5.2.5: refuses more than one of Values, returns what was sent, never finds the duplicates, ignores the protection,
and adds to LoadBalancerArns without removing.
Can go when moto normalises conditions and actions, and validates.
"""

from __future__ import annotations

import functools
from typing import Any

from moto.elbv2 import models
from moto.elbv2.exceptions import DuplicateListenerError, DuplicateLoadBalancerName, ELBClientError
from moto.elbv2.models import ELBv2Backend, FakeAction, FakeListener, FakeLoadBalancer, FakeTargetGroup

from ..clock import Clock

CONFIGS = {"path-pattern": "PathPatternConfig", "host-header": "HostHeaderConfig"}
REDIRECT = {"Protocol": "#{protocol}", "Port": "#{port}", "Host": "#{host}", "Path": "/#{path}", "Query": "#{query}"}


def normalise_conditions(conditions: list[dict[str, Any]] | None) -> list[dict[str, Any]]:
    """Conditions as DescribeRules returns them."""
    normalised = []
    for condition in conditions or []:
        config = CONFIGS.get(condition.get("Field", ""))
        if config is None:
            normalised.append(condition)
            continue
        values = (condition.get(config) or {}).get("Values") or condition.get("Values") or []
        normalised.append({**condition, "Values": list(values), config: {"Values": list(values)}})
    return normalised


def _check_conditions(conditions: list[dict[str, Any]] | None) -> list[dict[str, Any]]:
    """The conditions in the one form that moto validates without a limit of one value."""
    checked = []
    for condition in conditions or []:
        field = condition.get("Field", "")
        config = CONFIGS.get(field)
        if config is not None and condition.get("Values") and config not in condition:
            condition = {  # noqa: PLW2901
                **{key: value for key, value in condition.items() if key != "Values"},
                config: {"Values": condition["Values"]},
            }
        if config is not None and len((condition.get(config) or {}).get("Values") or []) > 5:
            raise ELBClientError("ValidationError", f"The '{field}' field contains too many values; the limit is '5'")
        checked.append(condition)
    return checked


def normalise_action(action: dict[str, Any]) -> dict[str, Any]:
    """An action as DescribeRules and DescribeListeners return it."""
    action = dict(action)
    if action.get("Type") == "forward":
        arn = action.get("TargetGroupArn")
        config = dict(action.get("ForwardConfig") or {})
        groups = config.get("TargetGroups") or ([{"TargetGroupArn": arn}] if arn else [])
        config["TargetGroups"] = [{"Weight": 1, **group} for group in groups]
        config.setdefault("TargetGroupStickinessConfig", {"Enabled": False})
        action["ForwardConfig"] = config
        if len(groups) == 1:
            action["TargetGroupArn"] = groups[0]["TargetGroupArn"]
    elif action.get("Type") == "redirect" and action.get("RedirectConfig"):
        action["RedirectConfig"] = {**REDIRECT, **action["RedirectConfig"]}
    return action


def _target_groups_of(action: FakeAction) -> list[str]:
    config = action.data.get("ForwardConfig") or {}
    found = [group["TargetGroupArn"] for group in config.get("TargetGroups", [])]
    return found or [arn for arn in [action.data.get("TargetGroupArn")] if arn]


def _load_balancer_arns(self: FakeTargetGroup) -> list[str]:
    backend = models.elbv2_backends[self.account_id][self.region_name]
    return [
        balancer.arn
        for balancer in backend.load_balancers.values()
        if any(
            self.arn in _target_groups_of(action)
            for listener in balancer.listeners.values()
            for actions in [listener.default_actions, *(rule.actions for rule in listener.rules.values())]
            for action in actions
        )
    ]


class _Ignored(list[str]):
    """moto appends to the list it gets; the property computes it anew."""


def apply(clock: Clock) -> None:
    action_init = FakeAction.__init__

    def init(self: FakeAction, data: dict[str, Any]) -> None:
        action_init(self, normalise_action(data))

    FakeAction.__init__ = init  # type: ignore[method-assign]
    FakeTargetGroup.load_balancer_arns = property(  # type: ignore[assignment]
        lambda self: _Ignored(_load_balancer_arns(self)), lambda self, value: None
    )

    create_rule, modify_rule = ELBv2Backend.create_rule, ELBv2Backend.modify_rule
    create_listener, modify_listener = ELBv2Backend.create_listener, ELBv2Backend.modify_listener
    create_balancer, delete_balancer = ELBv2Backend.create_load_balancer, ELBv2Backend.delete_load_balancer

    @functools.wraps(create_rule)
    def mended_create_rule(
        self: ELBv2Backend, listener_arn: str, conditions: Any, priority: Any, actions: Any, tags: Any = None
    ) -> Any:
        rule = create_rule(self, listener_arn, _check_conditions(conditions), priority, actions, tags)
        rule.conditions = normalise_conditions(rule.conditions)
        return rule

    @functools.wraps(modify_rule)
    def mended_modify_rule(self: ELBv2Backend, rule_arn: str, conditions: Any, actions: Any) -> Any:
        rule = modify_rule(self, rule_arn, _check_conditions(conditions), actions)
        rule.conditions = normalise_conditions(rule.conditions)
        return rule

    def check_port(balancer: FakeLoadBalancer | None, port: Any, but: str | None = None) -> None:
        if balancer is not None and any(
            str(listener.port) == str(port) and listener.arn != but for listener in balancer.listeners.values()
        ):
            raise DuplicateListenerError

    @functools.wraps(create_listener)
    def mended_create_listener(
        self: ELBv2Backend, load_balancer_arn: str, protocol: str, port: str, *args: Any, **kwargs: Any
    ) -> FakeListener:
        check_port(self.load_balancers.get(load_balancer_arn), port)
        listener = create_listener(self, load_balancer_arn, protocol, port, *args, **kwargs)
        if protocol in ("HTTPS", "TLS") and not listener.ssl_policy:
            listener.ssl_policy = "ELBSecurityPolicy-2016-08"
        return listener

    @functools.wraps(modify_listener)
    def mended_modify_listener(self: ELBv2Backend, arn: str, port: Any = None, *args: Any, **kwargs: Any) -> Any:
        if port:
            for balancer in self.load_balancers.values():
                if arn in balancer.listeners:
                    check_port(balancer, port, but=arn)
        return modify_listener(self, arn, port, *args, **kwargs)

    @functools.wraps(create_balancer)
    def mended_create_balancer(self: ELBv2Backend, name: str, *args: Any, **kwargs: Any) -> FakeLoadBalancer:
        for balancer in self.load_balancers.values():
            if balancer.name != name:
                continue
            subnets = set(kwargs.get("subnet_ids") or [])
            same = (
                subnets == {subnet.id for subnet in balancer.subnets}
                and (kwargs.get("scheme") or "internet-facing") == balancer.scheme
                and set(kwargs.get("security_groups") or []) == set(balancer.security_groups or [])
            )
            if not same:
                raise DuplicateLoadBalancerName
            return balancer
        if not kwargs.get("scheme"):
            kwargs["scheme"] = "internet-facing"
        return create_balancer(self, name, *args, **kwargs)

    @functools.wraps(delete_balancer)
    def mended_delete_balancer(self: ELBv2Backend, arn: str) -> None:
        balancer = self.load_balancers.get(arn)
        if balancer is not None and balancer.attrs.get("deletion_protection.enabled") == "true":
            raise ELBClientError(
                "OperationNotPermitted",
                f"Load balancer '{arn}' cannot be deleted because deletion protection is enabled",
            )
        delete_balancer(self, arn)

    ELBv2Backend.create_rule = mended_create_rule  # type: ignore[method-assign]
    ELBv2Backend.modify_rule = mended_modify_rule  # type: ignore[method-assign]
    ELBv2Backend.create_listener = mended_create_listener  # type: ignore[method-assign]
    ELBv2Backend.modify_listener = mended_modify_listener  # type: ignore[method-assign]
    ELBv2Backend.create_load_balancer = mended_create_balancer  # type: ignore[method-assign]
    ELBv2Backend.delete_load_balancer = mended_delete_balancer  # type: ignore[method-assign]
