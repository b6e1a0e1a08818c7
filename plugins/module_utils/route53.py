# Copyright: slipway.aws contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The records of a hosted zone, changed in one batch."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .core import AnsibleAWSError, Resource, State, Step, aws_call, chunks, get_waiter, given, merged, waiter_config

__all__ = ["Records", "find_zone", "wait_for_change", "wanted_record"]

# A batch may hold 1000 record elements; an update counts twice.
BATCH = 500
DEFAULT_TTL = 300
_ROUTING = {
    "set_identifier": "SetIdentifier",
    "failover": "Failover",
    "weight": "Weight",
    "region": "Region",
    "multivalue": "MultiValueAnswer",
    "health_check_id": "HealthCheckId",
}


def normalised(name: str) -> str:
    """A name as it is compared: in lower case, with its last dot, with the asterisk that Route 53 writes in octal."""
    plain = name.lower().replace("\\052", "*").rstrip(".")
    return f"{plain}."


def record_key(name: str, kind: str, set_identifier: str = "") -> str:
    return " ".join(part for part in (normalised(name), kind, set_identifier) if part)


def _value(kind: str, value: str) -> str:
    quoted = kind in ("TXT", "SPF") and not value.startswith('"')
    return f'"{value}"' if quoted else value


def wanted_record(record: Mapping[str, Any], zone: str, *, present: bool) -> tuple[str, State | None]:
    """The key of a record of the task, and its state where it shall exist."""
    name = record["name"] or zone
    if not name:
        raise AnsibleAWSError(
            message="records: an empty name is the zone's own, which is only known when zone is given."
        )
    kind = record["type"]
    key = record_key(name, kind, record.get("set_identifier") or "")
    if not present:
        return key, None
    if bool(record.get("values")) == bool(record.get("alias")):
        raise AnsibleAWSError(message=f"records: {key} needs exactly one of values and alias.")
    if record.get("alias") and record.get("ttl") is not None:
        raise AnsibleAWSError(message=f"records: {key} is an alias, which has its target's ttl; leave ttl out.")
    state = given({option: record.get(option) for option in ("ttl", *_ROUTING)})
    if record.get("alias"):
        alias = record["alias"]
        state["alias"] = {**alias, "dns_name": normalised(alias["dns_name"])}
    else:
        state["values"] = sorted(_value(kind, value) for value in record["values"])
    return key, {"name": normalised(name), "type": kind, **state}


def record_state(answer: Mapping[str, Any]) -> State:
    """A record as Route 53 answers, in the words of the options."""
    state: State = {"name": normalised(answer["Name"]), "type": answer["Type"]}
    state |= given({option: answer.get(name) for option, name in _ROUTING.items()})
    if "AliasTarget" in answer:
        alias = answer["AliasTarget"]
        state["alias"] = {
            "dns_name": normalised(alias["DNSName"]),
            "zone_id": alias["HostedZoneId"],
            "evaluate_target_health": alias["EvaluateTargetHealth"],
        }
    else:
        state["values"] = sorted(item["Value"] for item in answer.get("ResourceRecords", []))
        state["ttl"] = answer["TTL"]
    return state


def to_record_set(state: Mapping[str, Any]) -> dict[str, Any]:
    """The form in which Route 53 takes a record."""
    sent: dict[str, Any] = {"Name": state["name"], "Type": state["type"]}
    sent |= given({name: state.get(option) for option, name in _ROUTING.items()})
    if state.get("alias"):
        alias = state["alias"]
        sent["AliasTarget"] = {
            "DNSName": alias["dns_name"],
            "HostedZoneId": alias["zone_id"],
            "EvaluateTargetHealth": alias["evaluate_target_health"],
        }
    else:
        sent["ResourceRecords"] = [{"Value": value} for value in state["values"]]
        sent["TTL"] = state.get("ttl", DEFAULT_TTL)
    return sent


@aws_call("find the hosted zone {name}")
def find_zone(client: Any, name: str, *, private: bool) -> str:
    """The identifier of the zone of that name, or an empty string."""
    wanted = normalised(name)
    arguments: dict[str, Any] = {"DNSName": wanted}
    while True:
        page = client.list_hosted_zones_by_name(**arguments)
        for zone in page["HostedZones"]:
            if normalised(zone["Name"]) != wanted:
                return ""
            if zone["Config"].get("PrivateZone", False) == private:
                return zone["Id"].rpartition("/")[2]
        if not page["IsTruncated"]:
            return ""
        arguments = {"DNSName": page["NextDNSName"], "HostedZoneId": page["NextHostedZoneId"]}


@aws_call("list the records of the zone {zone_id}")
def _list(client: Any, zone_id: str) -> list[dict[str, Any]]:
    pages = client.get_paginator("list_resource_record_sets").paginate(HostedZoneId=zone_id)
    return [record for page in pages for record in page["ResourceRecordSets"]]


@aws_call("change the records of the zone {zone_id}")
def _change(client: Any, zone_id: str, changes: list[dict[str, Any]]) -> str:
    return client.change_resource_record_sets(HostedZoneId=zone_id, ChangeBatch={"Changes": changes})["ChangeInfo"][
        "Id"
    ]


@aws_call("see the change {change_id} on all of Route 53's servers")
def wait_for_change(client: Any, change_id: str, timeout: int) -> None:
    get_waiter(client, "resource_record_sets_changed", {}).wait(Id=change_id, WaiterConfig=waiter_config(timeout, 5))


class Records(Resource):
    kind = "record"

    def __init__(self, client: Any, zone_id: str, *, planned: bool) -> None:
        self.client = client
        self.zone_id = zone_id
        self.is_planned = planned
        self.change_id = ""
        self.zone_name = ""

    def describe(self) -> dict[str, State]:
        if self.is_planned:
            return {}
        answers = _list(self.client, self.zone_id)
        self.zone_name = next((normalised(answer["Name"]) for answer in answers if answer["Type"] == "SOA"), "")
        return {
            record_key(state["name"], state["type"], state.get("set_identifier", "")): state
            for state in map(record_state, answers)
            # The zone's own records are Route 53's business.
            if not (state["name"] == self.zone_name and state["type"] in ("NS", "SOA"))
        }

    def apply(
        self, steps: list[Step], current: Mapping[str, State], wanted: Mapping[str, State | None]
    ) -> dict[str, State | None]:
        """All changes in one batch: Route 53 makes all of them or none, and takes few calls a second."""
        results: dict[str, State | None] = {}
        changes: list[dict[str, Any]] = []
        # Deletions first: a CNAME must be gone before another record may take its name.
        for step in sorted(steps, key=lambda step: step.action != "delete"):
            if step.action == "delete":
                results[step.name] = None
                changes.append({"Action": "DELETE", "ResourceRecordSet": to_record_set(current[step.name])})
            else:
                state = self._after(current.get(step.name, {}), wanted[step.name] or {})
                results[step.name] = state
                changes.append({"Action": "UPSERT", "ResourceRecordSet": to_record_set(state)})
        for batch in chunks(changes, BATCH):
            self.change_id = _change(self.client, self.zone_id, batch)
        return results

    @staticmethod
    def _after(current: State, wanted: State) -> State:
        """The whole record: an alias takes the place of values and the other way round."""
        dropped = ("values", "ttl") if "alias" in wanted else ("alias",)
        state = {key: value for key, value in merged(current, wanted).items() if key not in dropped}
        return state if "alias" in state else {"ttl": DEFAULT_TTL, **state}

    def planned(self, name: str, wanted: State) -> State:
        return self._after({}, wanted)
