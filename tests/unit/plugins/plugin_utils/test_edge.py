# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.slipway.aws.plugins.plugin_utils.edge import NameRecordError, edge_records

BALANCER = {"dns_name": "uex-1.us-east-1.elb.amazonaws.com", "zone_id": "Z35SXDOTRQ7X7K"}
FAILOVER: dict[str, Any] = {"name": "api.example.com", "type": "A", "values": ["192.0.2.1"], "health_check": "api"}


def test_names_lead_to_the_load_balancer() -> None:
    assert edge_records(["pay.example.com"], BALANCER) == [
        {"name": "pay.example.com", "type": "A", "alias": {**BALANCER, "evaluate_target_health": True}}
    ]


def test_a_load_balancer_that_does_not_exist_is_an_error_but_not_in_a_plan() -> None:
    with pytest.raises(NameRecordError, match=r"pay\.example\.com shall lead to the load balancer"):
        edge_records(["pay.example.com"], {})
    (record,) = edge_records(["pay.example.com"], {}, check_mode=True)
    assert record["alias"]["dns_name"] == "planned-load-balancer"


def test_without_names_no_load_balancer_is_needed() -> None:
    assert edge_records([], {}, extra=[{"name": "a", "type": "CNAME", "values": ["b"]}]) == [
        {"name": "a", "type": "CNAME", "values": ["b"]}
    ]


def test_a_record_names_its_health_check() -> None:
    (record,) = edge_records([], {}, health_checks={"api": "1234"}, extra=[FAILOVER])
    assert record["health_check_id"] == "1234"
    assert "health_check" not in record
    with pytest.raises(NameRecordError, match=r"api\.example\.com names the health check api; there is web"):
        edge_records([], {}, health_checks={"web": "1"}, extra=[FAILOVER])


def test_what_tells_records_apart_is_enough_to_remove_them() -> None:
    extra = [{**FAILOVER, "set_identifier": "primary"}]
    assert edge_records(["pay.example.com"], {}, extra=extra, absent=True) == [
        {"name": "pay.example.com", "type": "A"},
        {"name": "api.example.com", "type": "A", "set_identifier": "primary"},
    ]
