# Copyright: slipway.aws contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a task says of a topic, and what SNS answers, in the same words: pure functions, no calls."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from ..core import AnsibleAWSError, differences, given, same

# option of a topic → SNS's attribute
TOPIC_ATTRIBUTES: dict[str, str] = {
    "display_name": "DisplayName",
    "kms_key_id": "KmsMasterKeyId",
    "policy": "Policy",
    "delivery_policy": "DeliveryPolicy",
    "signature_version": "SignatureVersion",
    "tracing_config": "TracingConfig",
    "content_based_deduplication": "ContentBasedDeduplication",
}
# option of a subscription → SNS's attribute
SUBSCRIPTION_ATTRIBUTES: dict[str, str] = {
    "raw_message_delivery": "RawMessageDelivery",
    "filter_policy_scope": "FilterPolicyScope",
    "filter_policy": "FilterPolicy",
    "redrive_policy": "RedrivePolicy",
    "delivery_policy": "DeliveryPolicy",
}
DOCUMENTS = frozenset({"policy", "delivery_policy", "filter_policy", "redrive_policy"})
PENDING = "PendingConfirmation"
DELETED = "Deleted"


def topic_arn(caller_arn: str, region: str, name: str) -> str:
    """The ARN that a topic has or will have: SNS makes it of what is known beforehand."""
    parts = caller_arn.split(":")
    return f"arn:{parts[1]}:sns:{region}:{parts[4]}:{name}"


def publish_policy(arn: str, services: Iterable[str]) -> dict[str, Any]:
    """Who may use a topic: its own account, and these services on behalf of that account only."""
    account = arn.split(":")[4]
    partition = arn.split(":")[1]
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": "Owner",
                "Effect": "Allow",
                "Principal": {"AWS": f"arn:{partition}:iam::{account}:root"},
                "Action": [
                    "sns:GetTopicAttributes",
                    "sns:SetTopicAttributes",
                    "sns:AddPermission",
                    "sns:RemovePermission",
                    "sns:DeleteTopic",
                    "sns:Subscribe",
                    "sns:ListSubscriptionsByTopic",
                    "sns:Publish",
                ],
                "Resource": arn,
            },
            {
                "Sid": "Services",
                "Effect": "Allow",
                "Principal": {"Service": sorted(services)},
                "Action": "sns:Publish",
                "Resource": arn,
                "Condition": {"StringEquals": {"aws:SourceAccount": account}},
            },
        ],
    }


def subscription_key(subscription: Mapping[str, Any]) -> str:
    """What makes two subscriptions of a topic the same one."""
    return f"{subscription['protocol']}:{subscription['endpoint']}"


def to_attribute(option: str, value: Any) -> str:
    """An option's value as SNS takes it: always a string."""
    if option in DOCUMENTS:
        return "" if not value else json.dumps(value, sort_keys=True)
    if isinstance(value, bool):
        return str(value).lower()
    return str(value)


def from_attribute(option: str, value: str | None) -> Any:
    """SNS's attribute as an option's value."""
    if option in DOCUMENTS:
        return json.loads(value) if value else {}
    if option in ("raw_message_delivery", "content_based_deduplication"):
        return str(value).lower() == "true"
    return value or ""


def topic_state(
    attributes: Mapping[str, str], subscriptions: Iterable[Mapping[str, Any]], tags: Mapping[str, str]
) -> dict[str, Any]:
    """A topic in the words of the module's options."""
    state = {option: from_attribute(option, attributes.get(name)) for option, name in TOPIC_ATTRIBUTES.items()}
    # SNS leaves out what has its default.
    state["signature_version"] = state["signature_version"] or "1"
    state["tracing_config"] = state["tracing_config"] or "PassThrough"
    return {
        **state,
        "topic_arn": attributes["TopicArn"],
        "subscriptions": [subscription_state(item) for item in subscriptions if item.get("SubscriptionArn") != DELETED],
        "tags": dict(tags),
    }


def subscription_state(subscription: Mapping[str, Any]) -> dict[str, Any]:
    """A subscription in the words of the module's options; C(Attributes) is what was asked for in addition."""
    attributes = subscription.get("Attributes") or {}
    arn = subscription["SubscriptionArn"]
    return {
        "protocol": subscription["Protocol"],
        "endpoint": subscription["Endpoint"],
        "subscription_arn": "" if arn == PENDING else arn,
        "confirmed": arn != PENDING,
        **{
            option: from_attribute(option, attributes.get(name))
            for option, name in SUBSCRIPTION_ATTRIBUTES.items()
            if attributes
        },
    }


def subscription_changes(
    current: Iterable[Mapping[str, Any]], wanted: Iterable[Mapping[str, Any]] | None, *, purge: bool
) -> dict[str, list[dict[str, Any]]]:
    """What to subscribe, to update and to unsubscribe. A pending confirmation is left alone in every case."""
    existing = {subscription_key(item): item for item in current}
    changes: dict[str, list[dict[str, Any]]] = {"subscribe": [], "update": [], "unsubscribe": []}
    if wanted is None:
        return changes
    keys = set()
    for item in wanted:
        key = subscription_key(item)
        keys.add(key)
        found = existing.get(key)
        if found is None:
            changes["subscribe"].append(given(item))
            continue
        different = _different(found, item)
        # SNS does not let anyone change a subscription before it is confirmed.
        if different and found["confirmed"]:
            changes["update"].append({"subscription_arn": found["subscription_arn"], **different})
    if purge:
        changes["unsubscribe"] = [dict(item) for key, item in existing.items() if key not in keys and item["confirmed"]]
    return changes


def _different(found: Mapping[str, Any], wanted: Mapping[str, Any]) -> dict[str, Any]:
    stated = {option: wanted[option] for option in SUBSCRIPTION_ATTRIBUTES if wanted.get(option) is not None}
    return {option: value for option, value in stated.items() if not same(found.get(option), value)}


def topic_differences(current: Mapping[str, Any], wanted: Mapping[str, Any]) -> dict[str, Any]:
    """The attributes of a topic that differ."""
    return differences(
        current, {option: wanted.get(option) for option in TOPIC_ATTRIBUTES}, policies=frozenset({"policy"})
    )


def check_topics(topics: Iterable[Mapping[str, Any]], prefix: str) -> None:
    """Refuse what would be ambiguous, before anything is touched."""
    seen: set[str] = set()
    for topic in topics:
        name = topic["name"]
        if name in seen:
            raise AnsibleAWSError(message=f"topics: the name {name} stands twice; each name may stand once.")
        seen.add(name)
        if not name.startswith(prefix):
            raise AnsibleAWSError(message=f"topics: {name} does not start with name_prefix {prefix}.")
        if topic.get("policy") is not None and topic.get("allowed_services") is not None:
            raise AnsibleAWSError(message=f"topics: {name} has policy and allowed_services; give one of them.")
        keys: set[str] = set()
        for subscription in topic.get("subscriptions") or []:
            key = subscription_key(subscription)
            if key in keys:
                raise AnsibleAWSError(message=f"topics: {name} subscribes {key} twice; each may stand once.")
            keys.add(key)
