# Copyright: slipway.aws contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What follows a new value: every service that reads it is rolled once, or the secret goes back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import partial
from typing import cast

from .._ecs import api as ecs
from ..core import AnsibleAWSError, in_parallel
from .configuring import Configurer
from .consumers import Consumer, Roller
from .engine import Engine, Failure, Secret
from .ordering import befores, in_order


class Follower(Configurer):
    """Rolls consumers, judges them, and ends what they no longer need."""

    def _roller(self) -> Roller:
        consumers = self.options["consumers"]
        return Roller(
            self._client,
            self.module.region or "",
            wait=self.wait,
            timeout=consumers["wait_timeout"],
            log_lines=consumers["log_lines"],
            progress_file=self.progress_file,
        )

    def _due(self) -> dict[str, Secret]:
        return {name: secret for name, secret in self.secrets.items() if secret.consumers_due}

    def _to_roll(self, names: Iterable[str]) -> list[Consumer]:
        wanted = list(names)
        return [
            consumer
            for consumer in self.consumers
            if consumer.restartable and any(self._must_roll(consumer, name) for name in wanted)
        ]

    def _must_roll(self, consumer: Consumer, name: str) -> bool:
        """Where AWS alone has rotated, services that were deployed since have the new value."""
        secret = self.secrets[name]
        moved = secret.moved or secret.will_rotate or self.state == "rolled_back"
        return consumer.follows(name) and (moved or name in consumer.stale)

    def _consumers(self) -> None:
        due = self._due()
        # What an earlier run has left going back is rolled again too, and then told as the failure that it is.
        returned = {name: secret for name, secret in self.secrets.items() if self._went_back(secret)}
        if not due and not returned:
            return
        self.roller = self._roller()
        names = [*due, *returned]
        if self.how == "roll":
            rolled = self._to_roll(names)
            self.roller.roll(rolled, self._marks(names))
            self._note_versions(rolled, names)
            failed = {name for consumer in rolled if consumer.failure for name in consumer.references if name in due}
            self._go_back(failed)
            due = {name: secret for name, secret in due.items() if name not in failed}
        self._finish({**due, **returned})

    @staticmethod
    def _went_back(secret: Secret) -> bool:
        return secret.outcome == "rolled_back" and secret.failure is not None and secret.failure.step == "consumers"

    def _note_versions(self, consumers: Iterable[Consumer], names: Iterable[str]) -> None:
        known = {name: self.secrets[name].versions.current for name in names}
        for consumer in consumers:
            if not consumer.failure:
                consumer.versions |= {name: known[name] for name in consumer.references if name in known}

    def _why(self, name: str) -> Failure:
        broken = [consumer for consumer in self.consumers if consumer.failure and name in consumer.references]
        cause = " ".join(self.hidden.scrub(consumer.failure) for consumer in broken)
        which = ", ".join(consumer.key for consumer in broken)
        return Failure(
            "consumers",
            f"{which} did not come up with the new value: {cause}",
            "Find out why from consumers in the result; then rotate again.",
        )

    def _go_back(self, failed: Iterable[str]) -> None:
        """The consumers of these secrets did not come up with the new values: back to those that worked."""
        failed = sorted(failed)
        if not failed:
            return
        causes = {name: self._why(name) for name in failed}
        if self.options["on_failure"] == "keep":
            for name in failed:
                current = self.secrets[name].versions.current
                causes[name].current = f"AWSCURRENT is the new version {current}, because on_failure is keep."
                self.secrets[name].failure, self.secrets[name].outcome = causes[name], "failed"
            self._forget(failed)
            return
        returns = {name: partial(Engine(self.secrets[name]).go_back, causes[name]) for name in failed}
        in_order(returns, befores(self.secrets))
        back = [name for name in failed if self.secrets[name].outcome == "rolled_back"]
        self._forget(name for name in failed if name not in back)
        again = self._to_roll(back)
        failures = {consumer.key: (consumer.failure, consumer.cause) for consumer in again}
        for consumer in again:
            consumer.failure = ""
        self._refresh(again)
        roller = self._roller()
        roller.roll(again, self._marks(back))
        self._note_versions(again, back)
        if self.roller is not None:
            self.roller.actions += roller.actions
        for name in back:
            broken = [consumer for consumer in again if consumer.failure and name in consumer.references]
            if broken:
                told = " ".join(consumer.failure for consumer in broken)
                causes[name].advice = (
                    f"With the version before, {', '.join(consumer.key for consumer in broken)} did not come up "
                    f"either: {self.hidden.scrub(told)} {causes[name].advice}"
                )
            else:
                self._finish_one(name)
        for consumer in again:
            before, cause = failures[consumer.key]
            consumer.action = "rolled_back" if before and not consumer.failure else consumer.action
            consumer.failure, consumer.cause = consumer.failure or before, consumer.cause or cause

    def _forget(self, names: Iterable[str]) -> None:
        stay = set(names)
        failed = [consumer for consumer in self.consumers if consumer.failure and stay & consumer.references.keys()]
        if self.roller is not None:
            self.roller.forget(failed)

    def _refresh(self, consumers: Iterable[Consumer]) -> None:
        client = self._client("ecs")
        seen = in_parallel(
            {
                consumer.key: partial(ecs.describe_service, client, consumer.cluster, consumer.name)
                for consumer in consumers
            }
        )
        for consumer in consumers:
            consumer.service = seen[consumer.key] or consumer.service

    def _finish(self, due: Mapping[str, Secret]) -> None:
        """What has to happen once no consumer has an old value any more."""
        ready = []
        for name, secret in due.items():
            left = self._to_roll([name])
            if (
                (self.how == "ignore" and not secret.strategy.retires)
                or (self.how == "roll" and self.wait)
                or (self.how == "report" and not left and not self._alone(name))
            ):
                ready.append(name)
            else:
                why = {
                    "ignore": "consumers.action is ignore, so nobody knows whether the old value is still in use",
                    "report": "consumers are still to be restarted: " + ", ".join(consumer.key for consumer in left),
                    "roll": "wait is false",
                }[self.how]
                self._found(name, "consumers_pending", f"The rotation of {name} is not over: {why}.")
        retiring = [name for name in ready if due[name].strategy.retires]
        if retiring and self.how == "roll":
            self._await_old(retiring)
        in_parallel({name: partial(self._finish_one, name) for name in ready if due[name].failure is None})
        for name in ready:
            if self._went_back(due[name]):
                self._finish_one(name)

    def _alone(self, name: str) -> list[Consumer]:
        return [consumer for consumer in self.consumers if not consumer.is_service and name in consumer.references]

    def _await_old(self, names: Iterable[str]) -> None:
        """The old value dies only after the last task that has it."""
        roller = cast("Roller", self.roller)
        for name in names:
            secret = self.secrets[name]
            left = [*self._to_roll([name]), *self._alone(name)]
            try:
                roller.await_old_tasks(left, secret.say)
            except AnsibleAWSError as error:
                secret.failure = Failure(
                    "retire",
                    self.hidden.scrub(error),
                    "Both values stay valid; run again to go on waiting.",
                    f"AWSCURRENT is the new version {secret.versions.current}.",
                )
                secret.outcome = "failed"

    def _finish_one(self, name: str) -> None:
        secret = self.secrets[name]
        failure, outcome, secret.failure = secret.failure, secret.outcome, None
        Engine(secret).finish()
        if failure is not None:
            # The reason for which it went back stays the one that is told.
            secret.failure, secret.outcome = failure, outcome
