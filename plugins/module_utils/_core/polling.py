# Copyright: slipway.aws contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Wait for several resources with one describe call a round: what botocore's waiters, one resource each, cannot do."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

from ansible_collections.amazon.aws.plugins.module_utils.exceptions import AnsibleAWSError

Value = TypeVar("Value")


def pause(waited: float, first: float, longest: float) -> float:
    """Seconds until the next look: short at first, later a tenth of the time waited so far.

    So what took minutes is noticed within seconds, and nothing is noticed much later than it happened.
    """
    return min(max(first, waited / 10), longest)


def wait_until(
    look: Callable[[], Value],
    done: Callable[[Value], bool],
    *,
    timeout: float,
    waiting_for: Callable[[Value], str],
    first: float = 1,
    longest: float = 15,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> Value:
    """Look until C(done), and return what was seen last.

    C(done) may raise when what it sees can never become right. When the time is over, the error names what
    C(waiting_for) says is missing.
    """
    started = clock()
    while True:
        seen = look()
        if done(seen):
            return seen
        waited = clock() - started
        left = timeout - waited
        if left <= 0:
            raise AnsibleAWSError(
                message=f"Not ready after {timeout:g} seconds (wait_timeout): {waiting_for(seen)}. "
                "AWS goes on by itself: run again to go on waiting, or raise wait_timeout."
            )
        sleep(min(pause(waited, first, longest), left))
