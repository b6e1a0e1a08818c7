# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from datetime import UTC, datetime, timedelta

from ansible_collections.slipway.aws.plugins.module_utils._rotation.versions import (
    REJECTED,
    Versions,
    already_rotated,
    rotation_token,
)


def versions(**stages: str) -> Versions:
    held: dict[str, list[str]] = {}
    for label, version in stages.items():
        held.setdefault(version, []).append(label if label.startswith("AWS") else f"slipway-{label}")
    return Versions.of({"VersionIdsToStages": held})


def test_pending_on_the_current_version_is_no_rotation() -> None:
    assert versions(AWSCURRENT="a", AWSPENDING="b").pending == "b"
    assert versions(AWSCURRENT="a", AWSPENDING="a").pending == ""
    assert versions(AWSCURRENT="a").pending == ""
    assert versions().current == ""


def test_previous_follows_current() -> None:
    seen = versions(AWSCURRENT="a", AWSPREVIOUS="z", AWSPENDING="b")
    seen.moved("AWSCURRENT", "b")
    assert (seen.current, seen.previous, seen.pending) == ("b", "a", "")
    seen.moved("AWSPENDING", "")
    assert seen.stages["b"] == {"AWSCURRENT"}


def test_token_follows_from_the_inputs_and_from_what_is_replaced() -> None:
    first = rotation_token("seed", "db", versions(AWSCURRENT="a"))
    assert first == rotation_token("seed", "db", versions(AWSCURRENT="a", AWSPREVIOUS="z"))
    others = [
        rotation_token("other", "db", versions(AWSCURRENT="a")),
        rotation_token("seed", "cache", versions(AWSCURRENT="a")),
        rotation_token("seed", "db", versions(AWSCURRENT="b")),
        rotation_token("seed", "db", versions(AWSCURRENT="a", rejected=first)),
    ]
    assert len({first, *others}) == 5
    assert 32 <= len(first) <= 64


def test_rotated_version_is_recognised_until_it_is_given_up() -> None:
    made = rotation_token("seed", "db", versions(AWSCURRENT="a"))
    after = versions(AWSCURRENT=made, AWSPREVIOUS="a")
    assert already_rotated("seed", "db", after)
    assert not already_rotated("other", "db", after)
    assert not already_rotated("seed", "db", versions(AWSCURRENT="a"))
    back = versions(AWSCURRENT="a", AWSPREVIOUS=made, rejected=made)
    assert not already_rotated("seed", "db", back)
    assert rotation_token("seed", "db", back) != made
    assert back.holder(REJECTED) == made


def test_age_in_days() -> None:
    now = datetime(2026, 11, 21, tzinfo=UTC)
    seen = Versions({}, {"a": now - timedelta(days=90, hours=12), "new": now})
    assert seen.age_days("a", now) == 90.5
    assert seen.age_days("new", now - timedelta(minutes=1)) == 0
    assert seen.age_days("unknown", now) is None
