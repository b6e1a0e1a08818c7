# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from .certificates import imported
from .ecs import clock_stopped, control
from .harness import Aws, ModuleFailed

MODULE = "cloudfront_invalidation"


def make_distribution(aws: Aws, alias: str = "", origin_path: str = "", tags: dict[str, str] | None = None) -> str:
    client = aws.client("cloudfront")
    origin = {
        "Id": "web",
        "DomainName": "example.com",
        "OriginPath": origin_path,
        "CustomOriginConfig": {"HTTPPort": 80, "HTTPSPort": 443, "OriginProtocolPolicy": "https-only"},
    }
    config: dict[str, Any] = {
        "CallerReference": f"{alias}{origin_path}{tags}",
        "Comment": "",
        "Enabled": True,
        "Origins": {"Quantity": 1, "Items": [origin]},
        "DefaultCacheBehavior": {
            "TargetOriginId": "web",
            "ViewerProtocolPolicy": "redirect-to-https",
            "CachePolicyId": "658327ea-f89d-4fab-a63d-7e88639e58f6",
        },
    }
    if alias:
        domain = alias.partition(".")[2]
        certificate = imported(aws, f"*.{domain}")
        config["Aliases"] = {"Quantity": 1, "Items": [alias]}
        config["ViewerCertificate"] = {"ACMCertificateArn": certificate, "SSLSupportMethod": "sni-only"}
    pairs = [{"Key": key, "Value": value} for key, value in (tags or {}).items()]
    return client.create_distribution_with_tags(
        DistributionConfigWithTags={"DistributionConfig": config, "Tags": {"Items": pairs}}
    )["Distribution"]["Id"]


@pytest.fixture
def distribution(aws: Aws) -> str:
    return make_distribution(aws)


@pytest.fixture
def month() -> None:
    """A test of what is used in this month does not begin in one and end in the next."""
    while (now := datetime.now(UTC)).month != (now + timedelta(minutes=2)).month:
        time.sleep(1)


def run(aws: Aws, distribution: str, *paths: str, check: bool = False, **options: Any) -> dict[str, Any]:
    arguments = {"distribution_ids": [distribution], "paths": list(paths), "content": "1", **options}
    return aws.run_module(MODULE, {key: value for key, value in arguments.items() if value is not None}, check=check)


def test_a_repeated_run_is_the_same_invalidation(aws: Aws, distribution: str) -> None:
    predicted = run(aws, distribution, "/index.html", "/a b.html", check=True)
    assert predicted["changed"]
    first = run(aws, distribution, "/index.html", "/a b.html")
    assert first["changed"]
    (made,) = first["invalidations"]
    assert made["paths"] == ["/", "/a%20b.html", "/index.html"]
    assert (first["path_count"], first["price_usd"]) == (3, 0)
    assert first["actions"] == predicted["actions"]

    for check in (True, False):
        again = run(aws, distribution, "a b.html", "/index.html", check=check)
        assert not again["changed"]
        assert again["invalidations"][0]["id"] == made["id"]
        assert again["path_count"] == 0

    other = run(aws, distribution, "/index.html", "/a b.html", content="2")
    assert other["changed"]
    assert other["invalidations"][0]["id"] != made["id"]


def test_two_calls_after_120_past_invalidations(aws: Aws, distribution: str) -> None:
    client = aws.client("cloudfront")
    for index in range(120):
        client.create_invalidation(
            DistributionId=distribution,
            InvalidationBatch={"Paths": {"Quantity": 1, "Items": [f"/{index}"]}, "CallerReference": str(index)},
        )
    aws.mark()
    assert run(aws, distribution, "/index.html")["changed"]
    assert Counter(aws.calls()) == {"cloudfront:ListInvalidations": 1, "cloudfront:CreateInvalidation": 1}


def test_an_old_invalidation_beyond_the_newest_hundred_is_known_by_its_state(aws: Aws, distribution: str) -> None:
    first = run(aws, distribution, "/old.html", wait=True)
    client = aws.client("cloudfront")
    for index in range(101):
        client.create_invalidation(
            DistributionId=distribution,
            InvalidationBatch={"Paths": {"Quantity": 1, "Items": [f"/{index}"]}, "CallerReference": str(index)},
        )
    again = run(aws, distribution, "/old.html")
    assert not again["changed"]
    assert again["invalidations"][0]["id"] == first["invalidations"][0]["id"]


def test_waiting_for_completion(aws: Aws, distribution: str, tmp_path: Path) -> None:
    done = run(aws, distribution, "/a", wait=True, progress_file=str(tmp_path / "lines"))
    assert done["invalidations"][0]["status"] == "Completed"
    assert "1 of 1 invalidations are complete" in (tmp_path / "lines").read_text()
    late = pytest.raises(ModuleFailed, match=r"is InProgress.*AWS goes on by itself: run again to go on waiting")
    with clock_stopped(aws), late:
        run(aws, distribution, "/b", wait=True, wait_timeout=0)
    assert not run(aws, distribution, "/b", wait=True)["changed"]


def test_several_distributions_by_alias_and_tag_and_a_tenant(aws: Aws) -> None:
    tagged = make_distribution(aws, tags={"Project": "billpay"})
    named = make_distribution(aws, alias="pay.example.com")
    tenant = aws.client("cloudfront").create_distribution_tenant(
        DistributionId=tagged, Name="one", Domains=[{"Domain": "one.example.com"}]
    )["DistributionTenant"]["Id"]
    arguments = {
        "aliases": ["PAY.example.com"],
        "distribution_tags": {"Project": "billpay"},
        "tenant_ids": [tenant],
        "paths": ["/a/*", "/a/b"],
        "cache_tags": ["#Product-1"],
        "content": "1",
    }
    predicted = aws.run_module(MODULE, arguments, check=True)
    done = aws.run_module(MODULE, {**arguments, "wait": True})
    assert [item["target"] for item in done["invalidations"]] == [named, tagged, tenant]
    assert all(item["paths"] == ["/a/*", "#product-1"] for item in done["invalidations"])
    assert {item["status"] for item in done["invalidations"]} == {"Completed"}
    assert done["actions"] == predicted["actions"]
    assert not aws.run_module(MODULE, arguments)["changed"]


def test_the_origin_path_is_stripped(aws: Aws) -> None:
    distribution = make_distribution(aws, origin_path="/releases/1")
    done = run(aws, distribution, "/releases/1/a.html", "/releases/10/b.html", strip_origin_path=True)
    assert done["invalidations"][0]["paths"] == ["/a.html", "/releases/10/b.html"]


def test_many_paths_are_collapsed_or_split(aws: Aws, distribution: str) -> None:
    many = [f"/{index % 7}/{index}.html" for index in range(1500)]
    done = run(aws, distribution, *many)
    assert len(done["invalidations"]) == 1
    assert done["path_count"] <= 1000
    split = run(aws, distribution, *[f"/x/{index}" for index in range(3100)], collapse=False, check=True)
    assert [len(item["paths"]) for item in split["invalidations"]] == [3000, 100]


@pytest.mark.parametrize(
    ("wanted", "sizes"),
    [([f"/x/{index}" for index in range(3100)], [3000, 100]), ([f"/{index}/*" for index in range(10, 35)], [15, 10])],
    ids=["paths", "wildcards"],
)
def test_a_full_quota_is_waited_for(
    aws: Aws, distribution: str, monkeypatch: pytest.MonkeyPatch, wanted: list[str], sizes: list[int]
) -> None:
    really_sleep, naps = time.sleep, []

    def sleep(seconds: float) -> None:
        # The first batch is in progress for a simulated minute.
        control(aws, "ecs/clock", advance=10)
        naps.append(seconds)
        really_sleep(0.01)

    monkeypatch.setattr(time, "sleep", sleep)
    with clock_stopped(aws):
        done = run(aws, distribution, *wanted, collapse=False)
    assert [len(item["paths"]) for item in done["invalidations"]] == sizes
    assert all(item["created"] for item in done["invalidations"])
    assert naps
    again = run(aws, distribution, *wanted, collapse=False)
    assert not again["changed"]


@pytest.mark.usefixtures("month")
def test_a_quota_that_stays_full_is_told_with_the_next_step(aws: Aws, distribution: str) -> None:
    with clock_stopped(aws):
        run(aws, distribution, *[f"/{index}/*" for index in range(10, 25)], collapse=False)
        with pytest.raises(ModuleFailed) as caught:
            run(aws, distribution, "/x/*", wait_timeout=0)
    assert f"invalidate paths of {distribution} (It has as many in progress" in caught.value.result["msg"]
    assert "TooManyInvalidationsInProgress" in caught.value.result["msg"]


def test_a_monthly_budget_refuses_or_collapses(aws: Aws, distribution: str) -> None:
    run(aws, distribution, *[f"/{index}.html" for index in range(20)])
    more = [f"/more/{index}.html" for index in range(20)]
    with pytest.raises(ModuleFailed, match="20 paths are used in this month and 20 more are wanted"):
        run(aws, distribution, *more, monthly_budget=30)
    done = run(aws, distribution, *more, monthly_budget=30, over_budget="collapse")
    assert done["invalidations"][0]["paths"] == ["/more/*"]
    within = run(aws, distribution, "/one", monthly_budget=30)
    assert within["invalidations"][0]["paths"] == ["/one"]


@pytest.mark.usefixtures("month")
def test_what_is_invalidated_already_fits_every_budget(aws: Aws, distribution: str) -> None:
    wanted = [f"/{index}.html" for index in range(20)]
    assert run(aws, distribution, *wanted, monthly_budget=20)["price_usd"] == 0
    for over_budget in ("refuse", "collapse"):
        assert not run(aws, distribution, *wanted, monthly_budget=20, over_budget=over_budget)["changed"]


@pytest.mark.usefixtures("month")
def test_a_monthly_budget_counts_tenants(aws: Aws, distribution: str) -> None:
    tenant = aws.client("cloudfront").create_distribution_tenant(
        DistributionId=distribution, Name="one", Domains=[{"Domain": "one.example.com"}]
    )["DistributionTenant"]["Id"]
    run(aws, distribution, "/a", "/b", distribution_ids=[], tenant_ids=[tenant])
    with pytest.raises(ModuleFailed, match="2 paths are used in this month and 1 more are wanted"):
        run(aws, distribution, "/c", monthly_budget=2)


def test_nothing_to_invalidate_makes_no_call(aws: Aws, distribution: str) -> None:
    aws.mark()
    assert not run(aws, distribution)["changed"]
    assert aws.calls() == []


def test_a_planned_distribution(aws: Aws) -> None:
    planned = run(aws, "Eplanned-site", "/a", check=True)
    assert planned["changed"]
    assert planned["invalidations"][0]["id"].startswith("planned-")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"content": None}, "content, caller_reference"),
        ({"paths": ["/a*b"]}, "asterisk in the middle"),
        ({"cache_tags": ["a b"]}, "is no cache tag"),
        ({"aliases": ["none.example.com"]}, "no distribution has the alias none.example.com"),
        ({"distribution_tags": {"Project": "none"}}, "no distribution carries"),
        ({"distribution_ids": ["ENOTHING"], "paths": ["/a"]}, "NoSuchDistribution"),
    ],
)
def test_what_cannot_be_meant_is_an_error(aws: Aws, distribution: str, options: dict[str, Any], message: str) -> None:
    with pytest.raises(ModuleFailed) as caught:
        run(aws, distribution, **options)
    assert message in caught.value.result["msg"]


def test_a_reference_that_stands_for_other_paths(aws: Aws, distribution: str) -> None:
    run(aws, distribution, "/a", content=None, caller_reference="mine")
    assert not run(aws, distribution, "/a", content=None, caller_reference="mine")["changed"]
    with pytest.raises(ModuleFailed, match="mine stands for other paths"):
        run(aws, distribution, "/b", content=None, caller_reference="mine")
