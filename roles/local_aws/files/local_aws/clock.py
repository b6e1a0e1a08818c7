# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Simulated time: it starts at the wall clock's time and runs faster (or slower) than it."""

from __future__ import annotations

import time


class Clock:
    """Simulated unix time. One simulated second lasts ``second_ms`` real milliseconds."""

    def __init__(self, second_ms: float) -> None:
        if second_ms <= 0:
            raise ValueError(f"second_ms must be more than 0, not {second_ms!r}")
        self.second_ms = second_ms
        self._base = time.time()
        self._since = time.monotonic()
        self._paused = False

    def now(self) -> float:
        """Seconds since the epoch, in simulated time; never goes back."""
        if self._paused:
            return self._base
        return self._base + (time.monotonic() - self._since) * 1000 / self.second_ms

    def advance(self, seconds: float) -> None:
        """Let simulated time pass at once."""
        if seconds < 0:
            raise ValueError("time does not run backwards")
        self._base += seconds

    @property
    def paused(self) -> bool:
        return self._paused

    def pause(self) -> None:
        """From now on time passes only by ``advance``."""
        self._base = self.now()
        self._paused = True

    def resume(self) -> None:
        """Let time run by itself again."""
        if self._paused:
            self._since = time.monotonic()
            self._paused = False
