# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Cache policies, origin request policies and response headers policies, AWS's managed ones among them.

AWS: a policy is created under a unique name, changed and deleted with its current ETag, and not deleted while a
distribution uses it; the managed policies are listed with Type=managed and cannot be changed (CloudFront API reference;
developer guide, Using managed policies).
moto 5.2.5: implements none of it.
Of the managed policies, id and name are AWS's, and of the cache policies the TTLs and encodings; the rest of their
configuration is left at its plainest. Can go when moto implements policies.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from moto.cloudfront import urls
from moto.cloudfront.models import CloudFrontBackend
from moto.cloudfront.responses import CloudFrontResponse
from moto.core.responses import ActionResult, EmptyResult

from ..clock import Clock
from ._cloudfront import check_etag, check_quantities, error, new_id, now, page, parameter
from .cloudfront_distributions import behaviours


@dataclass(frozen=True)
class Kind:
    """One kind of policy."""

    name: str
    path: str
    reference: str

    @property
    def config(self) -> str:
        return f"{self.name}Config"


CACHE = Kind("CachePolicy", "cache-policy", "CachePolicyId")
REQUEST = Kind("OriginRequestPolicy", "origin-request-policy", "OriginRequestPolicyId")
HEADERS = Kind("ResponseHeadersPolicy", "response-headers-policy", "ResponseHeadersPolicyId")
KINDS = (CACHE, REQUEST, HEADERS)


def _cache(ttl: tuple[int, int, int], encodings: bool) -> dict[str, Any]:
    return {
        "MinTTL": ttl[0],
        "DefaultTTL": ttl[1],
        "MaxTTL": ttl[2],
        "ParametersInCacheKeyAndForwardedToOrigin": {
            "EnableAcceptEncodingGzip": encodings,
            "EnableAcceptEncodingBrotli": encodings,
            "HeadersConfig": {"HeaderBehavior": "none"},
            "CookiesConfig": {"CookieBehavior": "none"},
            "QueryStringsConfig": {"QueryStringBehavior": "none"},
        },
    }


def _request(headers: str, others: str) -> dict[str, Any]:
    return {
        "HeadersConfig": {"HeaderBehavior": headers},
        "CookiesConfig": {"CookieBehavior": others},
        "QueryStringsConfig": {"QueryStringBehavior": others},
    }


DAY, YEAR = 86400, 31536000
MANAGED: dict[Kind, dict[str, tuple[str, dict[str, Any]]]] = {
    CACHE: {
        "658327ea-f89d-4fab-a63d-7e88639e58f6": ("CachingOptimized", _cache((1, DAY, YEAR), True)),
        "b2884449-e4de-46a7-ac36-70bc7f1ddd6d": (
            "CachingOptimizedForUncompressedObjects",
            _cache((1, DAY, YEAR), False),
        ),
        "4135ea2d-6df8-44a3-9df3-4b5a84be39ad": ("CachingDisabled", _cache((0, 0, 0), False)),
        "08627262-05a9-4f76-9ded-b50ca2e3a84f": ("Elemental-MediaPackage", _cache((0, DAY, YEAR), True)),
        "2e54312d-136d-493c-8eb9-b001f22f67d2": ("Amplify", _cache((2, 2, 600), True)),
        "83da9c7e-98b4-4e11-a168-04f0df8e2c65": ("UseOriginCacheControlHeaders", _cache((0, 0, YEAR), True)),
        "4cc15a8a-d715-48a4-82b8-cc0b614638fe": (
            "UseOriginCacheControlHeaders-QueryStrings",
            _cache((0, 0, YEAR), True),
        ),
    },
    REQUEST: {
        "acba4595-bd28-49b8-b9fe-13317c0390fa": ("UserAgentRefererHeaders", _request("none", "none")),
        "59781a5b-3903-41f3-afcb-af62929ccde1": ("CORS-CustomOrigin", _request("none", "none")),
        "88a5eaf4-2fd4-4709-b370-b4c650ea3fcf": ("CORS-S3Origin", _request("none", "none")),
        "216adef6-5c7f-47e4-b989-5492eafa07d3": ("AllViewer", _request("allViewer", "all")),
        "775133bc-15f2-49f9-abea-afb2e0bf67d2": (
            "Elemental-MediaTailor-PersonalizedManifests",
            _request("none", "all"),
        ),
        "33f36d7e-f396-46d9-90e0-52428a34d9dc": (
            "AllViewerAndCloudFrontHeaders-2022-06",
            _request("allViewer", "all"),
        ),
        "b689b0a8-53d0-40ab-baf2-68738e2966ac": ("AllViewerExceptHostHeader", _request("allViewer", "all")),
        "bf0718e1-ba1e-49d1-88b1-f726733018ae": ("HostHeaderOnly", _request("none", "none")),
    },
    HEADERS: {
        "60669652-455b-4ae9-85a4-c4c02393f86c": ("SimpleCORS", {}),
        "5cc3b908-e619-4b99-88e5-2cf7f45965bd": ("CORS-With-Preflight", {}),
        "67f7725c-6f97-4210-82d7-5512b31e9d03": ("SecurityHeadersPolicy", {}),
        "e61eb60c-9c35-4d20-a928-2b84e02af89c": ("CORS-and-SecurityHeadersPolicy", {}),
        "eaab4381-ed33-4a86-88ca-d9558dc6cd63": ("CORS-with-preflight-and-SecurityHeadersPolicy", {}),
    },
}


@dataclass
class Policy:
    kind: Kind
    id: str
    type: str
    config: dict[str, Any]
    etag: str
    modified: datetime

    def describe(self) -> dict[str, Any]:
        return {"Id": self.id, "LastModifiedTime": self.modified, self.kind.config: self.config}


def _policies(backend: CloudFrontBackend) -> dict[Kind, dict[str, Policy]]:
    known = backend.__dict__.get("policies")
    if known is None:
        known = {
            kind: {
                identifier: Policy(
                    kind, identifier, "managed", {"Name": f"Managed-{name}", "Comment": "", **config}, new_id(), now()
                )
                for identifier, (name, config) in managed.items()
            }
            for kind, managed in MANAGED.items()
        }
        backend.__dict__["policies"] = known
    return known  # type: ignore[no-any-return]


def _methods(kind: Kind) -> dict[str, Any]:
    """The six operations of one kind of policy."""

    def find(self: CloudFrontResponse) -> Policy:
        policy = _policies(self.backend)[kind].get(self._get_param("Id"))
        if policy is None:
            raise error(f"NoSuch{kind.name}", f"The {kind.path.replace('-', ' ')} does not exist.")
        return policy

    def check(self: CloudFrontResponse, config: dict[str, Any], itself: Policy | None = None) -> None:
        check_quantities(config)
        for policy in _policies(self.backend)[kind].values():
            if policy is not itself and policy.config["Name"] == config["Name"]:
                raise error(f"{kind.name}AlreadyExists", f"A policy with the name {config['Name']} exists already.")

    def refuse_managed(policy: Policy) -> None:
        if policy.type == "managed":
            raise error("AccessDenied", "Managed policies cannot be changed.")

    def create(self: CloudFrontResponse) -> ActionResult:
        config = parameter(self, kind.config)
        check(self, config)
        policy = Policy(kind, str(uuid.uuid4()), "custom", {"Comment": "", **config}, new_id(), now())
        _policies(self.backend)[kind][policy.id] = policy
        location = f"https://cloudfront.amazonaws.com/2020-05-31/{kind.path}/{policy.id}"
        return ActionResult({kind.name: policy.describe(), "ETag": policy.etag, "Location": location})

    def get(self: CloudFrontResponse) -> ActionResult:
        policy = find(self)
        return ActionResult({kind.name: policy.describe(), "ETag": policy.etag})

    def get_config(self: CloudFrontResponse) -> ActionResult:
        policy = find(self)
        return ActionResult({kind.config: policy.config, "ETag": policy.etag})

    def listing(self: CloudFrontResponse) -> ActionResult:
        wanted = self._get_param("Type")
        items = [
            {"Type": policy.type, kind.name: policy.describe()}
            for policy in _policies(self.backend)[kind].values()
            if wanted in (None, policy.type)
        ]
        listed = page(self, items)
        return ActionResult(
            {f"{kind.name}List": {k: v for k, v in listed.items() if k not in ("Marker", "IsTruncated")}}
        )

    def update(self: CloudFrontResponse) -> ActionResult:
        policy, config = find(self), parameter(self, kind.config)
        refuse_managed(policy)
        check_etag(self, policy.etag)
        check(self, config, policy)
        policy.config, policy.etag, policy.modified = {"Comment": "", **config}, new_id(), now()
        return ActionResult({kind.name: policy.describe(), "ETag": policy.etag})

    def delete(self: CloudFrontResponse) -> ActionResult:
        policy = find(self)
        refuse_managed(policy)
        check_etag(self, policy.etag)
        for distribution in self.backend.distributions.values():
            configs = behaviours(distribution.config)  # type: ignore[attr-defined]
            if any(behaviour.get(kind.reference) == policy.id for behaviour in configs):
                raise error(f"{kind.name}InUse", "Cannot delete the policy because it is attached to a cache behavior.")
        del _policies(self.backend)[kind][policy.id]
        return EmptyResult()

    snake = kind.path.replace("-", "_")
    plural = f"{snake[:-1]}ies"
    return {
        f"create_{snake}": create,
        f"get_{snake}": get,
        f"get_{snake}_config": get_config,
        f"list_{plural}": listing,
        f"update_{snake}": update,
        f"delete_{snake}": delete,
    }


def apply(clock: Clock) -> None:
    for kind in KINDS:
        for name, method in _methods(kind).items():
            method.__name__ = name
            setattr(CloudFrontResponse, name, method)
        base = f"{{0}}/2020-05-31/{kind.path}"
        for suffix in ("$", "/(?P<policy_id>[^/]+)$", "/(?P<policy_id>[^/]+)/config$"):
            urls.url_paths[base + suffix] = CloudFrontResponse.dispatch
    init = CloudFrontBackend.__init__

    def mended_init(self: CloudFrontBackend, region_name: str, account_id: str) -> None:
        # moto resets a backend by calling __init__ again: what we keep on it must go too.
        self.__dict__.pop("policies", None)
        init(self, region_name, account_id)

    CloudFrontBackend.__init__ = mended_init  # type: ignore[method-assign]
