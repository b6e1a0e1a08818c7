# Copyright: slipway.aws contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rules of a web ACL in their order: a pure function."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

# Rules of one's own begin here; before them stand the rate limit, the managed groups and CLOUDFRONT_ONLY.
OWN_RULES = 100
CLOUDFRONT_ONLY = OWN_RULES - 1
# By what it says in this header a load balancer knows its distributions.
ORIGIN_HEADER = "X-Origin-Verify"


class RuleError(ValueError):
    """The rules cannot be put in order; the message says why."""


def waf_rules(
    managed_rule_groups: Iterable[Mapping[str, Any]],
    rate_limit: int = 0,
    extra: Iterable[Mapping[str, Any]] = (),
    origin_secrets: Iterable[str] = (),
) -> list[dict[str, Any]]:
    """The rate limit first, for it is cheap; then the managed groups in their order; then the further rules.

    With C(origin_secrets) what does not say one of them is blocked, after the groups have counted it.
    """
    rules: list[dict[str, Any]] = []
    if rate_limit:
        rules.append(
            {
                "name": "rate-limit",
                "priority": 0,
                "action": "block",
                "custom_response": {"status_code": 429},
                "rate_limit": {"limit": rate_limit},
            }
        )
    groups = list(managed_rule_groups)
    if len(groups) >= CLOUDFRONT_ONLY:
        raise RuleError(f"there are {len(groups)} managed rule groups; at most {CLOUDFRONT_ONLY - 1} have room.")
    for position, group in enumerate(groups, start=1):
        settings = {key: value for key, value in group.items() if key != "action"}
        action = {"action": group["action"]} if "action" in group else {}
        rules.append({"name": group["name"], "priority": position, **action, "managed_rule_group": settings})
    secrets = list(origin_secrets)
    if secrets:
        rules.append(
            {
                "name": "cloudfront-only",
                "priority": CLOUDFRONT_ONLY,
                "action": "block",
                "missing_header": {"name": ORIGIN_HEADER, "values": secrets},
            }
        )
    for rule in extra:
        if rule.get("priority", 0) < OWN_RULES:
            raise RuleError(
                f"the rule {rule.get('name', '')} has the priority {rule.get('priority', 0)}; those below {OWN_RULES} "
                "belong to the rate limit and the managed rule groups."
            )
        rules.append(dict(rule))
    return rules
