# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Invalidations take time, have quotas, and a caller reference stands for one batch.

AWS: an invalidation is InProgress and then Completed; the same CallerReference with the same paths returns the
invalidation that there is, with other paths it is InvalidationBatchAlreadyExists; a path begins with ``/``, a cache tag
with ``#``, and Quantity counts both; 3,000 paths and 15 wildcards may be in progress on a distribution, more are
TooManyInvalidationsInProgress; invalidations are listed newest first (CloudFront API reference, CreateInvalidation).
moto 5.2.5: answers ``COMPLETED``, which is no status, so that the waiter never ends; makes a new invalidation each
time.
Completing takes a simulated minute. Can go when moto has these statuses and the caller reference.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from moto.cloudfront.models import CloudFrontBackend
from moto.cloudfront.responses import CloudFrontResponse
from moto.core.responses import ActionResult

from ..clock import Clock
from ._cloudfront import check_quantities, error, new_id, now, page, parameter
from .cloudfront_distributions import find

SECONDS_TO_COMPLETE = 60
MAX_PATHS = 3000
MAX_WILDCARDS = 15


@dataclass
class Invalidation:
    id: str
    create_time: datetime
    batch: dict[str, Any]
    done_at: float
    clock: Clock

    @property
    def status(self) -> str:
        return "Completed" if self.clock.now() >= self.done_at else "InProgress"

    def describe(self) -> dict[str, Any]:
        return {
            "Id": self.id,
            "Status": self.status,
            "CreateTime": self.create_time,
            "InvalidationBatch": self.batch,
        }


def check_paths(batch: dict[str, Any]) -> None:
    """Refuse a batch whose paths CloudFront does not take."""
    check_quantities(batch)
    paths = batch["Paths"].get("Items") or []
    if not paths or any(not path.startswith(("/", "#")) for path in paths):
        raise error("InvalidArgument", "Your request contains one or more invalid invalidation paths.")


def invalidate(known: list[Invalidation], batch: dict[str, Any], clock: Clock) -> Invalidation:
    """The invalidation that the caller reference stands for, or a new one while the quotas last."""
    paths = batch["Paths"]["Items"]
    found = next((one for one in known if one.batch["CallerReference"] == batch["CallerReference"]), None)
    if found is not None:
        if sorted(found.batch["Paths"]["Items"]) != sorted(paths):
            raise error(
                "InvalidationBatchAlreadyExists",
                "The caller reference is associated with another invalidation batch: " + found.id,
            )
        return found
    busy = [path for one in known if one.status == "InProgress" for path in one.batch["Paths"]["Items"]]
    wildcards = [path for path in [*busy, *paths] if path.endswith("*")]
    if len(busy) + len(paths) - len(wildcards) > MAX_PATHS or len(wildcards) > MAX_WILDCARDS:
        raise error(
            "TooManyInvalidationsInProgress",
            "Processing your request will cause you to exceed the maximum number of in-progress invalidations.",
        )
    made = Invalidation("I" + new_id(), now(), batch, clock.now() + SECONDS_TO_COMPLETE, clock)
    known.append(made)
    return made


def _known(backend: CloudFrontBackend, distribution_id: str) -> list[Invalidation]:
    return backend.invalidations.setdefault(distribution_id, [])  # type: ignore[arg-type, return-value]


def apply(clock: Clock) -> None:
    def create_invalidation(self: CloudFrontResponse) -> ActionResult:
        distribution = find(self.backend, self._get_param("DistributionId"))
        batch = parameter(self, "InvalidationBatch")
        check_paths(batch)
        known = _known(self.backend, distribution.id)
        found = invalidate(known, batch, clock)
        distribution.invalidations_in_progress = lambda: sum(one.status == "InProgress" for one in known)
        location = f"{distribution.location}/invalidation/{found.id}"
        return ActionResult({"Location": location, "Invalidation": found.describe()})

    def get_invalidation(self: CloudFrontResponse) -> ActionResult:
        distribution = find(self.backend, self._get_param("DistributionId"))
        identifier = self._get_param("Id")
        for one in _known(self.backend, distribution.id):
            if one.id == identifier:
                return ActionResult({"Invalidation": one.describe()})
        raise error("NoSuchInvalidation", "The specified invalidation does not exist.")

    def list_invalidations(self: CloudFrontResponse) -> ActionResult:
        distribution = find(self.backend, self._get_param("DistributionId"))
        items = [
            {"Id": one.id, "CreateTime": one.create_time, "Status": one.status}
            for one in reversed(_known(self.backend, distribution.id))
        ]
        return ActionResult({"InvalidationList": page(self, items)})

    for method in (create_invalidation, get_invalidation, list_invalidations):
        setattr(CloudFrontResponse, method.__name__, method)
