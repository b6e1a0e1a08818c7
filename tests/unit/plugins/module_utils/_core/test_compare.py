# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import json
from typing import Any

import pytest
from ansible_collections.slipway.aws.plugins.module_utils._core.compare import differences, given, merged, same


def test_what_is_not_set_is_not_given() -> None:
    assert given({"a": None, "b": 0, "c": "", "d": [], "e": False}) == {"b": 0, "c": "", "d": [], "e": False}


def test_only_wanted_fields_can_differ() -> None:
    assert differences({"a": 1, "b": 2}, {"a": 1, "b": None}) == {}
    assert differences({"a": 1, "b": 2}, {"a": 3}) == {"a": 3}
    assert differences({}, {"a": 3}) == {"a": 3}


def test_order_matters_only_where_it_means_something() -> None:
    current, wanted = {"a": [1, 2]}, {"a": [2, 1]}
    assert differences(current, wanted) == wanted
    assert differences(current, wanted, unordered=["a"]) == {}


@pytest.mark.parametrize(
    ("current", "wanted", "expected"),
    [
        ([{"b": 1, "a": 2}], [{"a": 2, "b": 1}], True),
        ([{"a": 1}, {"a": 1}], [{"a": 1}], False),
        (None, [], True),
        ([1], None, False),
    ],
)
def test_unordered_lists(current: Any, wanted: Any, expected: bool) -> None:
    assert same(current, wanted, unordered=True) is expected


def test_policies_are_compared_by_meaning() -> None:
    one = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": ["s3:Get*"], "Resource": "*"}]}
    other = {"Statement": {"Resource": ["*"], "Action": "s3:Get*", "Effect": "Allow"}, "Version": "2012-10-17"}
    assert same(json.dumps(one), other, policy=True)
    assert not same(None, other, policy=True)
    assert same("", {}, policy=True)


def test_a_prediction_keeps_what_the_task_does_not_set() -> None:
    assert merged({"a": 1, "b": 2}, {"b": 3, "c": None}) == {"a": 1, "b": 3}
