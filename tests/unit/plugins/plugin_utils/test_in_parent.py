# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Only what is known to behave stays in the parent of all workers, and only where nothing runs beside it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from ansible.parsing.dataloader import DataLoader
from ansible.playbook.play import Play
from ansible.plugins.action import ActionBase
from ansible_collections.slipway.aws.plugins.plugin_utils import in_parent


class Theirs(ActionBase):
    """An action of the operator's own."""


@pytest.fixture
def forgetful() -> Iterator[None]:
    yield
    in_parent.quick.cache_clear()
    in_parent.watched.cache_clear()


def task(action: str = "slipway.aws.sns_topics", role: str | None = "slipway.aws", **said: Any) -> Any:
    """A task of a role, in a play."""
    play_says = {name: said.pop(name) for name in ("strategy",) if name in said}
    # Modules of collections are not found here, where none is installed.
    tasks = [{"name": "task", "debug": {}, **said}]
    play = Play.load({"hosts": "all", "gather_facts": False, "tasks": tasks, **play_says}, loader=DataLoader())
    (block,) = play.tasks
    (made,) = block.block
    made.action = made._resolved_action = action
    made._role = SimpleNamespace(_role_collection=role)
    return made


def stays(made: Any, hosts: int = 1) -> bool:
    return in_parent.stays(made, {"ansible_play_batch": [f"host-{number}" for number in range(hosts)]})


@pytest.fixture
def no_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    """Other tests may have left some."""
    monkeypatch.setattr(in_parent.direct, "threads_left_behind", lambda: 0)


@pytest.mark.usefixtures("no_threads")
def test_a_module_stays_where_its_host_is_alone() -> None:
    assert stays(task())
    assert stays(task("amazon.aws.ec2_vpc_net"))
    assert not stays(task(), hosts=2)
    assert stays(task(run_once=True), hosts=2)


@pytest.mark.usefixtures("no_threads")
@pytest.mark.parametrize(
    "said",
    [
        {"role": "acme.cloud"},
        {"role": None},
        {"action": "community.aws.sns_topic"},
        {"action": "ansible.builtin.command"},
        {"action": "slipway.aws.ecs_service_rollout"},
        {"loop": [1]},
        {"delegate_to": "other"},
        {"async": 10},
        {"timeout": 10},
        {"until": "true"},
        {"strategy": "acme.cloud.own"},
    ],
    ids=str,
)
def test_nothing_else_does(said: dict[str, Any]) -> None:
    assert not stays(task(**said))


def test_a_thread_that_a_module_has_left_behind_is_somebody() -> None:
    over = threading.Event()
    thread = threading.Thread(target=over.wait, args=(60,))
    thread.start()
    try:
        assert not stays(task())
    finally:
        over.set()
        thread.join()


@pytest.mark.usefixtures("no_threads")
@pytest.mark.parametrize(
    ("strategy", "alone"), [("linear", True), ("ansible.builtin.debug", True), ("free", False), ("host_pinned", False)]
)
def test_once_is_alone_only_where_hosts_wait_for_each_other(strategy: str, alone: bool) -> None:
    assert stays(task(strategy=strategy))
    assert stays(task(strategy=strategy, run_once=True), hosts=2) is alone


@pytest.mark.usefixtures("forgetful")
@pytest.mark.parametrize("theirs", ["normal", "amazon.aws.ec2_vpc_net"])
def test_what_somebody_else_has_put_between_does_not(theirs: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """An action of the operator's own runs AWS modules in other ways, and in ways that are not seen."""
    assert in_parent.quick("amazon.aws.ec2_vpc_net")
    assert in_parent.watched("amazon.aws.ec2_vpc_net")
    in_parent.quick.cache_clear()
    in_parent.watched.cache_clear()
    found, has = in_parent.action_loader.get, in_parent.action_loader.has_plugin
    name = "ansible.legacy.normal" if theirs == "normal" else theirs
    monkeypatch.setattr(in_parent.action_loader, "has_plugin", lambda asked: asked == theirs or has(asked))
    monkeypatch.setattr(
        in_parent.action_loader,
        "get",
        lambda asked, **options: Theirs if asked == name else found(asked, **options),
    )
    assert not in_parent.quick("amazon.aws.ec2_vpc_net")
    assert not in_parent.watched("amazon.aws.ec2_vpc_net")
    assert in_parent.quick("slipway.aws.sns_topics")


@pytest.mark.parametrize(
    ("action", "seen"),
    [
        ("slipway.aws.ecs_service_rollout", True),
        ("community.aws.sns_topic", True),
        ("ansible.builtin.set_fact", True),
        ("ansible.builtin.debug", True),
        ("ansible.builtin.command", False),
        ("ansible.builtin.pause", False),
        ("ansible.builtin.uri", False),
        ("ansible.builtin.async_status", False),
        ("community.general.terraform", False),
        ("sns_topics", False),
    ],
)
def test_what_could_change_aws_unseen(action: str, seen: bool) -> None:
    assert in_parent.watched(action) is seen
