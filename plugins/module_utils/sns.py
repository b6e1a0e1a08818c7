# Copyright: slipway.aws contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""SNS topics with their subscriptions."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from ._sns import api
from ._sns import transformations as to
from .core import Resource, State, in_parallel, tag_changes, wanted_tags

__all__ = ["Topic", "check_topics"]

check_topics = to.check_topics


class Topic(Resource):
    kind = "topic"

    def __init__(
        self,
        client: Any,
        *,
        caller_arn: str,
        region: str,
        topics: Mapping[str, Mapping[str, Any]],
        purge_tags: bool,
        purge_prefix: str = "",
        purge_tagged: Mapping[str, str] | None = None,
    ) -> None:
        self.client = client
        self.caller_arn = caller_arn
        self.region = region
        self.topics = topics
        self.purge_tags = purge_tags
        self.purge_prefix = purge_prefix
        self.purge_tagged = purge_tagged or {}

    def arn(self, name: str) -> str:
        return to.topic_arn(self.caller_arn, self.region, name)

    def describe(self) -> dict[str, State]:
        names = set(self.topics)
        if self.purge_prefix:
            names |= {name for arn in api.topic_arns(self.client) if self._may_be_purged(name := arn.split(":")[-1])}
        found = in_parallel({name: lambda name=name: self._describe(name) for name in sorted(names)})
        return {
            name: state
            for name, state in found.items()
            if state and (name in self.topics or self.purge_tagged.items() <= state["tags"].items())
        }

    def _may_be_purged(self, name: str) -> bool:
        return name.startswith(self.purge_prefix)

    def _describe(self, name: str) -> State | None:
        arn = self.arn(name)
        # All at once: a topic that is not there has no subscriptions and no tags.
        found = in_parallel(
            {part: partial(part, self.client, arn) for part in (api.attributes, api.subscriptions, api.tags)}
        )
        attributes, subscriptions, tags = found.values()
        if attributes is None:
            return None
        asked = {
            to.subscription_key(item)
            for item in self.topics.get(name, {}).get("subscriptions") or []
            if any(item.get(option) is not None for option in to.SUBSCRIPTION_ATTRIBUTES)
        }
        for item in subscriptions:
            key = f"{item['Protocol']}:{item['Endpoint']}"
            if key in asked and item["SubscriptionArn"] not in (to.PENDING, to.DELETED):
                item["Attributes"] = api.subscription_attributes(self.client, item["SubscriptionArn"])
        return to.topic_state(attributes, subscriptions, tags)

    def wanted(self, name: str) -> State:
        """The state of a topic that the task describes."""
        topic = dict(self.topics[name])
        services = topic.pop("allowed_services", None)
        if services is not None:
            topic["policy"] = to.publish_policy(self.arn(name), services)
        return topic

    def differences(self, name: str, current: State, wanted: State) -> State:
        changes = to.topic_differences(current, wanted)
        tags = wanted_tags(current["tags"], wanted.get("tags"), purge=self.purge_tags)
        if tags is not None and tags != current["tags"]:
            changes["tags"] = tags
        if any(self._subscription_changes(current, wanted).values()):
            changes["subscriptions"] = self._predicted_subscriptions(current, wanted)
        return changes

    @staticmethod
    def _subscription_changes(current: State, wanted: State) -> dict[str, list[dict[str, Any]]]:
        return to.subscription_changes(
            current["subscriptions"], wanted.get("subscriptions"), purge=wanted.get("purge_subscriptions", True)
        )

    def _predicted_subscriptions(self, current: State, wanted: State) -> list[dict[str, Any]]:
        changes = self._subscription_changes(current, wanted)
        removed = {item["subscription_arn"] for item in changes["unsubscribe"]}
        updates = {item["subscription_arn"]: item for item in changes["update"]}
        kept = [
            {**item, **updates.get(item["subscription_arn"], {})}
            for item in current["subscriptions"]
            if not item["subscription_arn"] or item["subscription_arn"] not in removed
        ]
        return kept + [{**item, "subscription_arn": "", "confirmed": False} for item in changes["subscribe"]]

    def create(self, name: str, wanted: State) -> State:
        attributes = {
            attribute: to.to_attribute(option, wanted[option])
            for option, attribute in to.TOPIC_ATTRIBUTES.items()
            if wanted.get(option) not in (None, "", {})
        }
        if wanted.get("fifo"):
            attributes["FifoTopic"] = "true"
        arn = api.create(self.client, name, attributes, wanted.get("tags") or {})
        self._apply_subscriptions(
            arn, {"subscribe": wanted.get("subscriptions") or [], "update": [], "unsubscribe": []}
        )
        return self._describe(name) or {}

    def update(self, name: str, current: State, changes: State, wanted: State) -> State:
        arn = current["topic_arn"]
        for option, attribute in to.TOPIC_ATTRIBUTES.items():
            if option in changes:
                api.set_attribute(self.client, arn, attribute, to.to_attribute(option, changes[option]))
        if "tags" in changes:
            to_set, to_remove = tag_changes(current["tags"], changes["tags"])
            if to_set:
                api.tag(self.client, arn, to_set)
            if to_remove:
                api.untag(self.client, arn, to_remove)
        self._apply_subscriptions(arn, self._subscription_changes(current, wanted))
        return self._describe(name) or {}

    def _apply_subscriptions(self, arn: str, changes: Mapping[str, list[dict[str, Any]]]) -> None:
        for item in changes["subscribe"]:
            attributes = {
                attribute: to.to_attribute(option, item[option])
                for option, attribute in to.SUBSCRIPTION_ATTRIBUTES.items()
                if item.get(option) is not None
            }
            api.subscribe(self.client, arn, item["protocol"], item["endpoint"], attributes)
        for item in changes["update"]:
            # The scope comes first in the table: a filter policy is judged by the scope that stands.
            for option, attribute in to.SUBSCRIPTION_ATTRIBUTES.items():
                if option in item:
                    value = to.to_attribute(option, item[option])
                    api.set_subscription_attribute(self.client, item["subscription_arn"], attribute, value)
        for item in changes["unsubscribe"]:
            api.unsubscribe(self.client, item["subscription_arn"])

    def delete(self, name: str, current: State) -> None:
        api.delete(self.client, current["topic_arn"])

    def planned(self, name: str, wanted: State) -> State:
        subscriptions = self._predicted_subscriptions({"subscriptions": []}, wanted)
        stated = {key: value for key, value in wanted.items() if key not in ("subscriptions", "purge_subscriptions")}
        # The ARN is no placeholder: SNS makes it of the account, the region and the name.
        return {**stated, "topic_arn": self.arn(name), "subscriptions": subscriptions, "tags": wanted.get("tags") or {}}
