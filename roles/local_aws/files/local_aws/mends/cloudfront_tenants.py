# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Distribution tenants, as far as invalidations need them.

AWS: a tenant belongs to a multi-tenant distribution and has invalidations of its own, with the quotas and references of
a distribution's (CloudFront API reference, CreateDistributionTenant, CreateInvalidationForDistributionTenant).
moto 5.2.5: has no tenants.
Can go when moto has them.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from weakref import WeakKeyDictionary

from moto.cloudfront import urls
from moto.cloudfront.models import CloudFrontBackend
from moto.cloudfront.responses import CloudFrontResponse
from moto.core.responses import ActionResult

from ..clock import Clock
from ._cloudfront import error, now, page, parameter
from .cloudfront_distributions import find
from .cloudfront_invalidations import Invalidation, check_paths, invalidate


@dataclass
class Tenant:
    id: str
    name: str
    distribution_id: str
    domains: list[dict[str, Any]]
    arn: str
    created_time: datetime = field(default_factory=now)
    invalidations: list[Invalidation] = field(default_factory=list)

    def describe(self) -> dict[str, Any]:
        return {
            "Id": self.id,
            "DistributionId": self.distribution_id,
            "Name": self.name,
            "Arn": self.arn,
            "Domains": [{"Domain": item["Domain"], "Status": "active"} for item in self.domains],
            "CreatedTime": self.created_time,
            "LastModifiedTime": self.created_time,
            "Enabled": True,
            "Status": "Deployed",
        }


_tenants: WeakKeyDictionary[CloudFrontBackend, dict[str, Tenant]] = WeakKeyDictionary()


def _tenant(self: CloudFrontResponse, name: str) -> Tenant:
    found = _tenants.setdefault(self.backend, {}).get(self._get_param(name))
    if found is None:
        raise error("EntityNotFound", "The entity was not found.")
    return found


def apply(clock: Clock) -> None:
    def create_distribution_tenant(self: CloudFrontResponse) -> ActionResult:
        distribution = find(self.backend, self._get_param("DistributionId"))
        identifier = f"dt_{secrets.token_hex(12)}"
        arn = f"arn:aws:cloudfront::{self.current_account}:distribution-tenant/{identifier}"
        made = Tenant(identifier, self._get_param("Name"), distribution.id, parameter(self, "Domains") or [], arn)
        _tenants.setdefault(self.backend, {})[identifier] = made
        return ActionResult({"DistributionTenant": made.describe(), "ETag": "E1"})

    def create_invalidation_for_distribution_tenant(self: CloudFrontResponse) -> ActionResult:
        tenant = _tenant(self, "Id")
        batch = parameter(self, "InvalidationBatch")
        check_paths(batch)
        made = invalidate(tenant.invalidations, batch, clock)
        location = f"https://cloudfront.amazonaws.com/2020-05-31/distribution-tenant/{tenant.id}/invalidation/{made.id}"
        return ActionResult({"Location": location, "Invalidation": made.describe()})

    def get_invalidation_for_distribution_tenant(self: CloudFrontResponse) -> ActionResult:
        tenant = _tenant(self, "DistributionTenantId")
        for one in tenant.invalidations:
            if one.id == self._get_param("Id"):
                return ActionResult({"Invalidation": one.describe()})
        raise error("NoSuchInvalidation", "The specified invalidation does not exist.")

    def list_invalidations_for_distribution_tenant(self: CloudFrontResponse) -> ActionResult:
        tenant = _tenant(self, "Id")
        items = [
            {"Id": one.id, "CreateTime": one.create_time, "Status": one.status}
            for one in reversed(tenant.invalidations)
        ]
        return ActionResult({"InvalidationList": page(self, items)})

    def list_distribution_tenants(self: CloudFrontResponse) -> ActionResult:
        tenants = _tenants.setdefault(self.backend, {}).values()
        listed = page(self, [{**tenant.describe(), "ETag": "E1"} for tenant in tenants])
        return ActionResult({"DistributionTenantList": listed.get("Items", []), "NextMarker": listed.get("NextMarker")})

    for method in (
        create_distribution_tenant,
        list_distribution_tenants,
        create_invalidation_for_distribution_tenant,
        get_invalidation_for_distribution_tenant,
        list_invalidations_for_distribution_tenant,
    ):
        setattr(CloudFrontResponse, method.__name__, method)
    tenant = "{0}/2020-05-31/distribution-tenant"
    for path in ("", "s", "/(?P<tenant_id>[^/]+)/invalidation", "/(?P<tenant_id>[^/]+)/invalidation/(?P<id>[^/]+)"):
        urls.url_paths[f"{tenant}{path}$"] = CloudFrontResponse.dispatch


def reset() -> None:
    _tenants.clear()
