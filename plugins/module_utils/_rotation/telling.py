# Copyright: slipway.aws contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a run tells: findings, predictions, the result and the difference."""

from __future__ import annotations

from typing import Any

from ..core import given
from .consumers import Consumer
from .engine import Engine, Secret, now
from .following import Follower
from .options import (
    current_rules,
)


class Teller(Follower):
    """Puts the result together; none of it holds a value."""

    def _find(self) -> None:
        for name, secret in self.secrets.items():
            versions = secret.versions
            age = versions.age_days(versions.current, now())
            limit = secret.asked.max_age_days
            if age is not None and limit is not None and age > limit:
                self._found(
                    name,
                    "overdue",
                    f"{name} is {age:g} days old; it may be {limit:g}.",
                    age_days=age,
                    max_age_days=limit,
                )
            if versions.pending and secret.outcome != "in_progress":
                self._found(
                    name,
                    "pending",
                    f"The version {versions.pending} of {name} is stuck with AWSPENDING; state rotated finishes or "
                    "discards it.",
                )
            if self.state == "present" and secret.rolling:
                self._found(name, "consumers_pending", f"The rotation of {name} is not over; run state rotated.")
            self._find_left_out(name)
            for note in secret.notes:
                self._found(name, "note", note)

    def _find_left_out(self, name: str) -> None:
        for consumer in self.consumers:
            if consumer.by_strangers and consumer.runs and not consumer.reloads and name in consumer.references:
                self._found(
                    name,
                    "not_restarted",
                    f"{consumer.key} is deployed by {consumer.controller}, which alone can restart it.",
                )
            for reference in consumer.references.get(name, []):
                if reference.pinned:
                    self._found(
                        name,
                        "pinned_consumer",
                        f"{consumer.key} names the version {reference.version} of {name} in {reference.where}; a "
                        "rotation passes it by.",
                    )

    def _planned_action(self, name: str) -> str:
        secret = self.secrets[name]
        if self.state == "rolled_back":
            return "" if secret.rolled_back_already else "roll_back"
        if self.state == "present" or secret.asked.rotate == "never":
            return ""
        if secret.versions.pending:
            return "resume"
        if secret.wanted:
            return "rotate"
        return "finish" if secret.unfinished or secret.stale else ""

    def _predict(self) -> None:
        """Check mode: what would be done."""
        for name in self._differing():
            self.configured.add(name)
            self.actions.append({"action": "configure", "name": self.secrets[name].name})
        concerned = []
        for name, secret in self.secrets.items():
            planned = self._planned_action(name)
            if planned == "roll_back":
                Engine(secret).foretell_rolling_back()
            if secret.failure is not None:
                continue
            if planned:
                secret.outcome = f"would_{planned}"
                secret.act(planned)
                concerned.append(name)
            elif self.state == "rolled_back" and secret.rolling:
                concerned.append(name)
        if self.how == "roll":
            for consumer in self._to_roll(concerned):
                consumer.action = "would_roll"
                self.actions.append({"action": "roll", "name": consumer.key})

    def _result(self) -> dict[str, Any]:
        if self.check:
            self._predict()
        for consumer in self.consumers:
            if not consumer.action:
                consumer.action = self._passed_by(consumer)
        actions = [*self.actions]
        for secret in self.secrets.values():
            actions += secret.actions
        if self.roller is not None:
            actions += self.roller.actions
        return {
            "changed": bool(actions),
            "secrets": {name: self._shown(name, secret) for name, secret in self.secrets.items()},
            "consumers": [consumer.as_result() for consumer in self.consumers],
            "findings": self.findings,
            "failures": [secret.failure.as_result(name) for name, secret in self.secrets.items() if secret.failure],
            "actions": actions,
            "diff": self._diff(),
        }

    def _passed_by(self, consumer: Consumer) -> str:
        if consumer.reloads:
            return "reloads"
        if not consumer.is_service:
            return "not_a_service"
        if consumer.by_strangers:
            return "not_restarted"
        if not consumer.runs:
            return "not_running"
        if not any(consumer.follows(name) for name in consumer.references):
            return "pinned"
        return "reported"

    def _shown(self, name: str, secret: Secret) -> dict[str, Any]:
        versions, entry = secret.versions, secret.entry
        age = versions.age_days(versions.current, now())
        limit = secret.asked.max_age_days
        return {
            "name": secret.name,
            "arn": secret.arn,
            "strategy": secret.strategy.name,
            "outcome": secret.outcome,
            "version_id": versions.current,
            "version_id_before": secret.version_before,
            "previous_version_id": versions.previous,
            "pending_version_id": versions.pending,
            "age_days": age,
            "age_days_before": secret.age_before,
            "max_age_days": limit,
            "overdue": bool(age is not None and limit is not None and age > limit),
            "rotation": self._rules_shown(name, secret),
            "last_rotated_date": _date(entry.get("LastRotatedDate")),
            "next_rotation_date": _date(entry.get("NextRotationDate")),
            "consumers": sorted(consumer.key for consumer in self.consumers if name in consumer.references),
            "seconds": round(secret.seconds, 1),
        }

    def _rules_shown(self, name: str, secret: Secret) -> dict[str, Any]:
        """The rule as it is, or in check mode as it would be."""
        if self.check and name in self.configured:
            return given(self._rules(name) or {})
        return current_rules(secret.entry)

    def _diff(self) -> dict[str, Any]:
        before: dict[str, Any] = {}
        after: dict[str, Any] = {}
        for name, secret in self.secrets.items():
            current: Any = secret.versions.current
            if self.check:
                planned = {"would_rotate": "a new version", "would_resume": secret.versions.pending}
                planned["would_roll_back"] = secret.versions.previous
                current = planned.get(secret.outcome, current)
            if current != secret.version_before:
                before[f"{name}.version_id"], after[f"{name}.version_id"] = secret.version_before, current
            if name in self.configured:
                after[f"{name}.rotation"] = self._rules_shown(name, secret)
                before[f"{name}.rotation"] = self.rules_before[name]
        restarted = [consumer.key for consumer in self.consumers if consumer.action in ("rolled", "would_roll")]
        if restarted:
            before["restarted"], after["restarted"] = [], sorted(restarted)
        return {"before": before, "after": after}


def _date(value: Any) -> str:
    return value.isoformat() if value is not None else ""
