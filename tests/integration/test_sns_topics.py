# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import json
from typing import Any

import pytest

from .harness import Aws, ModuleFailed

TOPIC: dict[str, Any] = {
    "name": "uex-test-critical",
    "display_name": "UEX critical",
    "allowed_services": ["cloudwatch.amazonaws.com"],
    "subscriptions": [
        {"protocol": "email", "endpoint": "oncall@example.com"},
        {"protocol": "sms", "endpoint": "+15550100100"},
    ],
    "tags": {"Component": "critical"},
}
TAGS = {"Project": "uex", "Environment": "test"}


def arguments(**changes: Any) -> dict[str, Any]:
    return {"topics": [{**TOPIC, **changes}], "tags": TAGS}


def test_first_run_creates_second_changes_nothing(aws: Aws) -> None:
    first = aws.run_module("sns_topics", arguments())
    assert first["changed"]
    arn = first["topics"][TOPIC["name"]]["topic_arn"]
    sns = aws.client("sns")
    attributes = sns.get_topic_attributes(TopicArn=arn)["Attributes"]
    assert attributes["DisplayName"] == "UEX critical"
    statements = {item["Sid"]: item for item in json.loads(attributes["Policy"])["Statement"]}
    assert statements["Services"]["Condition"] == {"StringEquals": {"aws:SourceAccount": aws.account_id}}
    assert {tag["Key"]: tag["Value"] for tag in sns.list_tags_for_resource(ResourceArn=arn)["Tags"]} == {
        **TAGS,
        "Component": "critical",
    }
    aws.mark()
    second = aws.run_module("sns_topics", arguments())
    assert not second["changed"]
    assert aws.mutations() == []
    assert second["topics"] == first["topics"]


def test_pending_confirmation_is_not_asked_for_again(aws: Aws) -> None:
    first = aws.run_module("sns_topics", arguments())
    assert first["pending_confirmations"] == ["uex-test-critical email:oncall@example.com"]
    # What waits for a confirmation cannot be changed or removed, and is no difference.
    subscriptions = [{"protocol": "email", "endpoint": "oncall@example.com", "raw_message_delivery": True}]
    kept = [*subscriptions, TOPIC["subscriptions"][1]]
    assert not aws.run_module("sns_topics", arguments(subscriptions=kept))["changed"]


def test_check_mode_predicts_the_topic(aws: Aws) -> None:
    predicted = aws.run_module("sns_topics", arguments(), check=True)
    assert predicted["changed"]
    made = aws.run_module("sns_topics", arguments())
    assert predicted["topics"][TOPIC["name"]]["topic_arn"] == made["topics"][TOPIC["name"]]["topic_arn"]
    assert [item["action"] for item in predicted["actions"]] == ["create"]


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("display_name", "other"),
        ("kms_key_id", "alias/uex"),
        ("allowed_services", ["cloudwatch.amazonaws.com", "events.amazonaws.com"]),
        ("delivery_policy", {"http": {"defaultHealthyRetryPolicy": {"numRetries": 5}}}),
        ("tracing_config", "Active"),
        ("signature_version", "2"),
        ("tags", {"Component": "warning"}),
        ("subscriptions", [{"protocol": "sms", "endpoint": "+15550100200"}]),
    ],
)
def test_each_option_round_trips(aws: Aws, option: str, value: Any) -> None:
    aws.run_module("sns_topics", arguments())
    changed = arguments(**{option: value})
    predicted = aws.run_module("sns_topics", changed, check=True)
    assert predicted["changed"]
    done = aws.run_module("sns_topics", changed)
    field = {"allowed_services": "policy"}.get(option, option)
    assert done["actions"] == predicted["actions"] == [{"action": "update", "name": TOPIC["name"], "fields": [field]}]
    assert not aws.run_module("sns_topics", changed)["changed"]


def test_subscription_attributes_round_trip(aws: Aws) -> None:
    queue = f"arn:aws:sqs:us-east-1:{aws.account_id}:alarms"

    def subscribed(**changes: Any) -> dict[str, Any]:
        return arguments(subscriptions=[{"protocol": "sqs", "endpoint": queue, **changes}])

    aws.run_module("sns_topics", subscribed(raw_message_delivery=False))
    for changes in (
        {"raw_message_delivery": True},
        {"filter_policy": {"severity": ["high"]}, "filter_policy_scope": "MessageBody"},
        {"redrive_policy": {"deadLetterTargetArn": f"{queue}-dead"}},
    ):
        assert aws.run_module("sns_topics", subscribed(**changes))["changed"]
        assert not aws.run_module("sns_topics", subscribed(**changes))["changed"]


def test_without_purge_other_subscriptions_stay(aws: Aws) -> None:
    made = aws.run_module("sns_topics", arguments())
    arn = made["topics"][TOPIC["name"]]["topic_arn"]
    aws.client("sns").subscribe(TopicArn=arn, Protocol="sms", Endpoint="+15550100999")
    assert not aws.run_module("sns_topics", arguments(purge_subscriptions=False))["changed"]
    assert aws.run_module("sns_topics", arguments())["changed"]
    endpoints = {
        item["Endpoint"] for item in aws.client("sns").list_subscriptions_by_topic(TopicArn=arn)["Subscriptions"]
    }
    assert endpoints == {"oncall@example.com", "+15550100100"}


def test_absent_deletes_once(aws: Aws) -> None:
    aws.run_module("sns_topics", arguments())
    gone = {"topics": [{"name": TOPIC["name"]}], "state": "absent"}
    assert aws.run_module("sns_topics", gone, check=True)["changed"]
    assert aws.run_module("sns_topics", gone)["changed"]
    assert not aws.run_module("sns_topics", gone)["changed"]
    assert aws.client("sns").list_topics()["Topics"] == []


def test_purge_takes_only_what_carries_the_tags(aws: Aws) -> None:
    sns = aws.client("sns")
    aws.run_module("sns_topics", arguments())
    sns.create_topic(Name="uex-test-2-critical", Tags=[{"Key": "Project", "Value": "uex"}])
    purge = {"name_prefix": "uex-test-", "purge": True, "purge_tagged": TAGS}
    assert aws.run_module("sns_topics", purge)["changed"]
    assert [item["TopicArn"].split(":")[-1] for item in sns.list_topics()["Topics"]] == ["uex-test-2-critical"]
    assert not aws.run_module("sns_topics", purge)["changed"]


def test_purge_needs_a_prefix(aws: Aws) -> None:
    with pytest.raises(ModuleFailed, match="name_prefix is empty"):
        aws.run_module("sns_topics", {"purge": True})
