# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Simulated time: it starts at the wall clock's time and runs faster (or slower) than it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from .provisioning import Provisioning
from .timeline import Timeline


class Clock:
    """Simulated unix time. One simulated second lasts ``second_ms`` real milliseconds."""

    def __init__(self, second_ms: float) -> None:
        if second_ms <= 0:
            raise ValueError(f"second_ms must be more than 0, not {second_ms!r}")
        self.second_ms = second_ms
        self._base = time.time()
        self._since = time.monotonic()
        self._paused = False
        self._timeline = Timeline(self._base)
        #: How long what is asked for takes to be there.
        self.provisioning = Provisioning(second_ms)
        #: Held by whoever looks at the state or changes it: one at a time.
        self.lock = threading.RLock()
        #: What went wrong while nobody was looking.
        self.failure: Exception | None = None

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
    def moment(self) -> float:
        """The simulated time of what is happening: of a request, or of the action that became due."""
        return self._timeline.now

    def after(self, seconds: float, action: Callable[[], None]) -> None:
        """Let something happen, so many simulated seconds after the present moment."""
        self._timeline.after(seconds, action)

    def run_due(self) -> None:
        """Let happen what is due; whoever looks at the state does so first."""
        failure, self.failure = self.failure, None
        if failure is not None:
            raise RuntimeError(f"What was due has failed: {failure!r}") from failure
        self._timeline.advance(self.now())

    def forget(self) -> None:
        """Nothing of what was to come happens."""
        self._timeline.clear()

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
