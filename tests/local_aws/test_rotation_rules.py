# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""When a secret is rotated next."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from local_aws.mends._rotation_rules import check, next_rotation

#: A Thursday.
LAST = datetime(2026, 1, 15, 9, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("rules", "due"),
    [
        ({"AutomaticallyAfterDays": 90}, "2026-04-15 23:59:59"),
        ({"AutomaticallyAfterDays": 1, "Duration": "3h"}, "2026-01-16 03:00:00"),
        ({"ScheduleExpression": "rate(10 days)"}, "2026-01-25 23:59:59"),
        ({"ScheduleExpression": "rate(12 hours)"}, "2026-01-15 13:00:00"),
        ({"ScheduleExpression": "rate(12 hours)", "Duration": "2h"}, "2026-01-15 14:00:00"),
        ({"ScheduleExpression": "cron(0 16 1,15 * ? *)"}, "2026-01-15 23:59:59"),
        ({"ScheduleExpression": "cron(0 8 1,15 * ? *)", "Duration": "4h"}, "2026-02-01 12:00:00"),
        ({"ScheduleExpression": "cron(0 10 ? * MON-FRI *)"}, "2026-01-15 23:59:59"),
        ({"ScheduleExpression": "cron(0 3 ? * SUN *)"}, "2026-01-18 23:59:59"),
        ({"ScheduleExpression": "cron(0 3 ? * 2#1 *)"}, "2026-02-02 23:59:59"),
        ({"ScheduleExpression": "cron(0 3 ? FEB,MAY TUEL *)"}, "2026-02-24 23:59:59"),
        ({"ScheduleExpression": "cron(0 3 L * ? *)"}, "2026-01-31 23:59:59"),
        ({"ScheduleExpression": "cron(0 0/8 * * ? *)"}, "2026-01-15 17:00:00"),
        ({}, None),
    ],
    ids=str,
)
def test_the_next_date(rules: dict[str, Any], due: str | None) -> None:
    check(rules)
    found = next_rotation(rules, LAST.timestamp(), LAST.timestamp())
    assert (None if found is None else datetime.fromtimestamp(found, UTC).strftime("%Y-%m-%d %H:%M:%S")) == due
