# Copyright: slipway.aws contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which priority a rule gets that does not state one. Pure functions, no calls."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from typing import Any

LOWEST, HIGHEST = 1, 50_000
_LONGEST_PATTERN = 128
# Every degree of precision has a band of priorities of its own.
_BAND = (HIGHEST - LOWEST) // (2 * 2 * (_LONGEST_PATTERN + 1))


def literal_length(patterns: Iterable[str]) -> int:
    """How many characters the least precise of some patterns has before its first wildcard."""
    return min((len(re.split(r"[*?]", pattern, maxsplit=1)[0]) for pattern in patterns), default=0)


def band(conditions: Mapping[str, Any]) -> range:
    """The priorities for rules of this precision.

    The rule with the smaller priority wins. So a rule for certain hosts comes before one for all of them, then a longer
    path before a shorter one, then a rule with a further condition (a header, a method) before one without:
    /api/uex/* gets its requests although /api/* exists.
    """
    length = min(literal_length(conditions.get("path_patterns") or []), _LONGEST_PATTERN)
    any_host = not conditions.get("host_headers")
    plain = not conditions.keys() - {"path_patterns", "host_headers"}
    rank = 2 * (any_host * (_LONGEST_PATTERN + 1) + _LONGEST_PATTERN - length) + plain
    start = LOWEST + rank * _BAND
    return range(start, start + _BAND)


def free_priority(conditions: Mapping[str, Any], taken: Collection[int]) -> int:
    """The first free priority of the band, else the next free one behind it."""
    start = band(conditions).start
    behind = (priority for priority in range(start, HIGHEST + 1) if priority not in taken)
    before = (priority for priority in range(start - 1, LOWEST - 1, -1) if priority not in taken)
    return next(behind, None) or next(before)


def keeps_place(priority: int, conditions: Mapping[str, Any]) -> bool:
    """Whether a rule whose conditions change still stands where rules of this precision stand."""
    return priority in band(conditions)
