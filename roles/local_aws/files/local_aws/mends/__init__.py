# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What moto answers otherwise than AWS, put right.

One file a mend. Each says what AWS documents, what moto does instead, and when the mend can go; each has a test that
shows AWS's behaviour over HTTP. A mend has ``apply(clock)``; when it keeps state outside moto's backends, ``reset()``;
and when tests tell it what shall happen, ``routes(clock)``.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable
from types import ModuleType
from typing import Any

from ..clock import Clock


def _all() -> list[ModuleType]:
    found = (info.name for info in pkgutil.iter_modules(__path__) if not info.name.startswith("_"))
    return [importlib.import_module(f"{__name__}.{name}") for name in sorted(found)]


def names() -> list[str]:
    """The names of the mends."""
    return [mend.__name__.rpartition(".")[2] for mend in _all()]


def apply(clock: Clock) -> None:
    """Put every mend in its place; once a process."""
    for mend in _all():
        mend.apply(clock)


def reset() -> None:
    """Let every mend forget its state, as moto forgets its own."""
    for mend in _all():
        if hasattr(mend, "reset"):
            mend.reset()


def routes(clock: Clock) -> dict[str, Callable[[str, dict[str, Any]], tuple[int, dict[str, Any]]]]:
    """The control routes of all mends, by their names below ``/local-aws/``."""
    found: dict[str, Callable[[str, dict[str, Any]], tuple[int, dict[str, Any]]]] = {}
    for mend in _all():
        if hasattr(mend, "routes"):
            found |= mend.routes(clock)
    return found
