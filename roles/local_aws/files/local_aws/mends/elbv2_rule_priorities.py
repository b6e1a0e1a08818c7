# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules of a listener can change places in one call.

AWS: "You can reorder the rules as long as there are no priority conflicts in the new order" (SetRulePriorities, Elastic
Load Balancing API reference).
moto 5.2.5: PriorityInUse also where the rule that has the priority is given another one by the same call.
Can go when moto looks at the new order.
"""

from __future__ import annotations

from typing import Any

from moto.elbv2.exceptions import PriorityInUseError
from moto.elbv2.models import ELBv2Backend, FakeRule

from ..clock import Clock


def apply(clock: Clock) -> None:
    set_rule_priorities = ELBv2Backend.set_rule_priorities

    def mended(self: ELBv2Backend, rule_priorities: list[dict[str, Any]]) -> list[FakeRule]:
        new = {item["RuleArn"]: item["Priority"] for item in rule_priorities}
        moved = self.describe_rules(listener_arn=None, rule_arns=list(new))
        for listener_arn in {rule.listener_arn for rule in moved}:
            listener = self.describe_listeners(None, [listener_arn])[0]
            staying = {rule.priority for rule in listener.rules.values() if rule.arn not in new}
            if staying & {new[rule.arn] for rule in moved if rule.listener_arn == listener_arn}:
                raise PriorityInUseError
        # They step aside, so that moto's check, which looks at the old order, finds every place free.
        before = {rule.arn: rule.priority for rule in moved}
        for rule in moved:
            rule.priority = None
        try:
            return set_rule_priorities(self, rule_priorities)
        except Exception:
            for rule in moved:
                rule.priority = before[rule.arn]
            raise

    ELBv2Backend.set_rule_priorities = mended  # type: ignore[method-assign]
