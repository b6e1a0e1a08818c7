# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A web ACL that a distribution names is in use.

AWS: DeleteWebACL of one that is still associated with a CloudFront distribution is WAFAssociatedItemException (WAFV2
API reference).
moto 5.2.5: deletes it.
Can go when moto looks at the distributions.
"""

from __future__ import annotations

from moto.cloudfront.models import cloudfront_backends
from moto.wafv2.models import WAFV2Backend

from ..clock import Clock
from .wafv2_associations import WAFAssociatedItemException


def apply(clock: Clock) -> None:
    delete = WAFV2Backend.delete_web_acl

    def mended_delete(self: WAFV2Backend, name: str, scope: str, _id: str, lock_token: str) -> None:
        used = {
            distribution.config["WebACLId"]  # type: ignore[attr-defined]
            for distribution in cloudfront_backends[self.account_id]["aws"].distributions.values()
        }
        if any(web_acl.id == _id and arn in used for arn, web_acl in self.wacls.items()):
            raise WAFAssociatedItemException
        delete(self, name, scope, _id, lock_token)

    WAFV2Backend.delete_web_acl = mended_delete  # type: ignore[method-assign]
