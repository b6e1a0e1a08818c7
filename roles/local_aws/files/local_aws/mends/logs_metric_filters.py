# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Metric filters: one of a name in a log group, in a log group that exists.

AWS: PutMetricFilter creates or updates the filter of that name; an unknown log group, or a filter to delete that is not
there, is ResourceNotFoundException; filters have a creation time and go with their log group (CloudWatch Logs API
reference).
moto 5.2.5: adds a duplicate, takes any log group, deletes nothing silently.
Can go when moto's PutMetricFilter updates.
"""

from __future__ import annotations

from moto.core.utils import unix_time_millis
from moto.logs.exceptions import ResourceNotFoundException
from moto.logs.models import LogsBackend

from ..clock import Clock


def apply(clock: Clock) -> None:
    put, delete, delete_group = (
        LogsBackend.put_metric_filter,
        LogsBackend.delete_metric_filter,
        LogsBackend.delete_log_group,
    )

    def mended_put(
        self: LogsBackend, filter_name: str, filter_pattern: str, log_group_name: str, metric_transformations: str
    ) -> None:
        if log_group_name not in self.groups:
            raise ResourceNotFoundException("The specified log group does not exist.")
        kept = self.filters.metric_filters
        created = next(
            (
                known.get("creationTime")
                for known in kept
                if (known["filterName"], known["logGroupName"]) == (filter_name, log_group_name)
            ),
            None,
        )
        self.filters.metric_filters = [
            known for known in kept if (known["filterName"], known["logGroupName"]) != (filter_name, log_group_name)
        ]
        put(self, filter_name, filter_pattern, log_group_name, metric_transformations)
        self.filters.metric_filters[-1]["creationTime"] = created or int(unix_time_millis())

    def mended_delete(self: LogsBackend, filter_name: str | None = None, log_group_name: str | None = None) -> None:
        if log_group_name not in self.groups:
            raise ResourceNotFoundException("The specified log group does not exist.")
        before = len(self.filters.metric_filters)
        delete(self, filter_name, log_group_name)
        if len(self.filters.metric_filters) == before:
            raise ResourceNotFoundException("The specified metric filter does not exist.")

    def mended_delete_group(self: LogsBackend, log_group_name: str) -> None:
        delete_group(self, log_group_name)
        self.filters.metric_filters = [
            known for known in self.filters.metric_filters if known["logGroupName"] != log_group_name
        ]

    LogsBackend.put_metric_filter = mended_put  # type: ignore[method-assign]
    LogsBackend.delete_metric_filter = mended_delete  # type: ignore[method-assign]
    LogsBackend.delete_log_group = mended_delete_group  # type: ignore[method-assign]
