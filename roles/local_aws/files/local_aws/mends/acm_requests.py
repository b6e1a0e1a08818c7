# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Requested certificates have the key asked for, tell their records name by name, may fail, and stay while in use.

AWS: KeyAlgorithm decides the key; the records to put into DNS are known a few seconds after the request; each name has
a validation status of its own; CAA records that do not allow Amazon let the request fail (FAILED, CAA_ERROR); InUseBy
lists the load balancers and distributions that use a certificate, and one in use is not deleted
(ResourceInUseException); an idempotency token of a certificate that is gone stands for nothing (ACM API reference and
user guide).
moto 5.2.5: makes RSA keys only, tells the records at once, has one status for all names, checks no CAA records, knows
only load balancers that once used a certificate, deletes in any case, and breaks on the token.
Can go when moto does these.
"""

from __future__ import annotations

from typing import Any

from moto.acm.models import AWSCertificateManagerBackend, CertBundle
from moto.acm.responses import AWSCertificateManagerResponse
from moto.cloudfront.models import cloudfront_backends
from moto.core.exceptions import AWSError
from moto.core.responses import ActionResult
from moto.elbv2.models import elbv2_backends
from moto.route53.models import route53_backends

from ..clock import Clock
from .acm_certificates import _records, _wanted

SECONDS_UNTIL_RECORDS = 2
AMAZON = ("amazon.com", "amazontrust.com", "awstrust.com", "amazonaws.com")


class ResourceInUse(AWSError):
    TYPE = "ResourceInUseException"


def in_use_by(account: str, arn: str) -> list[str]:
    """The ARNs of what uses a certificate."""
    used = [
        distribution.arn
        for distribution in cloudfront_backends[account]["aws"].distributions.values()
        if distribution.config["ViewerCertificate"].get("ACMCertificateArn") == arn  # type: ignore[attr-defined]
    ]
    for balancer in elbv2_backends[account][arn.split(":")[3]].load_balancers.values():
        for listener in balancer.listeners.values():
            certificates = [*(listener.certificates or []), listener.certificate]
            if arn in certificates:
                used.append(balancer.arn)
    return sorted(set(used))


def _forbidden(account: str, domain: str) -> bool:
    """Whether the nearest CAA records above a name allow others only."""
    zones = route53_backends[account]["aws"].zones.values()
    found = {
        record.name.rstrip(".").lower(): [str(value) for value in record.records]
        for zone in zones
        if not zone.private_zone
        for record in zone.rrsets
        if record.type == "CAA"
    }
    name = domain.removeprefix("*.")
    while name:
        if name in found:
            issuers = [value for value in found[name] if " issue" in value]
            return bool(issuers) and not any(issuer in value for value in issuers for issuer in AMAZON)
        name = name.partition(".")[2]
    return False


def apply(clock: Clock) -> None:
    check, describe = CertBundle.check, CertBundle.describe
    request = AWSCertificateManagerResponse.request_certificate
    request_in_backend = AWSCertificateManagerBackend.request_certificate
    delete = AWSCertificateManagerBackend.delete_certificate

    def mended_check(self: CertBundle) -> None:
        account = self._account_id  # type: ignore[attr-defined]
        pending = self.type == "AMAZON_ISSUED" and self.status == "PENDING_VALIDATION"
        validated = pending and _wanted(self) <= _records(account)
        if validated and any(_forbidden(account, name) for name in {self.common_name, *self.sans}):
            self.status = "FAILED"
            return
        check(self)

    def mended_describe(self: CertBundle) -> dict[str, Any]:
        described = describe(self)
        certificate = described["Certificate"]
        certificate["KeyAlgorithm"] = self.__dict__.get("key_algorithm") or certificate["KeyAlgorithm"]
        certificate["InUseBy"] = in_use_by(self.arn.split(":")[4], self.arn)
        if self.status == "FAILED":
            certificate["FailureReason"] = "CAA_ERROR"
            for absent in ("IssuedAt", "NotBefore", "NotAfter", "Serial"):
                certificate.pop(absent, None)
        elif self.status == "PENDING_VALIDATION":
            present = _records(self._account_id)  # type: ignore[attr-defined]
            for option in certificate.get("DomainValidationOptions", []):
                record = option["ResourceRecord"]
                found = (record["Name"].rstrip(".").lower(), record["Value"].rstrip(".").lower()) in present
                option["ValidationStatus"] = "SUCCESS" if found else "PENDING_VALIDATION"
        return described

    def mended_describe_certificate(self: AWSCertificateManagerResponse) -> ActionResult:
        bundle = self.acm_backend.describe_certificate(self._get_param("CertificateArn"))
        described = bundle.describe()
        if clock.now() < bundle.__dict__.get("records_at", 0):
            for option in described["Certificate"].get("DomainValidationOptions", []):
                option.pop("ResourceRecord", None)
        return ActionResult(described)

    def mended_request(self: AWSCertificateManagerResponse) -> ActionResult:
        known = set(self.acm_backend._certificates)
        answer = request(self)
        arn = answer.result["CertificateArn"]  # type: ignore[index]
        if arn not in known:
            bundle = self.acm_backend._certificates[arn]
            bundle.__dict__["key_algorithm"] = self._get_param("KeyAlgorithm")
            bundle.__dict__["records_at"] = clock.now() + SECONDS_UNTIL_RECORDS
        return answer

    def mended_request_in_backend(self: AWSCertificateManagerBackend, *args: Any, **kwargs: Any) -> str:
        for token, entry in list(self._idempotency_tokens.items()):
            if entry["arn"] not in self._certificates:
                del self._idempotency_tokens[token]
        return request_in_backend(self, *args, **kwargs)

    def mended_delete(self: AWSCertificateManagerBackend, arn: str) -> None:
        if arn in self._certificates and in_use_by(self.account_id, arn):
            raise ResourceInUse(f"Certificate {arn} in account {self.account_id} is in use.")
        delete(self, arn)

    CertBundle.check = mended_check  # type: ignore[method-assign]
    CertBundle.describe = mended_describe  # type: ignore[method-assign]
    AWSCertificateManagerResponse.request_certificate = mended_request  # type: ignore[method-assign]
    AWSCertificateManagerResponse.describe_certificate = mended_describe_certificate  # type: ignore[method-assign]
    AWSCertificateManagerBackend.request_certificate = mended_request_in_backend  # type: ignore[method-assign]
    AWSCertificateManagerBackend.delete_certificate = mended_delete  # type: ignore[method-assign]
