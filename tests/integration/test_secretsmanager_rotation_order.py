# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Secrets of which one's login changes the other's password, in one task and with a real PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from real_servers.postgres import Postgres

from .harness import Aws, ModuleFailed
from .rotation_functions import Function
from .rotations import Pair

EVERY_90_DAYS = {"automatically_after_days": 90}


@pytest.fixture
def pair(aws: Aws, postgres: Postgres) -> Iterator[Pair]:
    one = Pair(aws, postgres)
    yield one
    one.app.remove()


def fails(pair: Pair, **more: Any) -> dict[str, Any]:
    with pytest.raises(ModuleFailed) as failure:
        pair.rotate(**more)
    return failure.value.result


def test_a_secret_rotates_and_goes_back_after_its_admin_secret(pair: Pair, tmp_path: Path) -> None:
    """With its new password, for the old one is dead by then."""
    first = {name: pair.current(name) for name in (pair.app.name, pair.master)}
    for state, outcome in (("rotated", "rotated"), ("rolled_back", "rolled_back")):
        progress = tmp_path / state
        result = pair.rotate(progress_file=str(progress), state=state)
        assert {secret["outcome"] for secret in result["secrets"].values()} == {outcome}
        told = [line.partition(":")[0] for line in progress.read_text().splitlines()]
        assert told == sorted(told, key=lambda name: name != pair.master), f"{state}: the master's turn is before"
        assert pair.app.works(pair.app.value())
        assert pair.works(), state
    assert {name: pair.current(name) for name in first} == first


def test_nothing_is_begun_with_a_login_that_has_failed_and_does_not_work(pair: Pair) -> None:
    right, versions = pair.current(pair.master)["password"], pair.app.versions()
    pair.spoil(password="nobody's password")
    master, app = sorted(fails(pair)["failures"], key=lambda failure: failure["name"] != pair.master)
    assert (master["step"], app["step"]) == ("set", "admin_secret")
    assert f"its admin_secret {pair.master} has failed" in app["cause"]
    assert f'password authentication failed for user "{pair.app.master}"' in app["cause"]
    assert f"Mend {pair.master} first" in app["advice"]
    assert "nothing was changed" in app["current"]
    assert pair.app.versions() == versions
    pair.spoil(password=right)
    assert {secret["outcome"] for secret in pair.rotate()["secrets"].values()} == {"rotated"}
    assert pair.app.works(pair.app.value())


def test_a_login_that_works_is_used_although_its_own_rotation_has_failed(pair: Pair) -> None:
    pair.spoil(note=f"the password is {pair.current(pair.master)['password']}")
    result = fails(pair)
    assert [(failure["name"], failure["step"]) for failure in result["failures"]] == [(pair.master, "create")]
    assert result["secrets"][pair.app.name]["outcome"] == "rotated"
    assert pair.app.works(pair.app.value())


def test_nothing_is_begun_with_a_login_that_aws_still_rotates(pair: Pair) -> None:
    function, versions = Function(pair.aws), pair.app.versions()
    function.tell(seconds=1000)
    master = {"strategy": "lambda", "database": None, "rotation": {"lambda_arn": function.arn, **EVERY_90_DAYS}}
    result = fails(pair, master={**master, **dict.fromkeys(pair.app.place)}, wait=False)
    assert result["secrets"][pair.master]["outcome"] == "in_progress"
    (failure,) = result["failures"]
    assert failure["step"] == "admin_secret"
    assert f"AWS still rotates its admin_secret {pair.master}" in failure["cause"]
    assert pair.app.versions() == versions


def test_a_circle_of_admin_secrets_is_refused(pair: Pair) -> None:
    arn = pair.app.client.describe_secret(SecretId=pair.master)["ARN"]
    pair.aws.mark()
    with pytest.raises(ModuleFailed, match="in a circle") as failure:
        pair.rotate(master={"admin_secret": pair.app.name}, secret={"admin_secret": arn})
    assert f"{pair.app.name}, {pair.master} name each other" in str(failure.value)
    assert pair.aws.mutations() == []
