# Copyright: slipway.aws contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the network modules, the role's filters and a preflight share. The private package behind it is split by job."""

from __future__ import annotations

from ._ec2.common import (
    NetworkResource,
    Scope,
    apply_tags,
    combined,
    common_spec,
    describe_all,
    in_vpc,
    listed,
    once_consistent,
    once_free,
    refuse_empty_owner,
    surplus,
    tag_specification,
    wanted_items,
)
from ._ec2.layout import DEFAULTS, network_acl_rules, network_plan, security_groups, subnet_layout
from ._ec2.problems import network_problems, short_service
from ._ec2.rules import (
    acl_entries,
    canonical_cidr,
    canonical_routes,
    expand_group_rules,
    flatten_acl_entries,
    flatten_permissions,
    flatten_routes,
    group_rule_key,
    route_destination,
    to_acl_entry,
    to_permissions,
    to_route,
)

__all__ = [
    "DEFAULTS",
    "NetworkResource",
    "Scope",
    "acl_entries",
    "apply_tags",
    "canonical_cidr",
    "canonical_routes",
    "combined",
    "common_spec",
    "describe_all",
    "expand_group_rules",
    "flatten_acl_entries",
    "flatten_permissions",
    "flatten_routes",
    "group_rule_key",
    "in_vpc",
    "listed",
    "network_acl_rules",
    "network_plan",
    "network_problems",
    "once_consistent",
    "once_free",
    "refuse_empty_owner",
    "route_destination",
    "security_groups",
    "short_service",
    "subnet_layout",
    "surplus",
    "tag_specification",
    "to_acl_entry",
    "to_permissions",
    "to_route",
    "wanted_items",
]
