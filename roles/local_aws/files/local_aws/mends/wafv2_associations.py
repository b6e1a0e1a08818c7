# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a web ACL protects.

AWS: ListResourcesForWebACL answers with the resources of one kind (application load balancers when none is named);
a resource has at most one web ACL; DeleteWebACL of one that still protects something is WAFAssociatedItemException
(WAFV2 API reference).
moto 5.2.5: has no ListResourcesForWebACL, lets several web ACLs protect one resource, and deletes in any case.
Can go when moto has ListResourcesForWebACL.
"""

from __future__ import annotations

import json

from moto.wafv2.exceptions import WAFNonexistentItemException, WAFv2ClientError
from moto.wafv2.models import WAFV2Backend
from moto.wafv2.responses import WAFV2Response

from ..clock import Clock

SERVICES = {
    "APPLICATION_LOAD_BALANCER": "elasticloadbalancing",
    "API_GATEWAY": "apigateway",
    "APPSYNC": "appsync",
    "COGNITO_USER_POOL": "cognito-idp",
    "APP_RUNNER_SERVICE": "apprunner",
    "VERIFIED_ACCESS_INSTANCE": "ec2",
    "AMPLIFY": "amplify",
}

_associate_web_acl = WAFV2Backend.associate_web_acl
_delete_web_acl = WAFV2Backend.delete_web_acl


class WAFAssociatedItemException(WAFv2ClientError):
    def __init__(self) -> None:
        super().__init__(
            "WAFAssociatedItemException",
            "AWS WAF couldn't perform the operation because your resource is being used by another resource or it's "
            "associated with another resource.",
        )


def list_resources_for_web_acl(self: WAFV2Response) -> tuple[int, dict[str, str], str]:
    body = json.loads(self.body)
    web_acl = self.wafv2_backend.wacls.get(body["WebACLArn"])
    if web_acl is None:
        raise WAFNonexistentItemException
    service = SERVICES[body.get("ResourceType") or "APPLICATION_LOAD_BALANCER"]
    found = [arn for arn in web_acl.associated_resources if arn.split(":")[2] == service]
    return 200, {"Content-Type": "application/json"}, json.dumps({"ResourceArns": found})


def associate_web_acl(self: WAFV2Backend, web_acl_arn: str, resource_arn: str) -> None:
    if web_acl_arn in self.wacls:
        self.disassociate_web_acl(resource_arn)
    _associate_web_acl(self, web_acl_arn, resource_arn)


def delete_web_acl(self: WAFV2Backend, name: str, scope: str, _id: str, lock_token: str) -> None:
    for web_acl in self.wacls.values():
        if web_acl.id == _id and web_acl.associated_resources:
            raise WAFAssociatedItemException
    _delete_web_acl(self, name, scope, _id, lock_token)


def apply(clock: Clock) -> None:
    WAFV2Response.list_resources_for_web_acl = list_resources_for_web_acl
    WAFV2Backend.associate_web_acl = associate_web_acl
    WAFV2Backend.delete_web_acl = delete_web_acl
