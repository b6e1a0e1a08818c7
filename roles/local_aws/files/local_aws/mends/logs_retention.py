# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""PutRetentionPolicy takes the documented numbers of days only.

AWS: 1, 3, 5, 7, 14, 30, 60, 90, ... 3653; anything else is InvalidParameterException (CloudWatch Logs API reference).
moto 5.2.5: takes any number.
Can go when moto validates it.
"""

from __future__ import annotations

from moto.logs.exceptions import InvalidParameterException
from moto.logs.models import LogsBackend

from ..clock import Clock

DAYS = frozenset(
    (1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653)
)


def apply(clock: Clock) -> None:
    put = LogsBackend.put_retention_policy

    def mended(self: LogsBackend, log_group_name: str, retention_in_days: str) -> None:
        if int(retention_in_days) not in DAYS:
            raise InvalidParameterException(
                f"retentionInDays must be one of {', '.join(map(str, sorted(DAYS)))}, not {retention_in_days}."
            )
        put(self, log_group_name, retention_in_days)

    LogsBackend.put_retention_policy = mended  # type: ignore[method-assign]
