# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Bucket policies are evaluated with their conditions and principals.

AWS: a statement applies when its principal, action, resource and all its conditions match; a condition key that the
request does not have makes an operator false, unless it is negated or ends in IfExists (IAM user guide, Policy
evaluation logic and Condition operators).
A refused request is answered with the code AccessDenied.
moto 5.2.5: ignores Condition, so that the usual "deny unless aws:SecureTransport" denies every object, and answers a
refused request for an object with nothing but status 403.
Requests arrive over plain HTTP on the loopback interface, where nobody can listen: here they count as secure transport,
``aws:SecureTransport`` is true. Known besides: aws:PrincipalAccount, aws:SourceAccount, aws:SourceIp,
aws:UserAgent, aws:PrincipalArn and the encryption and ACL headers of S3.
Can go when moto evaluates conditions of bucket policies, and tells the code.
"""

from __future__ import annotations

import ipaddress
import json
import re
from collections.abc import Callable
from typing import Any

from flask import has_request_context, request
from moto.iam.access_control import PermissionResult
from moto.s3.exceptions import S3AccessDeniedError
from moto.s3.models import FakeBucket

from ..clock import Clock

HEADERS = {
    "s3:x-amz-acl": "x-amz-acl",
    "s3:x-amz-server-side-encryption": "x-amz-server-side-encryption",
    "s3:x-amz-server-side-encryption-aws-kms-key-id": "x-amz-server-side-encryption-aws-kms-key-id",
    "aws:useragent": "user-agent",
}


def _list(value: Any) -> list[str]:
    return [str(item) for item in (value if isinstance(value, list) else [value])]


def _like(pattern: str, text: str) -> bool:
    parts = re.split(r"([*?])", pattern)
    expression = "".join({"*": ".*", "?": "."}.get(part, re.escape(part)) for part in parts)
    return re.fullmatch(expression, text, re.DOTALL) is not None


def _in_network(network: str, address: str) -> bool:
    return ipaddress.ip_address(address) in ipaddress.ip_network(network, strict=False)


OPERATORS: dict[str, Callable[[str, str], bool]] = {
    "StringEquals": lambda wanted, actual: wanted == actual,
    "StringEqualsIgnoreCase": lambda wanted, actual: wanted.lower() == actual.lower(),
    "StringLike": _like,
    "ArnEquals": _like,
    "ArnLike": _like,
    "Bool": lambda wanted, actual: wanted.lower() == actual.lower(),
    "NumericEquals": lambda wanted, actual: float(actual) == float(wanted),
    "NumericLessThan": lambda wanted, actual: float(actual) < float(wanted),
    "NumericLessThanEquals": lambda wanted, actual: float(actual) <= float(wanted),
    "NumericGreaterThan": lambda wanted, actual: float(actual) > float(wanted),
    "NumericGreaterThanEquals": lambda wanted, actual: float(actual) >= float(wanted),
    "IpAddress": _in_network,
}
NEGATED = {
    "StringNotEquals": "StringEquals",
    "StringNotEqualsIgnoreCase": "StringEqualsIgnoreCase",
    "StringNotLike": "StringLike",
    "ArnNotEquals": "ArnEquals",
    "ArnNotLike": "ArnLike",
    "NumericNotEquals": "NumericEquals",
    "NotIpAddress": "IpAddress",
}


def condition_holds(operator: str, wanted: list[str], actual: str | None) -> bool:
    """Whether one condition holds for the value that the request has (None: it has none)."""
    operator = operator.rpartition(":")[2]  # ForAnyValue: and ForAllValues:, of one value
    if operator == "Null":
        return (actual is None) == (wanted[0].lower() == "true")
    if operator.endswith("IfExists"):
        if actual is None:
            return True
        operator = operator.removesuffix("IfExists")
    negated = operator in NEGATED
    compare = OPERATORS.get(NEGATED.get(operator, operator))
    if compare is None:
        raise NotImplementedError(f"The condition operator {operator} of a bucket policy")
    if actual is None:
        return negated
    return any(compare(item, actual) for item in wanted) != negated


def _context(account_id: str) -> dict[str, str]:
    context = {
        "aws:securetransport": "true",
        "aws:principalaccount": account_id,
        "aws:sourceaccount": account_id,
        "aws:principalarn": f"arn:aws:iam::{account_id}:root",
        "aws:sourceip": "127.0.0.1",
    }
    if has_request_context():
        context |= {key: request.headers[name] for key, name in HEADERS.items() if name in request.headers}
    return context


def _is_me(principal: Any, account_id: str) -> bool:
    if principal == "*":
        return True
    if not isinstance(principal, dict):
        return False
    return any(
        item in ("*", account_id) or item.startswith(f"arn:aws:iam::{account_id}:")
        for item in _list(principal.get("AWS", []))
    )


def _matches(statement: dict[str, Any], action: str, resource: str, account_id: str) -> bool:
    if "NotPrincipal" in statement:
        if _is_me(statement["NotPrincipal"], account_id):
            return False
    elif not _is_me(statement.get("Principal"), account_id):
        return False
    for key, value in (("Action", action), ("Resource", resource)):
        if key in statement and not any(_like(pattern, value) for pattern in _list(statement[key])):
            return False
        if f"Not{key}" in statement and any(_like(pattern, value) for pattern in _list(statement[f"Not{key}"])):
            return False
    context = _context(account_id)
    return all(
        condition_holds(operator, _list(wanted), context.get(key.lower()))
        for operator, conditions in (statement.get("Condition") or {}).items()
        for key, wanted in conditions.items()
    )


def evaluate(policy: dict[str, Any], action: str, resource: str, account_id: str) -> PermissionResult:
    """What a bucket policy says to a request of the account."""
    statements = policy.get("Statement", [])
    effects = {
        statement["Effect"]
        for statement in (statements if isinstance(statements, list) else [statements])
        if _matches(statement, action, resource, account_id)
    }
    if "Deny" in effects:
        return PermissionResult.DENIED
    return PermissionResult.PERMITTED if "Allow" in effects else PermissionResult.NEUTRAL


def _get_permission(self: FakeBucket, action: str, resource: str) -> PermissionResult:
    if self.policy is None:
        return PermissionResult.NEUTRAL
    found = evaluate(json.loads(self.policy), action, resource, self.account_id)
    # A request for one object; one that deletes several (POST) tells of each. The answer to a HEAD has no body.
    of_object = (
        has_request_context() and action == f"s3:{request.method.capitalize()}Object" and request.method != "HEAD"
    )
    if found == PermissionResult.DENIED and of_object:
        raise S3AccessDeniedError
    return found


def apply(clock: Clock) -> None:
    FakeBucket.get_permission = _get_permission  # type: ignore[method-assign]
