# Copyright: slipway.aws contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What differs between what is and what is wanted: pure functions, no calls."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from typing import Any

from ansible_collections.amazon.aws.plugins.module_utils.policy import compare_policies


def given(options: Mapping[str, Any]) -> dict[str, Any]:
    """The options that the task sets. What it does not set (None) it does not touch."""
    return {name: value for name, value in options.items() if value is not None}


def differences(
    current: Mapping[str, Any],
    wanted: Mapping[str, Any],
    *,
    unordered: Collection[str] = (),
    policies: Collection[str] = (),
) -> dict[str, Any]:
    """The wanted fields whose value differs from the current one.

    Fields in C(unordered) are lists whose order means nothing; fields in C(policies) are IAM policy documents.
    """
    return {
        field: value
        for field, value in given(wanted).items()
        if not same(current.get(field), value, unordered=field in unordered, policy=field in policies)
    }


def same(current: Any, wanted: Any, *, unordered: bool = False, policy: bool = False) -> bool:
    """Whether two values of one field mean the same."""
    if policy:
        return not compare_policies(_document(current), _document(wanted))
    if unordered:
        return _sorted(current) == _sorted(wanted)
    return current == wanted


def _document(policy: Any) -> dict[str, Any]:
    return json.loads(policy) if isinstance(policy, str) and policy else (policy or {})


def _sorted(values: Any) -> list[str]:
    return sorted(json.dumps(value, sort_keys=True, default=str) for value in values or [])


def merged(current: Mapping[str, Any], wanted: Mapping[str, Any]) -> dict[str, Any]:
    """What the resource will be once the wanted fields are applied: the prediction of check mode."""
    return {**current, **given(wanted)}
