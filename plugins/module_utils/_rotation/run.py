# Copyright: slipway.aws contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One run of the module: all secrets to their new versions, then every consumer once, then the old values' end."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Mapping
from functools import partial
from typing import Any

from .._ecs import api as ecs
from ..core import AnsibleAWSError, Progress, SlipwayModule, given, in_parallel, wait_until
from . import api
from .by_aws import Managed
from .consumers import Consumer, Consumers, Roller
from .engine import Asked, Engine, Failure, Secret, now, replica_states
from .options import (
    check_secrets,
    current_rules,
    max_age,
    problems,
    refuse,
    rules_differ,
    rules_to_set,
    strategy_name,
)
from .strategies import STRATEGIES
from .strategy import ByAws, Context, Hidden, Strategy
from .versions import REJECTED, Versions


class Rotation:
    """What the module does."""

    def __init__(self, module: SlipwayModule) -> None:
        self.module = module
        self.options: dict[str, Any] = module.params
        self.state: str = self.options["state"]
        self.check = bool(module.check_mode)
        self.client = module.client("secretsmanager")
        self.hidden = Hidden(module._module.no_log_values.add)
        self.progress_file: str | None = self.options["progress_file"]
        self.secrets: dict[str, Secret] = {}
        self.consumers: list[Consumer] = []
        self.findings: list[dict[str, Any]] = []
        self.actions: list[dict[str, Any]] = []
        self.configured: set[str] = set()
        self.rules_before: dict[str, dict[str, Any]] = {}
        self._clients = threading.Lock()
        consumers = self.options["consumers"]
        self.how: str = consumers["action"]
        self.wait: bool = self.options["wait"]
        self.roller: Roller | None = None

    def run(self) -> dict[str, Any]:
        check_secrets(self.options["secrets"], self.state, self.options["token"])
        self._load()
        self.rules_before = {name: current_rules(secret.entry) for name, secret in self.secrets.items()}
        self._find_consumers()
        self._refuse_lockouts()
        if not self.check:
            self._configure()
            self._rotate()
            self._consumers()
        self._find()
        result = self._result()
        self._fail(result)
        return result

    # What there is

    def _load(self) -> None:
        described = in_parallel(
            {entry["name"]: partial(self._describe, entry["name"]) for entry in self.options["secrets"]}
        )
        found: list[str] = []
        for entry in self.options["secrets"]:
            seen, created = described[entry["name"]]
            if seen is None:
                if not self.check:
                    found.append(
                        f"there is no secret {entry['name']}; make it with slipway.aws.secretsmanager_secrets."
                    )
                continue
            if seen.get("DeletedDate"):
                found.append(f"{entry['name']} is scheduled for deletion; restore it first.")
                continue
            found += self._add(entry, seen, created)
        twice = [name for name, secret in self.secrets.items() if self._arns().count(secret.arn) > 1]
        found += [f"{name} is named twice, by name and by ARN." for name in twice]
        refuse(found)
        remembering = {name: partial(self._remember, secret) for name, secret in self.secrets.items()}
        in_parallel(remembering)

    def _arns(self) -> list[str]:
        return [secret.arn for secret in self.secrets.values()]

    def _describe(self, name: str) -> tuple[dict[str, Any] | None, Any]:
        answers = in_parallel(
            {
                "entry": partial(api.describe, self.client, name),
                "created": partial(api.version_dates, self.client, name),
            }
        )
        return answers["entry"], answers["created"]

    def _add(self, options: dict[str, Any], entry: dict[str, Any], created: Any) -> list[str]:
        """Take a secret in; what is wrong with its options."""
        name = strategy_name(options, entry)
        if name not in STRATEGIES:
            if name:
                return [f"{options['name']}: its tag RotationStrategy names {name}, which is no strategy."]
            if self.state != "present" and options["rotate"] != "never":
                return [f"{options['name']}: give strategy, or the secret's tag RotationStrategy."]
        kind = STRATEGIES.get(name, Strategy)
        progress = Progress(options["name"], self.progress_file)
        context = Context(
            client=self._client,
            read_secret=self._read_other,
            say=lambda line: progress.say(self.hidden.scrub(line)),
            hidden=self.hidden,
            wait_timeout=self.options["wait_timeout"],
        )
        strategy = kind(options, context)
        tester = STRATEGIES[options["test_with"]](options, context) if options["test_with"] else None
        self.secrets[options["name"]] = Secret(
            name=entry["Name"],
            entry=entry,
            versions=Versions.of(entry, created),
            strategy=strategy,
            context=context,
            asked=Asked(
                rotate=options["rotate"] if self.state == "rotated" else "never",
                seed=self.options["token"] or "",
                max_age_days=max_age(options, entry),
                wait=self.wait,
                force=self.options["force"],
            ),
            client=self.client,
            tester=tester,
        )
        if kind is Strategy:
            return []
        own = strategy.problems()
        if tester is not None:
            own = [*own, *tester.problems()]
        found = problems(options, kind, dict.fromkeys(own))
        if options["rotation"] and not strategy.by_aws and kind.name != "rds_master_user":
            found.append(
                f"{options['name']}: the strategy {kind.name} rotates from here; with a rotation of its own Secrets "
                "Manager would rotate it as well. An empty rotation switches that off."
            )
        return found

    def _remember(self, secret: Secret) -> None:
        strategy = secret.strategy
        if not isinstance(strategy, ByAws) or not strategy.by_aws or strategy.labels:
            return
        if type(strategy).remember is not ByAws.remember:
            with secret.step("look"):
                secret.memory = strategy.remembered()

    def _client(self, service: str, **where: Any) -> Any:
        # The module makes one client a service; two threads must not make it twice.
        with self._clients:
            return self.module.client(service, **where)

    def _read_other(self, secret_id: str) -> str:
        entry = api.describe(self.client, secret_id)
        version = Versions.of(entry or {}).current
        value = api.read(self.client, secret_id, version) if version else None
        if value is None:
            raise AnsibleAWSError(message=f"The secret {secret_id} does not exist or has no value.")
        self.hidden.add(value)
        return value

    # Who reads them

    def _concerned(self) -> list[str]:
        """The secrets whose consumers matter in this run."""
        if self.state == "present":
            return []
        if self.state == "rolled_back":
            return list(self.secrets)
        return [
            name for name, secret in self.secrets.items() if secret.will_rotate or secret.unfinished or secret.stale
        ]

    def _find_consumers(self) -> None:
        by_itself = [name for name, secret in self.secrets.items() if secret.rotates_by_itself]
        concerned = list(dict.fromkeys([*self._concerned(), *by_itself]))
        if not concerned or self.how == "ignore":
            return
        moving = [self.secrets[name] for name in self._concerned()]
        alone = any(secret.strategy.retires or not secret.strategy.two_valid for secret in moving)
        finder = Consumers(self._client("ecs"), self.options["consumers"])
        self.consumers = finder.find({name: self.secrets[name].arn for name in concerned}, tasks=alone)
        for name in by_itself:
            self._find_stale(name)

    def _find_stale(self, name: str) -> None:
        """Services that run since before AWS rotated a secret by itself."""
        secret, mark = self.secrets[name], self._marks([name])
        for consumer in self.consumers:
            rotated = secret.entry.get("LastRotatedDate")
            if consumer.restartable and consumer.follows(name) and consumer.deployed_before(rotated, mark):
                consumer.stale.add(name)
                secret.stale = True

    def _refuse_lockouts(self) -> None:
        """A value that dies at once would lock out tasks that read it only when they start."""
        if self.options["force"] or self.state != "rotated":
            return
        found = []
        for name in self._concerned():
            secret = self.secrets[name]
            if secret.strategy.two_valid or not secret.wanted or secret.unfinished:
                continue
            locked = sorted(consumer.key for consumer in self.consumers if consumer.locked_out_by(name))
            if locked:
                found.append(
                    f"{name}: with {secret.strategy.name} the old value dies before {', '.join(locked)} can be "
                    "restarted. Use a strategy with two valid values, name services that read the secret again by "
                    "themselves in consumers.reload, or set force."
                )
        refuse(found)

    # Configuration

    def _rules(self, name: str) -> dict[str, Any] | None:
        return next(entry["rotation"] for entry in self.options["secrets"] if entry["name"] == name)

    def _differing(self) -> list[str]:
        return [name for name, secret in self.secrets.items() if rules_differ(secret.entry, self._rules(name))]

    def _configure(self) -> None:
        calls = {}
        for name in self._differing():
            secret, strategy = self.secrets[name], self.secrets[name].strategy
            wanted = self._rules(name) or {}
            if wanted and isinstance(strategy, Managed) and secret.wanted and not secret.versions.pending:
                strategy.rules = rules_to_set(secret.entry, wanted)
            else:
                calls[name] = partial(self._set_rules, secret, wanted)
            self.configured.add(name)
            self.actions.append({"action": "configure", "name": secret.name})
        in_parallel(calls)

    def _set_rules(self, secret: Secret, wanted: Mapping[str, Any]) -> None:
        stated = given(wanted)
        if not stated:
            api.switch_off(self.client, secret.arn)
            secret.reload()
            return
        api.configure(self.client, secret.arn, rules_to_set(secret.entry, stated))
        secret.reload()
        if self.wait and secret.versions.pending:
            self._await_trial(secret)

    def _await_trial(self, secret: Secret) -> None:
        """Secrets Manager tries the function with a pending version of its own, which it takes away again."""
        started = time.time()

        def look() -> str:
            secret.reload()
            secret.say("Secrets Manager tries the rotation function")
            return secret.versions.pending

        pending = wait_until(
            look,
            lambda pending: not pending,
            timeout=self.options["wait_timeout"],
            waiting_for=lambda pending: f"the secret {secret.name} has the pending version {pending}",
            first=0.3,
        )
        error = secret.explained(pending, started - 60)
        if error is not None:
            secret.notes.append(f"The rotation function did not pass its test: {error.cause}")

    # The secrets

    def _rotate(self) -> None:
        if self.state == "present":
            return
        engines = {name: Engine(secret) for name, secret in self.secrets.items()}
        work = {
            name: engine.rotate if self.state == "rotated" else engine.roll_back for name, engine in engines.items()
        }
        in_parallel(work)
        replicated = {
            name: partial(engines[name].await_replicas, replica_states)
            for name, secret in self.secrets.items()
            if secret.outcome in ("rotated", "resumed", "rolled_back")
            and secret.failure is None
            and secret.entry.get("ReplicationStatus")
            and self.wait
        }
        in_parallel(replicated)

    # The consumers

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

    def _marks(self, names: Iterable[str]) -> dict[str, str]:
        """What stands for a version in a service's tag: going back and forth must not look the same."""
        versions = {name: self.secrets[name].versions for name in names}
        return {name: f"{seen.current}:{seen.holder(REJECTED)}" for name, seen in versions.items()}

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
        in_parallel({name: partial(Engine(self.secrets[name]).go_back, causes[name]) for name in failed})
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
        assert self.roller is not None
        for name in names:
            secret = self.secrets[name]
            left = [*self._to_roll([name]), *self._alone(name)]
            try:
                self.roller.await_old_tasks(left, secret.say)
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

    # What is told

    def _found(self, name: str, kind: str, message: str, **more: Any) -> None:
        self.findings.append({"name": name, "finding": kind, "message": message, **more})

    def _find(self) -> None:
        for name, secret in self.secrets.items():
            versions = secret.versions
            age = versions.age_days(versions.current, now())
            limit = secret.asked.max_age_days
            if age is not None and limit is not None and age > limit:
                self._found(
                    name,
                    "overdue",
                    f"{name} is {age:g} days old; it may be {limit:g}.",
                    age_days=age,
                    max_age_days=limit,
                )
            if versions.pending and secret.outcome != "in_progress":
                self._found(
                    name,
                    "pending",
                    f"The version {versions.pending} of {name} is stuck with AWSPENDING; state rotated finishes or "
                    "discards it.",
                )
            if self.state == "present" and secret.rolling:
                self._found(name, "consumers_pending", f"The rotation of {name} is not over; run state rotated.")
            self._find_left_out(name)
            for note in secret.notes:
                self._found(name, "note", note)

    def _find_left_out(self, name: str) -> None:
        for consumer in self.consumers:
            if consumer.controller != "ECS" and consumer.runs and not consumer.reloads and name in consumer.references:
                self._found(
                    name,
                    "not_restarted",
                    f"{consumer.key} is deployed by {consumer.controller}, which alone can restart it.",
                )
            for reference in consumer.references.get(name, []):
                if reference.pinned:
                    self._found(
                        name,
                        "pinned_consumer",
                        f"{consumer.key} names the version {reference.version} of {name} in {reference.where}; a "
                        "rotation passes it by.",
                    )

    def _planned_action(self, name: str) -> str:
        secret = self.secrets[name]
        if self.state == "rolled_back":
            return "" if secret.rolled_back_already else "roll_back"
        if self.state == "present" or secret.asked.rotate == "never":
            return ""
        if secret.versions.pending:
            return "resume"
        if secret.wanted:
            return "rotate"
        return "finish" if secret.unfinished or secret.stale else ""

    def _predict(self) -> None:
        """Check mode: what would be done."""
        for name in self._differing():
            self.configured.add(name)
            self.actions.append({"action": "configure", "name": self.secrets[name].name})
        concerned = []
        for name, secret in self.secrets.items():
            planned = self._planned_action(name)
            if planned == "roll_back":
                Engine(secret).foretell_rolling_back()
            if secret.failure is not None:
                continue
            if planned:
                secret.outcome = f"would_{planned}"
                secret.act(planned)
                concerned.append(name)
            elif self.state == "rolled_back" and secret.rolling:
                concerned.append(name)
        if self.how == "roll":
            for consumer in self._to_roll(concerned):
                consumer.action = "would_roll"
                self.actions.append({"action": "roll", "name": consumer.key})

    def _result(self) -> dict[str, Any]:
        if self.check:
            self._predict()
        for consumer in self.consumers:
            if not consumer.action:
                consumer.action = self._passed_by(consumer)
        actions = [*self.actions]
        for secret in self.secrets.values():
            actions += secret.actions
        if self.roller is not None:
            actions += self.roller.actions
        return {
            "changed": bool(actions),
            "secrets": {name: self._shown(name, secret) for name, secret in self.secrets.items()},
            "consumers": [consumer.as_result() for consumer in self.consumers],
            "findings": self.findings,
            "failures": [secret.failure.as_result(name) for name, secret in self.secrets.items() if secret.failure],
            "actions": actions,
            "diff": self._diff(),
        }

    def _passed_by(self, consumer: Consumer) -> str:
        if consumer.reloads:
            return "reloads"
        if not consumer.is_service:
            return "not_a_service"
        if consumer.controller != "ECS":
            return "not_restarted"
        if not consumer.runs:
            return "not_running"
        if not any(consumer.follows(name) for name in consumer.references):
            return "pinned"
        return "reported"

    def _shown(self, name: str, secret: Secret) -> dict[str, Any]:
        versions, entry = secret.versions, secret.entry
        age = versions.age_days(versions.current, now())
        limit = secret.asked.max_age_days
        return {
            "name": secret.name,
            "arn": secret.arn,
            "strategy": secret.strategy.name,
            "outcome": secret.outcome,
            "version_id": versions.current,
            "version_id_before": secret.version_before,
            "previous_version_id": versions.previous,
            "pending_version_id": versions.pending,
            "age_days": age,
            "age_days_before": secret.age_before,
            "max_age_days": limit,
            "overdue": bool(age is not None and limit is not None and age > limit),
            "rotation": self._rules_shown(name, secret),
            "last_rotated_date": _date(entry.get("LastRotatedDate")),
            "next_rotation_date": _date(entry.get("NextRotationDate")),
            "consumers": sorted(consumer.key for consumer in self.consumers if name in consumer.references),
            "seconds": secret.seconds,
        }

    def _rules_shown(self, name: str, secret: Secret) -> dict[str, Any]:
        """The rule as it is, or in check mode as it would be."""
        if self.check and name in self.configured:
            return given(self._rules(name) or {})
        return current_rules(secret.entry)

    def _diff(self) -> dict[str, Any]:
        before: dict[str, Any] = {}
        after: dict[str, Any] = {}
        for name, secret in self.secrets.items():
            current: Any = secret.versions.current
            if self.check:
                planned = {"would_rotate": "a new version", "would_resume": secret.versions.pending}
                planned["would_roll_back"] = secret.versions.previous
                current = planned.get(secret.outcome, current)
            if current != secret.version_before:
                before[f"{name}.version_id"], after[f"{name}.version_id"] = secret.version_before, current
            if name in self.configured:
                after[f"{name}.rotation"] = self._rules_shown(name, secret)
                before[f"{name}.rotation"] = self.rules_before[name]
        restarted = [consumer.key for consumer in self.consumers if consumer.action in ("rolled", "would_roll")]
        if restarted:
            before["restarted"], after["restarted"] = [], sorted(restarted)
        return {"before": before, "after": after}

    def _fail(self, result: dict[str, Any]) -> None:
        failures = [secret.failure.sentence(name) for name, secret in self.secrets.items() if secret.failure]
        if failures:
            raise AnsibleAWSError(message=" ".join(failures), **result)
        if self.options["fail_on_findings"] and self.findings:
            told = " ".join(str(finding["message"]) for finding in self.findings)
            raise AnsibleAWSError(message=f"fail_on_findings: {told}", **result)


def _date(value: Any) -> str:
    return value.isoformat() if value is not None else ""


def rotation(module: SlipwayModule) -> dict[str, Any]:
    """What the module does."""
    return Rotation(module).run()
