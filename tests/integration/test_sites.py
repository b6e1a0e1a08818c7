# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The stacks that have sites and no database: planned, deployed, deployed again, published, gone back to, removed."""

from __future__ import annotations

import json
import re
import runpy
from collections import Counter
from collections.abc import Callable
from itertools import groupby
from pathlib import Path
from typing import Any

import pytest

from .ecs import control
from .harness import ROOT, Aws, Server, execute
from .plays import Play, leftovers, run_play, succeeded

build_site = runpy.run_path(str(ROOT / "tools" / "demo_site" / "build.py"))["build"]


class Stack:
    """One environment of an inventory."""

    def __init__(self, aws: Aws, inventory: str, account: str, builds: Path) -> None:
        self.aws = aws
        # An access key of twelve digits is the number of the account.
        self.account = account
        self.inventory = inventory
        self.builds = builds

    def play(self, playbook: str, *arguments: str) -> Play:
        return run_play(
            playbook,
            *("-i", f"inventories/{self.inventory}", "-e", f"builds={self.builds}"),
            *arguments,
            environment={**self.aws.environment(), "AWS_ACCESS_KEY_ID": self.account},
        )

    def client(self, service: str) -> Any:
        return self.aws.client(service)

    def distribution(self, name: str) -> dict[str, Any]:
        listed = self.client("cloudfront").list_distributions()["DistributionList"].get("Items", [])
        found = next(item for item in listed if name in item["Aliases"].get("Items", []))
        return self.client("cloudfront").get_distribution(Id=found["Id"])["Distribution"]

    def requests(self, since: int) -> list[dict[str, Any]]:
        return [
            entry
            for entry in self.aws.server.requests(since)
            if entry.get("mutating") and entry.get("account") == self.account
        ]

    def mutations(self, since: int) -> Counter[str]:
        return Counter(f"{entry['service']}:{entry['action']}" for entry in self.requests(since))


@pytest.fixture
def stack(server: Server, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[[str, str], Stack]:
    def make(inventory: str, account: str) -> Stack:
        aws = Aws(server, monkeypatch)
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", account)
        return Stack(aws, inventory, account, tmp_path)

    return make


SERVICES = {"backend_api", "payment_service", "user_service", "admin_service"}


def config_of(distribution: dict[str, Any]) -> dict[str, Any]:
    return distribution["DistributionConfig"]


def private(stack: Stack, bucket: str, distribution: dict[str, Any]) -> bool:
    """Whether nobody but the distribution reads the bucket."""
    s3 = stack.client("s3")
    blocks = s3.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"]
    policy = json.loads(s3.get_bucket_policy(Bucket=bucket)["Policy"])
    allowed = [item for item in policy["Statement"] if item["Effect"] == "Allow"]
    readers = [item["Condition"]["StringEquals"]["AWS:SourceArn"] for item in allowed]
    return all(blocks.values()) and readers == [distribution["ARN"]]


def test_billpay_puts_up_its_three_sites_and_takes_them_away(
    stack: Callable[[str, str], Stack], tmp_path: Path
) -> None:
    billpay = stack("billpay/dev.yml", "411111111111")
    names = {"frontend-payment": "payments", "frontend-admin": "admin", "feature-flags": "flags"}
    for site in names:
        build_site(tmp_path / site)

    planned = succeeded(billpay.play("site.yml", "--check", "--diff"))
    assert billpay.requests(0) == []
    first = succeeded(billpay.play("site.yml"))
    # On an empty account, where even the zone of the names is to come, the plan is what happens, task for task.
    assert planned.changed_tasks == first.changed_tasks
    assert planned.changed == first.changed
    assert set(first.changed) == {"dev", *SERVICES, *(site.replace("-", "_") for site in names)}
    start = billpay.aws.server.position()
    assert succeeded(billpay.play("site.yml")).changed == {}
    rotated = succeeded(billpay.play("rotate.yml", "--check")).output
    assert re.search(r"billpay/database/credentials +0 of 90 days +by hand", rotated)
    assert billpay.requests(start) == []

    everything = execute("environment_info", {"project": "billpay", "environment": "dev"})
    assert {name.replace("-", "_") for name in everything["compute"]["services"]} == SERVICES
    assert everything["compute"]["load_balancer"]["url"].startswith("https://")
    found = everything["edge"]
    assert set(found["sites"]) == set(names)
    zone = {
        (item["Name"], item["Type"]): item
        for item in billpay.client("route53").list_resource_record_sets(HostedZoneId=found["hosted_zone_id"])[
            "ResourceRecordSets"
        ]
    }
    for site, name in names.items():
        domain = f"{name}.dev.billpay.example.com"
        distribution = billpay.distribution(domain)
        config = config_of(distribution)
        assert found["sites"][site]["url"] == f"https://{domain}"
        assert private(billpay, found["sites"][site]["bucket"], distribution)
        certificate = billpay.client("acm").describe_certificate(
            CertificateArn=config["ViewerCertificate"]["ACMCertificateArn"]
        )["Certificate"]
        assert (certificate["Status"], certificate["DomainName"]) == ("ISSUED", domain)
        assert config["ViewerCertificate"]["MinimumProtocolVersion"] == "TLSv1.2_2021"
        assert config["Origins"]["Items"][0]["OriginAccessControlId"]
        assert config["WebACLId"] == found["sites_web_acl"]["arn"]
        assert config["Logging"]["Bucket"] == f"{found['sites_log_bucket']}.s3.amazonaws.com"
        for kind in ("A", "AAAA"):
            assert zone[f"{domain}.", kind]["AliasTarget"]["DNSName"].rstrip(".") == distribution["DomainName"]
    payments = config_of(billpay.distribution("payments.dev.billpay.example.com"))
    assert [item["PathPattern"] for item in payments["CacheBehaviors"]["Items"]] == ["/api/*", "/payments/*"]
    assert payments["Origins"]["Items"][1]["DomainName"] == "api.dev.billpay.example.com"

    publishing_touches_what_changed(billpay, tmp_path / "frontend-admin")
    only_the_sites_reach_the_load_balancer(billpay)

    succeeded(billpay.play("destroy.yml", "-e", "destroy_environment=dev"))
    # The provider is the account's, whoever deploys by it.
    assert set(edge_leftovers(billpay)) == {"identity providers"}


def only_the_sites_reach_the_load_balancer(stack: Stack) -> None:
    """One run each: the sites say a secret before it is demanded, and what they say is accepted at every moment."""
    say, demand = "cloudfront:UpdateDistribution", "wafv2:UpdateWebACL"
    steps = {
        "first-of-the-secrets": [say, demand],
        "second-of-the-secrets": [demand, say, demand],
    }
    for secret, expected in steps.items():
        told = json.dumps({"edge_origin_secrets": [secret], "edge_origin_secrets_pause": 0})
        start = stack.aws.server.position()
        play = succeeded(stack.play("site.yml", "--tags", "edge", "-e", told, "-vvv"))
        assert "of-the-secrets" not in play.output.replace(told, "")
        made = [f"{entry['service']}:{entry['action']}" for entry in stack.requests(start)]
        # Two of the sites lead to the load balancer.
        assert [action for action, _same in groupby(action for action in made if action in (say, demand))] == expected
        config = config_of(stack.distribution("payments.dev.billpay.example.com"))
        headers = config["Origins"]["Items"][1]["CustomHeaders"]["Items"]
        assert [header["HeaderValue"] for header in headers] == [secret]


def publishing_touches_what_changed(stack: Stack, folder: Path) -> None:
    """One page: one upload and the page's paths. The release before: nothing is uploaded. Paths by hand."""
    only = ("--limit", "frontend_admin")
    cloudfront = stack.client("cloudfront")
    distribution = stack.distribution("admin.dev.billpay.example.com")["Id"]

    def invalidated() -> list[str]:
        newest = cloudfront.list_invalidations(DistributionId=distribution)["InvalidationList"]["Items"][0]
        batch = cloudfront.get_invalidation(DistributionId=distribution, Id=newest["Id"])["Invalidation"]
        return sorted(batch["InvalidationBatch"]["Paths"]["Items"])

    page = folder / "guide" / "index.html"
    page.write_text(page.read_text().replace("Guide", "Manual"))
    start = stack.aws.server.position()
    published = succeeded(stack.play("publish.yml", *only))
    assert published.changed == {"frontend_admin": 1}
    assert "1 to put in their place, 0 to delete" in published.output
    (standing, before) = re.search(r"(\w{16}) stands; one can go back to (\w{16})\.", published.output).groups()
    assert invalidated() == ["/guide", "/guide/", "/guide/index.html"]
    assert stack.mutations(start)["cloudfront:CreateInvalidation"] == 1

    start = stack.aws.server.position()
    back = succeeded(stack.play("publish.yml", *only, "-e", "release=previous"))
    assert back.changed == {"frontend_admin": 1}
    assert f"{before} stands; one can go back to {standing}." in back.output
    assert stack.mutations(start)["s3:CopyObject"] >= 1
    # What is put is the site's memory alone.
    assert stack.mutations(start)["s3:PutObject"] <= 3

    by_hand = ("-e", "paths=/status.html,/guide/*", "-e", "content=1")
    assert succeeded(stack.play("invalidate.yml", *only, *by_hand)).changed == {"frontend_admin": 1}
    assert invalidated() == ["/guide/*", "/status.html"]


def test_eec_nif_puts_up_its_single_page_application(stack: Callable[[str, str], Stack], tmp_path: Path) -> None:
    eec = stack("eec-nif/staging.yml", "522222222222")
    build_site(tmp_path / "frontend")
    succeeded(eec.play("site.yml"))
    start = eec.aws.server.position()
    assert succeeded(eec.play("site.yml")).changed == {}
    assert eec.requests(start) == []
    ninety_days_are_over(eec)

    distribution = eec.distribution("staging.eec-nif.example.com")
    config = config_of(distribution)
    behavior = config["DefaultCacheBehavior"]
    assert sorted(config["Aliases"]["Items"]) == ["staging.eec-nif.example.com", "www.staging.eec-nif.example.com"]
    assert (config["PriceClass"], behavior["Compress"]) == ("PriceClass_100", True)
    assert behavior["ViewerProtocolPolicy"] == "redirect-to-https"
    # Managed-CachingOptimized and Managed-SecurityHeadersPolicy, whose identifiers are the same in every account.
    assert behavior["CachePolicyId"] == "658327ea-f89d-4fab-a63d-7e88639e58f6"
    assert behavior["ResponseHeadersPolicyId"] == "67f7725c-6f97-4210-82d7-5512b31e9d03"
    function = behavior["FunctionAssociations"]["Items"][0]["FunctionARN"].rpartition("/")[2]
    code = eec.client("cloudfront").get_function(Name=function, Stage="LIVE")["FunctionCode"].read().decode()
    assert "'/index.html'" in code
    bucket = "eec-nif-staging-frontend-522222222222"
    assert private(eec, bucket, distribution)
    asset = next(path.name for path in (tmp_path / "frontend" / "assets").glob("app.*.js"))
    headers = {
        key: eec.client("s3").head_object(Bucket=bucket, Key=key)["CacheControl"]
        for key in ("index.html", f"assets/{asset}")
    }
    assert headers == {"index.html": "no-cache", f"assets/{asset}": "public, max-age=31536000, immutable"}

    start = eec.aws.server.position()
    doomed = succeeded(eec.play("destroy.yml", "-e", "destroy_environment=staging", "--check"))
    assert eec.requests(start) == []
    destroyed = succeeded(eec.play("destroy.yml", "-e", "destroy_environment=staging"))
    # The site's host tells of the site, and the environment's not once more.
    assert doomed.changed_tasks["frontend"] == destroyed.changed_tasks["frontend"]
    assert [task for task in doomed.changed_tasks["staging"] if "Remove the distribution" in task] == []
    assert edge_leftovers(eec) == {}


def ninety_days_are_over(eec: Stack) -> None:
    """What rotates here does, its reader is restarted once, and what is made by hand is told of until it is made."""
    names = {"mongodb": "by hand", "cloudinary": "by hand", "jwt": "random", "redis": "redis_auth"}
    secrets = eec.client("secretsmanager")
    for name in names:
        arn = secrets.describe_secret(SecretId=f"eec-nif-staging/{name}")["ARN"]
        control(eec.aws, "secretsmanager/age", secret=arn, days=91)
    start = eec.aws.server.position()
    due = succeeded(eec.play("rotate.yml", "--check")).output
    for name, how in names.items():
        outcome = "unchanged" if how == "by hand" else "would rotate"
        assert re.search(rf"eec-nif-staging/{name} +91 of 90 days +{how} +{outcome}", due)
    assert eec.requests(start) == []
    rotated = succeeded(eec.play("rotate.yml")).output
    assert rotated.count("eec-nif-staging/api: rolled,") == 1
    overdue = r"eec-nif-staging/(\w+) is 91(?:\.\d+)? days old; it may be 90"
    assert sorted(re.findall(overdue, rotated)) == ["cloudinary", "mongodb"]
    secrets.put_secret_value(SecretId="eec-nif-staging/mongodb", SecretString="mongodb+srv://new.example.com")
    again = succeeded(eec.play("rotate.yml"))
    assert (again.changed, re.findall(overdue, again.output)) == ({}, ["cloudinary"])


def edge_leftovers(stack: Stack) -> dict[str, list[str]]:
    cloudfront, acm = stack.client("cloudfront"), stack.client("acm")
    controls = cloudfront.list_origin_access_controls()["OriginAccessControlList"].get("Items", [])
    functions = cloudfront.list_functions()["FunctionList"].get("Items", [])
    more = {
        "certificates": [item["CertificateArn"] for item in acm.list_certificates()["CertificateSummaryList"]],
        "zones": [item["Name"] for item in stack.client("route53").list_hosted_zones()["HostedZones"]],
        "controls": [item["Name"] for item in controls],
        "functions": [item["Name"] for item in functions],
        "global web acls": [
            item["Name"] for item in stack.client("wafv2").list_web_acls(Scope="CLOUDFRONT")["WebACLs"]
        ],
    }
    return {**leftovers(stack.client), **{kind: names for kind, names in more.items() if names}}


def test_the_demo_site_is_the_same_whenever_it_is_built(tmp_path: Path) -> None:
    first = build_site(tmp_path / "one")
    assert build_site(tmp_path / "two") == first
    for name in first:
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()
    # Every page finds what it refers to.
    for name in first:
        text = (tmp_path / "one" / name).read_text()
        for reference in re.findall(r'(?:src|href)="/([^"]*)"', text):
            target = f"{reference}index.html" if reference.endswith("/") or not reference else reference
            assert (tmp_path / "one" / target).is_file(), f"{name} → {reference}"
