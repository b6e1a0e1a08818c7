# Copyright: slipway.aws contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ask AWS now, side by side, what the tasks of this run will ask one after the other.

A run of a playbook that changes nothing asks what the run before it asked. So each run notes what it reads, and the
next one asks for it ahead, in threads, while templates are evaluated. An answer is given to the first task that asks
just that, once, and only while nothing has changed and the answer is fresh; a task that asks again, as one that waits
does, asks AWS. What is noted are names of operations and their parameters, never an answer.

"Nothing has changed" is one byte that all processes of the run share. It is written before the first call that changes
something, whoever makes it, and before the first task that could change something unseen; and when a task that asks
again is told something else, because then time has passed. No answer is given to a task with other settings (profile,
credentials, endpoint in its environment) than those it was asked with.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import mmap
import os
import re
import stat
import tempfile
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ansible_collections.slipway.aws.plugins.module_utils._core.parallel import result_of

THREADS = 20
#: Seconds that an answer may be old.
FRESH = 60
#: Seconds to wait for requests that are under way, before they are given up for a fork.
PATIENCE = 10
#: Seconds after which a file that no run has written is deleted, and one that a run has left unfinished.
OLD, UNFINISHED = 30 * 24 * 3600, 24 * 3600
#: A run that asks for more is not one that changes nothing.
MOST = 1000
#: Bytes. No note is as large.
LARGEST = 4 * 1024 * 1024

# What changes nothing.
HARMLESS = re.compile(
    r"^(Describe|List|Get|BatchGet|Head|Filter|Lookup|Simulate|Validate|AssumeRole)|^(CreateToken|TestFunction)$"
)
# What may be asked for ahead: of services that modules here ask, and nothing that hands out a secret.
READS = re.compile(
    r"^(?!(secretsmanager:Get|s3:(List|Get)Object|ecs:DescribeTasks$|ec2:Describe(Vpn|InstanceAttribute|LaunchTemplate)))"
    r"(acm|application-autoscaling|cloudfront|cloudwatch|codedeploy|ec2|ecr|ecs|elasticache|elbv2|iam|kms|logs|rds"
    r"|resourcegroupstaggingapi|route53|s3|secretsmanager|sns|sts|wafv2)"
    r":(Describe|List|GetResources$|GetCallerIdentity$|GetDashboard$)"
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
            settings = json.dumps(told, sort_keys=True)
        except TypeError:
            return None
        # The address of a proxy or an endpoint may hold a password.
        return None if "@" in settings else cls(service, settings)

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
        self._settings: Any = None
        # All forks share it.
        self._changed = mmap.mmap(-1, 1)
        # What the task that runs now has asked, and was told.
        self._task = ""
        self._told: dict[tuple[str, str, str], Any] = {}
        # Forks wait until nobody is in the middle of a request: a lock that is held then would be held for ever.
        self._asking = threading.Condition()
        self._in_flight = self._resting = 0
        self._given_up = False
        self._mine = threading.local()
        self._program = os.getpid()
        os.register_at_fork(before=self._before_fork, after_in_parent=self._after_fork, after_in_child=self._in_fork)
        self.used = 0

    # What is noted

    def start(self, session: Callable[..., Any], settings: Any) -> None:
        """Begin to ask, once, with clients from this session, which has these settings."""
        if self._started or not self._here:
            return
        self._started = True
        self._settings = settings
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
        """Leave to the next run what this one has read: nothing at all where direct execution was switched off."""
        for file in self._file.parent.glob(f"{self._file.stem}.{self._program}.*"):
            self._reads += _noted(file)
            with contextlib.suppress(OSError):
                file.unlink()
        if not self._reads:
            with contextlib.suppress(OSError):
                self._file.unlink()
        elif len(self._reads) <= MOST and self._reads != _noted(self._file):
            self._write(self._file)
        _forget_old(self._file.parent)

    def hand_over(self) -> None:
        """Tell the program what a worker has read so far, which may be about to end."""
        if not self._here and self._reads:
            self._write(self._file.with_suffix(f".{self._program}.{os.getpid()}"))

    def _write(self, file: Path) -> None:
        entries = [[read.client.service, read.client.settings, read.operation, read.parameters] for read in self._reads]
        # A cache: where it can't be written, the next run is slower.
        with contextlib.suppress(OSError):
            file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            handle, name = tempfile.mkstemp(prefix=f"{file.name}.", suffix=".new", dir=file.parent)
            with os.fdopen(handle, "w", encoding="utf-8") as new:
                json.dump(entries, new)
            Path(name).replace(file)

    # What clients are asked

    def begin(self, task: str) -> None:
        """A task runs a module, once more where it retries."""
        if task != self._task:
            self._task = task
            self._told.clear()

    def noticing(self, call: Callable[..., Any]) -> Callable[..., Any]:
        """How any client makes a call, so that a change is noticed."""

        def notice(client: Any, operation: str, parameters: Any) -> Any:
            if not HARMLESS.match(operation):
                self.forget()
            return call(client, operation, parameters)

        return notice

    def watch(self, client: Any, how: Client, settings: Any) -> None:
        """Have a client look here first, where it is one of those that were asked ahead."""
        if settings != self._settings:
            return
        call = client._make_api_call

        def look_here_first(operation: str, parameters: dict[str, Any]) -> Any:
            if getattr(self._mine, "asking", False) or not HARMLESS.match(operation):
                return call(operation, parameters)
            asked = (f"{how.service} {how.settings}", operation, repr(parameters))
            if asked in self._told:
                returned = call(operation, parameters)
                if _content(returned) != _content(self._told[asked]):
                    self.forget()
                return returned
            read = _read(how, operation, parameters)
            answer = self._answer(read)
            returned = self._told[asked] = answer.returned if answer is not None else call(operation, parameters)
            if read is not None:
                self._reads.append(read)
            return returned

        client._make_api_call = look_here_first

    def forget(self) -> None:
        """Something may have changed: from now on everybody asks AWS, in all processes of this run."""
        self._changed[0] = 1
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
        if self._changed[0] or future.cancel():
            return None
        answer = result_of(future)
        if answer is None or self._changed[0] or time.monotonic() - answer.at > FRESH:
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
                self._asking.wait_for(lambda: not self._resting)
                if self._changed[0]:
                    return
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

    @contextlib.contextmanager
    def paused(self) -> Iterator[None]:
        """Nobody asks meanwhile. Where AWS keeps them waiting, they are given up: a fork can't wait for that."""
        self._before_fork()
        try:
            yield
        finally:
            self._after_fork()

    def _before_fork(self) -> None:
        if not self._here:
            return
        self._asking.acquire()
        self._resting += 1
        try:
            if not self._given_up and not self._asking.wait_for(lambda: self._in_flight == 0, PATIENCE):
                self._given_up = True
                self.forget()
        except BaseException:
            self._after_fork()
            raise

    def _after_fork(self) -> None:
        if self._here:
            self._resting -= 1
            self._asking.notify_all()
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


def _content(returned: Any) -> Any:
    """An answer without what is another in each."""
    return {key: value for key, value in returned.items() if key != "ResponseMetadata"}


def _noted(file: Path) -> list[Read]:
    """What a file says, unless somebody else could have written it, or it says nonsense."""
    try:
        with os.fdopen(os.open(file, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK), "rb") as opened:
            state = os.fstat(opened.fileno())
            ours = stat.S_ISREG(state.st_mode) and state.st_uid == os.geteuid() and not state.st_mode & 0o022
            entries = json.loads(opened.read()) if ours and state.st_size <= LARGEST else None
    except (OSError, ValueError, RecursionError):
        return []
    if not isinstance(entries, list) or len(entries) > MOST:
        return []
    return [
        Read(Client(service, settings), operation, parameters)
        for service, settings, operation, parameters in filter(_is_entry, entries)
        if READS.match(f"{service}:{operation}")
    ]


def _is_entry(entry: Any) -> bool:
    return isinstance(entry, list) and len(entry) == 4 and all(isinstance(part, str) for part in entry)


def _forget_old(folder: Path) -> None:
    """Delete what was noted for inventories and endpoints that nobody uses any more, and what interrupted runs left."""
    for file in folder.glob("?" * 32 + ".*"):
        whole = re.fullmatch(r"[0-9a-f]{32}\.json", file.name)
        if whole or re.fullmatch(r"[0-9a-f]{32}\.(json|\d+\.\d+)(\.\w+\.new)?", file.name):
            with contextlib.suppress(OSError):
                if time.time() - file.lstat().st_mtime > (OLD if whole else UNFINISHED):
                    file.unlink()


def file_for(folder: Path, *run: Any) -> Path:
    """Where the reads of a playbook with these parts of an inventory, against an endpoint, are noted."""
    settings = ("AWS_ENDPOINT_URL", "AWS_PROFILE", "AWS_REGION", "AWS_DEFAULT_REGION")
    told = [_absolute(item) for item in run] + [os.environ.get(name, "") for name in settings]
    return folder / f"{hashlib.sha256(json.dumps(told).encode()).hexdigest()[:32]}.json"


def _absolute(item: Any) -> Any:
    """Inventories and playbooks of two checkouts have the same names; ansible-core has tags in any order."""
    if isinstance(item, list | tuple):
        return sorted(str(_absolute(part)) for part in item)
    path = Path(str(item))
    return str(path.resolve()) if path.exists() else str(item)


__all__ = ["Client", "ReadAhead", "file_for"]
