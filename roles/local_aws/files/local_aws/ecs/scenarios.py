# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How tasks behave: as told by a scenario that matches them, or by the tag of their image.

By data::

    {"match": {"image": "*/backend-api:1.4", "service": "uex-dev-api"}, "behaviour": {"exit_code": 1, "exit_after": 5}}

``match`` takes shell patterns for ``image`` (any container's), ``service``, ``family``, ``cluster``, ``container``,
``command`` (joined by blanks) and ``account``; ``times`` limits how many tasks it applies to. The last scenario added
wins.

By tag (anything may stand in front, ``1.4-crash`` too): ``crash`` exits with 1 after 5 s, ``exit<code>`` with that
code, ``nopull`` cannot be pulled, ``unhealthy`` answers no health check, ``slow`` takes two minutes to start, ``oom``
is killed for its memory after 5 s, ``nocapacity`` finds no capacity.
"""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass, field, fields, replace
from fnmatch import fnmatchcase
from typing import Any


@dataclass(frozen=True)
class Behaviour:
    """What a task does. Without any of it: it starts, is healthy, runs on (or ends with 0 when it is a one-off)."""

    #: Exits with this code so many seconds after it runs.
    exit_code: int | None = None
    exit_after: float | None = None
    #: ``CannotPullContainerError``; the text is what the registry says.
    pull_error: str | None = None
    #: Any other reason not to start, such as ``ResourceInitializationError: ...``.
    start_error: str | None = None
    #: Seconds that pulling the image takes.
    pull_seconds: float | None = None
    #: The load balancer's and the container's health checks fail; the text is the target's description.
    unhealthy: bool = False
    unhealthy_reason: str = "Health checks failed with these codes: [503]"
    #: Healthy at first, and only so many seconds after the start not any more.
    unhealthy_after: float | None = None
    #: Seconds from the start to the first passed health check, on top of what the target group asks for.
    healthy_after: float | None = None
    #: Killed for its memory so many seconds after it runs.
    out_of_memory_after: float | None = None
    #: There is no capacity for it.
    no_capacity: bool = False
    #: Ends by a Spot interruption so many seconds after it runs.
    spot_interruption_after: float | None = None
    #: Seconds to stop after SIGTERM; more than the container's stopTimeout means SIGKILL and exit code 137.
    stop_seconds: float | None = None
    #: Lines that it logs when it runs, and those just before it exits.
    log_lines: tuple[str, ...] = ()
    exit_log_lines: tuple[str, ...] = ()


NUMBERS = {
    "exit_after",
    "pull_seconds",
    "unhealthy_after",
    "healthy_after",
    "out_of_memory_after",
    "spot_interruption_after",
    "stop_seconds",
}
MATCHES = ("image", "service", "family", "cluster", "container", "command", "account")

BY_TAG: tuple[tuple[re.Pattern[str], Behaviour], ...] = (
    (
        re.compile(r"(^|[-_.])crash$"),
        Behaviour(exit_code=1, exit_after=5, exit_log_lines=("fatal: the application crashed on start",)),
    ),
    (re.compile(r"(^|[-_.])nopull$"), Behaviour(pull_error="")),
    (re.compile(r"(^|[-_.])unhealthy$"), Behaviour(unhealthy=True)),
    (re.compile(r"(^|[-_.])slow$"), Behaviour(pull_seconds=120)),
    (re.compile(r"(^|[-_.])oom$"), Behaviour(out_of_memory_after=5)),
    (re.compile(r"(^|[-_.])nocapacity$"), Behaviour(no_capacity=True)),
)
EXIT_TAG = re.compile(r"(^|[-_.])exit(\d{1,3})$")


@dataclass(frozen=True)
class Subject:
    """What a scenario can match."""

    images: tuple[str, ...]
    containers: tuple[str, ...]
    family: str
    cluster: str
    service: str | None = None
    command: str = ""
    account: str = ""


@dataclass
class Scenario:
    id: int
    match: dict[str, str]
    behaviour: Behaviour
    #: How many more tasks it applies to; None means all.
    times: int | None = None
    used: int = 0

    def matches(self, subject: Subject) -> bool:
        if self.times is not None and self.used >= self.times:
            return False
        values = {
            "image": subject.images,
            "container": subject.containers,
            "family": (subject.family,),
            "cluster": (subject.cluster,),
            "service": (subject.service,) if subject.service is not None else (),
            "command": (subject.command,),
            "account": (subject.account,),
        }
        return all(any(fnmatchcase(value, pattern) for value in values[name]) for name, pattern in self.match.items())

    def describe(self) -> dict[str, Any]:
        given = {key: value for key, value in asdict(self.behaviour).items() if value != getattr(Behaviour(), key)}
        return {"id": self.id, "match": self.match, "behaviour": given, "times": self.times, "used": self.used}


class ScenarioError(ValueError):
    """A scenario that says something the engine does not know."""


def parse_behaviour(data: dict[str, Any]) -> Behaviour:
    """Read a behaviour, refusing what is unknown or of the wrong type."""
    known = {item.name for item in fields(Behaviour)}
    unknown = sorted(set(data) - known)
    if unknown:
        raise ScenarioError(f"unknown behaviour {unknown}; known are {sorted(known)}")
    values = dict(data)
    for name in NUMBERS & set(values):
        if isinstance(values[name], bool) or not isinstance(values[name], (int, float)) or values[name] < 0:
            raise ScenarioError(f"{name} must be a number of seconds, not {values[name]!r}")
    for name in ("log_lines", "exit_log_lines"):
        if name in values:
            if not isinstance(values[name], (list, tuple)) or not all(isinstance(x, str) for x in values[name]):
                raise ScenarioError(f"{name} must be a list of strings, not {values[name]!r}")
            values[name] = tuple(values[name])
    for name in ("unhealthy", "no_capacity"):
        if name in values and not isinstance(values[name], bool):
            raise ScenarioError(f"{name} must be true or false, not {values[name]!r}")
    code = values.get("exit_code")
    if code is not None and (isinstance(code, bool) or not isinstance(code, int) or not 0 <= code <= 255):
        raise ScenarioError(f"exit_code must be between 0 and 255, not {code!r}")
    for name in ("pull_error", "start_error", "unhealthy_reason"):
        if name in values and not isinstance(values[name], str):
            raise ScenarioError(f"{name} must be a text, not {values[name]!r}")
    return Behaviour(**values)


@dataclass
class Scenarios:
    """The scenarios told so far."""

    known: list[Scenario] = field(default_factory=list)
    _last_id: int = 0

    def add(self, data: dict[str, Any]) -> Scenario:
        unknown = sorted(set(data) - {"match", "behaviour", "times"})
        if unknown:
            raise ScenarioError(f"unknown keys {unknown}; known are behaviour, match, times")
        match = data.get("match") or {}
        wrong = sorted(set(match) - set(MATCHES))
        if not isinstance(match, dict) or wrong:
            raise ScenarioError(f"match knows {list(MATCHES)}, not {wrong}")
        if not all(isinstance(pattern, str) for pattern in match.values()):
            raise ScenarioError("match takes texts with shell patterns")
        times = data.get("times")
        if times is not None and (isinstance(times, bool) or not isinstance(times, int) or times < 1):
            raise ScenarioError(f"times must be a number of tasks, not {times!r}")
        if not isinstance(data.get("behaviour"), dict):
            raise ScenarioError("behaviour is missing")
        behaviour = parse_behaviour(data["behaviour"])
        self._last_id += 1
        scenario = Scenario(self._last_id, dict(match), behaviour, times)
        self.known.append(scenario)
        return scenario

    def remove(self, number: int) -> bool:
        before = len(self.known)
        self.known = [scenario for scenario in self.known if scenario.id != number]
        return len(self.known) < before

    def clear(self) -> None:
        self.known = []

    def behaviour_of(self, subject: Subject) -> Behaviour:
        """How a task behaves; counts the use of a scenario."""
        for scenario in reversed(self.known):
            if scenario.matches(subject):
                scenario.used += 1
                return scenario.behaviour
        for image in subject.images:
            tag = image.rpartition("/")[2].partition("@")[0].partition(":")[2]
            for pattern, behaviour in BY_TAG:
                if pattern.search(tag):
                    return behaviour
            exit_code = EXIT_TAG.search(tag)
            if exit_code:
                return replace(Behaviour(), exit_code=min(int(exit_code[2]), 255), exit_after=5)
        return Behaviour()
