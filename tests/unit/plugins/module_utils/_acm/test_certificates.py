# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from typing import Any

from ansible_collections.slipway.aws.plugins.module_utils._acm import certificates as to


def option(domain: str, record: str, status: str = "PENDING_VALIDATION") -> dict[str, Any]:
    return {
        "DomainName": domain,
        "ValidationStatus": status,
        "ResourceRecord": {"Name": f"{record}.", "Type": "CNAME", "Value": "_b.acm-validations.aws."},
    }


CERTIFICATE: dict[str, Any] = {
    "CertificateArn": "arn:aws:acm:us-east-1:123456789012:certificate/1",
    "DomainName": "Example.com",
    "SubjectAlternativeNames": ["example.com", "*.example.com"],
    "KeyAlgorithm": "RSA-2048",
    "Status": "PENDING_VALIDATION",
    "DomainValidationOptions": [
        option("example.com", "_a.example.com", "SUCCESS"),
        option("*.example.com", "_a.example.com"),
    ],
}


def test_names_have_one_form() -> None:
    assert to.wanted_names("Example.com.", ["b.example.com", "EXAMPLE.com", "a.example.com"]) == {
        "domain_name": "example.com",
        "subject_alternative_names": ["a.example.com", "b.example.com"],
    }
    assert to.wanted_names(None, None) == {}


def test_a_state_has_no_name_twice_and_the_key_as_options_say_it() -> None:
    state = to.certificate_state(CERTIFICATE, {})
    assert (state["domain_name"], state["subject_alternative_names"]) == ("example.com", ["*.example.com"])
    assert state["key_algorithm"] == "RSA_2048"


def test_a_name_and_its_wildcard_share_a_record() -> None:
    (record,) = to.validation_records(CERTIFICATE)
    assert record == {
        "name": "_a.example.com.",
        "type": "CNAME",
        "values": ["_b.acm-validations.aws."],
        "ttl": 300,
    }
    assert len(to.planned_records(["example.com", "*.example.com", "example.org"])) == 2


def test_what_is_missing_is_named() -> None:
    assert "*.example.com (CNAME _a.example.com. → _b.acm-validations.aws.)" in to.missing_records(CERTIFICATE)
    assert to.missing_records({"Status": "FAILED"}) == "it is FAILED"
