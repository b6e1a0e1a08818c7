# Copyright: slipway.aws contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which secret rotates before which: one whose login changes others' passwords is done before they begin.

A run that was killed may have left such a login between two passwords. The next run mends it first, and then has it for
the others; the other way round they would fail for want of it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from functools import partial
from graphlib import CycleError, TopologicalSorter
from typing import Any

from ..core import in_parallel
from .engine import Secret
from .references import parse


def link(secrets: Mapping[str, Secret]) -> None:
    """Let each secret know the one of this run that its C(admin_secret) names, by whichever of its names."""
    for secret in secrets.values():
        named = secret.strategy.options.get("admin_secret")
        found = (one for one in secrets.values() if named and (named == one.arn or parse(named, "", one.arn)))
        secret.admin = next(found, None)


def befores(secrets: Mapping[str, Secret]) -> dict[str, str]:
    """Secret → the secret that is done before it, by the names that the task gives."""
    names = {id(secret): name for name, secret in secrets.items()}
    return {name: names[id(secret.admin)] for name, secret in secrets.items() if secret.admin is not None}


def problems(before: Mapping[str, str]) -> list[str]:
    """Secrets of which none could be the first."""
    try:
        TopologicalSorter({name: [first] for name, first in before.items()}).prepare()
    except CycleError as error:
        circle = sorted(set(error.args[1]))
        if len(circle) == 1:
            return [f"{circle[0]} names itself as admin_secret; leave that out, and its user changes its own password."]
        names = ", ".join(circle)
        return [
            f"{names} name each other as admin_secret in a circle, so that none can rotate first; break it somewhere."
        ]
    return []


def in_order(calls: Mapping[str, Callable[[], Any]], before: Mapping[str, str]) -> None:
    """Run all calls at the same time, but each only once the one before it has ended, with whatever result."""
    ended = {name: threading.Event() for name in calls}

    def run(name: str) -> None:
        try:
            if before.get(name) in ended:
                ended[before[name]].wait()
            calls[name]()
        finally:
            ended[name].set()

    # In this order whoever waits has started after the one that is waited for, however few threads there are.
    order = TopologicalSorter({name: [before[name]] if name in before else [] for name in calls}).static_order()
    in_parallel({name: partial(run, name) for name in order if name in calls})
