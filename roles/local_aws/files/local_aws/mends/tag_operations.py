# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""TagResource, UntagResource and ListTagsForResource of Application Auto Scaling, ACM and Budgets.

AWS: each takes the resource's ARN and is ResourceNotFoundException (NotFoundException in Budgets) for an unknown one;
RegisterScalableTarget and CreateBudget take tags (API references of the three services).
moto 5.2.5: implements none of them and drops the tags.
Can go when moto implements them.
"""

from __future__ import annotations

import json
from typing import Any

from moto.acm.responses import AWSCertificateManagerResponse
from moto.applicationautoscaling.models import ApplicationAutoscalingBackend
from moto.applicationautoscaling.responses import ApplicationAutoScalingResponse
from moto.budgets.exceptions import NotFoundException
from moto.budgets.models import Budget
from moto.budgets.responses import BudgetsResponse
from moto.core.exceptions import JsonRESTError
from moto.core.responses import ActionResult, EmptyResult

from ..clock import Clock

# Application Auto Scaling


def _target_tags(self: ApplicationAutoScalingResponse) -> dict[str, str]:
    arn = self._get_param("ResourceARN")
    backend: ApplicationAutoscalingBackend = self.applicationautoscaling_backend
    for targets in backend.targets.values():
        for target in targets.values():
            if target.arn == arn:
                return target.__dict__.setdefault("tags", {})  # type: ignore[no-any-return]
    raise JsonRESTError("ResourceNotFoundException", f"No scalable target found for resource ARN: {arn}")


def _tag_target(self: ApplicationAutoScalingResponse) -> str:
    _target_tags(self).update(self._get_param("Tags"))
    return "{}"


def _untag_target(self: ApplicationAutoScalingResponse) -> str:
    tags = _target_tags(self)
    for key in self._get_param("TagKeys"):
        tags.pop(key, None)
    return "{}"


def _list_target_tags(self: ApplicationAutoScalingResponse) -> str:
    return json.dumps({"Tags": _target_tags(self)})


# ACM


def _tag_certificate(self: AWSCertificateManagerResponse) -> ActionResult:
    self.acm_backend.add_tags_to_certificate(self._get_param("ResourceArn"), self._get_param("Tags"))
    return EmptyResult()


def _untag_certificate(self: AWSCertificateManagerResponse) -> ActionResult:
    keys: Any = [{"Key": key} for key in self._get_param("TagKeys")]
    self.acm_backend.remove_tags_from_certificate(self._get_param("ResourceArn"), keys)
    return EmptyResult()


def _list_certificate_tags(self: AWSCertificateManagerResponse) -> ActionResult:
    tags = self.acm_backend.get_certificate(self._get_param("ResourceArn")).tags
    return ActionResult({"Tags": [{"Key": key, "Value": value or ""} for key, value in tags.items()]})


# Budgets


def _budget(self: BudgetsResponse) -> Budget:
    arn = self._get_param("ResourceARN")
    account_id, name = arn.split(":")[4], arn.rpartition(":budget/")[2]
    budget = self.backend.budgets[account_id].get(name)
    if budget is None:
        raise NotFoundException(f"Unable to find {arn} - the budget doesn't exist.")
    return budget


def _tag_budget(self: BudgetsResponse) -> str:
    tags = _budget(self).__dict__.setdefault("tags", {})
    tags.update({tag["Key"]: tag["Value"] for tag in self._get_param("ResourceTags")})
    return "{}"


def _untag_budget(self: BudgetsResponse) -> str:
    tags = _budget(self).__dict__.setdefault("tags", {})
    for key in self._get_param("ResourceTagKeys"):
        tags.pop(key, None)
    return "{}"


def _list_budget_tags(self: BudgetsResponse) -> str:
    tags = _budget(self).__dict__.get("tags", {})
    return json.dumps({"ResourceTags": [{"Key": key, "Value": value} for key, value in tags.items()]})


def apply(clock: Clock) -> None:
    register, create_budget = ApplicationAutoScalingResponse.register_scalable_target, BudgetsResponse.create_budget

    def mended_register(self: ApplicationAutoScalingResponse) -> str:
        answer = register(self)
        arn, tags = json.loads(answer)["ScalableTargetARN"], self._get_param("Tags")
        for targets in self.applicationautoscaling_backend.targets.values():
            for target in targets.values():
                if tags and target.arn == arn:
                    target.__dict__.setdefault("tags", {}).update(tags)
        return answer

    def mended_create_budget(self: BudgetsResponse) -> str:
        answer = create_budget(self)
        budget = self.backend.budgets[self._get_param("AccountId")][self._get_param("Budget")["BudgetName"]]
        budget.__dict__["tags"] = {tag["Key"]: tag["Value"] for tag in self._get_param("ResourceTags") or []}
        return answer

    ApplicationAutoScalingResponse.register_scalable_target = mended_register  # type: ignore[method-assign]
    ApplicationAutoScalingResponse.tag_resource = _tag_target
    ApplicationAutoScalingResponse.untag_resource = _untag_target
    ApplicationAutoScalingResponse.list_tags_for_resource = _list_target_tags
    AWSCertificateManagerResponse.tag_resource = _tag_certificate
    AWSCertificateManagerResponse.untag_resource = _untag_certificate
    AWSCertificateManagerResponse.list_tags_for_resource = _list_certificate_tags
    BudgetsResponse.create_budget = mended_create_budget  # type: ignore[method-assign]
    BudgetsResponse.tag_resource = _tag_budget
    BudgetsResponse.untag_resource = _untag_budget
    BudgetsResponse.list_tags_for_resource = _list_budget_tags
