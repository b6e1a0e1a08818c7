# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every option of a module round-trips: which options there are comes from its argument spec."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from typing import Any

from .harness import Aws


def leaves(spec: Mapping[str, Any], *, but: tuple[str, ...] = (), above: str = "") -> Iterator[str]:
    """The options of an argument spec that hold a value, by their dotted paths."""
    for name, option in spec.items():
        path = f"{above}{name}"
        if path in but:
            continue
        if "options" in option:
            yield from leaves(option["options"], but=but, above=f"{path}.")
        else:
            yield path


def placed(arguments: Mapping[str, Any], path: str, value: Any) -> dict[str, Any]:
    """The arguments with another value at a path; in a list, in the first entry that has what the path goes on to."""
    made = copy.deepcopy(dict(arguments))
    target: Any = made
    *parents, last = path.split(".")
    for depth, name in enumerate(parents):
        following = parents[depth + 1] if depth + 1 < len(parents) else last
        inside = target.setdefault(name, {})
        if isinstance(inside, list):
            inside = next((entry for entry in inside if following in entry), inside[0])
        target = inside
    target[last] = value
    return made


def round_trip(
    aws: Aws,
    module: str,
    arguments: dict[str, Any],
    others: Mapping[str, Any],
    *,
    result: str,
    changing: tuple[str, ...] = (),
) -> None:
    """Each other value alone is noticed; all of them together are predicted, applied once, and found by the next run.

    C(arguments) are what there is, C(others) has a path and another value for each option, C(result) is the key of what
    the module returns, and C(changing) names its fields that change by themselves.
    """
    changed = arguments
    for path, value in others.items():
        assert aws.run_module(module, placed(arguments, path, value), check=True)["changed"], f"{path} is not compared"
        changed = placed(changed, path, value)
    predicted = aws.run_module(module, changed, check=True)
    done = aws.run_module(module, changed)
    assert done["actions"] == predicted["actions"]
    assert _steady(done[result], changing) == _steady(predicted[result], changing)
    assert done["diff"] == predicted["diff"]
    again = aws.run_module(module, changed)
    assert not again["changed"], again["diff"]
    assert _steady(again[result], changing) == _steady(done[result], changing)


def _steady(state: Any, changing: tuple[str, ...]) -> Any:
    if isinstance(state, dict):
        return {key: _steady(value, changing) for key, value in state.items() if key not in changing}
    return state
