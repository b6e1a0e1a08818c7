# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Mends of what monitors: topics, alarms, saved queries."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

Clients = Callable[..., Any]


def put_alarm(cloudwatch: Any, name: str, **changes: Any) -> None:
    cloudwatch.put_metric_alarm(
        **{
            "AlarmName": name,
            "Namespace": "AWS/ECS",
            "MetricName": "CPUUtilization",
            "Statistic": "Average",
            "Period": 60,
            "EvaluationPeriods": 1,
            "Threshold": 80,
            "ComparisonOperator": "GreaterThanThreshold",
            **changes,
        }
    )


def test_a_subscription_by_mail_waits_for_its_confirmation(aws: Clients) -> None:
    sns = aws("sns")
    topic = sns.create_topic(Name="critical")["TopicArn"]
    arn = sns.subscribe(TopicArn=topic, Protocol="email", Endpoint="a@example.com", ReturnSubscriptionArn=True)[
        "SubscriptionArn"
    ]
    sns.subscribe(TopicArn=topic, Protocol="sms", Endpoint="+15550100100")

    def arns() -> dict[str, str]:
        listed = sns.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"]
        return {item["Protocol"]: item["SubscriptionArn"] for item in listed}

    assert arns()["email"] == "PendingConfirmation"
    assert arns()["sms"].startswith(topic)
    attributes = sns.get_topic_attributes(TopicArn=topic)["Attributes"]
    assert (attributes["SubscriptionsPending"], attributes["SubscriptionsConfirmed"]) == ("1", "1")
    with pytest.raises(sns.exceptions.InvalidParameterException):
        sns.confirm_subscription(TopicArn=topic, Token="wrong")
    sns.confirm_subscription(TopicArn=topic, Token=arn.rpartition(":")[2])
    assert arns()["email"] == arn


def test_a_topic_shows_its_signature_version_once_it_is_set(aws: Clients) -> None:
    sns = aws("sns")
    topic = sns.create_topic(Name="critical")["TopicArn"]
    assert "SignatureVersion" not in sns.get_topic_attributes(TopicArn=topic)["Attributes"]
    sns.set_topic_attributes(TopicArn=topic, AttributeName="SignatureVersion", AttributeValue="2")
    assert sns.get_topic_attributes(TopicArn=topic)["Attributes"]["SignatureVersion"] == "2"


def test_a_new_alarm_has_no_data_and_an_updated_one_keeps_its_state(aws: Clients) -> None:
    cloudwatch = aws("cloudwatch")
    put_alarm(cloudwatch, "cpu")
    (alarm,) = cloudwatch.describe_alarms(AlarmNames=["cpu"])["MetricAlarms"]
    assert alarm["StateValue"] == "INSUFFICIENT_DATA"
    cloudwatch.set_alarm_state(AlarmName="cpu", StateValue="ALARM", StateReason="test")
    put_alarm(cloudwatch, "cpu", Threshold=90)
    (alarm,) = cloudwatch.describe_alarms(AlarmNames=["cpu"])["MetricAlarms"]
    assert (alarm["StateValue"], alarm["Threshold"]) == ("ALARM", 90)


def test_composite_alarms(aws: Clients) -> None:
    cloudwatch = aws("cloudwatch")
    with pytest.raises(ClientError, match="do not exist"):
        cloudwatch.put_composite_alarm(AlarmName="down", AlarmRule='ALARM("cpu")')
    put_alarm(cloudwatch, "cpu")
    cloudwatch.put_composite_alarm(
        AlarmName="down", AlarmRule='ALARM("cpu") AND NOT OK(cpu)', Tags=[{"Key": "Project", "Value": "uex"}]
    )
    assert [item["AlarmName"] for item in cloudwatch.describe_alarms()["MetricAlarms"]] == ["cpu"]
    assert cloudwatch.describe_alarms()["CompositeAlarms"] == []
    (composite,) = cloudwatch.describe_alarms(AlarmTypes=["CompositeAlarm"])["CompositeAlarms"]
    assert composite["AlarmRule"] == 'ALARM("cpu") AND NOT OK(cpu)'
    assert cloudwatch.list_tags_for_resource(ResourceARN=composite["AlarmArn"])["Tags"]
    with pytest.raises(ClientError, match="depending on it"):
        cloudwatch.delete_alarms(AlarmNames=["cpu"])
    cloudwatch.delete_alarms(AlarmNames=["down"])
    cloudwatch.delete_alarms(AlarmNames=["cpu"])
    everything = cloudwatch.describe_alarms(AlarmTypes=["MetricAlarm", "CompositeAlarm"])
    assert (everything["MetricAlarms"], everything["CompositeAlarms"]) == ([], [])


def test_alarms_come_in_pages(aws: Clients) -> None:
    cloudwatch = aws("cloudwatch")
    for index in range(60):
        put_alarm(cloudwatch, f"cpu-{index:02}")
    assert len(cloudwatch.describe_alarms()["MetricAlarms"]) == 50
    pages = list(cloudwatch.get_paginator("describe_alarms").paginate(AlarmNamePrefix="cpu-"))
    assert [len(page["MetricAlarms"]) for page in pages] == [50, 10]


def test_saved_queries(aws: Clients) -> None:
    logs = aws("logs")
    first = logs.put_query_definition(name="uex/errors", queryString="fields @message", logGroupNames=["/ecs/a"])
    logs.put_query_definition(name="other", queryString="fields @message")
    (found,) = logs.describe_query_definitions(queryDefinitionNamePrefix="uex/")["queryDefinitions"]
    assert (found["queryDefinitionId"], found["logGroupNames"]) == (first["queryDefinitionId"], ["/ecs/a"])
    logs.put_query_definition(
        name="uex/errors", queryString="fields @timestamp", queryDefinitionId=first["queryDefinitionId"]
    )
    (found,) = logs.describe_query_definitions(queryDefinitionNamePrefix="uex/")["queryDefinitions"]
    assert (found["queryString"], found["logGroupNames"]) == ("fields @timestamp", [])
    page = logs.describe_query_definitions(maxResults=1)
    assert len(page["queryDefinitions"]) == 1
    rest = logs.describe_query_definitions(maxResults=1, nextToken=page["nextToken"])
    assert "nextToken" not in rest
    assert logs.delete_query_definition(queryDefinitionId=first["queryDefinitionId"])["success"]
    with pytest.raises(logs.exceptions.ResourceNotFoundException):
        logs.delete_query_definition(queryDefinitionId=first["queryDefinitionId"])


def test_the_key_of_a_log_group(aws: Clients) -> None:
    logs = aws("logs")
    key = "arn:aws:kms:us-east-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"

    def key_of_group() -> str | None:
        return logs.describe_log_groups(logGroupNamePrefix="/ecs/a")["logGroups"][0].get("kmsKeyId")

    logs.create_log_group(logGroupName="/ecs/a")
    logs.associate_kms_key(logGroupName="/ecs/a", kmsKeyId=key)
    assert key_of_group() == key
    logs.disassociate_kms_key(logGroupName="/ecs/a")
    assert key_of_group() is None
    with pytest.raises(logs.exceptions.ResourceNotFoundException):
        logs.associate_kms_key(logGroupName="/ecs/b", kmsKeyId=key)
