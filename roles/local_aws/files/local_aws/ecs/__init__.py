# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The ECS of the local AWS: services that roll out over simulated time, and fail when they are told to.

The core (``api``, ``rollouts``, ``tasks``, ``task_definitions``, ``scenarios``, ``codedeploy``) knows nothing of moto;
``adapter``, ``codedeploy_adapter`` and ``moto_world`` join the two.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..clock import Clock


def install(clock: Clock) -> dict[str, Callable[[str, dict[str, Any]], tuple[int, dict[str, Any]]]]:
    """Put the engine in the place of moto's ECS, once a process; returns its control routes."""
    from . import adapter, codedeploy_adapter, control

    engines = adapter.Engines(clock)
    adapter.patch(engines)
    codedeploy_adapter.patch(engines)
    return control.routes(engines)
