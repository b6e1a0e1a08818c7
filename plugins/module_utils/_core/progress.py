# Copyright: slipway.aws contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a module that takes its time tells meanwhile: lines in the file that the option C(progress_file) names."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable
from pathlib import Path


def elapsed(seconds: float) -> str:
    """A duration for people: C(42s), C(3m07s)."""
    minutes, rest = divmod(int(seconds), 60)
    return f"{minutes}m{rest:02d}s" if minutes else f"{rest}s"


class Progress:
    """Tells each line once, with the time since the beginning."""

    def __init__(self, name: str, file: str | None, clock: Callable[[], float] = time.monotonic) -> None:
        self._name = name
        self._file = Path(file) if file else None
        self._clock = clock
        self._started = clock()
        self._last = ""

    @property
    def seconds(self) -> float:
        return round(self._clock() - self._started, 1)

    def say(self, line: str) -> None:
        if self._file is None or line == self._last:
            return
        self._last = line
        # Whoever reads the file may have gone; that is no reason to fail.
        with contextlib.suppress(OSError), self._file.open("a", encoding="utf-8") as file:
            file.write(f"{self._name}: {line} ({elapsed(self.seconds)})\n")
