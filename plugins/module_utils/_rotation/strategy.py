# Copyright: slipway.aws contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a way of rotating a secret has to bring along: a few small steps. The order, the version stages, resuming,
undoing and the consumers are the engine's.

The engine calls, for one secret::

    create ─► (AWSPENDING is stored) ─► set ─► test ─► (AWSCURRENT moves) ─► (consumers are rolled) ─► retire
                                          └──── on failure: undo, test(current), AWSPENDING is discarded

Where the target keeps one value only (C(switches)), C(set) prepares it, and it becomes valid with C(switch)::

    create ─► (AWSPENDING is stored) ─► set ─► (AWSCURRENT moves) ─► switch ─► test ─► (consumers are rolled)
                                                           on failure: undo, AWSCURRENT goes back ───┘

A run can be killed between any two calls. The next run finds AWSPENDING and begins again with C(set), or, after
AWSCURRENT has moved, goes on with the consumers and C(retire): so C(set), C(undo) and C(retire) must be idempotent.
"""

from __future__ import annotations

import contextlib
import json
import re
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, TypeVar
from urllib.parse import quote, quote_plus, unquote, urlsplit

# Shorter strings cannot be hidden: they are part of everything. Nothing that is generated is so short.
_SHORTEST_HIDDEN = 6
_MASK = "********"
# Fields of a JSON secret whose values are secret, whoever made them; in others, what looks drawn.
_SECRET_FIELD = re.compile(r"pass|pwd|token|secret|key|credential|url|uri|dsn|connection|auth", re.IGNORECASE)
# No name, host, ARN or sentence is like that: small letters, capitals and digits in one word, or a long number in hex.
_DRAWN = re.compile(r"(?=.*[0-9])(?=.*[a-z])(?=.*[A-Z])[^\s.:]{16,}|[0-9a-fA-F]{32,}")


# What to do where nobody knows better.
AGAIN = "Remove the cause, then run again."


class RotationError(Exception):
    """A step failed. C(cause) is in AWS's or the server's words, without any secret; C(advice) says what to do next."""

    # Filled in by the engine: whether AWSCURRENT works.
    current = ""

    def __init__(self, step: str, cause: str, advice: str = "") -> None:
        super().__init__(f"{step}: {cause}")
        self.step = step
        self.cause = cause
        self.advice = advice


class Hidden:
    """The values that must not leave the process. One for a run; safe to share between threads."""

    def __init__(self, also: Callable[[str], None] = lambda _value: None) -> None:
        self._values: set[str] = set()
        self._also = also
        self._lock = threading.Lock()

    def add(self, value: str) -> None:
        """Hide a secret's value, and what is secret in it where it is JSON."""
        with self._lock:
            for secret in secret_parts(value):
                for spelling in spellings(secret):
                    self._values.add(spelling)
                    self._also(spelling)

    def scrub(self, text: Any) -> str:
        """A text without any of the values."""
        with self._lock:
            longest_first = sorted(self._values, key=len, reverse=True)
        clean = str(text)
        for value in longest_first:
            clean = clean.replace(value, _MASK)
        return clean


def secret_parts(value: str) -> Iterator[str]:
    """The value itself, and what is secret in it: a URL's password, and of JSON fields by their names, or what looks
    drawn."""
    yield value
    yield from _of_url(value)
    with contextlib.suppress(ValueError):
        yield from _parts(json.loads(value), secret=False)


def _parts(found: Any, *, secret: bool) -> Iterator[str]:
    if isinstance(found, dict):
        for name, part in found.items():
            yield from _parts(part, secret=bool(_SECRET_FIELD.search(name)))
    elif isinstance(found, list):
        for part in found:
            yield from _parts(part, secret=secret)
    elif isinstance(found, str):
        if secret or _DRAWN.fullmatch(found):
            yield found
        yield from _of_url(found)


def _of_url(text: str) -> Iterator[str]:
    """The password in a URL, as it stands there and as it is meant."""
    if "://" not in text:
        return
    with contextlib.suppress(ValueError):
        password = urlsplit(text).password
        if password:
            yield from {password, unquote(password)}


def spellings(secret: str) -> set[str]:
    """How a value may look in an error: as it is, in a URL, in JSON, in Python's or SQL's quotes."""
    found = {secret, quote(secret, safe=""), quote_plus(secret), json.dumps(secret)[1:-1], repr(secret)[1:-1]}
    found.add(secret.replace("'", "''"))
    return {spelling for spelling in found if len(spelling) >= _SHORTEST_HIDDEN}


@dataclass
class Context:
    """What a strategy may use."""

    # client("rds") is a botocore client; client("logs", region="eu-west-1") one of another region.
    client: Callable[..., Any]
    # The SecretString of another secret's AWSCURRENT, for the user that may change others. Already hidden.
    read_secret: Callable[[str], str]
    # One line for whoever watches; told once. Values are scrubbed from it.
    say: Callable[[str], None]
    hidden: Hidden = field(default_factory=Hidden)
    # Seconds that a step may wait for its target.
    wait_timeout: float = 900
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep


class Strategy:
    """One way of rotating one secret. Subclasses are given a name by C(@strategy)."""

    name: ClassVar[str] = ""
    # The suboptions of `secrets` that it takes, besides those that every strategy has.
    takes: ClassVar[frozenset[str]] = frozenset()
    # Those of them that it cannot do without.
    needs: ClassVar[frozenset[str]] = frozenset()
    # Whether the old and the new value both work from `set` until `retire` (or until the next rotation).
    # If not, running consumers that cannot reload would be locked out.
    two_valid: bool = False
    # Whether the value has to be valid anywhere; if not, there is nothing that a login could show.
    target: ClassVar[bool] = True
    # Whether `retire` does something: then the last task with the old value must have stopped before it.
    retires: bool = False
    # Whether `set` only prepares, and `switch` makes the value valid at once, after AWSCURRENT has moved. So whoever is
    # refused with the old value finds the new one, and a run that is cut off in between leaves the old one valid.
    switches: bool = False

    def __init__(self, options: Mapping[str, Any], context: Context) -> None:
        # One entry of the module's option `secrets`; what is not given is None.
        self.options = options
        self.context = context
        # What DescribeSecret answers; the engine fills it in before it calls anything but `problems`.
        self.entry: Mapping[str, Any] = {}

    @property
    def by_aws(self) -> bool:
        """Whether AWS does the steps itself, once it is told to (see C(ByAws)); then none of those below is called."""
        return False

    def problems(self) -> list[str]:
        """What is wrong with the options, before any call: sentences that name the option."""
        return []

    def create(self, current: str) -> str:
        """The new SecretString, from the current one: whole, so that fields that stay are copied. Changes nothing."""
        raise NotImplementedError

    def set(self, current: str, pending: str) -> None:
        """Make the pending value valid at its target. Does nothing when it is already (a killed run has done it)."""

    def switch(self, current: str, pending: str) -> None:
        """Make valid what C(set) has prepared, at once."""

    def release(self) -> None:
        """Let go of what C(set) has prepared, and of what is kept open for C(undo)."""

    def test(self, value: str) -> None:
        """Log in with a value. Raises RotationError when that does not work."""

    def test_admin(self, current: str) -> None:
        """Log in as the user that C(admin_secret) names, if any. Raises RotationError when that does not work."""

    def undo(self, current: str, pending: str) -> None:
        """Put the target back so that C(current) works again. Does nothing when it still works.

        Called when a step failed, when consumers do not come up with the new value, and to roll back: then C(current)
        is AWSPREVIOUS, the value to go back to, and C(pending) the one that is left.
        """

    def retire(self, previous: str, current: str) -> None:
        """Let the old value die, where both were valid. Called when no running task has it any more."""


@dataclass
class Seen:
    """How a rotation that AWS does itself stands."""

    under_way: bool
    # One line for whoever watches.
    line: str = ""


@dataclass
class Memory:
    """What has to be known of a rotation, kept where no staging label can be: the version that it replaces."""

    token: str = ""
    before: str = ""
    over: bool = True


class ByAws(Strategy):
    """A strategy whose steps AWS does: it is started, looked at, and explained."""

    # Whether staging labels of ours may be attached: not to a secret that another service manages.
    labels: bool = True
    # Where somebody finds out why, when `explain` knows nothing.
    where_to_look: str = ""

    @property
    def by_aws(self) -> bool:
        return True

    def look(self) -> Seen:
        """Whether AWS is at it, apart from what the version stages of C(entry) tell."""
        return Seen(False)

    def begin(self, token: str) -> None:
        """Start the rotation to the version C(token). With one under way, at most have AWS try it again."""
        raise NotImplementedError

    def remembered(self) -> Memory:
        """Without labels: the last rotation that was begun."""
        return Memory()

    def remember(self, memory: Memory) -> None:
        """Without labels: write down that a rotation begins, or that it is over."""

    def explain(self, pending: str, since: float) -> RotationError | None:
        """What went wrong since a unix time, in the words of whoever did the steps; None when nothing is known."""
        return None


Kind = TypeVar("Kind", bound=type[Strategy])

# By name; filled by the decorator when `strategies` imports the modules.
STRATEGIES: dict[str, type[Strategy]] = {}


def strategy(name: str) -> Callable[[Kind], Kind]:
    """Register a strategy under the name that the option C(strategy) takes."""

    def register(kind: Kind) -> Kind:
        kind.name = name
        STRATEGIES[name] = kind
        return kind

    return register
