# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""CloudFront functions are updated, published, and described by stage.

AWS: a function has a stage DEVELOPMENT and, once published, LIVE, each with its own ETag and code; an update and a
publication need the current ETag of DEVELOPMENT; a function that a distribution uses is not deleted (FunctionInUse)
(CloudFront API reference).
moto 5.2.5: has no UpdateFunction and no PublishFunction, ignores stages and ETags.
Can go when moto implements both.
"""

from __future__ import annotations

import base64
import copy
from typing import Any

from moto.cloudfront import urls
from moto.cloudfront.models import CloudFrontFunction
from moto.cloudfront.responses import CloudFrontResponse
from moto.core.responses import ActionResult, EmptyResult

from ..clock import Clock
from ._cloudfront import check_etag, error, new_id, now, page, parameter
from .cloudfront_distributions import behaviours


def _find(self: CloudFrontResponse) -> Any:
    function = self.backend.functions.get(self._get_param("Name"))
    if function is None:
        raise error("NoSuchFunctionExists", "The specified function does not exist.")
    return function


def _stage(self: CloudFrontResponse, function: Any) -> CloudFrontFunction:
    if (self._get_param("Stage") or "DEVELOPMENT") == "DEVELOPMENT":
        return function  # type: ignore[no-any-return]
    live = getattr(function, "live", None)
    if live is None:
        raise error("NoSuchFunctionExists", "The specified function does not exist.")
    return live  # type: ignore[no-any-return]


def _code(sent: Any) -> bytes:
    return sent if isinstance(sent, bytes) else base64.b64decode(sent)


def _create(self: CloudFrontResponse) -> ActionResult:
    name = self._get_param("Name")
    if name in self.backend.functions:
        raise error("FunctionAlreadyExists", "A function with the same name already exists in this AWS account.")
    function = CloudFrontFunction(
        self.current_account,
        self.region,
        name,
        parameter(self, "FunctionConfig"),
        _code(self._get_param("FunctionCode")),
    )
    function.etag = new_id()
    self.backend.functions[name] = function
    location = f"https://cloudfront.amazonaws.com/2020-05-31/function/{name}"
    return ActionResult({"FunctionSummary": function.function_summary, "ETag": function.etag, "Location": location})


def _describe(self: CloudFrontResponse) -> ActionResult:
    function = _stage(self, _find(self))
    return ActionResult({"FunctionSummary": function.function_summary, "ETag": function.etag})


def _get(self: CloudFrontResponse) -> ActionResult:
    function = _stage(self, _find(self))
    return ActionResult(
        {"FunctionCode": function.code, "ETag": function.etag, "ContentType": "application/octet-stream"}
    )


def _list(self: CloudFrontResponse) -> ActionResult:
    stage = self._get_param("Stage") or "DEVELOPMENT"
    found = [
        function if stage == "DEVELOPMENT" else getattr(function, "live", None)
        for function in self.backend.functions.values()
    ]
    listed = page(self, [function.function_summary for function in found if function is not None])
    for absent in ("Marker", "IsTruncated"):
        del listed[absent]
    return ActionResult({"FunctionList": listed})


def _update(self: CloudFrontResponse) -> ActionResult:
    function = _find(self)
    check_etag(self, function.etag)
    function.config = parameter(self, "FunctionConfig")
    function.code = _code(self._get_param("FunctionCode"))
    function.etag, function.last_modified_time = new_id(), now()
    function.status = "UNPUBLISHED"
    return ActionResult({"FunctionSummary": function.function_summary, "ETag": function.etag})


def _publish(self: CloudFrontResponse) -> ActionResult:
    function = _find(self)
    check_etag(self, function.etag)
    function.status = "UNASSOCIATED"
    live = copy.copy(function)
    live.stage, live.etag, live.last_modified_time = "LIVE", new_id(), now()
    function.live = live
    return ActionResult({"FunctionSummary": live.function_summary})


def _delete(self: CloudFrontResponse) -> ActionResult:
    function = _find(self)
    check_etag(self, function.etag)
    for distribution in self.backend.distributions.values():
        for behaviour in behaviours(distribution.config):  # type: ignore[attr-defined]
            used = behaviour["FunctionAssociations"].get("Items") or []
            if any(item["FunctionARN"] == function.arn for item in used):
                raise error("FunctionInUse", "Cannot delete the function because it's attached to a cache behavior.")
    del self.backend.functions[function.name]
    return EmptyResult()


def apply(clock: Clock) -> None:
    CloudFrontResponse.create_function = _create  # type: ignore[method-assign]
    CloudFrontResponse.describe_function = _describe  # type: ignore[method-assign]
    CloudFrontResponse.get_function = _get  # type: ignore[method-assign]
    CloudFrontResponse.list_functions = _list  # type: ignore[method-assign]
    CloudFrontResponse.update_function = _update
    CloudFrontResponse.publish_function = _publish
    CloudFrontResponse.delete_function = _delete  # type: ignore[method-assign]
    urls.url_paths["{0}/2020-05-31/function/(?P<function_name>[^/]+)/publish$"] = CloudFrontResponse.dispatch
