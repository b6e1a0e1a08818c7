# Copyright: slipway.aws contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter that puts a web ACL's rules in their order."""

from __future__ import annotations

DOCUMENTATION = r"""
name: waf_rules
short_description: The rules of a web ACL in their order
version_added: 0.1.0
author: slipway.aws contributors (@slipway-aws)
description:
  - Makes the list of rules that M(slipway.aws.wafv2_web_acl) takes. The rate limit stands first, then the managed
    groups in their order, then the further rules.
positional: rate_limit, extra, origin_secrets
options:
  _input:
    description:
      - Managed rule groups, each as O(slipway.aws.wafv2_web_acl#module:rules[].managed_rule_group) takes it.
      - A group may also have an C(action), V(none) or V(count).
    type: list
    elements: dict
    required: true
  rate_limit:
    description: Requests of one address in five minutes before it is blocked with the status 429. V(0) for no limit.
    type: int
    default: 0
  extra:
    description: Further rules, as the module takes them, with priorities of at least 100.
    type: list
    elements: dict
    default: []
  origin_secrets:
    description:
      - A request that does not say one of these in the header C(X-Origin-Verify) is blocked. Empty for no such rule.
    type: list
    elements: str
    default: []
"""

EXAMPLES = r"""
- name: Show the rules
  ansible.builtin.debug:
    msg: "{{ [{'name': 'AWSManagedRulesCommonRuleSet', 'action': 'count'}] | slipway.aws.waf_rules(2000) }}"
"""

RETURN = r"""
_value:
  description: The rules.
  type: list
  elements: dict
"""

from collections.abc import Iterable, Mapping
from typing import Any

from ansible.errors import AnsibleFilterError
from ansible_collections.slipway.aws.plugins.plugin_utils.waf import RuleError
from ansible_collections.slipway.aws.plugins.plugin_utils.waf import waf_rules as ordered


def waf_rules(
    managed_rule_groups: Iterable[Mapping[str, Any]],
    rate_limit: int = 0,
    extra: Iterable[Mapping[str, Any]] = (),
    origin_secrets: Iterable[str] = (),
) -> list[dict[str, Any]]:
    try:
        return ordered(managed_rule_groups, rate_limit, extra, origin_secrets)
    except RuleError as error:
        raise AnsibleFilterError(str(error)) from error


class FilterModule:
    def filters(self) -> dict[str, Any]:
        return {"waf_rules": waf_rules}
