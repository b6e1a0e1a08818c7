# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the other tests rely on: a write in check mode does not stay unseen."""

from __future__ import annotations

from .harness import Aws, rehearsed, written_in_check_mode


def test_only_writes_of_a_run_in_check_mode_are_findings(aws: Aws) -> None:
    since = aws.server.position()
    topics = aws.client("sns")
    for arguments in (["site.yml"], ["site.yml", "--check"]):
        with rehearsed(aws.server.url, arguments):
            topics.list_topics()
        topics.list_topics()
    assert written_in_check_mode(aws.server.requests(since)) == []
    before, mark = aws.server.requests(since), {"mark": "check begins"}
    writing = {"service": "sns", "action": "CreateTopic", "mutating": True}
    begins = [entry.get("mark") for entry in before].index("check begins")
    assert written_in_check_mode([*before[: begins + 1], writing, *before[begins + 1 :]]) == ["sns:CreateTopic"]
    assert written_in_check_mode([writing, *before, writing]) == []
    assert written_in_check_mode([mark, {"mark": "mine"}, writing]) == ["sns:CreateTopic"]
