# Copyright: slipway.aws contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""C(lambda) and C(managed): Secrets Manager rotates, by a function or as the service that owns the secret has it."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterable, Mapping
from typing import Any

try:
    from botocore.exceptions import BotoCoreError, ClientError
except ImportError:
    pass  # AnsibleAWSModule reports the missing SDK.

from . import api
from .strategy import ByAws, Context, RotationError, strategy

_STEP = re.compile(r"\b(create|set|test|finish)[_ ]?secret\b", re.IGNORECASE)
_STEPS = ("create", "set", "test", "finish")
_START = re.compile(r"^START RequestId: (\S+)")
_END = re.compile(r"^(?:END|REPORT) RequestId: (\S+)")
# How the runtimes of Lambda begin the line of an error, and how Lambda tells that a function took too long.
_ERROR = re.compile(
    r"\[ERROR\]|^ERROR\b|\tERROR\t|Task timed out|errorMessage|Process exited|Runtime\.\w+", re.MULTILINE
)
_TRACEBACK = re.compile(r"\s*Traceback \(most recent call last\).*", re.DOTALL)
_PREFIX = re.compile(r"^(?:\[ERROR\]\s*)?(?:\d{4}-\S+\s+)?(?:[0-9a-f]{8}-[0-9a-f-]{27}\s+)?")


def invocations(events: Iterable[Mapping[str, Any]]) -> list[list[str]]:
    """The lines of a function's log, one list for each invocation, in their order."""
    found: list[list[str]] = []
    open_in: dict[str, list[str]] = {}
    for event in events:
        stream, line = event.get("logStreamName", ""), str(event.get("message", "")).rstrip()
        if _START.match(line) or stream not in open_in:
            open_in[stream] = []
            found.append(open_in[stream])
        open_in[stream].append(line)
        if _END.match(line) and line.startswith("REPORT"):
            del open_in[stream]
    return found


def error_in_log(events: list[dict[str, Any]], marks: tuple[str, ...]) -> tuple[str, str]:
    """The step and the error of the latest invocation that failed; empty when none did.

    One function may serve several secrets: invocations that name one of C(marks) count before those that do not.
    """
    failed = [lines for lines in invocations(events) if any(_ERROR.search(line) for line in lines)]
    ours = [lines for lines in failed if any(mark in line for mark in marks if mark for line in lines)]
    lines = (ours or failed or [[]])[-1]
    error = next((line for line in reversed(lines) if _ERROR.search(line)), "")
    text = _PREFIX.sub("", _TRACEBACK.sub("", error)).strip()
    steps = [found for line in (error, *reversed(lines)) for found in _STEP.findall(line)]
    return (steps[0].lower() if steps else _step_after(events, lines) if text else ""), text


def _step_after(events: list[dict[str, Any]], failed: list[str]) -> str:
    """The step of an invocation that told nothing, such as one that took too long: that after the last one told."""
    before = []
    for lines in invocations(events):
        if lines == failed:
            break
        before += [found.lower() for line in lines for found in _STEP.findall(line)]
    last = _STEPS.index(before[-1]) if before else -1
    return _STEPS[min(last + 1, len(_STEPS) - 1)]


@strategy("managed")
class Managed(ByAws):
    """The service that owns the secret rotates it; there is no function."""

    takes = frozenset({"two_valid", "test_with"})
    where_to_look = "CloudTrail has the reason, in the event RotationFailed."

    def __init__(self, options: Mapping[str, Any], context: Context) -> None:
        super().__init__(options, context)
        # Rules that differ are set by the call that starts the rotation: one call, and no test run of the function.
        self.rules: dict[str, Any] = {}

    @property
    def two_valid(self) -> bool:  # type: ignore[override]
        return bool(self.options.get("two_valid"))

    @property
    def labels(self) -> bool:  # type: ignore[override]
        return not self.entry.get("OwningService")

    def begin(self, token: str) -> None:
        refused = api.start(self.context.client("secretsmanager"), self.entry["ARN"], token, self.rules)
        if refused:
            self.context.say(f"Secrets Manager: {refused}")


@strategy("lambda")
class Lambda(Managed):
    """A function rotates: Secrets Manager calls it once for each step."""

    def begin(self, token: str) -> None:
        if not self.entry.get("RotationLambdaARN") and not self.rules.get("RotationLambdaARN"):
            raise RotationError(
                "rotate",
                "the secret has no rotation function",
                "Give rotation.lambda_arn; Secrets Manager must be allowed to invoke the function.",
            )
        super().begin(token)

    def explain(self, pending: str, since: float) -> RotationError | None:
        """The step that failed, and the function's own error, from its log."""
        function = str(self.entry.get("RotationLambdaARN") or "")
        group = self._log_group(function)
        marks = (pending, self.entry["ARN"], self.entry["Name"])
        step, text = error_in_log(self._log(group, since), marks)
        if not text:
            return None
        return RotationError(
            step or "rotate",
            f"the function {function} says: {text}",
            f"The whole of it is in the log group {group}.",
        )

    def _log_group(self, function: str) -> str:
        """The function's log group, if it may be asked which; else the one that Lambda makes."""
        with contextlib.suppress(ClientError, BotoCoreError):
            configuration = self.context.client("lambda").get_function_configuration(FunctionName=function)
            named = (configuration.get("LoggingConfig") or {}).get("LogGroup")
            if named:
                return named
        return f"/aws/lambda/{function.partition(':function:')[2].partition(':')[0]}"

    def _log(self, group: str, since: float) -> list[dict[str, Any]]:
        # A report must not fail for want of a log.
        with contextlib.suppress(ClientError, BotoCoreError):
            pages = self.context.client("logs").get_paginator("filter_log_events")
            found = pages.paginate(logGroupName=group, startTime=int(since * 1000), PaginationConfig={"MaxItems": 2000})
            return [event for page in found for event in page.get("events") or []]
        return []
