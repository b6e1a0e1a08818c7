# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rotation functions: what each of the four steps does, as tests tell it, and what it writes to its log.

Functions do not run here. They are played as AWS's own samples behave: createSecret puts a new value under AWSPENDING
(or finds the one that an earlier attempt has put), setSecret changes the password where a real database is attached,
testSecret logs in there, and finishSecret moves AWSCURRENT without taking AWSPENDING away.
"""

from __future__ import annotations

import json
import secrets
import string
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from typing import Any

from .. import logs

STEPS = ("createSecret", "setSecret", "testSecret", "finishSecret")
OUTCOMES = ("succeed", "fail", "hang")
STEP_SECONDS = 2.0
FAILURES = {
    "createSecret": "Unable to make up a new value for the secret.",
    "setSecret": "Unable to log into database with previous, current, or pending secret",
    "testSecret": "Unable to log into database with pending secret",
    "finishSecret": "Unable to finish the rotation of the secret.",
}
CHARACTERS = string.ascii_letters + string.digits + "!#$%&()*+,-.:;<=>?[]^_{|}~"
LINES = {"createSecret": 61, "setSecret": 64, "testSecret": 67, "finishSecret": 70}

#: What setSecret and testSecret do where the secret's database is real: called with the secret's fields before (None
#: when there are none) and after. Raises when the server refuses.
SET: list[Callable[[dict[str, Any] | None, dict[str, Any]], None]] = []
TEST: list[Callable[[dict[str, Any]], None]] = []


class ScriptError(Exception):
    """What a test told makes no sense; the message says why."""


class StepError(Exception):
    """A step of a function fails: the name of the exception that it raises, and its message."""

    def __init__(self, name: str, message: str) -> None:
        super().__init__(message)
        self.name = name


@dataclass
class Script:
    """What the functions that match shall do when they rotate secrets that match."""

    id: int
    function: str = "*"
    secret: str = "*"
    outcome: str = "succeed"
    step: str | None = None
    error: str = "ValueError"
    message: str | None = None
    seconds: dict[str, float] = field(default_factory=dict)
    value: str | None = None
    times: int | None = None
    keeps_pending: bool = True

    @classmethod
    def from_request(cls, number: int, told: dict[str, Any]) -> Script:
        known = {"function", "secret", "outcome", "step", "error", "message", "seconds", "value", "times"}
        unknown = sorted(set(told) - known - {"keeps_pending"})
        if unknown:
            raise ScriptError(f"A script knows {sorted(known | {'keeps_pending'})}, not {unknown}.")
        outcome, step = told.get("outcome", "succeed"), told.get("step")
        if outcome not in OUTCOMES:
            raise ScriptError(f"outcome is one of {list(OUTCOMES)}, not {outcome!r}.")
        if (step is None) != (outcome == "succeed") or (step is not None and step not in STEPS):
            raise ScriptError(f"fail and hang need a step, one of {list(STEPS)}; succeed has none.")
        seconds = told.get("seconds", {})
        if not isinstance(seconds, dict):
            seconds = dict.fromkeys(STEPS, seconds)
        if set(seconds) - set(STEPS) or any(
            isinstance(value, bool) or not isinstance(value, (int, float)) or value < 0 for value in seconds.values()
        ):
            raise ScriptError("seconds is a number of simulated seconds, for all steps or by step.")
        times = told.get("times")
        if times is not None and (isinstance(times, bool) or not isinstance(times, int) or times < 1):
            raise ScriptError("times is how many attempts the script is for: a number from 1.")
        return cls(number, **{**told, "seconds": seconds})

    def describe(self) -> dict[str, Any]:
        # The value is a secret of the test's own making, which it knows.
        return {name: value for name, value in vars(self).items() if name != "value"}

    def is_for(self, function_arn: str, secret: Any) -> bool:
        function = function_arn.split(":function:")[-1]
        return any(fnmatchcase(name, self.function) for name in (function_arn, function)) and any(
            fnmatchcase(name, self.secret) for name in (secret.arn, secret.name)
        )


@dataclass
class Scripts:
    """What tests told, and which steps were called."""

    known: list[Script] = field(default_factory=list)
    steps: list[dict[str, Any]] = field(default_factory=list)
    _made: int = 0

    def add(self, told: dict[str, Any]) -> Script:
        self._made += 1
        script = Script.from_request(self._made, told)
        self.known.append(script)
        return script

    def remove(self, number: int) -> bool:
        before = len(self.known)
        self.known = [script for script in self.known if script.id != number]
        return len(self.known) < before

    def clear(self) -> None:
        self.known.clear()
        self.steps.clear()

    def take(self, function_arn: str, secret: Any) -> Script:
        """The script for one attempt: the last one told that is for it."""
        for script in reversed(self.known):
            if script.times != 0 and script.is_for(function_arn, secret):
                if script.times is not None:
                    script.times -= 1
                return script
        return Script(0)


def new_value(current: str) -> str:
    """Another value like the current one: a new password in a JSON object that has one, the rest as it is."""
    password = "".join(secrets.choice(CHARACTERS) for _character in range(32))
    fields = fields_of(current)
    if fields is None or "password" not in fields:
        return password
    fields["password"] = password
    if "masterarn" in fields and "username" in fields:
        # The samples' alternating users.
        name = str(fields["username"])
        fields["username"] = name.removesuffix("_clone") if name.endswith("_clone") else f"{name}_clone"
    return json.dumps(fields)


def fields_of(value: str | None) -> dict[str, Any] | None:
    """The fields of a secret that is a JSON object."""
    try:
        fields = json.loads(value or "")
    except ValueError:
        return None
    return fields if isinstance(fields, dict) else None


class Invocation:
    """One call of a function, with its lines in the function's log group."""

    def __init__(self, function: Any, step: str, started: float) -> None:
        self.request_id = str(uuid.uuid4())
        self._function = function
        self._step = step
        self._started = started
        # A function's calls share a stream, as long as its container lives.
        if "rotation_log_stream" not in function.__dict__:
            day = datetime.fromtimestamp(started, UTC).strftime("%Y/%m/%d")
            function.rotation_log_stream = f"{day}/[$LATEST]{uuid.uuid4().hex}"
        self._write(started, [f"START RequestId: {self.request_id} Version: $LATEST\n"])

    def _write(self, at: float, lines: list[str]) -> None:
        _arn, _aws, _lambda, region, account = self._function.function_arn.split(":")[:5]
        group = f"/aws/lambda/{self._function.function_name}"
        logs.write(account, region, group, self._function.rotation_log_stream, [(at, line) for line in lines])

    def _end(self, now: float, lines: list[str], status: str = "") -> None:
        duration = (now - self._started) * 1000
        report = (
            f"REPORT RequestId: {self.request_id}\tDuration: {duration:.2f} ms\tBilled Duration: {round(duration)} ms\t"
            f"Memory Size: {self._function.memory_size} MB\tMax Memory Used: 74 MB\t{status}\n"
        )
        self._write(now, [*lines, f"END RequestId: {self.request_id}\n", report])

    def _time(self, now: float) -> str:
        return datetime.fromtimestamp(now, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")

    def succeed(self, now: float, message: str) -> None:
        self._end(now, [f"[INFO]\t{self._time(now)}\t{self.request_id}\t{self._step}: {message}\n"])

    def fail(self, now: float, error: StepError) -> None:
        called = self._step.replace("Secret", "_secret")
        traceback = (
            f"[ERROR] {error.name}: {error}\n"
            "Traceback (most recent call last):\n"
            f'  File "/var/task/lambda_function.py", line {LINES[self._step]}, in lambda_handler\n'
            f"    {called}(service_client, arn, token)\n"
            f'  File "/var/task/lambda_function.py", line {LINES[self._step] * 3}, in {called}\n'
            f"    raise {error.name}({str(error)!r})\n"
        )
        self._end(now, [f"[ERROR]\t{self._time(now)}\t{self.request_id}\t{self._step}: {error}\n", traceback])

    def time_out(self, now: float) -> None:
        said = f"Task timed out after {now - self._started:.2f} seconds"
        self._end(now, [f"{self._time(now)} {self.request_id} {said}\n\n"], "Status: timeout")
