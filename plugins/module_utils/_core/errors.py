# Copyright: slipway.aws contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Errors by decorator: a call to AWS says once, above its definition, what it tries to do."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Collection, Mapping
from typing import Any, TypeVar

try:
    from botocore.exceptions import BotoCoreError, ClientError, WaiterError
except ImportError:
    pass  # AnsibleAWSModule reports the missing SDK.

from ansible_collections.amazon.aws.plugins.module_utils.exceptions import AnsibleAWSError

Function = TypeVar("Function", bound=Callable[..., Any])

# What a person can do about it, by AWS's error code. Codes are matched by their beginning.
_NEXT_STEPS: tuple[tuple[str, str], ...] = (
    ("AccessDenied", "Grant the caller the action; the documentation of this module lists the IAM actions it needs."),
    (
        "UnauthorizedOperation",
        "Grant the caller the action; the documentation of this module lists the IAM actions it needs.",
    ),
    # What botocore makes of a refused request whose answer has no body, such as that to a HEAD.
    ("403", "Grant the caller the action; the documentation of this module lists the IAM actions it needs."),
    (
        "UnrecognizedClient",
        "The credentials are not valid for this endpoint: check AWS_PROFILE, AWS_ACCESS_KEY_ID and the region.",
    ),
    ("InvalidClientTokenId", "The credentials are not valid: check AWS_PROFILE or AWS_ACCESS_KEY_ID."),
    ("InvalidAccessKeyId", "The credentials are not valid: check AWS_PROFILE or AWS_ACCESS_KEY_ID."),
    ("SignatureDoesNotMatch", "The credentials are not valid: check AWS_PROFILE or AWS_SECRET_ACCESS_KEY."),
    ("ExpiredToken", "The session has expired: sign in again and run once more; nothing is lost."),
    ("Throttling", "AWS asks for fewer calls: run again, lower `forks`, or raise the quota; nothing is lost."),
    (
        "RequestLimitExceeded",
        "AWS asks for fewer calls: run again, lower `forks`, or raise the quota; nothing is lost.",
    ),
    ("TooManyRequests", "AWS asks for fewer calls: run again, lower `forks`, or raise the quota; nothing is lost."),
    ("TooMany", "A service quota is used up: raise it, or remove what is no longer needed."),
    ("ServiceQuotaExceeded", "A service quota is used up: raise it, or remove what is no longer needed."),
    ("LimitExceeded", "A service quota is used up: raise it, or remove what is no longer needed."),
    ("NoSuchBucket", "Create the bucket first, or correct its name."),
    ("PreconditionFailed", "Somebody else changes it at the same time: run again."),
    ("InvalidIfMatchVersion", "Somebody else changes it at the same time: run again."),
    ("DependencyViolation", "Something still uses it: remove the user first, then run again."),
    ("ResourceInUse", "Something still uses it: remove the user first, then run again."),
)


def next_step(code: str) -> str:
    """The advice for an AWS error code, or an empty string."""
    return next((advice for prefix, advice in _NEXT_STEPS if code.startswith(prefix)), "")


def error_code(error: BaseException) -> str:
    """AWS's code for an error raised by botocore, or an empty string."""
    response = getattr(error, "response", None) or {}
    return response.get("Error", {}).get("Code", "")


def aws_call(
    description: str,
    *,
    missing: Collection[str] = (),
    default: Any = None,
    next_steps: Mapping[str, str] | None = None,
) -> Callable[[Function], Function]:
    """Turn botocore's exceptions into an AnsibleAWSError that says what was tried on which resource.

    C(description) may name the function's arguments: C("create subnet {name}"). Error codes in C(missing) mean that the
    resource is not there; then C(default) is returned. C(next_steps) is advice by error code, before the general one.
    """

    def decorate(function: Function) -> Function:
        signature = inspect.signature(function)

        @functools.wraps(function)
        def wrapper(*args: Any, **kwargs: Any) -> Any:
            try:
                return function(*args, **kwargs)
            except ClientError as error:
                if error_code(error) in missing:
                    return default
                failure: BaseException = error
            except (WaiterError, BotoCoreError) as error:
                failure = error
            bound = signature.bind(*args, **kwargs)
            bound.apply_defaults()
            what = description.format(**bound.arguments)
            code = error_code(failure)
            advice = (next_steps or {}).get(code) or next_step(code)
            message = f"Failed to {what}" + (f" ({advice})" if advice else "")
            raise AnsibleAWSError(message=message, exception=failure) from failure

        return wrapper  # type: ignore[return-value]

    return decorate
