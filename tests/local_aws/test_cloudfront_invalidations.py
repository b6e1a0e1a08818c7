# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Quotas of invalidations, cache tags, and tenants."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError
from harness import Server

Clients = Callable[..., Any]


def batch(*paths: str, reference: str = "1") -> dict[str, Any]:
    return {"Paths": {"Quantity": len(paths), "Items": list(paths)}, "CallerReference": reference}


@pytest.fixture
def cloudfront(aws: Clients) -> Any:
    return aws("cloudfront")


@pytest.fixture
def distribution(cloudfront: Any) -> str:
    origin = {
        "Id": "web",
        "DomainName": "example.com",
        "CustomOriginConfig": {"HTTPPort": 80, "HTTPSPort": 443, "OriginProtocolPolicy": "https-only"},
    }
    return cloudfront.create_distribution(
        DistributionConfig={
            "CallerReference": "1",
            "Comment": "",
            "Enabled": True,
            "Origins": {"Quantity": 1, "Items": [origin]},
            "DefaultCacheBehavior": {
                "TargetOriginId": "web",
                "ViewerProtocolPolicy": "redirect-to-https",
                "CachePolicyId": "658327ea-f89d-4fab-a63d-7e88639e58f6",
            },
        }
    )["Distribution"]["Id"]


def test_so_many_may_be_in_progress(server: Server, cloudfront: Any, distribution: str) -> None:
    server.control("ecs/clock", {"paused": True})

    def invalidate(reference: str, *paths: str) -> None:
        cloudfront.create_invalidation(
            DistributionId=distribution, InvalidationBatch=batch(*paths, reference=reference)
        )

    invalidate("paths", *(f"/{index}" for index in range(3000)))
    invalidate("wildcards", *(f"/{index}/*" for index in range(15)))
    for reference, path in (("more", "/more"), ("wild", "/wild/*")):
        with pytest.raises(ClientError, match="TooManyInvalidationsInProgress"):
            invalidate(reference, path)
    # What is known already is no new invalidation.
    invalidate("wildcards", *(f"/{index}/*" for index in range(15)))


def test_cache_tags_stand_among_the_paths(cloudfront: Any, distribution: str) -> None:
    made = cloudfront.create_invalidation(DistributionId=distribution, InvalidationBatch=batch("/a", "#product-1"))
    assert made["Invalidation"]["InvalidationBatch"]["Paths"]["Items"] == ["/a", "#product-1"]
    with pytest.raises(ClientError, match="InvalidArgument"):
        cloudfront.create_invalidation(DistributionId=distribution, InvalidationBatch=batch("a", reference="2"))


def test_tenants_are_listed(cloudfront: Any, distribution: str) -> None:
    pages = cloudfront.get_paginator("list_distribution_tenants")
    assert pages.paginate().build_full_result().get("DistributionTenantList", []) == []
    made = [
        cloudfront.create_distribution_tenant(
            DistributionId=distribution, Name=name, Domains=[{"Domain": f"{name}.example.com"}]
        )["DistributionTenant"]["Id"]
        for name in ("one", "two", "three")
    ]
    listed = pages.paginate(PaginationConfig={"PageSize": 2}).build_full_result()["DistributionTenantList"]
    assert [item["Id"] for item in listed] == made


def test_a_tenant_has_invalidations_of_its_own(cloudfront: Any, distribution: str) -> None:
    tenant = cloudfront.create_distribution_tenant(
        DistributionId=distribution, Name="one", Domains=[{"Domain": "one.example.com"}]
    )["DistributionTenant"]["Id"]
    made = cloudfront.create_invalidation_for_distribution_tenant(Id=tenant, InvalidationBatch=batch("/a"))
    identifier = made["Invalidation"]["Id"]
    again = cloudfront.create_invalidation_for_distribution_tenant(Id=tenant, InvalidationBatch=batch("/a"))
    assert again["Invalidation"]["Id"] == identifier
    listed = cloudfront.list_invalidations_for_distribution_tenant(Id=tenant)["InvalidationList"]["Items"]
    assert [item["Id"] for item in listed] == [identifier]
    assert cloudfront.list_invalidations(DistributionId=distribution)["InvalidationList"]["Quantity"] == 0
    cloudfront.get_waiter("invalidation_for_distribution_tenant_completed").wait(
        DistributionTenantId=tenant, Id=identifier, WaiterConfig={"Delay": 0.1, "MaxAttempts": 50}
    )
    with pytest.raises(ClientError, match="EntityNotFound"):
        cloudfront.list_invalidations_for_distribution_tenant(Id="dt_none")
