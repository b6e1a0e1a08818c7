# Copyright: slipway.aws contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One CloudFront distribution: found by its name, changed without losing what others changed, waited for on demand."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

try:
    from botocore.exceptions import ClientError
except ImportError:
    pass  # AnsibleAWSModule reports the missing SDK.

from ..core import (
    AnsibleAWSError,
    Resource,
    State,
    aws_call,
    error_code,
    in_parallel,
    merged,
    tag_changes,
    wait_until,
    wanted_tags,
)
from ..planned import MARK, planned_arn, planned_id
from . import api
from . import distribution_config as to
from .changes import ATTEMPTS, CONFLICT, NEXT_STEPS, onto_newest

Value = TypeVar("Value")

# Where alias records to CloudFront lead, by partition.
HOSTED_ZONES = {"aws": "Z2FDTNDATAQYW2", "aws-cn": "Z3RFFRIM2A3IF5"}
# What was made a moment ago is not seen everywhere at once.
_NOT_YET = (
    "InvalidViewerCertificate",
    "InvalidFunctionAssociation",
    "InvalidOriginAccessControl",
    "NoSuchCachePolicy",
    "NoSuchOriginRequestPolicy",
    "NoSuchResponseHeadersPolicy",
)
_TAKEN = "DistributionAlreadyExists"
_ALIAS_TAKEN = "CNAMEAlreadyExists"


def holder(distributions: list[dict[str, Any]], aliases: list[str]) -> str:
    """Which distribution of the account has one of the aliases, in words; empty when none has."""
    for item in distributions:
        taken = sorted(set(aliases) & {alias.lower() for alias in to.items(item.get("Aliases"))})
        if taken:
            return f"{', '.join(taken)} belongs to the distribution {item['Id']} ({item['DomainName']})"
    return ""


def _refuse_aliases(who: str) -> AnsibleAWSError:
    return AnsibleAWSError(
        message=f"aliases: {who}. Give its distribution_id to take that distribution over, or remove the alias there."
    )


class Distribution(Resource):
    """The distribution that a task means."""

    kind = "distribution"

    def __init__(
        self,
        client: Any,
        tagging_client: Any,
        *,
        name: str,
        identifier: str,
        stated: Mapping[str, Any],
        purge_tags: bool,
        timeout: float,
        say: Callable[[str], None],
        pause: float = 5,
    ) -> None:
        self.client = client
        self.tagging_client = tagging_client
        self.name = name
        self.identifier = identifier
        self.stated = stated
        self.values = to.header_values(stated.get("origins"))
        self.purge_tags = purge_tags
        self.timeout = timeout
        self.say = say
        self.pause = pause
        self.raw: dict[str, Any] = {}

    @property
    def label(self) -> str:
        return self.name or self.identifier

    # Reading

    def describe(self) -> dict[str, State]:
        if self.identifier:
            answer = api.distribution(self.client, self.identifier)
            if not answer:
                raise AnsibleAWSError(message=f"distribution_id: there is no distribution {self.identifier}.")
            tags = api.tags(self.client, answer["ARN"])
            return {self.label: self._state(answer, tags)}
        found = api.named_distributions(self.tagging_client, self.name)
        answers = in_parallel({item: lambda item=item: api.distribution(self.client, item) for item in found})
        # What is deleted keeps its tags for a while.
        alive = {item: answer for item, answer in answers.items() if answer}
        if len(alive) > 1:
            raise AnsibleAWSError(
                message=f"name: {', '.join(sorted(alive))} all have the tag Name={self.name}; name one by "
                "distribution_id, or change the tag of the others."
            )
        for identifier, answer in alive.items():
            return {self.label: self._state(answer, found[identifier])}
        return {}

    def _state(self, answer: dict[str, Any], tags: dict[str, str]) -> State:
        self.raw = answer
        return {
            "id": answer["Id"],
            "arn": answer["ARN"],
            "domain_name": answer["DomainName"],
            "hosted_zone_id": HOSTED_ZONES.get(answer["ARN"].split(":")[1], ""),
            "status": answer["Status"],
            **to.config_state(answer["DistributionConfig"]),
            "tags": tags,
        }

    def _tags(self, current: Mapping[str, str], stated: Mapping[str, Any] | None) -> dict[str, str]:
        """The tags that shall be; the name is one of them, whatever the task says."""
        named = {"Name": self.name} if self.name else {}
        wanted = wanted_tags(current, stated, purge=self.purge_tags)
        return {**(current if wanted is None else wanted), **named}

    def differences(self, name: str, current: State, wanted: State) -> State:
        changes = to.changed_fields(current, to.wanted_state(wanted, current))
        tags = self._tags(current["tags"], wanted.get("tags"))
        if tags != current["tags"]:
            changes["tags"] = tags
        return changes

    # Writing

    def planned(self, name: str, wanted: State) -> State:
        state = to.wanted_state(wanted, None)
        self._refuse_taken(state)
        return {
            "id": planned_id("distribution", name),
            "arn": planned_arn("cloudfront", f"distribution/{name}"),
            "domain_name": f"{MARK}-{name}.cloudfront.net",
            "hosted_zone_id": HOSTED_ZONES.get(self.client.meta.partition, ""),
            "status": "InProgress",
            **state,
            "tags": self._tags({}, wanted.get("tags")),
        }

    def _refuse_taken(self, state: State) -> None:
        """Check mode finds out what CloudFront would say about the aliases."""
        taken = holder(api.distributions(self.client), state["aliases"]) if state["aliases"] else ""
        if taken:
            raise _refuse_aliases(taken)

    def create(self, name: str, wanted: State) -> State:
        state = to.wanted_state(wanted, None)
        tags = self._tags({}, wanted.get("tags"))
        made = self._create(name, state, tags)
        if made is None:
            # A run before this one was killed, and the tags are not found yet: go on where it stopped.
            current = self._state(self.raw, api.tags(self.client, self.raw["ARN"]))
            return self.update(name, current, self.differences(name, current, wanted), wanted)
        return self._state(made, tags)

    @aws_call("create the distribution {name}", next_steps=NEXT_STEPS)
    def _create(self, name: str, state: State, tags: dict[str, str]) -> dict[str, Any] | None:
        """The new distribution, or nothing when there is one with this reference already, which is then C(raw)."""
        reference = f"slipway-{name}"
        while True:
            config = to.new_config(state, reference, self.values)
            try:
                return self._insisting(lambda config=config: api.create_distribution(self.client, config, tags))
            except ClientError as error:
                self._explain(error, state)
                if error_code(error) != _TAKEN:
                    raise
                found = re.search(r"\b(E[A-Z0-9]{10,})\b", str(error))
                answer = api.distribution(self.client, found.group(1)) if found else None
                if answer:
                    self.raw = answer
                    return None
                if not found or reference != f"slipway-{name}":
                    raise
                # CloudFront remembers the reference of one that was deleted.
                reference = f"slipway-{name}-{found.group(1)}"

    def update(self, name: str, current: State, changes: State, wanted: State) -> State:
        after = merged(current, changes)
        if changes.keys() - {"tags"}:
            after = {**after, **to.config_state(self._update(name, wanted)["DistributionConfig"])}
            after["status"] = self.raw["Status"]
        if "tags" in changes:
            api.set_tags(self.client, current["arn"], *tag_changes(current["tags"], changes["tags"]))
        return after

    @aws_call("update the distribution {name}", next_steps=NEXT_STEPS)
    def _update(self, name: str, wanted: State) -> dict[str, Any]:
        """Put what the task wants onto the newest configuration: what others changed meanwhile stays."""

        def change() -> None:
            config = self.raw["DistributionConfig"]
            current = to.config_state(config)
            state = to.wanted_state(wanted, current)
            changes = to.changed_fields(current, state)
            if not changes:
                return
            sent = to.with_changes(config, changes, self.values)
            try:
                self.raw = self._insisting(
                    lambda: api.update_distribution(self.client, self.raw["Id"], self.raw["ETag"], sent)
                )
            except ClientError as error:
                self._explain(error, state)
                raise

        onto_newest(change, self._refresh)
        return self.raw

    def _refresh(self) -> None:
        self.raw = api.distribution(self.client, self.raw["Id"]) or self.raw

    def _explain(self, error: Any, state: State) -> None:
        """Say which distribution has the alias: CloudFront does not."""
        if error_code(error) != _ALIAS_TAKEN:
            return
        others = [item for item in api.distributions(self.client) if item["Id"] != self.raw.get("Id")]
        taken = holder(others, state["aliases"])
        if taken:
            raise _refuse_aliases(taken) from error

    def _insisting(self, call: Callable[[], Value]) -> Value:
        """Call again for a while when CloudFront does not see yet what was made a moment ago."""
        for attempt in range(ATTEMPTS):
            try:
                return call()
            except ClientError as error:
                if error_code(error) not in _NOT_YET or attempt == ATTEMPTS - 1:
                    raise
            time.sleep(self.pause)
        raise AssertionError("the last attempt returns or raises")

    # Removing

    def delete(self, name: str, current: State) -> None:
        if current["enabled"]:
            self.say("is being disabled")
            self._update(name, {"enabled": False})
        self.wait(current["id"])
        self._delete(name)

    @aws_call("delete the distribution {name}", next_steps=NEXT_STEPS)
    def _delete(self, name: str) -> None:
        started = time.monotonic()
        while True:
            try:
                return api.delete_distribution(self.client, self.raw["Id"], self.raw["ETag"])
            except ClientError as error:
                if error_code(error) == "NoSuchDistribution":
                    return None
                patient = time.monotonic() - started < self.timeout
                if error_code(error) not in (*CONFLICT, "DistributionNotDisabled") or not patient:
                    raise
            time.sleep(self.pause)
            self._refresh()

    def wait(self, identifier: str) -> str:
        """Until CloudFront has the configuration everywhere; returns the status."""

        def look() -> dict[str, Any]:
            if self.raw.get("Status") == "Deployed":
                return self.raw
            answer = api.distribution(self.client, identifier)
            if answer:
                self.raw = answer
            self.say(self.raw["Status"])
            return self.raw

        seen = wait_until(
            look,
            lambda answer: answer["Status"] == "Deployed",
            timeout=self.timeout,
            waiting_for=lambda answer: f"the distribution {answer['Id']} is {answer['Status']}",
            first=min(1, self.pause),
            longest=self.pause * 3,
        )
        return seen["Status"]
