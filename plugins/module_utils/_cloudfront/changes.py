# Copyright: slipway.aws contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What all changes at CloudFront have in common: an ETag goes stale, and what is used cannot be deleted."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

try:
    from botocore.exceptions import ClientError
except ImportError:
    pass  # AnsibleAWSModule reports the missing SDK.

from ..core import AnsibleAWSError, error_code
from . import api
from .distribution_config import items

Value = TypeVar("Value")

# Somebody else has written since the ETag was read.
CONFLICT = ("PreconditionFailed", "InvalidIfMatchVersion")
ATTEMPTS = 6
# What a person can do about it where AWS's words leave that open, by error code.
NEXT_STEPS = {
    "CNAMEAlreadyExists": "aliases: a distribution, maybe of another account, has one of them. Remove it there, or "
    "move it with `aws cloudfront associate-alias`.",
    "DistributionNotDisabled": "CloudFront is still disabling it: run again, or raise wait_timeout.",
    "InvalidViewerCertificate": "viewer_certificate: the certificate must be of this account and us-east-1, issued, "
    "and name each of the aliases; slipway.aws.acm_certificates requests one and waits for it.",
    "InvalidWebACLId": "web_acl_arn: give that of a web ACL with the scope CLOUDFRONT, which is in us-east-1.",
    "NoSuchOrigin": "target_origin: give the id of one of the origins.",
    "TooManyInvalidationsInProgress": "It has as many in progress as it may, 3000 paths or 15 wildcards, and had for "
    "wait_timeout. Run again: what was made already is known, and costs nothing.",
}


def onto_newest(change: Callable[[], Value], refresh: Callable[[], Any] = lambda: None) -> Value:
    """Make a change, and again when somebody else has written since it read: it reads itself, or C(refresh) does."""
    for attempt in range(ATTEMPTS):
        try:
            return change()
        except ClientError as error:
            if error_code(error) not in CONFLICT or attempt == ATTEMPTS - 1:
                raise
        refresh()
    raise AssertionError("the last attempt returns or raises")


def behaviours(distribution: Mapping[str, Any]) -> list[dict[str, Any]]:
    """All cache behaviours of a distribution's configuration."""
    return [distribution["DefaultCacheBehavior"], *items(distribution.get("CacheBehaviors"))]


def in_use(client: Any, what: str, uses: Callable[[Mapping[str, Any]], bool]) -> AnsibleAWSError:
    """Says which distributions keep something from being deleted: CloudFront does not."""
    users = ", ".join(item["Id"] for item in api.distributions(client) if uses(item))
    return AnsibleAWSError(
        message=f"The {what} is still used by {users or 'a distribution'}; take it from there first, or delete the "
        "distribution."
    )
