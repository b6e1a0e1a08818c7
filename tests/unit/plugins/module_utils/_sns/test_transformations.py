# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.amazon.aws.plugins.module_utils.exceptions import AnsibleAWSError
from ansible_collections.slipway.aws.plugins.module_utils._sns.transformations import (
    check_topics,
    from_attribute,
    publish_policy,
    subscription_changes,
    subscription_state,
    to_attribute,
    topic_arn,
    topic_differences,
    topic_state,
)

MAIL = {"protocol": "email", "endpoint": "a@example.com"}
QUEUE = {"protocol": "sqs", "endpoint": "arn:aws:sqs:us-east-1:123456789012:q"}


def existing(subscription: dict[str, Any], arn: str = "arn:1", **attributes: Any) -> dict[str, Any]:
    return {**subscription, "subscription_arn": arn, "confirmed": bool(arn), **attributes}


def test_an_arn_is_known_before_the_topic_exists() -> None:
    caller = "arn:aws-cn:sts::123456789012:assumed-role/deploy/me"
    assert topic_arn(caller, "cn-north-1", "critical") == "arn:aws-cn:sns:cn-north-1:123456789012:critical"


def test_only_this_account_s_services_may_publish() -> None:
    policy = publish_policy("arn:aws:sns:us-east-1:123456789012:critical", ["b.amazonaws.com", "a.amazonaws.com"])
    owner, services = policy["Statement"]
    assert owner["Principal"] == {"AWS": "arn:aws:iam::123456789012:root"}
    assert services["Principal"] == {"Service": ["a.amazonaws.com", "b.amazonaws.com"]}
    assert services["Condition"] == {"StringEquals": {"aws:SourceAccount": "123456789012"}}


@pytest.mark.parametrize(
    ("option", "value", "attribute"),
    [
        ("display_name", "UEX", "UEX"),
        ("raw_message_delivery", True, "true"),
        ("filter_policy", {"b": 1, "a": 2}, '{"a": 2, "b": 1}'),
        ("filter_policy", {}, ""),
    ],
)
def test_attributes_go_and_come_back(option: str, value: Any, attribute: str) -> None:
    assert to_attribute(option, value) == attribute
    assert from_attribute(option, attribute) == value


def test_a_topic_in_the_words_of_the_options() -> None:
    answer = {"TopicArn": "arn", "Policy": '{"Statement": []}'}
    subscriptions = [
        {"Protocol": "email", "Endpoint": "a", "SubscriptionArn": "PendingConfirmation"},
        {"Protocol": "sms", "Endpoint": "b", "SubscriptionArn": "Deleted"},
        {"Protocol": "sqs", "Endpoint": "c", "SubscriptionArn": "arn:c", "Attributes": {"RawMessageDelivery": "true"}},
    ]
    state = topic_state(answer, subscriptions, {"Project": "uex"})
    assert (state["policy"], state["signature_version"], state["tracing_config"]) == (
        {"Statement": []},
        "1",
        "PassThrough",
    )
    mail, queue = state["subscriptions"]
    assert (mail["confirmed"], mail["subscription_arn"]) == (False, "")
    assert (queue["confirmed"], queue["raw_message_delivery"]) == (True, True)


def test_a_policy_is_compared_by_its_meaning() -> None:
    statement = {"Effect": "Allow", "Principal": {"Service": ["a.amazonaws.com"]}, "Action": "sns:Publish"}
    current = {"policy": {"Statement": [{**statement, "Principal": {"Service": "a.amazonaws.com"}}]}}
    assert topic_differences(current, {"policy": {"Statement": [statement]}}) == {}
    assert topic_differences(current, {"display_name": "x"}) == {"display_name": "x"}


def test_what_is_missing_is_subscribed() -> None:
    changes = subscription_changes([], [MAIL], purge=True)
    assert changes == {"subscribe": [MAIL], "update": [], "unsubscribe": []}


def test_subscriptions_that_the_task_does_not_speak_of_stay() -> None:
    assert not any(subscription_changes([existing(MAIL)], None, purge=True).values())
    assert not any(subscription_changes([existing(MAIL)], [], purge=False).values())
    assert subscription_changes([existing(MAIL)], [], purge=True)["unsubscribe"] == [existing(MAIL)]


def test_a_pending_subscription_is_left_alone() -> None:
    pending = existing(MAIL, arn="", raw_message_delivery=False)
    assert not any(subscription_changes([pending], [{**MAIL, "raw_message_delivery": True}], purge=True).values())
    assert not any(subscription_changes([pending], [], purge=True).values())


def test_only_what_differs_is_updated() -> None:
    current = existing(QUEUE, raw_message_delivery=False, filter_policy={"a": [1]})
    wanted = {**QUEUE, "raw_message_delivery": True, "filter_policy": {"a": [1]}}
    changes = subscription_changes([current], [wanted], purge=True)
    assert changes["update"] == [{"subscription_arn": "arn:1", "raw_message_delivery": True}]


def test_a_subscription_without_attributes_has_none() -> None:
    state = subscription_state({"Protocol": "sms", "Endpoint": "+1", "SubscriptionArn": "arn"})
    assert "raw_message_delivery" not in state


@pytest.mark.parametrize(
    ("topics", "message"),
    [
        ([{"name": "a"}, {"name": "a"}], "the name a stands twice"),
        ([{"name": "b"}], "b does not start with name_prefix a"),
        ([{"name": "a", "policy": {}, "allowed_services": []}], "a has policy and allowed_services"),
        ([{"name": "a", "subscriptions": [MAIL, MAIL]}], "a subscribes email:a@example.com twice"),
    ],
)
def test_ambiguous_topics_are_refused(topics: list[dict[str, Any]], message: str) -> None:
    with pytest.raises(AnsibleAWSError, match=message):
        check_topics(topics, "a")
