# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.slipway.aws.plugins.module_utils._elbv2.priorities import (
    HIGHEST,
    LOWEST,
    band,
    free_priority,
    keeps_place,
    literal_length,
)


def paths(*patterns: str, **more: Any) -> dict[str, Any]:
    return {"path_patterns": list(patterns), **more}


@pytest.mark.parametrize(
    ("patterns", "length"), [([], 0), (["/*"], 1), (["/api/*"], 5), (["/api/uex/*", "/a?c"], 2), (["/exact"], 6)]
)
def test_literal_length(patterns: list[str], length: int) -> None:
    assert literal_length(patterns) == length


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (paths("/api/uex/*"), paths("/api/*")),
        (paths("/api/*"), paths("/*")),
        (paths("/api/*", host_headers=["a.com"]), paths("/api/*")),
        (paths("/*", host_headers=["a.com"]), paths("/api/*")),
        (paths("/*", host_headers=["a.com"]), {"host_headers": ["a.com"]}),
        (paths("/api/*", http_methods=["GET"]), paths("/api/*")),
        (paths("/api/uex/*"), paths("/api/*", http_methods=["GET"])),
    ],
)
def test_the_more_precise_rule_comes_first(first: dict[str, Any], second: dict[str, Any]) -> None:
    assert band(first).stop <= band(second).start


def test_every_band_is_in_range() -> None:
    ends = [band(paths("/" * length)) for length in (0, 1, 64, 128, 500)]
    assert all(found.start >= LOWEST and found.stop <= HIGHEST + 1 for found in ends)


def test_takes_the_first_free_one() -> None:
    start = band(paths("/api/*")).start
    assert free_priority(paths("/api/*"), set()) == start
    assert free_priority(paths("/api/*"), {start, start + 1}) == start + 2


def test_goes_back_where_everything_behind_is_taken() -> None:
    start = band(paths("/api/*")).start
    assert free_priority(paths("/api/*"), set(range(start, HIGHEST + 1))) == start - 1


def test_keeps_place() -> None:
    start = band(paths("/api/*")).start
    assert keeps_place(start + 3, paths("/web/*"))
    assert not keeps_place(start, paths("/api/uex/*"))
