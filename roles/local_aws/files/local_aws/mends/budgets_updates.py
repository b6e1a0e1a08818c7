# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""UpdateBudget, and the subscribers of a budget's notifications.

AWS: UpdateBudget replaces the budget, keeps its notifications, and is NotFoundException for an unknown one; subscribers
are described, created and deleted one by one, a notification can be updated; a notification keeps its state
(Budgets API reference).
moto 5.2.5: implements none of these; DescribeNotificationsForBudget of an unknown budget is a KeyError.
Can go when moto implements them.
"""

from __future__ import annotations

import json
from typing import Any

from moto.budgets.exceptions import DuplicateRecordException, NotFoundException
from moto.budgets.models import Budget, Notification
from moto.budgets.responses import BudgetsResponse
from moto.core.utils import unix_time

from ..clock import Clock


def _budget(self: BudgetsResponse) -> Budget:
    name = self._get_param("BudgetName") or self._get_param("NewBudget")["BudgetName"]
    budget = self.backend.budgets[self._get_param("AccountId")].get(name)
    if budget is None:
        raise NotFoundException(f"Unable to find budget: {name} - the budget doesn't exist.")
    return budget


def _same(one: dict[str, Any], other: dict[str, Any]) -> bool:
    def key(details: dict[str, Any]) -> tuple[Any, ...]:
        kind = details.get("ThresholdType", "PERCENTAGE")
        return details["NotificationType"], details["ComparisonOperator"], float(details["Threshold"]), kind

    return key(one) == key(other)


def _notification(self: BudgetsResponse, parameter: str = "Notification") -> Notification:
    wanted = self._get_param(parameter)
    for notification in _budget(self).notifications:
        if _same(notification.details, wanted):
            return notification
    raise NotFoundException("Unable to find notification - the notification doesn't exist.")


def _update_budget(self: BudgetsResponse) -> str:
    budget, new = _budget(self), self._get_param("NewBudget")
    kept = {key: budget.budget[key] for key in ("TimePeriod",) if key in budget.budget}
    budget.budget = {**kept, **new, "LastUpdatedTime": unix_time()}
    return json.dumps({})


def _describe_subscribers(self: BudgetsResponse) -> str:
    return json.dumps({"Subscribers": list(_notification(self).subscribers)})


def _create_subscriber(self: BudgetsResponse) -> str:
    notification, subscriber = _notification(self), self._get_param("Subscriber")
    if subscriber in notification.subscribers:
        raise DuplicateRecordException(record_type="subscriber", record_name=subscriber["Address"])
    notification.subscribers = [*notification.subscribers, subscriber]  # type: ignore[assignment]
    return json.dumps({})


def _delete_subscriber(self: BudgetsResponse) -> str:
    notification, subscriber = _notification(self), self._get_param("Subscriber")
    if subscriber not in notification.subscribers:
        raise NotFoundException("Unable to delete subscriber - the subscriber doesn't exist.")
    notification.subscribers = [known for known in notification.subscribers if known != subscriber]  # type: ignore[assignment]
    return json.dumps({})


def _update_subscriber(self: BudgetsResponse) -> str:
    notification, old = _notification(self), self._get_param("OldSubscriber")
    if old not in notification.subscribers:
        raise NotFoundException("Unable to update subscriber - the subscriber doesn't exist.")
    new = self._get_param("NewSubscriber")
    notification.subscribers = [new if known == old else known for known in notification.subscribers]  # type: ignore[assignment]
    return json.dumps({})


def _update_notification(self: BudgetsResponse) -> str:
    _notification(self, "OldNotification").details = self._get_param("NewNotification")
    return json.dumps({})


def _describe_notifications(self: BudgetsResponse) -> str:
    described = [
        {"ThresholdType": "PERCENTAGE", "NotificationState": "OK", **notification.details}
        for notification in _budget(self).notifications
    ]
    return json.dumps({"Notifications": described})


def _delete_notification(self: BudgetsResponse) -> str:
    budget, notification = _budget(self), _notification(self)
    budget.notifications = [known for known in budget.notifications if known is not notification]
    return json.dumps({})


def apply(clock: Clock) -> None:
    BudgetsResponse.update_budget = _update_budget
    BudgetsResponse.describe_subscribers_for_notification = _describe_subscribers
    BudgetsResponse.create_subscriber = _create_subscriber
    BudgetsResponse.delete_subscriber = _delete_subscriber
    BudgetsResponse.update_subscriber = _update_subscriber
    BudgetsResponse.update_notification = _update_notification
    BudgetsResponse.describe_notifications_for_budget = _describe_notifications  # type: ignore[method-assign]
    BudgetsResponse.delete_notification = _delete_notification  # type: ignore[method-assign]
