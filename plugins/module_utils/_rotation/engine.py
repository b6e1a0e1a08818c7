# Copyright: slipway.aws contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One secret's rotation: the order of the steps, the staging labels, resuming, undoing and going back.

Every method here can be cut off between any two calls; the labels then tell the next run where to go on:

===================================  ===============================================================
AWSPENDING on another version        made, not yet current: C(set) and C(test) again, or given up
AWSPENDING on AWSCURRENT             current; where C(set) only prepares, perhaps not yet valid: C(set) again if so
slipway-rejected on AWSPENDING       to be given up: the target is put back, AWSPENDING goes
slipway-rejected on AWSCURRENT       to be gone back from: AWSPREVIOUS becomes current again
slipway-rolling on any version       consumers are still to be rolled, or the old value to be retired
===================================  ===============================================================
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, cast

from ..core import AnsibleAWSError, wait_until
from . import api
from .strategy import AGAIN, ByAws, Context, Memory, RotationError, Strategy
from .versions import CURRENT, PENDING, PREVIOUS, REJECTED, ROLLING, Versions, already_rotated, rotation_token

# How long Secrets Manager may go on trying a function again after it has told of an error.
AFTER_ERROR = 60.0


def now() -> datetime:
    return datetime.now(UTC)


@dataclass
class Failure:
    """What went wrong with one secret. C(current) says whether AWSCURRENT works; None where nobody could tell."""

    step: str
    cause: str
    advice: str = ""
    current: str = ""

    def as_result(self, name: str) -> dict[str, str]:
        return {"name": name, "step": self.step, "cause": self.cause, "advice": self.advice, "current": self.current}

    def sentence(self, name: str) -> str:
        parts = [f"The secret {name} failed in step {self.step}: {self.cause.rstrip('.')}.", self.current, self.advice]
        return " ".join(part for part in parts if part)


@dataclass
class Asked:
    """What the task says about when a secret rotates."""

    rotate: str = "never"
    seed: str = ""
    max_age_days: float | None = None
    wait: bool = True
    force: bool = False


@dataclass
class Secret:
    """One secret during a run."""

    name: str
    entry: dict[str, Any]
    versions: Versions
    strategy: Strategy
    context: Context
    asked: Asked
    client: Any
    tester: Strategy | None = None
    # The secret of the same run whose login changes this one's value at its target; its turn is before.
    admin: Secret | None = None
    outcome: str = "unchanged"
    failure: Failure | None = None
    actions: list[dict[str, Any]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    # Whether AWS has rotated it by itself since a service that reads it was deployed.
    stale: bool = False
    version_before: str = ""
    age_before: float | None = None
    seconds: float = 0.0
    memory: Memory | None = None
    # Never in a repr, which ends in tracebacks.
    values: dict[str, str] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        self.version_before = self.versions.current
        self.age_before = self.versions.age_days(self.versions.current, now())
        self.strategy.entry = self.entry
        if self.tester is not None:
            self.tester.entry = self.entry

    # What is to be done

    @property
    def arn(self) -> str:
        return self.entry["ARN"]

    @property
    def due(self) -> bool:
        """Whether the current version is as old as it may become."""
        age = self.versions.age_days(self.versions.current, now())
        return self.asked.max_age_days is not None and age is not None and age >= self.asked.max_age_days

    @property
    def pending_is_own(self) -> bool:
        """Whether AWSPENDING is the version that a rotation with these inputs makes."""
        return self.versions.pending == rotation_token(self.asked.seed, self.name, self.versions)

    @property
    def wanted(self) -> bool:
        """Whether a new rotation shall begin."""
        if self.asked.rotate == "now":
            return not self._done_before()
        return self.asked.rotate == "due" and self.due

    def _done_before(self) -> bool:
        if self.memory is not None:
            token = rotation_token(self.asked.seed, self.name, self.versions, before=self.memory.before)
            return self.memory.token == token and self.memory.before != self.versions.current
        return already_rotated(self.asked.seed, self.name, self.versions)

    @property
    def unfinished(self) -> bool:
        """Whether an earlier run, or AWS, was cut off in the middle of a rotation."""
        return bool(self.versions.pending) or self.rolling or self.going_back

    @property
    def rolling(self) -> bool:
        """Whether consumers, or the end of the old value, are still due."""
        if self.memory is not None:
            return not self.memory.over and self.memory.before != self.versions.current
        return bool(self.versions.holder(ROLLING))

    @property
    def going_back(self) -> bool:
        return bool(self.versions.current) and self.versions.holder(REJECTED) == self.versions.current

    @property
    def rolled_back_already(self) -> bool:
        previous = self.versions.previous
        return bool(previous) and previous == self.versions.holder(REJECTED) and not self.versions.pending

    @property
    def will_rotate(self) -> bool:
        """What check mode foretells."""
        return self.wanted or bool(self.versions.pending)

    @property
    def consumers_due(self) -> bool:
        """Whether consumers may still have another value than AWSCURRENT."""
        return self.failure is None and (self.stale or self.moved)

    @property
    def moved(self) -> bool:
        """Whether this run, or one that was cut off, has changed AWSCURRENT."""
        return self.rolling or self.outcome in ("rotated", "resumed", "rolled_back")

    @property
    def rotates_by_itself(self) -> bool:
        """Whether AWS may have rotated it while nobody looked."""
        return self.asked.rotate != "never" and self.strategy.by_aws and bool(self.entry.get("LastRotatedDate"))

    @property
    def can_log_in(self) -> bool:
        return type(self.tester or self.strategy).test is not Strategy.test

    # Calls that change labels

    def label(self, stage: str, version: str) -> None:
        """Attach a label to a version; with an empty one take it away."""
        before = self.versions.holder(stage)
        if before == version:
            return
        api.move_stage(self.client, self.arn, stage, version, before)
        self.versions.moved(stage, version)

    def value(self, version: str) -> str | None:
        """The value of a version, from now on hidden."""
        if version not in self.values:
            found = api.read(self.client, self.arn, version)
            if found is None:
                return None
            self.context.hidden.add(found)
            self.values[version] = found
        return self.values[version]

    def needed_value(self, version: str, step: str) -> str:
        found = self.value(version) if version else None
        if found is None:
            cause = f"the version {version or 'AWSCURRENT'} has no value"
            raise RotationError(step, cause, "Give the secret a value, then run again.")
        return found

    def act(self, action: str, version: str = "") -> None:
        self.actions.append({"action": action, "name": self.name, **({"version_id": version} if version else {})})

    def say(self, line: str) -> None:
        self.context.say(line)

    def reload(self) -> None:
        entry = api.describe(self.client, self.arn)
        if entry is None:
            raise RotationError("describe", "the secret does not exist any more")
        self.entry.clear()
        self.entry.update(entry)
        self.versions = Versions.of(entry, self.versions.created)

    def explained(self, token: str, since: float) -> RotationError | None:
        """Why AWS's own steps have failed. It may log any value: all are read first, so that they are hidden."""
        found = self.strategy.explain(token, since) if isinstance(self.strategy, ByAws) else None
        if found is None:
            return None
        try:
            for version in self.versions.stages:
                self.value(version)
        except AnsibleAWSError as error:
            cause = (
                f"it has failed; what it says is not shown, because the values to hide in it cannot be read: {error}"
            )
            return RotationError(found.step, cause, found.advice)
        scrub = self.context.hidden.scrub
        return RotationError(found.step, scrub(found.cause), scrub(found.advice))

    def test(self, value: str) -> None:
        """Log in with a value, by the strategy or by the one that stands in for it."""
        (self.tester or self.strategy).test(value)

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Turn whatever a step raises into a RotationError without any value in it."""
        self.say(name)
        try:
            yield
        except RotationError as error:
            raise RotationError(
                error.step or name, self.context.hidden.scrub(error.cause), self.context.hidden.scrub(error.advice)
            ) from None
        except AnsibleAWSError as error:
            raise RotationError(name, self.context.hidden.scrub(error)) from None
        except Exception as error:  # noqa: BLE001 - a driver's own error may hold a password
            cause = self.context.hidden.scrub(f"{type(error).__name__}: {error}")
            raise RotationError(name, cause) from None


class Engine:
    """Brings one secret from one version to the next, or back."""

    def __init__(self, secret: Secret, clock: Callable[[], float] = time.monotonic) -> None:
        self.secret = secret
        self._clock = clock

    def rotate(self) -> None:
        """As far as the new version is current. Never raises: what went wrong is in C(secret.failure)."""
        self._guarded(self._rotate)

    def roll_back(self) -> None:
        """Back to AWSPREVIOUS, as the task asks."""
        self._guarded(self._roll_back)

    def go_back(self, why: Failure) -> None:
        """Back from a version with which consumers do not come up."""
        secret = self.secret

        def back() -> None:
            self._go_back()
            secret.outcome = "rolled_back"

        self._guarded(back)
        if secret.failure is None:
            why.current = f"AWSCURRENT is the version {secret.versions.current} again{self._proof()}."
            secret.failure = why
        else:
            second = secret.failure
            why.cause = f"{why.cause.rstrip('.')}. Going back failed too, in step {second.step}: {second.cause}"
            why.current, why.advice = second.current, second.advice
            secret.failure = why

    def finish(self) -> None:
        """All consumers have the new value: let the old one die, and take the label away."""
        self._guarded(self._finish)

    def _guarded(self, work: Callable[[], None]) -> None:
        secret, began = self.secret, self._clock()
        try:
            work()
        except RotationError as error:
            secret.failure = Failure(error.step, error.cause, error.advice or AGAIN, error.current)
        except AnsibleAWSError as error:
            text = secret.context.hidden.scrub(error)
            secret.failure = Failure("rotate", text, "Run again to go on where this run stopped.")
        finally:
            secret.strategy.release()
        if secret.failure is not None and not secret.failure.current and secret.versions.current:
            secret.failure.current = f"AWSCURRENT is the version {secret.versions.current}."
        if secret.failure is not None:
            secret.outcome = "failed" if secret.outcome != "rolled_back" else secret.outcome
        # What lies between is other secrets' turn, and the consumers'.
        secret.seconds += self._clock() - began

    def _proof(self) -> str:
        """What the sentence about AWSCURRENT rests on."""
        return ", and a login with it works" if self.secret.can_log_in else ""

    # Forward

    def _rotate(self) -> None:
        secret = self.secret
        if secret.asked.rotate == "never":
            return
        if secret.strategy.by_aws:
            self._rotate_by_aws()
            return
        if secret.versions.holder(PENDING) or secret.going_back or secret.wanted:
            self._need_admin()
        if secret.going_back:
            self._resume_going_back()
            return
        if secret.versions.pending and not self._resumes():
            self._discard()
        if not secret.versions.pending and secret.versions.holder(PENDING):
            # AWSCURRENT has moved, and the run was cut off before it could take AWSPENDING away.
            self._finish_switch()
            secret.label(PENDING, "")
            secret.act("finish", secret.versions.current)
        if secret.versions.pending:
            self._set_and_finish("resumed")
        elif secret.wanted:
            self._create()
            self._set_and_finish("rotated")

    def _need_admin(self) -> None:
        """Begin nothing with the login of a secret that has failed, or that AWS still rotates, unless it works."""
        secret, admin = self.secret, self.secret.admin
        if admin is None or (admin.failure is None and admin.outcome != "in_progress"):
            return
        cause = f"AWS still rotates its admin_secret {admin.name}, whose password may change at any moment"
        advice = "Run again when that is over, or with wait: true."
        if admin.failure is not None:
            try:
                with secret.step("admin_secret"):
                    secret.strategy.test_admin(secret.needed_value(secret.versions.current, "admin_secret"))
                return
            except RotationError as refused:
                cause = f"the rotation of its admin_secret {admin.name} has failed, and {refused.cause}"
                advice = f"Mend {admin.name} first, as its own failure says; then run again."
        current = f"AWSCURRENT is still the version {secret.versions.current}; nothing was changed."
        raise _told(RotationError("admin_secret", cause, advice), current)

    def _resume_going_back(self) -> None:
        secret = self.secret
        self._go_back()
        secret.outcome = "rolled_back"
        raise _told(
            RotationError(
                "consumers",
                "an earlier run was cut off while it went back from a version that did not work, or with which "
                "consumers did not come up",
                "Run again to rotate.",
            ),
            f"AWSCURRENT is the version {secret.versions.current} again{self._proof()}.",
        )

    def _resumes(self) -> bool:
        """Whether AWSPENDING is to be finished. What was given up, and what another request has made, is not."""
        secret = self.secret
        if secret.versions.holder(REJECTED) == secret.versions.pending or secret.value(secret.versions.pending) is None:
            return False
        return secret.asked.rotate != "now" or secret.pending_is_own

    def _create(self) -> None:
        secret = self.secret
        token = rotation_token(secret.asked.seed, secret.name, secret.versions)
        try:
            with secret.step("create"):
                value = secret.strategy.create(secret.needed_value(secret.versions.current, "create"))
                secret.context.hidden.add(value)
                made = api.put_pending(secret.client, secret.arn, value, token, [PENDING, ROLLING])
        except RotationError as error:
            current = f"AWSCURRENT is still the version {secret.versions.current}; nothing was changed."
            raise _told(error, current) from None
        if not made:
            # Another run with the same inputs was faster: its value counts.
            secret.reload()
            if not secret.versions.pending:
                raise RotationError("create", "another run is rotating this secret", "Run again when it has ended.")
            return
        secret.values[token] = value
        secret.versions.moved(PENDING, token)
        secret.versions.moved(ROLLING, token)
        secret.versions.created[token] = now()
        secret.act("create", token)

    def _set_and_finish(self, outcome: str) -> None:
        secret = self.secret
        current, pending = secret.versions.current, secret.versions.pending
        # Whoever made the version, the consumers are ours from now on.
        secret.label(ROLLING, pending)
        before = secret.versions.previous
        try:
            with secret.step("set"):
                old, new = secret.needed_value(current, "set"), secret.needed_value(pending, "set")
                secret.strategy.set(old, new)
            if not secret.strategy.switches:
                with secret.step("test"):
                    secret.test(new)
            self._make_current(pending)
            if secret.strategy.switches:
                self._switch(old, new)
        except RotationError as error:
            if secret.versions.current == pending:
                self._return(error, current, before)
            self._give_up(error)
        secret.label(PENDING, "")
        secret.act("rotate" if outcome == "rotated" else "resume", pending)
        secret.outcome = outcome

    def _make_current(self, version: str) -> None:
        secret = self.secret
        secret.say("finish")
        try:
            secret.label(CURRENT, version)
        except AnsibleAWSError as error:
            # The answer may have been lost, and not the request. As long as nobody can tell, nothing is undone.
            secret.reload()
            if secret.versions.current != version:
                raise RotationError("finish", secret.context.hidden.scrub(error)) from None

    def _switch(self, old: str, new: str) -> None:
        with self.secret.step("switch"):
            self.secret.strategy.switch(old, new)
        with self.secret.step("test"):
            self.secret.test(new)

    def _finish_switch(self) -> None:
        """AWSCURRENT has moved, but the run may have been cut off before the value became valid."""
        secret = self.secret
        current, previous = secret.versions.current, secret.versions.previous
        if not secret.strategy.switches or not previous:
            return
        old, new = secret.needed_value(previous, "switch"), secret.needed_value(current, "switch")
        with contextlib.suppress(RotationError), secret.step("test"):
            secret.test(new)
            return
        try:
            with secret.step("set"):
                secret.strategy.set(old, new)
            self._switch(old, new)
        except RotationError as error:
            self._return(error, previous, "")

    def _return(self, error: RotationError, back_to: str, before: str) -> None:
        """AWSCURRENT has moved, but its value does not work: back to the version before; then raise what went wrong."""
        secret = self.secret
        leave = secret.versions.current
        try:
            self._go_back()
            if before:
                secret.label(PREVIOUS, before)
            secret.label(ROLLING, "")
        except RotationError as second:
            told = f"{error.cause}. Going back failed too, in step {second.step}: {second.cause}"
            raise _told(RotationError(error.step, told, "Run again to finish it."), second.current) from None
        secret.notes.append(f"The pending version {leave} was discarded.")
        raise _told(error, f"AWSCURRENT is the version {back_to} again{self._proof()}; nothing is pending.") from None

    def _give_up(self, error: RotationError) -> None:
        """Put the target back and take AWSPENDING away; then raise what went wrong."""
        secret = self.secret
        marked = True
        try:
            secret.label(REJECTED, secret.versions.pending)
        except AnsibleAWSError:
            marked = False
        try:
            if marked or not secret.strategy.two_valid:
                # Whoever may not move labels shall at least have a target that fits them.
                self._put_back()
            else:
                # It will be finished by a run that may, which could not know that it had been undone.
                with secret.step("test of AWSCURRENT"):
                    secret.test(secret.needed_value(secret.versions.current, "test of AWSCURRENT"))
        except RotationError as second:
            raise _told(
                RotationError(
                    error.step,
                    f"{error.cause}. Putting the target back failed too, in step {second.step}: {second.cause}",
                    "Run again: the pending version is still there, and the next run puts the target back first.",
                ),
                f"Whether AWSCURRENT ({secret.versions.current}) works could not be shown.",
            ) from None
        current = f"AWSCURRENT is still the version {secret.versions.current}{self._proof()}"
        try:
            self._take_labels_away()
        except AnsibleAWSError:
            raise _told(error, f"{current}; {secret.versions.pending} stays pending.") from None
        raise _told(error, f"{current}; nothing is pending.") from None

    def _discard(self) -> None:
        """AWSPENDING goes; before it does, the target is put back and a login with AWSCURRENT must work."""
        self.secret.label(REJECTED, self.secret.versions.pending)
        self._put_back()
        self._take_labels_away()

    def _put_back(self) -> None:
        secret = self.secret
        value = secret.value(secret.versions.pending)
        if value is None:
            return
        with secret.step("undo"):
            old = secret.needed_value(secret.versions.current, "undo")
            secret.strategy.undo(old, value)
        with secret.step("test of AWSCURRENT"):
            secret.test(old)
        if secret.strategy.retires:
            # Nobody has ever had the pending value.
            with secret.step("retire"):
                secret.strategy.retire(value, old)

    def _take_labels_away(self) -> None:
        secret = self.secret
        pending = secret.versions.pending
        # The last label to go is the one by which a run that was cut off here finds the rest.
        if secret.versions.holder(ROLLING) == pending:
            secret.label(ROLLING, "")
        secret.label(PENDING, "")
        secret.act("discard", pending)
        secret.notes.append(f"The pending version {pending} was discarded.")

    # By AWS

    def _rotate_by_aws(self) -> None:
        secret, strategy = self.secret, cast("ByAws", self.secret.strategy)
        with secret.step("look"):
            busy = strategy.look()
        known = secret.versions.current
        begun = secret.memory is not None and not secret.memory.over and not secret.rolling
        if secret.versions.pending or begun:
            # The versions were read before the look: what was under way then may have ended in between.
            secret.reload()
        pending = secret.versions.pending
        under_way = bool(pending) or busy.under_way
        if secret.versions.current != known and not under_way:
            self._has_rotated("resumed")
            return
        if not under_way and not begun and not secret.wanted:
            return
        before = secret.versions.current
        token = pending or rotation_token(secret.asked.seed, secret.name, secret.versions)
        if secret.memory is not None:
            # One that was begun from here keeps the name by which a run with the same inputs knows it.
            if secret.memory.over or secret.memory.before != before:
                secret.memory = Memory(token, before, over=False)
                strategy.remember(secret.memory)
        elif strategy.labels:
            secret.label(ROLLING, before)
        since = time.time() - 60
        made = secret.versions.created.get(pending)
        if made is not None:
            since = min(since, made.timestamp() - 60)
        # With AWSPENDING, Secrets Manager only tries that rotation again; RDS would begin another one.
        if not busy.under_way and not (pending and secret.memory is not None):
            with secret.step("rotate"):
                strategy.begin(token)
        secret.act("resume" if under_way else "rotate", token)
        if not secret.asked.wait:
            secret.outcome = "in_progress"
            return
        self._await_aws(before, token, since)
        self._has_rotated("resumed" if under_way else "rotated")

    def _has_rotated(self, outcome: str) -> None:
        secret = self.secret
        secret.versions.created.setdefault(secret.versions.current, now())
        secret.outcome = outcome
        if outcome == "resumed" and secret.asked.rotate == "now" and secret.wanted:
            # What was under way was another request's; this one is still to be done, before consumers are rolled.
            self._rotate_by_aws()

    def _await_aws(self, before: str, token: str, since: float) -> None:
        secret, strategy = self.secret, cast("ByAws", self.secret.strategy)
        errors: list[tuple[float, RotationError]] = []

        def look() -> bool:
            secret.reload()
            seen = strategy.look()
            moved = secret.versions.current != before
            secret.say(seen.line or ("AWSCURRENT has moved" if moved else f"AWSPENDING is {secret.versions.pending}"))
            if moved and not secret.versions.pending and not seen.under_way:
                return True
            found = secret.explained(token, since)
            if found is not None and not errors:
                errors.append((self._clock(), found))
                secret.say(found.cause)
            return False

        def done(seen: bool) -> bool:
            return seen or bool(errors and self._clock() - errors[0][0] > AFTER_ERROR)

        try:
            with secret.step("rotate"):
                over = wait_until(
                    look,
                    done,
                    timeout=secret.context.wait_timeout,
                    waiting_for=lambda _seen: f"the secret {secret.name} still has AWSPENDING",
                    first=0.1,
                    clock=self._clock,
                    sleep=secret.context.sleep,
                )
        except RotationError as error:
            self._aws_failed(secret.explained(token, since) or error, token)
        else:
            if not over:
                self._aws_failed(errors[0][1], token)

    def _aws_failed(self, error: RotationError, token: str) -> None:
        """Take AWSPENDING away where AWSCURRENT is known to work; else leave it: only its maker knows what it did."""
        secret, strategy = self.secret, cast("ByAws", self.secret.strategy)
        current, pending = secret.versions.current, secret.versions.pending
        error.advice = error.advice or strategy.where_to_look
        if pending and self._current_is_safe(pending) and strategy.labels:
            secret.label(REJECTED, pending)
            secret.label(ROLLING, "")
            secret.label(PENDING, "")
            secret.act("discard", pending)
            secret.notes.append(f"The pending version {pending} was discarded.")
            raise _told(error, f"AWSCURRENT is still the version {current}, and works; nothing is pending.")
        if not pending:
            raise _told(error, f"AWSCURRENT is the version {current}.")
        raise _told(
            RotationError(
                error.step,
                error.cause,
                f"{error.advice} Remove the cause and run again: the rotation is then tried again, not a second one "
                "begun.".strip(),
            ),
            f"AWSCURRENT is still the version {current}; {pending} stays pending, because only the function knows what "
            "it has done at the target. With test_with, a run can tell by a login.",
        )

    def _current_is_safe(self, pending: str) -> bool:
        """Whether AWSCURRENT works although a rotation stopped half-way."""
        secret = self.secret
        value = secret.value(pending)
        if value is None or secret.strategy.two_valid:
            # No value, or one that leaves the old one valid.
            return True
        if secret.tester is None:
            return False
        try:
            with secret.step("test of AWSCURRENT"):
                secret.test(secret.needed_value(secret.versions.current, "test"))
        except RotationError:
            return False
        return True

    # Back

    def foretell_rolling_back(self) -> None:
        """Check mode: what would be refused before any change."""
        self._guarded(self._refuse_rolling_back)

    def _refuse_rolling_back(self) -> None:
        secret = self.secret
        self._refuse_going_back()
        pending = secret.versions.pending
        if pending and secret.strategy.by_aws and secret.value(pending) is not None and not secret.strategy.two_valid:
            raise RotationError("undo", f"the version {pending} is pending", "Rotate first.")
        if secret.strategy.target and not secret.can_log_in and not secret.asked.force:
            raise RotationError(
                "test",
                "no login with AWSPREVIOUS can be tried",
                "Name with test_with the strategy whose login tells whether it works, or set force.",
            )

    def _roll_back(self) -> None:
        secret = self.secret
        if secret.rolled_back_already:
            return  # at most consumers are left
        self._refuse_rolling_back()
        if not secret.strategy.by_aws:
            self._need_admin()
        if secret.versions.pending:
            if secret.strategy.by_aws:
                secret.label(REJECTED, secret.versions.pending)
                secret.label(PENDING, "")
            else:
                self._discard()
        self._go_back()
        secret.outcome = "rolled_back"

    def _refuse_going_back(self) -> None:
        secret, strategy = self.secret, self.secret.strategy
        if isinstance(strategy, ByAws) and strategy.by_aws and not strategy.labels:
            raise RotationError(
                "undo", "the service that owns the secret keeps its password", "Rotate again instead of going back."
            )
        if strategy.by_aws and not strategy.two_valid:
            raise RotationError(
                "undo",
                "the function has changed the target, and cannot be asked to put it back",
                "Rotate again; or set two_valid where both values work.",
            )
        if not secret.versions.previous:
            raise RotationError("undo", "there is no AWSPREVIOUS to go back to", "Rotate instead.")

    def _go_back(self) -> None:
        """AWSPREVIOUS becomes current again, after its target is put back and a login with it works."""
        secret = self.secret
        self._refuse_going_back()
        leave, back_to = secret.versions.current, secret.versions.previous
        secret.label(REJECTED, leave)
        secret.label(ROLLING, leave)
        old, new = secret.needed_value(back_to, "undo"), secret.needed_value(leave, "undo")
        try:
            if not secret.strategy.by_aws:
                with secret.step("undo"):
                    secret.strategy.undo(old, new)
            with secret.step("test of AWSPREVIOUS"):
                secret.test(old)
        except RotationError as error:
            self._stay(error, old, new)
        secret.label(CURRENT, back_to)
        if secret.versions.holder(PENDING) == leave:
            secret.label(PENDING, "")
        secret.act("roll_back", back_to)

    def _stay(self, error: RotationError, old: str, new: str) -> None:
        """Going back does not work: put the target to where AWSCURRENT works, and say so."""
        secret = self.secret
        works = "works: a login with it succeeded" if self._proof() else "was left as it is"
        try:
            if not secret.strategy.by_aws:
                with secret.step("undo"):
                    secret.strategy.undo(new, old)
            with secret.step("test of AWSCURRENT"):
                secret.test(new)
            secret.label(REJECTED, "")
        except RotationError as second:
            works = f"could not be shown to work, in step {second.step}: {second.cause}"
        raise _told(error, f"AWSCURRENT stays the version {secret.versions.current}, which {works}.") from None

    # After the consumers

    def _finish(self) -> None:
        secret = self.secret
        if secret.memory is not None:
            strategy = secret.strategy
            if isinstance(strategy, ByAws) and not secret.memory.over:
                secret.memory = Memory(secret.memory.token, secret.memory.before, over=True)
                strategy.remember(secret.memory)
                secret.act("finish", secret.versions.current)
            return
        current, previous = secret.versions.current, secret.versions.previous
        if secret.strategy.retires and previous and secret.versions.holder(ROLLING):
            with secret.step("retire"):
                old, new = secret.needed_value(previous, "retire"), secret.needed_value(current, "retire")
                secret.strategy.retire(old, new)
            secret.act("retire", previous)
        if secret.versions.holder(ROLLING):
            secret.label(ROLLING, "")
            secret.act("finish", current)

    def await_replicas(self, regions: Callable[[Mapping[str, Any]], tuple[list[str], list[str]]]) -> None:
        """Until every replica has the new version."""
        secret = self.secret

        def look() -> tuple[list[str], list[str]]:
            late, failed = regions(secret.entry)
            if late or failed:
                secret.reload()
                late, failed = regions(secret.entry)
            return late, failed

        def wait() -> None:
            late_and_failed = wait_until(
                look,
                lambda seen: not seen[0] or bool(seen[1]),
                timeout=secret.context.wait_timeout,
                waiting_for=lambda seen: f"the replicas of {secret.name} are not InSync: {', '.join(seen[0])}",
                first=0.1,
                clock=self._clock,
                sleep=secret.context.sleep,
            )
            if late_and_failed[1]:
                raise RotationError(
                    "replicate",
                    "; ".join(late_and_failed[1]),
                    "Remove the cause; in the secret's own region the rotation is complete.",
                )

        secret.reload()
        self._guarded(wait)


def _told(error: RotationError, current: str) -> RotationError:
    """The error with a sentence about AWSCURRENT."""
    told = RotationError(error.step, error.cause, error.advice)
    told.current = current
    return told


def replica_states(entry: Mapping[str, Any]) -> tuple[list[str], list[str]]:
    """Replicas that are late, and what AWS says of those that failed."""
    late, failed = [], []
    for replica in entry.get("ReplicationStatus") or []:
        status = replica.get("Status")
        if status == "Failed":
            failed.append(f"{replica['Region']}: {replica.get('StatusMessage') or 'replication failed'}")
        if status not in ("InSync", "Failed"):
            late.append(f"{replica['Region']} is {status or 'unknown'}")
    return late, failed
