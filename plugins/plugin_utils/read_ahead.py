# Copyright: slipway.aws contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ask AWS now, side by side, what the tasks of this run will ask one after the other.

A run of a playbook that changes nothing asks what the run before it asked. So each run notes what it reads, and the
next one asks for it ahead, in threads, while templates are evaluated. An answer is given to the first task that asks
just that, once, and only while this run has changed nothing and the answer is fresh; who asks again, as who waits does,
asks AWS. What is noted are names of operations and their parameters, never an answer.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from typing import Any

THREADS = 20
#: Seconds that an answer may be old.
FRESH = 60
#: Seconds after which a file that no run has written is deleted.
OLD = 30 * 24 * 3600
#: A run that asks for more is not one that changes nothing.
MOST = 1000

# What changes nothing.
HARMLESS = re.compile(r"^(Describe|List|Get|BatchGet|Head|Filter|Lookup|Simulate|Test|Validate)")
# What may be asked for ahead: nothing in its answer is a secret.
READS = re.compile(
    r"^(?!(secretsmanager:Get|ssm:|s3:(List|Get)Object|ecs:DescribeTasks$))"
    r"[a-z0-9-]+:(Describe|List|GetResources$|GetCallerIdentity$|GetDashboard$)"
    r"|^iam:Get(Role|RolePolicy)$|^kms:Get(KeyPolicy|KeyRotationStatus)$|^s3:Get(Bucket|PublicAccessBlock)"
    r"|^ecr:Get(Lifecycle|Repository)Policy$|^wafv2:Get|^cloudfront:Get.*Config$|^sns:Get(Topic|Subscription)Attributes$"
)
# The next page has a name that only the page before it tells.
PAGES = re.compile(r"token|marker", re.IGNORECASE)
# Modules take these from the environment; what else a task may have been given is nobody's to note.
CREDENTIALS = {name: name.upper() for name in ("aws_access_key_id", "aws_secret_access_key", "aws_session_token")}


@dataclass(frozen=True)
class Client:
    """How a client was asked for: by its profile and options, as JSON."""

    service: str
    settings: str

    @classmethod
    def of(cls, profile: str | None, service: str, options: dict[str, Any]) -> Client | None:
        """None where it can't be noted."""
        given = {name: options.get(name) or "" for name in CREDENTIALS}
        if any(given.values()) and given != _credentials():
            return None
        config = options.get("config")
        told = {
            "profile": profile,
            "config": config._user_provided_options if config is not None else {},
            "options": {name: value for name, value in options.items() if name not in ("config", *CREDENTIALS)},
            "environment": any(given.values()),
        }
        try:
            return cls(service, json.dumps(told, sort_keys=True))
        except TypeError:
            return None

    def make(self, session: Callable[..., Any]) -> Any:
        from botocore.config import Config

        told = json.loads(self.settings)
        given = _credentials() if told["environment"] else {}
        options = {**told["options"], **{name: given.get(name) or None for name in CREDENTIALS}}
        return session(profile_name=told["profile"]).client(self.service, config=Config(**told["config"]), **options)


def _credentials() -> dict[str, str]:
    return {name: os.environ.get(variable, "") for name, variable in CREDENTIALS.items()}


@dataclass(frozen=True)
class Read:
    """One request that changes nothing; its parameters as JSON."""

    client: Client
    operation: str
    parameters: str


@dataclass(frozen=True)
class Answer:
    """What botocore returned, and when."""

    returned: dict[str, Any]
    at: float


class ReadAhead:
    """What the run before asked, what was answered ahead, and what this run asks."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._reads: list[Read] = []
        self._ahead: dict[Read | None, deque[Future[Answer | None]]] = {}
        self._queue: deque[tuple[Read, Any, Future[Answer | None]]] = deque()
        self._started = False
        # Forks wait until nobody is in the middle of a request: a lock that is held then would be held for ever.
        self._asking = threading.Condition()
        self._in_flight = 0
        self._mine = threading.local()
        self._program = os.getpid()
        os.register_at_fork(before=self._before_fork, after_in_parent=self._after_fork, after_in_child=self._in_fork)
        self.used = 0

    # What is noted

    def start(self, session: Callable[..., Any]) -> None:
        """Begin to ask, once, with clients from this session."""
        if self._started or not self._here:
            return
        self._started = True
        clients: dict[Client, Any] = {}
        for read in _noted(self._file):
            if read.client not in clients:
                # What can't be made any more fails where it is needed.
                with contextlib.suppress(Exception):
                    clients[read.client] = read.client.make(session)
            if read.client in clients:
                future: Future[Answer | None] = Future()
                self._ahead.setdefault(read, deque()).append(future)
                self._queue.append((read, clients[read.client], future))
        for _number in range(min(THREADS, len(self._queue))):
            threading.Thread(target=self._ask, daemon=True).start()

    def note(self) -> None:
        """Leave to the next run what this one has read."""
        for file in self._file.parent.glob(f"{self._file.stem}.{self._program}.*"):
            self._reads += _noted(file)
            file.unlink(missing_ok=True)
        if self._reads and len(self._reads) <= MOST and self._reads != _noted(self._file):
            self._write(self._file)
            _forget_old(self._file.parent)

    def hand_over(self) -> None:
        """Tell the program what a worker, which is about to end, has read."""
        if not self._here and self._reads:
            self._write(self._file.with_suffix(f".{self._program}.{os.getpid()}"))
            self._reads.clear()

    def _write(self, file: Path) -> None:
        entries = [[read.client.service, read.client.settings, read.operation, read.parameters] for read in self._reads]
        # A cache: where it can't be written, the next run is slower.
        with contextlib.suppress(OSError):
            file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            new = file.with_name(f"{file.name}.new")
            new.touch(mode=0o600)
            new.write_text(json.dumps(entries), encoding="utf-8")
            new.replace(file)

    # What a client is asked

    def watch(self, client: Any, how: Client) -> None:
        """Have a client look here first."""
        call = client._make_api_call

        def look_here_first(operation: str, parameters: dict[str, Any]) -> Any:
            if getattr(self._mine, "asking", False):
                return call(operation, parameters)
            if not HARMLESS.match(operation):
                self.forget()
            read = _read(how, operation, parameters)
            answer = self._answer(read)
            returned = answer.returned if answer is not None else call(operation, parameters)
            if read is not None:
                self._reads.append(read)
            return returned

        client._make_api_call = look_here_first

    def forget(self, *_why: Any) -> None:
        """Something may have changed: from now on everybody asks AWS."""
        self._started = True
        self._queue.clear()
        self._ahead.clear()

    @property
    def _here(self) -> bool:
        return os.getpid() == self._program

    def _answer(self, read: Read | None) -> Answer | None:
        try:
            future = self._ahead[read].popleft()
        except (IndexError, KeyError):
            return None
        if future.cancel():
            return None
        answer = future.result()
        if answer is None or time.monotonic() - answer.at > FRESH:
            return None
        self.used += 1
        return answer

    # The threads

    def _ask(self) -> None:
        self._mine.asking = True
        while True:
            try:
                read, client, future = self._queue.popleft()
            except IndexError:
                return
            with self._asking:
                if not future.set_running_or_notify_cancel():
                    continue
                self._in_flight += 1
            answer = None
            try:
                # A failure is told by the task that asks again.
                with contextlib.suppress(Exception):
                    answer = Answer(
                        client._make_api_call(read.operation, json.loads(read.parameters)), time.monotonic()
                    )
            finally:
                with self._asking:
                    future.set_result(answer)
                    self._in_flight -= 1
                    self._asking.notify_all()

    def _before_fork(self) -> None:
        if self._here:
            self._asking.acquire()
            self._asking.wait_for(lambda: self._in_flight == 0)

    def _after_fork(self) -> None:
        if self._here:
            self._asking.release()

    def _in_fork(self) -> None:
        """What has been answered serves a worker, too; the threads have not come along."""
        self._reads.clear()


def _read(client: Client, operation: str, parameters: dict[str, Any]) -> Read | None:
    """None for what can't or may not be asked for ahead."""
    if not READS.match(f"{client.service}:{operation}") or any(PAGES.search(name) for name in parameters):
        return None
    try:
        return Read(client, operation, json.dumps(parameters, sort_keys=True))
    except TypeError:
        return None


def _noted(file: Path) -> list[Read]:
    try:
        entries = json.loads(file.read_text(encoding="utf-8"))
        return [
            Read(Client(service, settings), operation, parameters)
            for service, settings, operation, parameters in entries
            if READS.match(f"{service}:{operation}")
        ]
    except (OSError, ValueError, TypeError):
        return []


def _forget_old(folder: Path) -> None:
    """Delete what was noted for inventories and endpoints that nobody uses any more."""
    for file in folder.glob("*.json"):
        with contextlib.suppress(OSError):
            if time.time() - file.stat().st_mtime > OLD:
                file.unlink()


def file_for(folder: Path, *run: Any) -> Path:
    """Where the reads of a playbook with these parts of an inventory, against an endpoint, are noted."""
    settings = ("AWS_ENDPOINT_URL", "AWS_PROFILE", "AWS_REGION", "AWS_DEFAULT_REGION")
    told = [str(item) for item in run] + [os.environ.get(name, "") for name in settings]
    return folder / f"{hashlib.sha256(json.dumps(told).encode()).hexdigest()[:32]}.json"


__all__ = ["Client", "ReadAhead", "file_for"]
