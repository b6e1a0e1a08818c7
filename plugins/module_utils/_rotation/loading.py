# Copyright: slipway.aws contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a run begins with: the secrets as they are, their strategies, and the services that read them."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from functools import partial
from typing import Any

from ..core import AnsibleAWSError, Progress, SlipwayModule, given, in_parallel
from . import api, ordering
from .consumers import Consumer, Consumers, Roller
from .engine import Asked, Secret
from .options import (
    max_age,
    problems,
    refuse,
    strategy_name,
)
from .strategies import STRATEGIES
from .strategy import AGAIN, ByAws, Context, Hidden, RotationError, Strategy
from .versions import REJECTED, Versions


class Loader:
    """The options, and what there is."""

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
            primary, region = seen.get("PrimaryRegion"), seen["ARN"].split(":")[3]
            if primary and primary != region and (self.state != "present" or entry["rotation"] is not None):
                found.append(f"{entry['name']} is a replica in {region}; rotate it in its own region, {primary}.")
                continue
            found += self._add(entry, seen, created)
        twice = [name for name, secret in self.secrets.items() if self._arns().count(secret.arn) > 1]
        found += [f"{name} is named twice, by name and by ARN." for name in twice]
        ordering.link(self.secrets)
        found += ordering.problems(ordering.befores(self.secrets))
        refuse(found)
        remembering = {name: partial(self._remember, name, secret) for name, secret in self.secrets.items()}
        refuse([problem for problem in in_parallel(remembering).values() if problem])

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
        if given(options["rotation"] or {}) and not strategy.by_aws and kind.name != "rds_master_user":
            found.append(
                f"{options['name']}: the strategy {kind.name} rotates from here; with a rotation of its own Secrets "
                "Manager would rotate it as well. An empty rotation switches that off."
            )
        return found

    def _remember(self, name: str, secret: Secret) -> str:
        """What is in the way of it, as a sentence; else empty."""
        strategy = secret.strategy
        if not isinstance(strategy, ByAws) or not strategy.by_aws or strategy.labels:
            return ""
        if type(strategy).remember is not ByAws.remember:
            try:
                with secret.step("look"):
                    secret.memory = strategy.remembered()
            except RotationError as error:
                return f"{name}: {error.cause.rstrip('.')}. {error.advice or AGAIN}"
        return ""

    def _client(self, service: str, **where: Any) -> Any:
        # The module makes one client a service; two threads must not make it twice.
        with self._clients:
            return self.module.client(service, **where)

    def _read_other(self, secret_id: str) -> str:
        entry = api.describe(self.client, secret_id)
        version = Versions.of(entry or {}).current
        value = api.read(self.client, secret_id, version) if version else None
        if value is None:
            raise AnsibleAWSError(message=f"There is no secret {secret_id} with a value; check admin_secret.")
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

    def _marks(self, names: Iterable[str]) -> dict[str, str]:
        """What stands for a version in a service's tag: going back and forth must not look the same."""
        versions = {name: self.secrets[name].versions for name in names}
        return {name: f"{seen.current}:{seen.holder(REJECTED)}" for name, seen in versions.items()}

    def _found(self, name: str, kind: str, message: str, **more: Any) -> None:
        self.findings.append({"name": name, "finding": kind, "message": message, **more})
