# Copyright: slipway.aws contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The names of an environment: a pure function."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

MARK = "planned"


class NameRecordError(ValueError):
    """The records cannot be made; the message says why."""


def edge_records(
    names: Iterable[str],
    load_balancer: Mapping[str, str],
    health_checks: Mapping[str, str] | None = None,
    extra: Iterable[Mapping[str, Any]] = (),
    check_mode: bool = False,
    absent: bool = False,
) -> list[dict[str, Any]]:
    """Alias records of the names to the load balancer, then the further records with their health checks by name."""
    health_checks = health_checks or {}
    names = list(names)
    if absent:
        keys = [{"name": name, "type": "A"} for name in names]
        identity = ("name", "type", "set_identifier")
        return keys + [{key: record[key] for key in identity if key in record} for record in extra]
    target = {"dns_name": load_balancer.get("dns_name") or "", "zone_id": load_balancer.get("zone_id") or ""}
    if names and not all(target.values()):
        if not check_mode:
            raise NameRecordError(
                f"{', '.join(names)} shall lead to the load balancer, but there is none; create it first, or give its "
                "dns_name and zone_id."
            )
        # An empty account has no load balancer yet; the plan goes on.
        target = {"dns_name": f"{MARK}-load-balancer", "zone_id": f"Z{MARK}-load-balancer"}
    records: list[dict[str, Any]] = [
        {"name": name, "type": "A", "alias": {**target, "evaluate_target_health": True}} for name in names
    ]
    for record in extra:
        plain = {key: value for key, value in record.items() if key != "health_check"}
        check = record.get("health_check")
        if check:
            if check not in health_checks:
                known = ", ".join(sorted(health_checks)) or "none"
                raise NameRecordError(f"{record['name']} names the health check {check}; there is {known}.")
            plain["health_check_id"] = health_checks[check]
        records.append(plain)
    return records
