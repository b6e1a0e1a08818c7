# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Certificates: the chain as imported, tags that stay, and validation by DNS that needs its records.

AWS: GetCertificate returns the chain that was imported, and none when none was; importing again under the ARN keeps the
tags; a requested certificate stays PENDING_VALIDATION until the CNAME record of each of its names is found in DNS, and
is issued some minutes later; a certificate in use is not deleted (ACM API reference and user guide, DNS validation).
moto 5.2.5: appends Amazon's root to each chain, loses the tags, issues every requested certificate after a minute of
real time. Names are looked up here in the account's public hosted zones; the wait is a simulated minute.
Can go when moto keeps chain and tags, and looks for the records.
"""

from __future__ import annotations

import functools
from typing import Any

from moto.acm.models import AWS_ROOT_CA, AWSCertificateManagerBackend, CertBundle, acm_backends
from moto.route53.models import Route53Backend, route53_backends

from ..clock import Clock

SECONDS_TO_ISSUE = 60


def _wanted(bundle: CertBundle) -> set[tuple[str, str]]:
    options = bundle.describe()["Certificate"].get("DomainValidationOptions", [])
    return {
        (option["ResourceRecord"]["Name"].rstrip(".").lower(), option["ResourceRecord"]["Value"].rstrip(".").lower())
        for option in options
    }


def _records(account_id: str) -> set[tuple[str, str]]:
    return {
        (record.name.rstrip(".").lower(), str(value).rstrip(".").lower())
        for zone in route53_backends[account_id]["aws"].zones.values()
        if not zone.private_zone
        for record in zone.rrsets
        if record.type == "CNAME"
        for value in record.records
    }


def apply(clock: Clock) -> None:
    init, describe = CertBundle.__init__, CertBundle.describe
    import_certificate = AWSCertificateManagerBackend.import_certificate

    @functools.wraps(init)
    def mended_init(self: CertBundle, account_id: str, *args: Any, **kwargs: Any) -> None:
        init(self, account_id, *args, **kwargs)
        self._account_id = account_id  # type: ignore[attr-defined]
        self._issued_at = None  # type: ignore[attr-defined]
        if self.type == "IMPORTED":
            self.chain = self.chain.removesuffix(AWS_ROOT_CA + b"\n")

    def check(self: CertBundle) -> None:
        if self.type != "AMAZON_ISSUED" or self.status != "PENDING_VALIDATION":
            return
        if not _wanted(self) <= _records(self._account_id):  # type: ignore[attr-defined]
            self._issued_at = None  # type: ignore[attr-defined]
        elif self._issued_at is None:  # type: ignore[attr-defined]
            seconds = clock.provisioning.begin("certificate", self.arn, SECONDS_TO_ISSUE)
            self._issued_at = clock.now() + seconds  # type: ignore[attr-defined]
        elif clock.now() >= self._issued_at:  # type: ignore[attr-defined]
            self.status = "ISSUED"

    change_records = Route53Backend.change_resource_record_sets

    def mended_change_records(self: Route53Backend, *args: Any, **kwargs: Any) -> Any:
        answer = change_records(self, *args, **kwargs)
        # The records are looked for all the time, not only when somebody asks for the certificate.
        for backend in acm_backends[self.account_id].values():
            for bundle in backend._certificates.values():
                bundle.check()
        return answer

    def mended_describe(self: CertBundle) -> dict[str, Any]:
        described = describe(self)
        certificate = described["Certificate"]
        if "DomainValidationOptions" in certificate:
            certificate["DomainValidationOptions"].sort(
                key=lambda option: (option["DomainName"] != certificate["DomainName"], option["DomainName"])
            )
        if certificate["Status"] == "PENDING_VALIDATION":
            for key in ("IssuedAt", "NotBefore", "NotAfter", "Serial"):
                certificate.pop(key, None)
        return described

    def mended_import(
        self: AWSCertificateManagerBackend,
        certificate: bytes,
        private_key: bytes,
        chain: bytes | None,
        arn: str | None,
        tags: Any,
    ) -> str:
        old = self._certificates.get(arn) if arn else None
        imported = import_certificate(self, certificate, private_key, chain, arn, tags)
        if old is not None:
            bundle = self._certificates[imported]
            bundle.tags.update({key: value for key, value in old.tags.items() if key not in bundle.tags})
            bundle.in_use_by = old.in_use_by
        return imported

    Route53Backend.change_resource_record_sets = mended_change_records  # type: ignore[method-assign]
    CertBundle.__init__ = mended_init  # type: ignore[method-assign]
    CertBundle.check = check  # type: ignore[method-assign]
    CertBundle.describe = mended_describe  # type: ignore[method-assign]
    AWSCertificateManagerBackend.import_certificate = mended_import  # type: ignore[method-assign]
