# Copyright: slipway.aws contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""CloudFront invalidations that cost nothing when nothing changed."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

try:
    from botocore.exceptions import ClientError
except ImportError:
    pass  # AnsibleAWSModule reports the missing SDK.

from ..core import AnsibleAWSError, Progress, aws_call, error_code, in_parallel, wait_until
from . import api, paths
from .changes import NEXT_STEPS

DISTRIBUTION = "distribution"
TENANT = "tenant"
_FULL = ("TooManyInvalidationsInProgress",)
_TAKEN = ("InvalidationBatchAlreadyExists",)


@dataclass(frozen=True)
class Target:
    """What has a cache: a distribution, or a tenant of one."""

    kind: str
    identifier: str


def find_targets(
    client: Any,
    tagging_client: Any,
    *,
    identifiers: Iterable[str],
    aliases: Iterable[str],
    tags: dict[str, str] | None,
    tenants: Iterable[str],
) -> list[Target]:
    """The distributions and tenants that a task means. One that cannot be found is an error, never silence."""
    found = dict.fromkeys(identifiers)
    wanted = [alias.lower() for alias in aliases]
    if wanted:
        by_alias = {
            alias.lower(): item["Id"]
            for item in api.distributions(client)
            for alias in item.get("Aliases", {}).get("Items", [])
        }
        missing = [alias for alias in wanted if alias not in by_alias]
        if missing:
            raise AnsibleAWSError(message=f"aliases: no distribution has the alias {', '.join(missing)}.")
        found |= dict.fromkeys(by_alias[alias] for alias in wanted)
    if tags:
        tagged = api.tagged_distributions(tagging_client, tags)
        if not tagged:
            raise AnsibleAWSError(message=f"distribution_tags: no distribution carries {tags}.")
        found |= dict.fromkeys(tagged)
    return [Target(DISTRIBUTION, item) for item in found] + [Target(TENANT, item) for item in dict.fromkeys(tenants)]


def origin_path_of(client: Any, identifier: str) -> str:
    """The path of the origin that answers when nothing else is said."""
    config = api.distribution_config(client, identifier)
    wanted = config["DefaultCacheBehavior"]["TargetOriginId"]
    return next((item["OriginPath"] for item in config["Origins"]["Items"] if item["Id"] == wanted), "")


@dataclass(frozen=True)
class Month:
    """What the account has invalidated in a month."""

    paths: int = 0
    references: frozenset[str] = frozenset()


def this_month(client: Any, now: datetime | None = None) -> Month:
    """What has been invalidated so far: CloudFront counts over all distributions and tenants of the account."""
    today = now or datetime.now(UTC)
    start = today.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    found = in_parallel({DISTRIBUTION: lambda: api.distributions(client), TENANT: lambda: api.tenants(client)})
    targets = [Target(kind, item["Id"]) for kind, listed in found.items() for item in listed]
    listed = in_parallel(
        {
            target: lambda target=target: api.invalidations_since(client, target.kind, target.identifier, start)
            for target in targets
        }
    )
    read = in_parallel(
        {
            (target, one["Id"]): lambda target=target, one=one: api.invalidation(
                client, target.kind, target.identifier, one["Id"]
            )
            for target, ones in listed.items()
            for one in ones
        }
    )
    batches = [one["InvalidationBatch"] for one in read.values()]
    return Month(
        sum(batch["Paths"]["Quantity"] for batch in batches), frozenset(batch["CallerReference"] for batch in batches)
    )


class Invalidator:
    """Invalidates the same items on several targets, and waits where the quota or the task demands it."""

    def __init__(
        self,
        client: Any,
        *,
        timeout: float,
        pause: float = 5,
        clock: Any = time.monotonic,
        progress: Progress | None = None,
    ) -> None:
        self.progress = progress or Progress("", None)
        self.client = client
        self.timeout = timeout
        self.pause = pause
        self.clock = clock

    def plan(self, target: Target, items: list[str], content: str, reference: str) -> list[dict[str, Any]]:
        """The batches of one target, each with the reference by which CloudFront knows it again."""
        split = paths.batches(items)
        return [
            {
                "target": target.identifier,
                "kind": target.kind,
                "paths": batch,
                "caller_reference": (f"{reference}-{number}" if reference and len(split) > 1 else reference)
                or paths.caller_reference(target.identifier, batch, content),
            }
            for number, batch in enumerate(split)
        ]

    def existing(self, batch: dict[str, Any]) -> dict[str, Any] | None:
        """The invalidation of this batch among the newest hundred. For check mode: it reads each of them."""
        kind, target = batch["kind"], batch["target"]
        listed = api.latest_invalidations(self.client, kind, target)
        read = in_parallel(
            {one["Id"]: lambda one=one: api.invalidation(self.client, kind, target, one["Id"]) for one in listed}
        )
        for one in read.values():
            if one["InvalidationBatch"]["CallerReference"] == batch["caller_reference"]:
                return one
        return None

    def create(self, plans: list[list[dict[str, Any]]]) -> list[dict[str, Any]]:
        """All batches, targets in parallel, the batches of one target one after the other."""
        made = in_parallel(
            {index: lambda batches=batches: self._create(batches) for index, batches in enumerate(plans)}
        )
        return [batch for index in sorted(made) for batch in made[index]]

    def _create(self, batches: list[dict[str, Any]]) -> list[dict[str, Any]]:
        if not batches:
            return []
        known = {one["Id"] for one in api.latest_invalidations(self.client, batches[0]["kind"], batches[0]["target"])}
        return [self._created(batch, known) for batch in batches]

    @aws_call("invalidate paths of {batch[target]}", next_steps=NEXT_STEPS)
    def _created(self, batch: dict[str, Any], known: set[str]) -> dict[str, Any]:
        started = self.clock()
        pause = self.pause
        while True:
            try:
                one = api.create_invalidation(
                    self.client, batch["kind"], batch["target"], batch["paths"], batch["caller_reference"]
                )
            except ClientError as error:
                if error_code(error) in _TAKEN:
                    raise AnsibleAWSError(
                        message=f"caller_reference: {batch['caller_reference']} stands for other paths of "
                        f"{batch['target']} already; give another one, or content instead.",
                        exception=error,
                    ) from error
                left = self.timeout - (self.clock() - started)
                if error_code(error) not in _FULL or left <= 0:
                    raise
                # So many invalidations are in progress that this one has to queue.
                self.progress.say(f"{batch['target']} has as many invalidations in progress as it may; queueing")
                time.sleep(min(pause, left))
                pause = min(pause * 2, 60)
                continue
            # An invalidation that is older than the newest hundred is complete.
            is_new = one["Id"] not in known and one["Status"] != "Completed"
            return {**batch, "id": one["Id"], "status": one["Status"], "created": is_new}

    def wait(self, batches: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Until all are complete. When time is over they go on all the same, and the error says so."""
        seen = {index: batch for index, batch in enumerate(batches) if batch["status"] != "Completed"}

        def look() -> dict[int, dict[str, Any]]:
            answers = in_parallel(
                {
                    index: lambda batch=batch: api.invalidation(
                        self.client, batch["kind"], batch["target"], batch["id"]
                    )
                    for index, batch in seen.items()
                    if batch["status"] != "Completed"
                }
            )
            for index, answer in answers.items():
                seen[index] = {**seen[index], "status": answer["Status"]}
            complete = len(batches) - sum(batch["status"] != "Completed" for batch in seen.values())
            self.progress.say(f"{complete} of {len(batches)} invalidations are complete")
            return seen

        def missing(now: dict[int, dict[str, Any]]) -> str:
            return ", ".join(
                f"invalidation {batch['id']} of {batch['target']} is {batch['status']}"
                for batch in now.values()
                if batch["status"] != "Completed"
            )

        if seen:
            wait_until(
                look,
                lambda now: all(batch["status"] == "Completed" for batch in now.values()),
                timeout=self.timeout,
                waiting_for=missing,
                first=min(1, self.pause),
                longest=max(self.pause, 1) * 2,
            )
        return [seen.get(index, batch) for index, batch in enumerate(batches)]
