# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Subscriptions that wait for their confirmation, and the attributes of a topic.

AWS: a subscription by e-mail or HTTP is listed as "PendingConfirmation", and cannot be changed, until
ConfirmSubscription gets the token that was sent to the endpoint; GetTopicAttributes counts both kinds, and has
SignatureVersion and TracingConfig once they are set (SNS API reference).
moto 5.2.5: confirms every subscription at once, and leaves those attributes out.
Here the token is the last part of the subscription's ARN: nobody gets mail from this machine.
Can go when moto keeps subscriptions pending.
"""

from __future__ import annotations

from typing import Any

from moto.core.responses import ActionResult
from moto.sns.exceptions import SNSInvalidParameter
from moto.sns.models import SNSBackend, Subscription
from moto.sns.responses import SNSResponse

from ..clock import Clock

NEEDS_CONFIRMATION = ("email", "email-json", "http", "https")
PENDING = "PendingConfirmation"

_subscribe = SNSBackend.subscribe
_set_attributes = SNSBackend.set_subscription_attributes
_get_topic_attributes = SNSResponse.get_topic_attributes


def subscribe(self: SNSBackend, topic_arn: str, endpoint: str, protocol: str) -> Subscription:
    known = set(self.subscriptions)
    subscription = _subscribe(self, topic_arn, endpoint, protocol)
    if subscription.arn not in known:
        subscription.confirmed = protocol not in NEEDS_CONFIRMATION
        subscription.attributes["PendingConfirmation"] = not subscription.confirmed
    return subscription


def set_attributes(self: SNSBackend, arn: str, name: str, value: Any) -> None:
    if arn == PENDING:
        raise SNSInvalidParameter("Invalid parameter: SubscriptionArn Reason: An ARN must have at least 6 elements")
    _set_attributes(self, arn, name, value)


def _listed(subscriptions: list[Subscription], next_token: Any) -> ActionResult:
    entries = [
        {
            "SubscriptionArn": item.arn if item.confirmed else PENDING,
            "Owner": item.owner,
            "Protocol": item.protocol,
            "Endpoint": item.endpoint,
            "TopicArn": item.topic_arn,
        }
        for item in subscriptions
    ]
    return ActionResult({"Subscriptions": entries, "NextToken": next_token})


def list_subscriptions(self: SNSResponse) -> ActionResult:
    return _listed(*self.backend.list_subscriptions(next_token=self._get_param("NextToken")))


def list_subscriptions_by_topic(self: SNSResponse) -> ActionResult:
    topic_arn, token = self._get_param("TopicArn"), self._get_param("NextToken")
    return _listed(*self.backend.list_subscriptions_by_topic(topic_arn, next_token=token))


def confirm_subscription(self: SNSResponse) -> ActionResult:
    arn, token = self._get_param("TopicArn"), self._get_param("Token")
    self.backend.get_topic(arn)
    subscription = self.backend.subscriptions.get(f"{arn}:{token}")
    if subscription is None:
        raise SNSInvalidParameter("Invalid parameter: Token")
    subscription.confirmed = True
    subscription.attributes["PendingConfirmation"] = False
    return ActionResult({"SubscriptionArn": subscription.arn})


def get_topic_attributes(self: SNSResponse) -> ActionResult:
    answer = _get_topic_attributes(self)
    topic = self.backend.get_topic(self._get_param("TopicArn"))
    subscriptions = self.backend._get_topic_subscriptions(topic)
    confirmed = sum(item.confirmed for item in subscriptions)
    attributes = {
        **answer.result["Attributes"],
        "SubscriptionsConfirmed": str(confirmed),
        "SubscriptionsPending": str(len(subscriptions) - confirmed),
        "SubscriptionsDeleted": "0",
    }
    optional = {
        "SignatureVersion": getattr(topic, "signature_version", ""),
        "TracingConfig": getattr(topic, "tracing_config", ""),
    }
    attributes |= {name: value for name, value in optional.items() if value}
    return ActionResult({"Attributes": attributes})


def apply(clock: Clock) -> None:
    SNSBackend.subscribe = subscribe
    SNSBackend.set_subscription_attributes = set_attributes
    SNSResponse.list_subscriptions = list_subscriptions
    SNSResponse.list_subscriptions_by_topic = list_subscriptions_by_topic
    SNSResponse.confirm_subscription = confirm_subscription
    SNSResponse.get_topic_attributes = get_topic_attributes
