# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Write to CloudWatch Logs as AWS's own services do."""

from __future__ import annotations

from moto.logs.models import logs_backends


def write(account_id: str, region: str, group: str, stream: str, lines: list[tuple[float, str]]) -> None:
    """Append lines to a stream, each with its simulated time; the stream and its group are made where missing."""
    backend = logs_backends[account_id][region]
    if group not in backend.groups:
        backend.create_log_group(group, {})
    streams = backend.groups[group].streams
    if stream not in streams:
        backend.groups[group].create_log_stream(stream)
    events = streams[stream].events
    # One millisecond apart at least, so that they stay in order.
    earliest = events[-1].timestamp + 1 if events else 0
    # Not by the backend's own put_log_events: it refuses what is not near the wall clock's time.
    streams[stream].put_log_events(
        [
            {"timestamp": max(int(at * 1000), earliest) + number, "message": line}  # type: ignore[dict-item]
            for number, (at, line) in enumerate(lines)
        ]
    )
