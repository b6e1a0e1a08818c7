# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A security group's rule is told by protocol, ports and peer; its description is a note on it.

AWS: "You do not need to specify the security group rule description to revoke the rule"; a rule with another
description is a duplicate; UpdateSecurityGroupRuleDescriptions sets the description of any rule, and removes it when
none is given (EC2 API reference).
moto 5.2.5: takes the description for a part of a referenced group, so that such a rule cannot be revoked or described
again without it; forgets the descriptions of rules with a prefix list.
Can go when moto compares rules by their peers and keeps all descriptions.
"""

from __future__ import annotations

from typing import Any

from moto.ec2.models.security_groups import SecurityGroup, SecurityGroupBackend, SecurityGroupRule

from ..clock import Clock


def _identity(rule: Any) -> tuple[Any, ...]:
    return (
        rule.ip_protocol,
        rule.from_port,
        rule.to_port,
        rule.ip_range.get("CidrIp"),
        rule.ip_range.get("CidrIpv6"),
        rule.source_group.get("GroupId"),
        rule.prefix_list_id,
    )


def _peer(rule: Any) -> dict[str, str]:
    """The part of a rule that carries its description."""
    return rule.ip_range or rule.source_group or rule.prefix_list


def apply(clock: Clock) -> None:
    original_init = SecurityGroupRule.__init__
    original_flattened = SecurityGroup._flattened_rules

    def init(self: Any, *args: Any, **kwargs: Any) -> None:
        original_init(self, *args, **kwargs)
        given = args[7] if len(args) > 7 else kwargs.get("prefix_list_id")
        self.prefix_list = dict(given or {})

    def equal(self: Any, other: Any) -> bool:
        return _identity(self) == _identity(other)

    def flattened(self: Any, rules: list[Any]) -> list[Any]:
        views = original_flattened(self, rules)
        for view in views:
            view.prefix_list_ids = [
                rule.prefix_list
                for rule in rules
                if rule.prefix_list
                and (rule.ip_protocol, rule.from_port, rule.to_port) == (view.ip_protocol, view.from_port, view.to_port)
            ]
        return views

    def update_description(self: Any, described: Any, rule: Any) -> None:
        description = _peer(described).get("Description")
        if description:
            _peer(rule)["Description"] = description
        else:
            _peer(rule).pop("Description", None)

    SecurityGroupRule.__init__ = init
    SecurityGroupRule.__eq__ = equal
    SecurityGroupRule.description = property(lambda self: _peer(self).get("Description"))
    SecurityGroup._flattened_rules = flattened
    SecurityGroupBackend._sg_update_description = update_description
