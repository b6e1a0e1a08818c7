# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The request log: one JSON object a line, for each request answered and each mark set."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

FILE_NAME = "requests.jsonl"


class RequestLog:
    """Writes the log of one server, from its start; safe to use from several threads."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.Lock()
        self._file = path.open("w", encoding="utf-8")

    def write(self, entry: dict[str, Any]) -> None:
        line = json.dumps({"time": datetime.now(UTC).isoformat(timespec="milliseconds"), **entry})
        with self._lock:
            self._file.write(line + "\n")
            self._file.flush()


def read(state_dir: Path) -> Iterator[dict[str, Any]]:
    """The entries of a state directory's log, oldest first."""
    with (state_dir / FILE_NAME).open(encoding="utf-8") as lines:
        for line in lines:
            if line.strip():
                yield json.loads(line)
