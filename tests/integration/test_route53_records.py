# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from typing import Any

import pytest

from .harness import Aws, ModuleFailed

MODULE = "route53_records"
ALIAS = {"dns_name": "uex-dev-alb-1.us-east-1.elb.amazonaws.com", "zone_id": "Z35SXDOTRQ7X7K"}
WEB: dict[str, Any] = {"name": "pay.example.com", "type": "A", "alias": ALIAS}
WWW: dict[str, Any] = {"name": "www.example.com", "type": "CNAME", "values": ["pay.example.com"], "ttl": 60}
TEXT: dict[str, Any] = {"name": "", "type": "TXT", "values": ["v=spf1 -all", '"second"']}
PRIMARY: dict[str, Any] = {
    "name": "api.example.com",
    "type": "A",
    "values": ["192.0.2.1"],
    "set_identifier": "primary",
    "failover": "PRIMARY",
    "health_check_id": "11111111-1111-1111-1111-111111111111",
}
SECONDARY = {**PRIMARY, "values": ["192.0.2.2"], "set_identifier": "secondary", "failover": "SECONDARY"}
WILDCARD = {"name": "*.app.example.com", "type": "A", "values": ["192.0.2.9", "192.0.2.8"]}
ALL = [WEB, WWW, TEXT, PRIMARY, SECONDARY, WILDCARD]


@pytest.fixture
def zone(aws: Aws) -> str:
    made = aws.client("route53").create_hosted_zone(Name="example.com", CallerReference="test")
    return made["HostedZone"]["Id"].rpartition("/")[2]


def run(aws: Aws, *records: dict[str, Any], check: bool = False, **options: Any) -> dict[str, Any]:
    return aws.run_module(MODULE, {"zone": "example.com", "records": list(records), **options}, check=check)


def test_created_once_in_one_call(aws: Aws, zone: str) -> None:
    predicted = run(aws, *ALL, check=True)
    aws.mark()
    first = run(aws, *ALL)
    assert aws.mutations() == ["route53:ChangeResourceRecordSets"]
    assert (first["records"], first["actions"]) == (predicted["records"], predicted["actions"])
    assert first["zone_id"] == zone
    aws.mark()
    second = run(aws, *reversed(ALL))
    assert not second["changed"]
    assert aws.mutations() == []
    by_id = aws.run_module(MODULE, {"zone_id": f"/hostedzone/{zone}", "records": [WEB, WWW]})
    assert not by_id["changed"]
    assert by_id["zone_name"] == "example.com."


@pytest.mark.parametrize(
    ("base", "option", "value"),
    [
        (WWW, "values", ["other.example.com"]),
        (WWW, "ttl", 90),
        (WEB, "alias", {**ALIAS, "dns_name": "other.us-east-1.elb.amazonaws.com"}),
        (WEB, "alias", {**ALIAS, "evaluate_target_health": False}),
        (PRIMARY, "health_check_id", "22222222-2222-2222-2222-222222222222"),
        (WILDCARD, "values", ["192.0.2.7"]),
    ],
)
def test_each_option_round_trips(aws: Aws, zone: str, base: dict[str, Any], option: str, value: Any) -> None:
    run(aws, base)
    changed = {**base, option: value}
    predicted = run(aws, changed, check=True)
    done = run(aws, changed)
    assert [step["fields"] for step in done["actions"]] == [[option]]
    assert done["actions"] == predicted["actions"]
    assert not run(aws, changed)["changed"]


@pytest.mark.parametrize("routing", [{"weight": 10}, {"region": "us-east-1"}, {"multivalue": True}])
def test_each_kind_of_routing_round_trips(aws: Aws, zone: str, routing: dict[str, Any]) -> None:
    record = {"name": "r.example.com", "type": "A", "values": ["192.0.2.1"], "set_identifier": "one", **routing}
    assert run(aws, record)["changed"]
    assert not run(aws, record)["changed"]


def test_an_alias_takes_the_place_of_values(aws: Aws, zone: str) -> None:
    plain = {"name": "pay.example.com", "type": "A", "values": ["192.0.2.1"]}
    run(aws, plain)
    assert run(aws, WEB)["changed"]
    assert not run(aws, WEB)["changed"]
    assert run(aws, plain)["changed"]
    assert not run(aws, plain)["changed"]


def test_a_zone_that_is_only_planned(aws: Aws) -> None:
    predicted = run(aws, *ALL, check=True)
    assert [step["action"] for step in predicted["actions"]] == ["create"] * len(ALL)
    assert predicted["zone_id"] == "Zplanned-example.com"
    given = aws.run_module(MODULE, {"zone_id": predicted["zone_id"], "records": [WEB]}, check=True)
    assert given["changed"]
    with pytest.raises(ModuleFailed, match=r"there is no hosted zone example\.com"):
        run(aws, WEB)


def test_absent_deletes_once(aws: Aws, zone: str) -> None:
    run(aws, *ALL)
    gone = [
        {"name": WWW["name"], "type": "CNAME"},
        {"name": "api.example.com", "type": "A", "set_identifier": "primary"},
    ]
    assert run(aws, *gone, state="absent", check=True)["changed"]
    assert run(aws, *gone, state="absent")["changed"]
    assert not run(aws, *gone, state="absent")["changed"]


def test_absent_from_a_zone_that_is_gone(aws: Aws) -> None:
    assert not run(aws, WWW, state="absent")["changed"]


def test_purge_leaves_the_zone_its_own_records(aws: Aws, zone: str) -> None:
    run(aws, *ALL)
    assert run(aws, WEB, purge=True)["changed"]
    assert not run(aws, WEB, purge=True)["changed"]
    left = aws.client("route53").list_resource_record_sets(HostedZoneId=zone)["ResourceRecordSets"]
    assert sorted(record["Type"] for record in left) == ["A", "NS", "SOA"]


def test_waiting_for_the_servers(aws: Aws, zone: str) -> None:
    aws.mark()
    run(aws, WWW, wait=True)
    assert "route53:GetChange" in aws.calls()


def test_a_private_zone_is_another_zone(aws: Aws, zone: str) -> None:
    with pytest.raises(ModuleFailed, match="there is no hosted zone"):
        run(aws, WWW, private_zone=True)


@pytest.mark.parametrize(
    ("records", "message"),
    [
        ([WWW, {**WWW, "name": "WWW.example.com."}], r"www\.example\.com\. CNAME stands twice"),
        ([{**WEB, "values": ["192.0.2.1"]}], "exactly one of values and alias"),
        ([{**WEB, "ttl": 60}], "is an alias, which has its target's ttl"),
    ],
)
def test_bad_records_are_refused(aws: Aws, zone: str, records: list[dict[str, Any]], message: str) -> None:
    with pytest.raises(ModuleFailed, match=message):
        run(aws, *records)
