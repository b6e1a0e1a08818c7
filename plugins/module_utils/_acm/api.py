# Copyright: slipway.aws contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""ACM's calls, one function each, errors by decorator."""

from __future__ import annotations

from typing import Any

from ..core import aws_call, chunks, from_tag_list, in_parallel, to_tag_list

# The tagging API takes so many values of one key.
_NAMES_A_CALL = 20


@aws_call("find the certificates {names}")
def _some_named(client: Any, names: list[str]) -> dict[str, dict[str, str]]:
    pages = client.get_paginator("get_resources").paginate(
        TagFilters=[{"Key": "Name", "Values": names}], ResourceTypeFilters=["acm:certificate"]
    )
    return {
        item["ResourceARN"]: from_tag_list(item["Tags"]) for page in pages for item in page["ResourceTagMappingList"]
    }


def named(client: Any, names: list[str]) -> dict[str, dict[str, str]]:
    """The certificates with one of these tags C(Name): ARN → all tags. Only lists with all kinds of keys are complete,
    and C(ListCertificates) has none; the tagging API has."""
    batches = chunks(names, _NAMES_A_CALL)
    found = in_parallel({index: lambda batch=batch: _some_named(client, batch) for index, batch in enumerate(batches)})
    return {arn: tags for batch in found.values() for arn, tags in batch.items()}


@aws_call("describe the certificate {arn}", missing=["ResourceNotFoundException"])
def certificate(client: Any, arn: str) -> dict[str, Any] | None:
    return client.describe_certificate(CertificateArn=arn)["Certificate"]


@aws_call("request the certificate {name}")
def request(client: Any, name: str, tags: dict[str, str], **fields: Any) -> str:
    return client.request_certificate(ValidationMethod="DNS", Tags=to_tag_list(tags), **fields)["CertificateArn"]


@aws_call("tag the certificate {arn}")
def set_tags(client: Any, arn: str, to_set: dict[str, str], to_remove: list[str]) -> None:
    if to_set:
        client.add_tags_to_certificate(CertificateArn=arn, Tags=to_tag_list(to_set))
    if to_remove:
        client.remove_tags_from_certificate(CertificateArn=arn, Tags=[{"Key": key} for key in to_remove])


@aws_call("delete the certificate {arn}", missing=["ResourceNotFoundException"])
def delete(client: Any, arn: str) -> None:
    client.delete_certificate(CertificateArn=arn)
