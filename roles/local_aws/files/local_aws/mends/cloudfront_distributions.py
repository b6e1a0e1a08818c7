# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Distributions keep their configuration, are versioned, take time to deploy, and must be disabled before they go.

AWS: the configuration comes back as given, completed with defaults, with OriginAccessControlId and function
associations; an update or deletion needs the current ETag (InvalidIfMatchVersion, PreconditionFailed); the same
CallerReference with another configuration is DistributionAlreadyExists; every change makes the status InProgress until
it is deployed; an enabled distribution, or one being disabled, is not deleted (DistributionNotDisabled); an alias
belongs to one distribution (CNAMEAlreadyExists) and needs a certificate of us-east-1; what is referred to must exist
(CloudFront API reference).
moto 5.2.5: normalises the configuration so that it never compares equal, drops OriginAccessControlId, S3OriginConfig
and FunctionAssociations, ignores ETags and deletes enabled distributions.
Deploying takes two simulated minutes. Can go when moto returns the configuration as it was.
"""

from __future__ import annotations

from typing import Any

from moto.acm.models import acm_backends
from moto.cloudfront.models import CloudFrontBackend
from moto.cloudfront.responses import CloudFrontResponse
from moto.core.responses import ActionResult, EmptyResult

from ..clock import Clock
from ._cloudfront import check_etag, check_quantities, error, new_id, now, page, parameter

SECONDS_TO_DEPLOY = 120
NONE: dict[str, Any] = {"Quantity": 0}
SUMMARY = (
    "Aliases",
    "Origins",
    "OriginGroups",
    "DefaultCacheBehavior",
    "CacheBehaviors",
    "CustomErrorResponses",
    "Comment",
    "PriceClass",
    "Enabled",
    "ViewerCertificate",
    "Restrictions",
    "WebACLId",
    "HttpVersion",
    "IsIPV6Enabled",
    "Staging",
)


def _cache_behaviour(given: dict[str, Any]) -> dict[str, Any]:
    methods = {"Quantity": 2, "Items": ["HEAD", "GET"], **(given.get("AllowedMethods") or {})}
    methods.setdefault("CachedMethods", {"Quantity": 2, "Items": ["HEAD", "GET"]})
    completed = {
        "TrustedSigners": {"Enabled": False, **NONE},
        "TrustedKeyGroups": {"Enabled": False, **NONE},
        "SmoothStreaming": False,
        "Compress": False,
        "LambdaFunctionAssociations": dict(NONE),
        "FunctionAssociations": dict(NONE),
        "FieldLevelEncryptionId": "",
        "GrpcConfig": {"Enabled": False},
        **given,
        "AllowedMethods": methods,
    }
    if not given.get("CachePolicyId"):
        completed = {"MinTTL": 0, "DefaultTTL": 86400, "MaxTTL": 31536000, **completed}
        completed.setdefault("ForwardedValues", {"QueryString": False, "Cookies": {"Forward": "none"}})
        forwarded = completed["ForwardedValues"]
        completed["ForwardedValues"] = {"Headers": dict(NONE), "QueryStringCacheKeys": dict(NONE), **forwarded}
    return completed


def _origin(given: dict[str, Any]) -> dict[str, Any]:
    completed = {
        "OriginPath": "",
        "CustomHeaders": dict(NONE),
        "ConnectionAttempts": 3,
        "ConnectionTimeout": 10,
        "OriginShield": {"Enabled": False},
        "OriginAccessControlId": "",
        **given,
    }
    if "CustomOriginConfig" in given:
        completed["CustomOriginConfig"] = {
            "OriginSslProtocols": {"Quantity": 2, "Items": ["TLSv1", "SSLv3"]},
            "OriginReadTimeout": 30,
            "OriginKeepaliveTimeout": 5,
            **given["CustomOriginConfig"],
        }
    return completed


def _certificate(given: dict[str, Any]) -> dict[str, Any]:
    source = given.get("ACMCertificateArn") or given.get("IAMCertificateId")
    if not source:
        return {
            "CloudFrontDefaultCertificate": True,
            "SSLSupportMethod": "vip",
            "MinimumProtocolVersion": "TLSv1",
            "CertificateSource": "cloudfront",
        }
    return {
        "CloudFrontDefaultCertificate": False,
        "MinimumProtocolVersion": "TLSv1",
        "Certificate": source,
        "CertificateSource": "acm" if given.get("ACMCertificateArn") else "iam",
        **given,
    }


def complete(given: dict[str, Any]) -> dict[str, Any]:
    """A configuration with AWS's defaults in place of what was left out."""
    completed = {
        "Aliases": dict(NONE),
        "DefaultRootObject": "",
        "OriginGroups": dict(NONE),
        "CacheBehaviors": dict(NONE),
        "CustomErrorResponses": dict(NONE),
        "Comment": "",
        "Logging": {"Enabled": False, "IncludeCookies": False, "Bucket": "", "Prefix": ""},
        "PriceClass": "PriceClass_All",
        "Restrictions": {"GeoRestriction": {"RestrictionType": "none", **NONE}},
        "WebACLId": "",
        "HttpVersion": "http2",
        "IsIPV6Enabled": False,
        "ContinuousDeploymentPolicyId": "",
        "Staging": False,
        **given,
    }
    completed["ViewerCertificate"] = _certificate(given.get("ViewerCertificate") or {})
    completed["DefaultCacheBehavior"] = _cache_behaviour(given["DefaultCacheBehavior"])
    for name, fill in (("Origins", _origin), ("CacheBehaviors", _cache_behaviour)):
        items = [fill(item) for item in completed[name].get("Items") or []]
        completed[name] = {"Quantity": len(items), **({"Items": items} if items else {})}
    return completed


def behaviours(config: dict[str, Any]) -> list[dict[str, Any]]:
    return [config["DefaultCacheBehavior"], *(config["CacheBehaviors"].get("Items") or [])]


class Distribution:
    """One distribution."""

    def __init__(self, backend: CloudFrontBackend, config: dict[str, Any], clock: Clock) -> None:
        self.id = new_id()
        self.arn = f"arn:aws:cloudfront::{backend.account_id}:distribution/{self.id}"
        self.domain_name = f"d{self.id.lower()}.cloudfront.net"
        self.given = config
        self.location = f"https://cloudfront.amazonaws.com/2020-05-31/distribution/{self.id}"
        self.invalidations_in_progress = lambda: 0
        self._clock = clock
        self.change(config)

    def change(self, config: dict[str, Any]) -> None:
        self.config = complete(config)
        self.etag = new_id()
        self.last_modified = now()
        seconds = self._clock.provisioning.begin("cloudfront_distribution", self.id, SECONDS_TO_DEPLOY)
        self._deployed_at = self._clock.now() + seconds

    @property
    def status(self) -> str:
        return "Deployed" if self._clock.now() >= self._deployed_at else "InProgress"

    @property
    def aliases(self) -> list[str]:
        return list(self.config["Aliases"].get("Items") or [])

    def describe(self) -> dict[str, Any]:
        return {
            "Id": self.id,
            "ARN": self.arn,
            "Status": self.status,
            "LastModifiedTime": self.last_modified,
            "InProgressInvalidationBatches": self.invalidations_in_progress(),
            "DomainName": self.domain_name,
            "ActiveTrustedSigners": {"Enabled": False, **NONE},
            "ActiveTrustedKeyGroups": {"Enabled": False, **NONE},
            "DistributionConfig": self.config,
        }

    def summarise(self) -> dict[str, Any]:
        return {
            "Id": self.id,
            "ARN": self.arn,
            "ETag": self.etag,
            "Status": self.status,
            "LastModifiedTime": self.last_modified,
            "DomainName": self.domain_name,
            **{key: self.config[key] for key in SUMMARY},
        }


def find(backend: CloudFrontBackend, identifier: str) -> Distribution:
    distribution = backend.distributions.get(identifier)
    if distribution is None:
        raise error("NoSuchDistribution", "The specified distribution does not exist.")
    return distribution  # type: ignore[return-value]


def _check(backend: CloudFrontBackend, config: dict[str, Any], itself: Distribution | None = None) -> None:
    check_quantities(config)
    completed = complete(config)
    origins = completed["Origins"].get("Items") or []
    names = {origin["Id"] for origin in origins}
    names |= {group["Id"] for group in completed["OriginGroups"].get("Items") or []}
    for behaviour in behaviours(completed):
        if behaviour["TargetOriginId"] not in names:
            raise error("NoSuchOrigin", "One or more of your origins or origin groups do not exist.")
        for association in behaviour["FunctionAssociations"].get("Items") or []:
            name = association["FunctionARN"].rpartition("/")[2]
            function = backend.functions.get(name)
            if function is None or getattr(function, "live", None) is None:
                raise error(
                    "InvalidFunctionAssociation",
                    f"The function {association['FunctionARN']} does not exist or is not published.",
                )
    for origin in origins:
        control = origin["OriginAccessControlId"]
        if control and control not in backend.origin_access_controls:
            raise error("InvalidOriginAccessControl", f"The origin access control {control} does not exist.")
        if "S3OriginConfig" in origin and "amazonaws.com" not in origin["DomainName"]:
            raise error("InvalidArgument", "The parameter Origin DomainName does not refer to a valid S3 bucket.")
    aliases = completed["Aliases"].get("Items") or []
    for other in backend.distributions.values():
        if other is not itself and set(aliases) & set(other.aliases):  # type: ignore[attr-defined]
            raise error(
                "CNAMEAlreadyExists", "One or more of the CNAMEs you provided are already associated with a resource."
            )
    arn = (config.get("ViewerCertificate") or {}).get("ACMCertificateArn")
    if aliases and not arn and not (config.get("ViewerCertificate") or {}).get("IAMCertificateId"):
        raise error("InvalidViewerCertificate", "To add an alternate domain name, attach a trusted certificate.")
    if arn and (":acm:us-east-1:" not in arn or arn not in acm_backends[backend.account_id]["us-east-1"]._certificates):
        raise error(
            "InvalidViewerCertificate",
            "The specified SSL certificate doesn't exist, isn't in us-east-1 region, or isn't valid.",
        )


def apply(clock: Clock) -> None:
    def create(self: CloudFrontResponse, config: dict[str, Any], tags: list[dict[str, str]]) -> ActionResult:
        backend = self.backend
        for known in backend.distributions.values():
            if known.config["CallerReference"] == config["CallerReference"]:  # type: ignore[attr-defined]
                raise error(
                    "DistributionAlreadyExists",
                    f"The caller reference that you are using to create a distribution is associated with another "
                    f"distribution. Already exists: {known.id}",
                )
        _check(backend, config)
        distribution = Distribution(backend, config, clock)
        backend.distributions[distribution.id] = distribution  # type: ignore[assignment]
        backend.tagger.tag_resource(distribution.arn, tags)
        return ActionResult(
            {"Distribution": distribution.describe(), "ETag": distribution.etag, "Location": distribution.location}
        )

    def create_distribution(self: CloudFrontResponse) -> ActionResult:
        return create(self, parameter(self, "DistributionConfig"), [])

    def create_distribution_with_tags(self: CloudFrontResponse) -> ActionResult:
        sent = parameter(self, "DistributionConfigWithTags")
        return create(self, sent["DistributionConfig"], (sent.get("Tags") or {}).get("Items") or [])

    def get_distribution(self: CloudFrontResponse) -> ActionResult:
        distribution = find(self.backend, self._get_param("Id"))
        return ActionResult({"Distribution": distribution.describe(), "ETag": distribution.etag})

    def get_distribution_config(self: CloudFrontResponse) -> ActionResult:
        distribution = find(self.backend, self._get_param("Id"))
        return ActionResult({"DistributionConfig": distribution.config, "ETag": distribution.etag})

    def list_distributions(self: CloudFrontResponse) -> ActionResult:
        items = [known.summarise() for known in self.backend.distributions.values()]  # type: ignore[attr-defined]
        return ActionResult({"DistributionList": page(self, items)})

    def update_distribution(self: CloudFrontResponse) -> ActionResult:
        distribution = find(self.backend, self._get_param("Id"))
        config = parameter(self, "DistributionConfig")
        check_etag(self, distribution.etag)
        if config["CallerReference"] != distribution.config["CallerReference"]:
            raise error("IllegalUpdate", "The update contains modifications that are not allowed.")
        _check(self.backend, config, distribution)
        distribution.change(config)
        return ActionResult({"Distribution": distribution.describe(), "ETag": distribution.etag})

    def delete_distribution(self: CloudFrontResponse) -> ActionResult:
        distribution = find(self.backend, self._get_param("Id"))
        check_etag(self, distribution.etag)
        if distribution.config["Enabled"] or distribution.status != "Deployed":
            raise error("DistributionNotDisabled", "The distribution you are trying to delete has not been disabled.")
        del self.backend.distributions[distribution.id]
        self.backend.tagger.delete_all_tags_for_resource(distribution.arn)
        return EmptyResult()

    for method in (
        create_distribution,
        create_distribution_with_tags,
        get_distribution,
        get_distribution_config,
        list_distributions,
        update_distribution,
        delete_distribution,
    ):
        setattr(CloudFrontResponse, method.__name__, method)
