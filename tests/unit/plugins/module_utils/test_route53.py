# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.amazon.aws.plugins.module_utils.exceptions import AnsibleAWSError
from ansible_collections.slipway.aws.plugins.module_utils.route53 import (
    normalised,
    record_key,
    record_state,
    to_record_set,
    wanted_record,
)


def test_names_are_compared_without_case_and_with_their_last_dot() -> None:
    assert normalised("WWW.Example.com") == normalised("www.example.com.") == "www.example.com."
    assert normalised("\\052.example.com.") == "*.example.com."
    assert record_key("a.example.com", "A", "primary") == "a.example.com. A primary"


@pytest.mark.parametrize(
    "record",
    [
        {"name": "a.example.com", "type": "A", "values": ["192.0.2.2", "192.0.2.1"], "ttl": 60},
        {"name": "a.example.com", "type": "TXT", "values": ["plain", '"quoted"'], "ttl": 60},
        {"name": "a", "type": "A", "values": ["192.0.2.1"], "ttl": 1, "set_identifier": "x", "failover": "PRIMARY"},
        {
            "name": "a",
            "type": "A",
            "alias": {"dns_name": "LB.example.com", "zone_id": "Z1", "evaluate_target_health": True},
        },
    ],
)
def test_what_is_sent_comes_back(record: dict[str, Any]) -> None:
    key, state = wanted_record(record, "", present=True)
    assert state is not None
    assert record_state(to_record_set(state)) == state
    assert key.startswith(normalised(record["name"]))


def test_an_empty_name_is_the_zone_s() -> None:
    key, state = wanted_record({"name": "", "type": "TXT", "values": ["x"]}, "example.com", present=True)
    assert key == "example.com. TXT"
    assert state is not None
    assert state["values"] == ['"x"']
    with pytest.raises(AnsibleAWSError, match="only known when zone is given"):
        wanted_record({"name": "", "type": "TXT", "values": ["x"]}, "", present=True)


def test_a_record_that_shall_not_exist_needs_no_values() -> None:
    assert wanted_record({"name": "a", "type": "A"}, "", present=False) == ("a. A", None)
