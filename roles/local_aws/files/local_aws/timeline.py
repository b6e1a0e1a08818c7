# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What happens when: a queue of things to do at given simulated times."""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Callable


class Timeline:
    """Runs what is due, in the order of time, each with ``now`` at its own due time.

    Nothing runs by itself: whoever wants to look at the state advances the timeline to the present first. What is seen
    then is the same whether one looks often or seldom.
    """

    def __init__(self, start: float) -> None:
        self.now = start
        self._queue: list[tuple[float, int, Callable[[], None]]] = []
        self._numbers = itertools.count()

    def at(self, when: float, action: Callable[[], None]) -> None:
        heapq.heappush(self._queue, (max(when, self.now), next(self._numbers), action))

    def after(self, seconds: float, action: Callable[[], None]) -> None:
        self.at(self.now + seconds, action)

    def clear(self) -> None:
        """Forget what was to happen."""
        self._queue.clear()

    def advance(self, to: float) -> None:
        while self._queue and self._queue[0][0] <= to:
            when, _number, action = heapq.heappop(self._queue)
            self.now = when
            action()
        self.now = max(self.now, to)
