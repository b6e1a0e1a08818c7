# Copyright: slipway.aws contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""SNS's calls: each says what it tries to do, none of them decides anything."""

from __future__ import annotations

from typing import Any

from ..core import aws_call, from_tag_list, to_tag_list


@aws_call("list the topics")
def topic_arns(client: Any) -> list[str]:
    return [topic["TopicArn"] for page in client.get_paginator("list_topics").paginate() for topic in page["Topics"]]


@aws_call("describe the topic {arn}", missing=["NotFound"])
def attributes(client: Any, arn: str) -> dict[str, str] | None:
    return client.get_topic_attributes(TopicArn=arn)["Attributes"]


@aws_call("list the subscriptions of {arn}", missing=["NotFound"], default=[])
def subscriptions(client: Any, arn: str) -> list[dict[str, Any]]:
    pages = client.get_paginator("list_subscriptions_by_topic").paginate(TopicArn=arn)
    return [item for page in pages for item in page["Subscriptions"]]


@aws_call("describe the subscription {arn}", missing=["NotFound"], default={})
def subscription_attributes(client: Any, arn: str) -> dict[str, str]:
    return client.get_subscription_attributes(SubscriptionArn=arn)["Attributes"]


@aws_call(
    "list the tags of {arn}",
    missing=["NotFound", "ResourceNotFound"],
    default={},
)
def tags(client: Any, arn: str) -> dict[str, str]:
    return from_tag_list(client.list_tags_for_resource(ResourceArn=arn)["Tags"])


@aws_call("create the topic {name}")
def create(client: Any, name: str, attributes: dict[str, str], tags: dict[str, str]) -> str:
    return client.create_topic(Name=name, Attributes=attributes, Tags=to_tag_list(tags))["TopicArn"]


@aws_call("set {name} of the topic {arn}")
def set_attribute(client: Any, arn: str, name: str, value: str) -> None:
    client.set_topic_attributes(TopicArn=arn, AttributeName=name, AttributeValue=value)


@aws_call("subscribe {protocol} {endpoint} to {arn}")
def subscribe(client: Any, arn: str, protocol: str, endpoint: str, attributes: dict[str, str]) -> None:
    client.subscribe(
        TopicArn=arn, Protocol=protocol, Endpoint=endpoint, Attributes=attributes, ReturnSubscriptionArn=True
    )


@aws_call("set {name} of the subscription {arn}")
def set_subscription_attribute(client: Any, arn: str, name: str, value: str) -> None:
    client.set_subscription_attributes(SubscriptionArn=arn, AttributeName=name, AttributeValue=value)


@aws_call("remove the subscription {arn}", missing=["NotFound"])
def unsubscribe(client: Any, arn: str) -> None:
    client.unsubscribe(SubscriptionArn=arn)


@aws_call("tag the topic {arn}")
def tag(client: Any, arn: str, tags: dict[str, str]) -> None:
    client.tag_resource(ResourceArn=arn, Tags=to_tag_list(tags))


@aws_call("remove tags of the topic {arn}")
def untag(client: Any, arn: str, keys: list[str]) -> None:
    client.untag_resource(ResourceArn=arn, TagKeys=keys)


@aws_call("delete the topic {arn}", missing=["NotFound"])
def delete(client: Any, arn: str) -> None:
    client.delete_topic(TopicArn=arn)
