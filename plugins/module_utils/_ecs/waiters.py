# Copyright: slipway.aws contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Follow a deployment to its end: often at first, seldom later, more seldom when AWS asks for fewer calls."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from ..core import AnsibleAWSError, error_code
from . import api
from .progress import Progress, deployment_line, rollout_state_line
from .verdict import ENDED, Verdict, judge, judge_rollout_state, primary_deployment, same_deployment, target_of

FIRST_PAUSE = 0.3
LONGEST_PAUSE = 15.0
# How long a new service deployment may take to show up before the endpoint counts as one that has none.
SHOWS_UP_WITHIN = 20.0
# How much older than the entry of the service its service deployment may be.
MARGIN = timedelta(minutes=1)


@dataclass
class Followed:
    """A deployment that a run follows."""

    deployment_id: str
    task_definition: str
    arn: str = ""
    target: str = ""
    resumed: bool = False
    judged_by: str = "service_deployment"
    why_not: str = ""
    seen: bool = False
    described: dict[str, Any] = field(default_factory=dict)
    service: dict[str, Any] = field(default_factory=dict)


class Pauses:
    """Seconds between two looks."""

    def __init__(self, first: float = FIRST_PAUSE, longest: float = LONGEST_PAUSE) -> None:
        self._next = first
        self._longest = longest

    def next(self) -> float:
        pause = self._next
        self._next = min(self._next * 1.4, self._longest)
        return pause

    def slow_down(self) -> None:
        """AWS throttles: wait longer from now on."""
        self._next = min(max(self._next * 2, 5.0), self._longest * 2)


def is_throttling(error: AnsibleAWSError) -> bool:
    """Whether a call failed only because there were too many."""
    return error.exception is not None and api.throttled(error_code(error.exception))


def _shows(service: Mapping[str, Any], followed: Followed) -> bool:
    """Whether a described service has the deployment."""
    return any(item["id"] == followed.deployment_id for item in service.get("deployments") or [])


class Watcher:
    """Looks until there is a verdict or the time is over."""

    def __init__(
        self,
        client: Any,
        cluster: str,
        name: str,
        timeout: float,
        progress: Progress,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._client = client
        self._cluster = cluster
        self._name = name
        self._deadline = clock() + timeout
        self._progress = progress
        self._clock = clock
        self._sleep = sleep
        self._shown_by = clock()

    def looks(self, within: float | None = None) -> Iterator[Pauses]:
        """One turn a look, with a pause between two, until the time is over."""
        deadline = self._deadline if within is None else min(self._deadline, self._clock() + within)
        pauses = Pauses()
        while True:
            yield pauses
            left = deadline - self._clock()
            if left <= 0:
                return
            self._sleep(min(pauses.next(), left))

    def find(self, followed: Followed, entry: Mapping[str, Any]) -> None:
        """Find the service deployment of an entry of the service's deployments, or learn that there is none."""
        try:
            for pauses in self.looks(SHOWS_UP_WITHIN):
                if self._look_for(followed, entry, pauses):
                    return
                if self._ended_without(followed):
                    break
        except api.NoServiceDeployments as error:
            followed.why_not = str(error)
        if not followed.arn:
            followed.judged_by = "rollout_state"
            followed.why_not = followed.why_not or "The endpoint lists no service deployment."

    def _look_for(self, followed: Followed, entry: Mapping[str, Any], pauses: Pauses) -> bool:
        try:
            since = {"createdAt": {"after": entry["createdAt"] - MARGIN}} if entry.get("createdAt") else {}
            listed = api.list_service_deployments(self._client, self._cluster, self._name, **since)
        except AnsibleAWSError as error:
            if not is_throttling(error):
                raise
            pauses.slow_down()
            return False
        found = same_deployment(listed, entry)
        if found is None:
            return False
        followed.arn, followed.target = found["serviceDeploymentArn"], target_of(found)
        return True

    def _ended_without(self, followed: Followed) -> bool:
        """Whether the deployment has ended although no service deployment has shown up: an endpoint without them."""
        service = api.describe_service(self._client, self._cluster, self._name) or {}
        # A read may lag behind the change: that the deployment is not there means nothing yet.
        return _shows(service, followed) and judge_rollout_state(service, followed.deployment_id).reached

    def follow(self, followed: Followed, *, wait_until: str = "stable", rollback_wanted: bool = False) -> Verdict:
        """The verdict, or an open one when the time is over."""
        self._shown_by = self._clock() + SHOWS_UP_WITHIN
        for pauses in self.looks():
            try:
                verdict = self._look(followed, wait_until, rollback_wanted)
            except AnsibleAWSError as error:
                if not is_throttling(error):
                    raise
                pauses.slow_down()
                continue
            except api.NoServiceDeployments:
                # It has answered before: a hiccup, not an endpoint without service deployments.
                pauses.slow_down()
                continue
            if verdict.reached:
                return verdict
        return Verdict()

    def _look(self, followed: Followed, wait_until: str, rollback_wanted: bool) -> Verdict:
        if followed.judged_by == "service_deployment":
            described = api.describe_service_deployment(self._client, followed.arn)
            if described is None:
                return Verdict()
            followed.described = described
            self._progress.say(deployment_line(described))
            return judge(described, followed.target, wait_until=wait_until, rollback_wanted=rollback_wanted)
        service = api.describe_service(self._client, self._cluster, self._name)
        followed.service = service or {}
        ours = [item for item in followed.service.get("deployments") or [] if item["id"] == followed.deployment_id]
        if ours:
            self._progress.say(rollout_state_line(ours[0]))
            followed.seen = True
        if not followed.seen and self._clock() < self._shown_by:
            return Verdict()
        return judge_rollout_state(service, followed.deployment_id)

    def settled_service(self, followed: Followed) -> dict[str, Any]:
        """The service once a read shows the deployment that has ended: a read may lag behind it."""
        service: dict[str, Any] = {}
        for _pauses in self.looks(SHOWS_UP_WITHIN):
            service = api.describe_service(self._client, self._cluster, self._name) or {}
            if not followed.deployment_id or _shows(service, followed):
                break
        return service

    def until_idle(self, arn: str) -> None:
        """Wait until a service deployment, or without its ARN whatever is under way, has ended, however it ends."""
        for pauses in self.looks():
            try:
                if arn:
                    described = api.describe_service_deployment(self._client, arn) or {}
                    self._progress.say(f"waits for the running deployment: {deployment_line(described)}")
                    if described.get("status") in ENDED:
                        return
                else:
                    service = api.describe_service(self._client, self._cluster, self._name) or {}
                    self._progress.say("waits for the running deployment")
                    if primary_deployment(service).get("rolloutState") != "IN_PROGRESS":
                        return
            except AnsibleAWSError as error:
                if not is_throttling(error):
                    raise
                pauses.slow_down()
        raise AnsibleAWSError(
            message=f"The deployment of {self._name} that was running already has not ended within wait_timeout. "
            "Nothing was changed. Run again to go on waiting, or set on_running_deployment to supersede it."
        )

    def until_service(
        self, done: Callable[[dict[str, Any] | None], bool], say: Callable[[dict[str, Any] | None], str]
    ) -> tuple[bool, dict[str, Any] | None]:
        """Wait until the service is as C(done) wants it: whether it is, and the service as last seen."""
        service = None
        for pauses in self.looks():
            try:
                service = api.describe_service(self._client, self._cluster, self._name)
            except AnsibleAWSError as error:
                if not is_throttling(error):
                    raise
                pauses.slow_down()
                continue
            self._progress.say(say(service))
            if done(service):
                return True, service
        return False, service

    def until_tasks_stopped(self, arns: list[str]) -> None:
        """Wait until tasks have stopped and given their network interfaces back."""
        for _pauses in self.looks():
            tasks = api.describe_tasks(self._client, self._cluster, arns) if arns else []
            left = [task["taskArn"] for task in tasks if task.get("lastStatus") != "STOPPED"]
            self._progress.say(f"{len(left)} tasks are still stopping" if left else "all tasks have stopped")
            if not left:
                return
            arns = left
