# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the mends of CloudFront share."""

from __future__ import annotations

import secrets
import string
from datetime import UTC, datetime
from typing import Any

from moto.cloudfront.exceptions import CloudFrontException
from moto.cloudfront.responses import CloudFrontResponse

ID = string.ascii_uppercase + string.digits


def new_id(length: int = 13) -> str:
    """An id such as E2QWRUHAPOMQZL, of a distribution, a policy or an ETag."""
    return "E" + "".join(secrets.choice(ID) for _character in range(length))


def now() -> datetime:
    return datetime.now(UTC).replace(microsecond=0)


def error(code: str, message: str) -> CloudFrontException:
    return CloudFrontException(code, message)


def plain(value: Any) -> Any:
    """A request's value as dicts and lists, whatever moto's parser made of it."""
    if hasattr(value, "original_dict"):
        value = value.original_dict()
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    return [plain(item) for item in value] if isinstance(value, list) else value


def parameter(self: CloudFrontResponse, name: str) -> Any:
    return plain(self._get_param(name))


def check_etag(self: CloudFrontResponse, etag: str) -> None:
    """If-Match must be there, and be the current version."""
    sent = self._get_param("IfMatch")
    if not sent:
        raise error("InvalidIfMatchVersion", "The If-Match version is missing or not valid for the resource.")
    if sent != etag:
        raise error(
            "PreconditionFailed",
            "The request failed because it didn't meet the preconditions in one or more request-header fields.",
        )


def check_quantities(value: Any, where: str = "request") -> None:
    """Every Quantity must count its Items."""
    if isinstance(value, dict):
        if "Quantity" in value and int(value["Quantity"]) != len(value.get("Items") or []):
            raise error(
                "InconsistentQuantities",
                f"The value of Quantity and the size of Items don't match ({where}).",
            )
        for key, item in value.items():
            check_quantities(item, key)
    elif isinstance(value, list):
        for item in value:
            check_quantities(item, where)


def page(self: CloudFrontResponse, items: list[Any], default: int = 100) -> dict[str, Any]:
    """The members that every list has."""
    marker, size = self._get_param("Marker") or "", int(self._get_param("MaxItems") or default)
    start = next((index + 1 for index, item in enumerate(items) if key_of(item) == marker), 0) if marker else 0
    shown = items[start : start + size]
    listed: dict[str, Any] = {"Marker": marker, "MaxItems": size, "Quantity": len(shown)}
    listed["IsTruncated"] = start + size < len(items)
    if listed["IsTruncated"]:
        listed["NextMarker"] = key_of(shown[-1])
    if shown:
        listed["Items"] = shown
    return listed


def key_of(item: dict[str, Any]) -> str:
    """What a marker names an item by."""
    for name in ("CachePolicy", "OriginRequestPolicy", "ResponseHeadersPolicy"):
        if name in item:
            return str(item[name]["Id"])
    return str(item.get("Id") or item.get("Name"))
