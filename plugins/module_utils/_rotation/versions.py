# Copyright: slipway.aws contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Versions of a secret and what their staging labels tell of a rotation: pure functions, no calls.

Two labels of our own say what AWS's three cannot. They are attached by the call that makes a version, so that nothing
is remembered outside Secrets Manager:

- C(slipway-rolling): a rotation is not over yet; consumers, or the end of the old value, are still due.
- C(slipway-rejected): the last version that was tried and given up, or rolled back.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from .._secretsmanager.values import request_token

CURRENT = "AWSCURRENT"
PREVIOUS = "AWSPREVIOUS"
PENDING = "AWSPENDING"
ROLLING = "slipway-rolling"
REJECTED = "slipway-rejected"

_DAY = 86400.0


@dataclass
class Versions:
    """The versions that have labels, and when they were made."""

    stages: dict[str, set[str]] = field(default_factory=dict)
    created: dict[str, datetime] = field(default_factory=dict)

    @classmethod
    def of(cls, entry: Mapping[str, Any], created: Mapping[str, datetime] | None = None) -> Versions:
        """From what DescribeSecret and ListSecretVersionIds answer."""
        stages = {version: set(labels) for version, labels in (entry.get("VersionIdsToStages") or {}).items()}
        return cls(stages, dict(created or {}))

    def holder(self, stage: str) -> str:
        """The version that a label is attached to; empty when it is attached to none."""
        return next((version for version, labels in self.stages.items() if stage in labels), "")

    @property
    def current(self) -> str:
        return self.holder(CURRENT)

    @property
    def previous(self) -> str:
        return self.holder(PREVIOUS)

    @property
    def pending(self) -> str:
        """The version that waits to become current. AWSPENDING on the current version means that a rotation is over."""
        pending = self.holder(PENDING)
        return "" if pending == self.current else pending

    def moved(self, stage: str, to: str) -> None:
        """What moving a label does: AWSPREVIOUS follows AWSCURRENT."""
        before = self.holder(stage)
        for labels in self.stages.values():
            labels.discard(stage)
        if to:
            self.stages.setdefault(to, set()).add(stage)
        if stage == CURRENT and before and before != to:
            self.moved(PREVIOUS, before)

    def age_days(self, version: str, now: datetime) -> float | None:
        """Days since a version was made; None when that is not known."""
        made = self.created.get(version)
        if made is None:
            return None
        return round(max(0.0, (now - made).total_seconds()) / _DAY, 2)


def rotation_token(seed: str, name: str, versions: Versions, before: str = "") -> str:
    """The name of the version that a rotation makes.

    It follows from the play's inputs and from what is replaced, so a re-run finds the version that a killed run has
    made. A version that was given up is part of it too, so that its name is not taken again.
    """
    return request_token("rotate", seed, name, before or versions.current, versions.holder(REJECTED))


def already_rotated(seed: str, name: str, versions: Versions) -> bool:
    """Whether the current version is the one that a rotation with these inputs has made."""
    previous = versions.previous
    return bool(previous) and versions.current == rotation_token(seed, name, versions, before=previous)


def short(text: str, length: int = 8) -> str:
    """A few characters that stand for a name or a version where there is little room."""
    return request_token("short", text).replace("-", "")[:length]
