# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a distribution refers to must be there and fit.

AWS: a viewer certificate must be issued and name each alias, also by a wildcard of one level
(InvalidViewerCertificate); policies must exist (NoSuchCachePolicy, NoSuchOriginRequestPolicy,
NoSuchResponseHeadersPolicy); a web ACL of WAF must be one for CloudFront (InvalidWebACLId); the bucket of standard logs
must have access lists (InvalidArgument) (CloudFront API reference; developer guide, Requirements for using SSL/TLS
certificates, and Configure standard logging).
moto 5.2.5: looks at none of them.
Can go when moto checks them.
"""

from __future__ import annotations

from typing import Any

from moto.acm.models import acm_backends
from moto.cloudfront.models import CloudFrontBackend
from moto.cloudfront.responses import CloudFrontResponse
from moto.core.responses import ActionResult
from moto.s3.models import s3_backends
from moto.wafv2.models import wafv2_backends

from ..clock import Clock
from ._cloudfront import error, parameter
from .cloudfront_policies import KINDS, _policies


def covers(name: str, alias: str) -> bool:
    """Whether a name of a certificate stands for an alias."""
    name, alias = name.lower(), alias.lower()
    return name == alias or (name.startswith("*.") and alias.partition(".")[2] == name[2:])


def _certificate(account: str, config: dict[str, Any]) -> None:
    arn = (config.get("ViewerCertificate") or {}).get("ACMCertificateArn")
    bundle = acm_backends[account]["us-east-1"]._certificates.get(arn) if arn else None
    if bundle is None:
        return
    bundle.check()
    if bundle.status != "ISSUED":
        raise error(
            "InvalidViewerCertificate",
            "The specified SSL certificate doesn't exist, isn't in us-east-1 region, isn't valid, or doesn't include a "
            "valid certificate chain.",
        )
    names = {bundle.common_name, *bundle.sans}
    for alias in (config.get("Aliases") or {}).get("Items") or []:
        if not any(covers(name, alias) for name in names if name):
            raise error(
                "InvalidViewerCertificate",
                "The certificate that is attached to your distribution doesn't cover the alternate domain name (CNAME) "
                "that you're trying to add.",
            )


def _behaviours(backend: CloudFrontBackend, config: dict[str, Any]) -> None:
    others = (config.get("CacheBehaviors") or {}).get("Items") or []
    for behaviour in (config["DefaultCacheBehavior"], *others):
        for kind in KINDS:
            identifier = behaviour.get(kind.reference)
            if identifier and identifier not in _policies(backend)[kind]:
                raise error(f"NoSuch{kind.name}", f"The {kind.path.replace('-', ' ')} does not exist.")


def _web_acl(account: str, config: dict[str, Any]) -> None:
    arn = config.get("WebACLId") or ""
    if arn.startswith("arn:") and arn not in wafv2_backends[account]["aws"].wacls:
        raise error(
            "InvalidWebACLId",
            "Web ACL is not accessible by the requester: it doesn't exist, or its scope isn't CLOUDFRONT.",
        )


def _log_bucket(account: str, config: dict[str, Any]) -> None:
    logging = config.get("Logging") or {}
    if str(logging.get("Enabled")).lower() != "true":
        return
    domain = logging.get("Bucket") or ""
    bucket = s3_backends[account]["aws"].buckets.get(domain.partition(".s3.")[0])
    if bucket is None:
        raise error("InvalidArgument", "The parameter Logging Bucket does not refer to a valid S3 bucket.")
    if "BucketOwnerEnforced" in str(bucket.ownership_rule):
        raise error(
            "InvalidArgument",
            f"The S3 bucket that you specified for CloudFront logs does not enable ACL access: {domain}",
        )


def apply(clock: Clock) -> None:
    def mended(name: str, read: Any) -> None:
        method = getattr(CloudFrontResponse, name)

        def checked(self: CloudFrontResponse) -> ActionResult:
            config = read(self)
            account = self.current_account
            _behaviours(self.backend, config)
            _certificate(account, config)
            _web_acl(account, config)
            _log_bucket(account, config)
            return method(self)  # type: ignore[no-any-return]

        checked.__name__ = name
        setattr(CloudFrontResponse, name, checked)

    mended("create_distribution", lambda self: parameter(self, "DistributionConfig"))
    mended("update_distribution", lambda self: parameter(self, "DistributionConfig"))
    mended(
        "create_distribution_with_tags",
        lambda self: parameter(self, "DistributionConfigWithTags")["DistributionConfig"],
    )
