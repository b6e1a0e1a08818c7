# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Name the service and the operation of an HTTP request, from botocore's service models.

The request log must be able to say that a call was, or was not, a mutation. The query and JSON protocols carry the
operation's name; the REST protocols only a method and a path, which are matched against the models.
"""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs

import botocore.session
from botocore.exceptions import UnknownServiceError
from botocore.model import ServiceModel
from moto.core.request import Request
from moto.core.routing import get_service_router
from werkzeug.exceptions import HTTPException

#: Signing names (the last but one part of the credential scope) that are not the name of a botocore service.
SIGNING_NAMES: dict[str, tuple[str, ...]] = {
    "aws-marketplace": ("marketplacecommerceanalytics",),
    "bedrock": ("bedrock", "bedrock-runtime"),
    "elasticfilesystem": ("efs",),
    "elasticloadbalancing": ("elbv2", "elb"),
    "email": ("ses",),
    "execute-api": ("apigatewaymanagementapi",),
    "lambda": ("lambda",),
    "monitoring": ("cloudwatch",),
    "s3": ("s3", "s3control"),
    "ses": ("ses", "sesv2"),
    "states": ("stepfunctions",),
    "tagging": ("resourcegroupstaggingapi",),
}

READ_ONLY = re.compile(
    r"^(Describe|List|Get|Head|BatchGet|BatchDescribe|Lookup|Search|Simulate|Query|Filter|Test|Scan)"
)
#: Named like a mutation, yet it changes nothing; or the reverse.
READ_ONLY_EXCEPTIONS: dict[tuple[str, str], bool] = {
    ("kms", "Decrypt"): True,
    ("kms", "Encrypt"): True,
    ("kms", "GenerateDataKey"): True,
    ("logs", "StartQuery"): True,
    ("ecr", "BatchCheckLayerAvailability"): True,
    ("s3", "SelectObjectContent"): True,
    ("secretsmanager", "ValidateResourcePolicy"): True,
    ("sts", "AssumeRole"): True,
    ("sts", "AssumeRoleWithWebIdentity"): True,
    ("wafv2", "CheckCapacity"): True,
}

CREDENTIAL_SCOPE = re.compile(r"Credential=[^/,\s]+/\d{8}/([^/]*)/([^/]+)/aws4_request")
CBOR_PATH = re.compile(r"/service/[^/]+/operation/(?P<operation>[A-Za-z0-9]+)$")


@dataclass(frozen=True)
class Operation:
    """Which operation a request asks for. An empty action means that no model has an operation for it."""

    service: str
    action: str
    region: str = ""

    @property
    def mutating(self) -> bool:
        """Whether the call may change something; an operation that cannot be named is taken to."""
        exception = READ_ONLY_EXCEPTIONS.get((self.service, self.action))
        if exception is not None:
            return not exception
        return READ_ONLY.match(self.action) is None


@functools.cache
def service_model(service: str) -> ServiceModel | None:
    """The model of one service, or None when botocore knows no service of that name."""
    try:
        return botocore.session.get_session().get_service_model(service)
    except UnknownServiceError:
        return None


def identify(environ: dict[str, Any], body: bytes) -> Operation:
    """Name the operation that a WSGI request (with its whole body) asks for."""
    scope = CREDENTIAL_SCOPE.search(environ.get("HTTP_AUTHORIZATION", ""))
    query = parse_qs(environ.get("QUERY_STRING", ""), keep_blank_values=True)
    if scope is None and "X-Amz-Credential" in query:  # a presigned URL
        scope = CREDENTIAL_SCOPE.search(f"Credential={query['X-Amz-Credential'][0]}")
    region, signing_name = scope.groups() if scope else ("", "s3")
    candidates = SIGNING_NAMES.get(signing_name.lower(), (signing_name.lower(),))

    target = environ.get("HTTP_X_AMZ_TARGET", "")
    if target:
        prefix, _dot, action = target.rpartition(".")
        return Operation(_by_metadata(candidates, "targetPrefix", prefix), action, region)
    cbor = CBOR_PATH.search(environ.get("PATH_INFO", ""))
    if cbor:
        return Operation(candidates[0], cbor["operation"], region)
    if environ.get("CONTENT_TYPE", "").startswith("application/x-www-form-urlencoded"):
        query = {**query, **parse_qs(body.decode("utf-8", "replace"), keep_blank_values=True)}
    if "Action" in query and "Version" in query:
        return Operation(_by_metadata(candidates, "apiVersion", query["Version"][0]), query["Action"][0], region)
    return _by_route(candidates, environ, region)


def _by_metadata(candidates: tuple[str, ...], key: str, value: str) -> str:
    for candidate in candidates:
        model = service_model(candidate)
        if model is not None and model.metadata.get(key) == value:
            return candidate
    return candidates[0]


def _by_route(candidates: tuple[str, ...], environ: dict[str, Any], region: str) -> Operation:
    for candidate in reversed(candidates):  # the special one (s3control) before the general one (s3)
        model = service_model(candidate)
        if model is None or not str(model.metadata.get("protocol", "")).startswith("rest"):
            continue
        if candidate == "s3control" and not environ.get("PATH_INFO", "").startswith("/v20180820/"):
            continue
        try:
            operation, _params = get_service_router(candidate).match(Request(dict(environ)))
        except (HTTPException, NotImplementedError):
            continue
        return Operation(candidate, operation.name, region)
    return Operation(candidates[0], "", region)
