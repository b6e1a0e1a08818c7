# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What goes wrong between a caller and AWS: calls that are refused, and reads that lag behind a change."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any

KEYS = ("account", "code", "message", "operation", "percent", "seed", "service", "times")


class FaultError(ValueError):
    """A fault that cannot be understood."""


@dataclass
class Refusal:
    """Refuses the next ``times`` calls, or ``percent`` of all calls, that match; it throttles when no code is given."""

    service: str = "ecs"
    operation: str = "*"
    account: str = "*"
    times: int | None = None
    percent: float | None = None
    seed: int = 0
    code: str | None = None
    message: str = "Rate exceeded"
    refused: int = 0
    _random: random.Random = field(default_factory=random.Random, repr=False)

    def __post_init__(self) -> None:
        self._random.seed(self.seed)

    def refuses(self, service: str, operation: str, account: str) -> bool:
        asked = ((service, self.service), (operation, self.operation), (account, self.account))
        if not all(fnmatchcase(value, pattern) for value, pattern in asked):
            return False
        if self.times is not None:
            refused = self.refused < self.times
        else:
            refused = self._random.uniform(0, 100) < (self.percent or 0)
        self.refused += refused
        return refused

    def describe(self) -> dict[str, Any]:
        return {name: value for name, value in vars(self).items() if not name.startswith("_")}


@dataclass
class Faults:
    """The faults told so far."""

    refusals: list[Refusal] = field(default_factory=list)
    #: So many seconds after a change, reads of a service tell what it was before; by account, or for all (``*``).
    lags: dict[str, float] = field(default_factory=dict)

    def lag(self, account: str) -> float:
        return self.lags.get(account, self.lags.get("*", 0))

    def refuse(self, data: dict[str, Any]) -> Refusal:
        unknown = sorted(set(data) - set(KEYS))
        if unknown:
            raise FaultError(f"unknown keys {unknown}; known are {list(KEYS)}")
        if ("times" in data) == ("percent" in data):
            raise FaultError("give times (a number of calls) or percent (of all calls)")
        for name in ("times", "percent", "seed"):
            value = data.get(name, 0)
            if isinstance(value, bool) or not isinstance(value, (int, float)) or value < 0:
                raise FaultError(f"{name} must be a number, not {value!r}")
        for name in ("account", "service", "operation", "code", "message"):
            if not isinstance(data.get(name, ""), str):
                raise FaultError(f"{name} must be a text")
        refusal = Refusal(**data)
        self.refusals.append(refusal)
        return refusal

    def refused(self, service: str, operation: str, account: str) -> Refusal | None:
        return next((item for item in self.refusals if item.refuses(service, operation, account)), None)

    def clear(self) -> None:
        self.refusals.clear()
        self.lags.clear()
