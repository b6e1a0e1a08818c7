# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.amazon.aws.plugins.module_utils.exceptions import AnsibleAWSError
from ansible_collections.slipway.aws.plugins.module_utils import parameter_groups as groups


@pytest.mark.parametrize(
    ("allowed", "value", "text"),
    [
        ("0,1", True, "1"),
        ("yes,no", False, "no"),
        ("on, off", True, "on"),
        ("TRUE,FALSE", False, "false"),
        ("", True, "1"),
        ("0-100", 5, "5"),
        ("", "{DBInstanceClassMemory/9531392}", "{DBInstanceClassMemory/9531392}"),
        ("", 0.9, "0.9"),
    ],
)
def test_values_are_written_as_the_service_writes_them(allowed: str, value: Any, text: str) -> None:
    assert groups.text({"AllowedValues": allowed}, value) == text


SET: dict[str, dict[str, Any]] = {
    "a": {"ParameterValue": "1", "AllowedValues": "0,1"},
    "b": {"ParameterValue": "500"},
    "c": {},
}


@pytest.mark.parametrize(
    ("wanted", "purge", "found"),
    [
        ({"a": True, "b": 500}, True, {}),
        ({"a": True}, True, {"b": None}),
        ({"a": True}, False, {}),
        ({"b": 501, "d": "x"}, False, {"b": 501, "d": "x"}),
        ({}, True, {"a": None, "b": None}),
    ],
)
def test_differing(wanted: dict[str, Any], purge: bool, found: dict[str, Any]) -> None:
    assert groups.differing(SET, wanted, purge=purge) == found


def test_unknown_and_fixed_parameters_are_refused() -> None:
    available = {"a": {"IsModifiable": True}, "b": {"IsModifiable": False}}
    groups.check(available, {"a": 1}, "f")
    with pytest.raises(AnsibleAWSError, match="the family f has no parameter x, y"):
        groups.check(available, {"y": 1, "x": 1, "a": 1}, "f")
    with pytest.raises(AnsibleAWSError, match="does not let anybody set b"):
        groups.check(available, {"b": 1}, "f")


def test_which_changes_wait_for_a_restart() -> None:
    assert groups.needs_reboot({"ApplyType": "static"})
    assert groups.needs_reboot({"ChangeType": "requires-reboot"})
    assert not groups.needs_reboot({"ApplyType": "dynamic"})
    assert not groups.needs_reboot({})
