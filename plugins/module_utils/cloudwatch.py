# Copyright: slipway.aws contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""CloudWatch alarms: hundreds of them in a few describe calls, and only the calls that differ."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ._cloudwatch import api
from ._cloudwatch import transformations as to
from .core import Resource, State, Step, caller_arn, chunks, in_parallel, tag_changes, wanted_tags

__all__ = ["Alarm"]

# Describe, tag look-up and delete take as many at a time.
BATCH = 100


class Alarm(Resource):
    kind = "alarm"
    immutable = frozenset({"kind"})

    def __init__(
        self,
        client: Any,
        tagging_client: Any,
        sts_client: Any,
        *,
        region: str,
        names: list[str],
        tags: Mapping[str, dict[str, str] | None],
        purge_tags: bool,
        purge_prefix: str = "",
        purge_tagged: Mapping[str, str] | None = None,
    ) -> None:
        self.client = client
        self.tagging_client = tagging_client
        self.sts_client = sts_client
        self.region = region
        self.names = names
        self.tags = tags
        self.purge_tags = purge_tags
        self.purge_prefix = purge_prefix
        self.purge_tagged = purge_tagged or {}
        self._current: dict[str, State] = {}
        self._caller_arn = ""

    def describe(self) -> dict[str, State]:
        answers = self._answers()
        states = {alarm["AlarmName"]: to.from_answer(alarm) for alarm in answers}
        current_tags = self._tags(states)
        listed = set(self.names)
        if listed - states.keys():
            self._caller_arn = caller_arn(self.sts_client)
        self._current = {
            name: {**state, "tags": current_tags.get(name, {})}
            for name, state in states.items()
            if name in listed or self.purge_tagged.items() <= current_tags.get(name, {}).items()
        }
        return self._current

    def _answers(self) -> list[dict[str, Any]]:
        if self.purge_prefix:
            return api.alarms_with_prefix(self.client, self.purge_prefix)
        batches = chunks(self.names, BATCH)
        answers = in_parallel(
            {index: lambda batch=batch: api.alarms_named(self.client, batch) for index, batch in enumerate(batches)}
        )
        return [alarm for batch in answers.values() for alarm in batch]

    def _tags(self, states: Mapping[str, State]) -> dict[str, dict[str, str]]:
        """Tags by alarm, where they matter.

        The tagging API answers for a hundred alarms at once, but may lag behind. What does not look as it should is
        therefore asked for again, alarm by alarm, before anything is concluded from it.
        """
        expected = {
            name: self.tags.get(name) if name in self.tags else dict(self.purge_tagged)
            for name in states
            if self.tags.get(name) is not None or (name not in self.tags and self.purge_tagged)
        }
        arns = {states[name]["alarm_arn"]: name for name in expected}
        batches = chunks(sorted(arns), BATCH)
        looked_up = in_parallel(
            {
                index: lambda batch=batch: api.looked_up_tags(self.tagging_client, batch)
                for index, batch in enumerate(batches)
            }
        )
        found = {arns[arn]: tags for batch in looked_up.values() for arn, tags in batch.items() if arn in arns}
        doubtful = [name for name, wanted in expected.items() if not self._as_expected(found.get(name), wanted or {})]
        asked = in_parallel(
            {name: lambda name=name: api.tags(self.client, states[name]["alarm_arn"]) for name in doubtful}
        )
        return {**found, **asked}

    def _as_expected(self, found: dict[str, str] | None, wanted: dict[str, str]) -> bool:
        return found is not None and wanted_tags(found, wanted, purge=self.purge_tags) == found

    def differences(self, name: str, current: State, wanted: State) -> State:
        changes = to.alarm_differences(current, wanted)
        tags = wanted_tags(current["tags"], wanted.get("tags"), purge=self.purge_tags)
        if tags is not None and tags != current["tags"]:
            changes["tags"] = tags
        return changes

    def waves(self, steps: list[Step]) -> list[list[Step]]:
        """Metric alarms before the composite ones that name them; for deletions the other way round.

        Composite alarms are deleted one at a time, as CloudWatch takes them; metric alarms in batches.
        """
        rules = {step.name: self._rule(step) for step in steps}
        composites = {name: rule for name, rule in rules.items() if rule}
        depth = to.depths(composites)
        puts = [step for step in steps if step.action != "delete"]
        deletions = [step for step in steps if step.action == "delete"]
        levels = sorted(set(depth.values()))
        return [
            [step for step in puts if step.name not in composites],
            *([step for step in puts if depth.get(step.name) == level] for level in levels),
            *([step for step in deletions if depth.get(step.name) == level] for level in reversed(levels)),
            [step for step in deletions if step.name not in composites],
        ]

    def _rule(self, step: Step) -> str:
        state = step.changes if step.action == "create" else {**self._current[step.name], **step.changes}
        return state.get("alarm_rule") or ""

    def create(self, name: str, wanted: State) -> State:
        self._put(name, wanted, wanted.get("tags"))
        return self.planned(name, wanted)

    def update(self, name: str, current: State, changes: State, wanted: State) -> State:
        state = to.replaced(current, changes)
        if changes.keys() - {"tags"}:
            self._put(name, state, None)
        if "tags" in changes:
            to_set, to_remove = tag_changes(current["tags"], changes["tags"])
            if to_set:
                api.tag(self.client, current["alarm_arn"], to_set)
            if to_remove:
                api.untag(self.client, current["alarm_arn"], to_remove)
        return state

    def _put(self, name: str, state: State, tags: dict[str, str] | None) -> None:
        arguments = to.to_request(name, state)
        if tags:
            # Only a new alarm takes tags here; those of an existing one are set apart.
            arguments["Tags"] = [{"Key": key, "Value": tags[key]} for key in sorted(tags)]
        put = api.put_composite_alarm if state["kind"] == to.COMPOSITE else api.put_metric_alarm
        put(self.client, name, arguments)

    def delete_all(self, states: Mapping[str, State]) -> None:
        composite = [name for name, state in states.items() if state["kind"] == to.COMPOSITE]
        metric = [name for name in states if name not in composite]
        batches = [[name] for name in composite] + chunks(metric, BATCH)
        in_parallel(
            {index: lambda batch=batch: api.delete_alarms(self.client, batch) for index, batch in enumerate(batches)}
        )

    def planned(self, name: str, wanted: State) -> State:
        # The ARN is no placeholder: CloudWatch makes it of the account, the region and the name.
        partition, account = (self._caller_arn.split(":")[index] for index in (1, 4))
        arn = f"arn:{partition}:cloudwatch:{self.region}:{account}:alarm:{name}"
        return {"alarm_arn": arn, "state_value": "INSUFFICIENT_DATA", **wanted, "tags": wanted.get("tags") or {}}
