# Copyright: slipway.aws contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run an unmodified Ansible module in this process, as if it had been started for it.

What differs between the versions of ansible-core is here, and only here; on an unknown version nothing engages.
"""

from __future__ import annotations

import atexit
import contextlib
import functools
import gc
import importlib
import importlib.util
import io
import json
import os
import pickle
import re
import signal
import sys
import threading
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ansible.module_utils import basic
from ansible.plugins import action
from ansible.release import __version__ as core_version
from ansible_collections.slipway.aws.plugins.plugin_utils.read_ahead import Client, ReadAhead

CORE = tuple(int(part) for part in core_version.split(".")[:2])
KNOWN_CORES = frozenset({(2, 17), (2, 18), (2, 19), (2, 20), (2, 21)})
# From here on results are tagged data, and modules must believe that they are not on the controller.
TAGGED = (2, 19)

SWITCH = "slipway_aws_direct"

# How a program ends itself, and the signals that end it.
ENDS = ((os, "_exit"), (os, "abort"), (os, "kill"), (os, "killpg"), (signal, "raise_signal"))
DEADLY = frozenset(
    getattr(signal, f"SIG{name}")
    for name in ("ABRT", "ALRM", "BUS", "FPE", "HUP", "ILL", "INT", "KILL", "PIPE", "QUIT", "SEGV", "STOP", "TERM")
)

# Ours and amazon.aws's modules are known to behave, and run in the worker. Others run in a fork of it, which contains
# whatever a module may do to its process.
IN_WORKER = ("slipway.aws.", "amazon.aws.")
IN_FORK = ("community.aws.",)

# The services whose clients are made once in the parent, which reads all that a client needs: the model, the endpoints,
# the retry rules. environment_info asks all of them, and most tasks ask one.
WARM_SERVICES = (
    *("application-autoscaling", "cloudwatch", "ec2", "ecr", "ecs", "elasticache", "elbv2", "iam", "kms", "logs"),
    *("rds", "resourcegroupstaggingapi", "s3", "secretsmanager", "sns", "sts", "wafv2"),
)


# What a boto3 session and its clients take from the environment.
SDK_VARIABLE = re.compile(r"^(AWS_|BOTO_)|(_proxy|_CA_BUNDLE)$", re.IGNORECASE)


@dataclass(frozen=True)
class Module:
    """A module as ansible-core resolved it."""

    name: str
    path: str

    @property
    def import_name(self) -> str:
        namespace, collection, leaf = self.name.split(".", 2)
        return f"ansible_collections.{namespace}.{collection}.plugins.modules.{leaf}"

    @property
    def isolated(self) -> bool:
        return not self.name.startswith(IN_WORKER)


@dataclass(frozen=True)
class Completed:
    """What a module left behind: the same three things as a process."""

    rc: int
    stdout: str
    stderr: str


# Eligibility


def refusal(task: Any, connection: Any, templar: Any, task_vars: dict[str, Any]) -> str | None:
    """Why this task takes the ordinary way, or None."""
    host_vars = task_vars
    if task.delegate_to:
        host_vars = task_vars.get("ansible_delegated_vars", {}).get(task.delegate_to, {})
    interpreter = templar.template(host_vars.get("ansible_python_interpreter"))
    if CORE not in KNOWN_CORES:
        return f"ansible-core {core_version} is not known to direct execution"
    if not is_true(templar.template(task_vars.get(SWITCH, True))):
        return f"{SWITCH} switches direct execution off"
    if connection.transport not in ("local", "ansible.builtin.local"):
        return f"the connection is {connection.transport}, not local"
    if connection.become is not None:
        return "the task becomes another user"
    if task.async_val:
        return "the task is asynchronous"
    if not isinstance(interpreter, str) or os.path.abspath(interpreter) != os.path.abspath(sys.executable):  # noqa: PTH100
        return f"the interpreter is {interpreter}, not the controller's own {sys.executable}"
    return None


def is_true(value: Any) -> bool:
    return str(value).lower() not in ("false", "no", "off", "0", "n", "f")


def action_of(task: Any) -> str:
    """The full name of a task's action, as far as it is known: ansible-core warns who asks before it was templated."""
    known = vars(task)
    return str(known.get("_resolved_action") or known.get("resolved_action") or task.action)


def find(loader: Any, task: Any) -> Module | None:
    """The module that a task means, when it is one that may run here."""
    found = loader.find_plugin_with_context(task.action, ".py", collection_list=task.collections)
    if not found.resolved or not (found.resolved_fqcn or "").startswith(IN_WORKER + IN_FORK):
        return None
    return Module(str(found.resolved_fqcn), str(found.plugin_resolved_path))


def original_action(name: str) -> Any:
    """The class of an action that ships with ansible-core, also where a file of that name stands in for it."""
    path = Path(str(action.__file__)).with_name(f"{name}.py")
    spec = importlib.util.spec_from_file_location(f"slipway_original_{name}", path)
    if spec is None or spec.loader is None:
        raise ImportError(f"ansible-core has no action {path}")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.ActionModule


# What depends on the version of ansible-core


def built_module(module: Module) -> Any:
    """What ActionBase._configure_module returns for a module that was not built."""
    if CORE >= TAGGED:
        from ansible.executor.module_common import _BuiltModule

        built = _BuiltModule(
            module_style="new", shebang=f"#!{sys.executable}", b_module_data=b"", serialization_profile="legacy"
        )
        return built, module.path
    return "new", f"#!{sys.executable}", b"", module.path


def _encode(arguments: dict[str, Any]) -> bytes:
    parameters = {"ANSIBLE_MODULE_ARGS": arguments}
    if CORE >= TAGGED:
        from ansible.module_utils.common.json import Direction, get_module_encoder

        return json.dumps(parameters, cls=get_module_encoder("legacy", Direction.CONTROLLER_TO_MODULE)).encode()
    from ansible.module_utils.common.json import AnsibleJSONEncoder

    return json.dumps(parameters, cls=AnsibleJSONEncoder, vault_to_text=True).encode()


@contextlib.contextmanager
def _module_side(arguments: bytes) -> Iterator[None]:
    """Make ansible.module_utils believe that it runs in a module of its own."""
    from ansible.module_utils.common import warnings

    basic._ANSIBLE_ARGS = arguments
    warnings._global_warnings.clear()
    warnings._global_deprecations.clear()
    if CORE < TAGGED:
        yield
        return
    from ansible.module_utils import _internal

    basic._ANSIBLE_PROFILE = "legacy"
    _internal.is_controller = False
    try:
        yield
    finally:
        _internal.is_controller = True


def _failure(error: Exception) -> str:
    """What an uncaught exception makes a module's process print."""
    if CORE < TAGGED:
        return ""
    from ansible.module_utils._internal import _errors, _messages, _traceback
    from ansible.module_utils.common.json import Direction, get_module_encoder

    enabled = _traceback.is_traceback_enabled(_traceback.TracebackEvent.ERROR)
    summary = _messages.ErrorSummary(event=_errors.EventFactory.from_exception(error, enabled))
    encoder = get_module_encoder("legacy", Direction.MODULE_TO_CONTROLLER)
    return json.dumps({"failed": True, "exception": summary}, cls=encoder)


# Running


class NeedsWorker(BaseException):
    """A task takes the ordinary way, which begins in a worker. Not an Exception, which would be taken for a failure."""


class _Exit(BaseException):
    """What would end the module's process, which must end the module and not the worker."""

    def __init__(self, status: int) -> None:
        self.status = status


def execute(
    module: Module, arguments: dict[str, Any], environment: dict[str, str], *, timeout: int | None = None
) -> Completed:
    """Run the module and return what it left behind, whatever it does.

    Where the task has a timeout, in a fork: a module that waits for its threads could not be interrupted.
    """
    encoded = _encode(arguments)
    if module.isolated or timeout:
        return _in_fork(lambda: _run(module, encoded, environment))
    return _run(module, encoded, environment)


def _run(module: Module, arguments: bytes, environment: dict[str, str]) -> Completed:
    stdout, stderr = io.StringIO(), io.StringIO()
    with (
        _contained(environment),
        _module_side(arguments),
        contextlib.redirect_stdout(stdout),
        contextlib.redirect_stderr(stderr),
    ):
        status = _call_main(module)
    return Completed(status, stdout.getvalue(), stderr.getvalue())


def _call_main(module: Module) -> int:
    try:
        importlib.import_module(module.import_name).main()
    except SystemExit as leave:
        return leave.code if isinstance(leave.code, int) else int(leave.code is not None)
    except _Exit as leave:
        return leave.status
    except Exception as error:  # noqa: BLE001 - a module's bug is a failed task, whatever it is
        traceback.print_exc()
        sys.stdout.write(_failure(error))
        return 1
    return 0


@contextlib.contextmanager
def _contained(environment: dict[str, str]) -> Iterator[None]:
    """Undo what a module may do to its process, and run its exit handlers when it ends."""
    variables, directory, arguments = os.environ.copy(), os.getcwd(), sys.argv[:]  # noqa: PTH109
    handlers = {number: signal.getsignal(number) for number in DEADLY}
    hook, mask = sys.excepthook, os.umask(0)
    os.umask(mask)
    register = atexit.register
    ends = {(owner, name): getattr(owner, name) for owner, name in ENDS}
    at_exit: list[Callable[[], Any]] = []

    def exit_module(status: int) -> None:
        raise _Exit(status)

    def kill(process: int, number: int) -> None:
        itself = process in (os.getpid(), 0, -1, -os.getpgrp())
        # Who has asked to hear a signal hears it.
        heard = number in DEADLY and signal.getsignal(number) is not handlers[number]
        if itself and number in DEADLY and not heard:
            raise _Exit(128 + number)
        ends[os, "kill"](process, number)

    def remember(function: Callable[..., Any], *args: Any, **kwargs: Any) -> Callable[..., Any]:
        at_exit.append(lambda: function(*args, **kwargs))
        return function

    os.environ.update({name: str(value) for name, value in environment.items()})
    atexit.register = remember  # type: ignore[assignment]
    os._exit, os.kill = exit_module, kill  # type: ignore[assignment]
    os.abort = lambda: kill(os.getpid(), signal.SIGABRT)  # type: ignore[assignment,return-value]
    os.killpg = lambda group, number: kill(-(group or os.getpgrp()), number)
    signal.raise_signal = lambda number: kill(os.getpid(), number)  # type: ignore[assignment]
    try:
        with _nobodys_descriptors(), sessions.in_use():
            yield
    finally:
        atexit.register = register
        for (owner, name), original in ends.items():
            setattr(owner, name, original)
        for function in reversed(at_exit):
            with contextlib.suppress(Exception):
                function()
        os.environ.clear()
        os.environ.update(variables)
        os.chdir(directory)
        os.umask(mask)
        sys.argv[:], sys.excepthook = arguments, hook
        for number, handler in handlers.items():
            if handler is not None and signal.getsignal(number) is not handler:
                signal.signal(number, handler)


@contextlib.contextmanager
def _nobodys_descriptors() -> Iterator[None]:
    """What a module, or its programs, write past sys.stdout is no output of Ansible, nor is Ansible's input theirs."""
    kept = []
    nothing = os.open(os.devnull, os.O_RDWR)
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(Exception):
            stream.flush()
    try:
        for number in range(3):
            with contextlib.suppress(OSError):
                kept.append((os.dup(number), number))
                os.dup2(nothing, number)
        yield
    finally:
        for copy, number in kept:
            os.dup2(copy, number)
            os.close(copy)
        os.close(nothing)


def threads_left_behind() -> int:
    """How many threads would keep this process from ending."""
    return sum(not thread.daemon for thread in threading.enumerate()) - 1


def _in_fork(run: Callable[[], Completed]) -> Completed:
    """Run in a fork of this process: whatever happens there ends there."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        with os.fdopen(writing, "wb") as pipe:
            pickle.dump(run(), pipe)
            pipe.flush()
        os._exit(0)
    os.close(writing)
    try:
        with os.fdopen(reading, "rb") as pipe:
            answer = pipe.read()
    except BaseException:  # The task's time is up.
        os.kill(child, signal.SIGKILL)
        raise
    finally:
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if answer:
        return pickle.loads(answer)
    # As a shell says that a signal has ended it.
    status = status if status >= 0 else 128 - status
    return Completed(status, "", f"The module's process ended with status {status}.")


# Warming up


class Sessions:
    """One boto3 session for all clients of the same settings, and one client of a service for all modules that ask for
    the same: making either takes as long as an API call.

    Nothing is asked for credentials before a client is made, which a module does where it runs.
    """

    def __init__(self) -> None:
        self._kept: dict[tuple[Any, ...], Any] = {}
        self._clients: dict[tuple[Any, ...], Any] = {}
        self.ahead: ReadAhead | None = None
        # Whether this is the parent of all workers, and how often modules were run here.
        self.in_parent = False
        self.uses = 0
        self._original: Any = None
        # A fork must not talk into the connections of the process that it is a fork of.
        os.register_at_fork(after_in_child=self.forget_connections)

    @contextlib.contextmanager
    def in_use(self) -> Iterator[None]:
        """Hand out what is kept where amazon.aws makes a session for each client."""
        self.uses += 1
        try:
            import boto3.session
        except ImportError:
            yield  # The module itself reports what is missing.
            return
        self._original = boto3.session.Session
        boto3.session.Session = self.session  # type: ignore[assignment,misc]
        try:
            if self.ahead is None:
                yield
            else:
                self.ahead.start(self.session, tuple(_sdk_settings()))
                with _noticed(self.ahead):
                    yield
        finally:
            if self.ahead is not None:
                self.ahead.hand_over()
            boto3.session.Session = self._original  # type: ignore[misc]

    def session(self, *args: Any, **options: Any) -> Any:
        if args or options.keys() - {"profile_name"}:
            return self._original(*args, **options)
        key = (options.get("profile_name"), *_sdk_settings())
        if key not in self._kept:
            session = self._original(**options)
            session.client = functools.partial(self._client, key, session.client)
            self._kept[key] = session
        return self._kept[key]

    def _client(self, session: tuple[Any, ...], make: Callable[..., Any], service: str, **options: Any) -> Any:
        config = options.get("config")
        told = {**options, "config": config and config._user_provided_options}
        key = (session, service, repr(sorted(told.items())))
        if key not in self._clients:
            self._clients[key] = make(service, **options)
            how = Client.of(session[0], service, options)
            if self.ahead is not None and how is not None:
                self.ahead.watch(self._clients[key], how, session[1:])
        return self._clients[key]

    def forget_connections(self) -> None:
        for client in self._clients.values():
            client.close()

    def forget(self) -> None:
        """Keep nothing of what was made so far."""
        self.forget_connections()
        self._clients.clear()
        self._kept.clear()


@contextlib.contextmanager
def _noticed(ahead: ReadAhead) -> Iterator[None]:
    """Tell of all calls of all clients, however they were made."""
    from botocore.client import BaseClient

    call = BaseClient._make_api_call
    BaseClient._make_api_call = ahead.noticing(call)
    try:
        yield
    finally:
        BaseClient._make_api_call = call


def _sdk_settings() -> Iterator[Any]:
    """All that the settings of a session and of its clients come from."""
    yield tuple(sorted(item for item in os.environ.items() if SDK_VARIABLE.search(item[0])))
    for variable, default in (("AWS_CONFIG_FILE", "config"), ("AWS_SHARED_CREDENTIALS_FILE", "credentials")):
        path = Path(os.environ.get(variable) or Path.home() / ".aws" / default)
        with contextlib.suppress(OSError):
            state = path.expanduser().stat()
            yield (str(path), state.st_mtime_ns, state.st_size)


sessions = Sessions()


def show_at_once() -> None:
    """Have each line reach a pipe or a file as it is shown, as it reaches a terminal.

    ansible-core leaves lines in a buffer until it forks; a wait that tells of its progress forks nothing meanwhile, and
    neither does a task that runs in the parent.
    """
    with contextlib.suppress(AttributeError, OSError, ValueError):
        sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]


def warm_up(*, models: bool = True) -> None:
    """Import once, in the parent of all workers, what every AWS module imports, and read the models that most need.

    Where the parent runs modules itself, it reads models as it needs them.
    """
    if CORE not in KNOWN_CORES:
        return
    try:
        import botocore.session
        from ansible_collections.amazon.aws.plugins.module_utils import modules  # noqa: F401
        from ansible_collections.slipway.aws.plugins.module_utils import core  # noqa: F401
        from botocore.exceptions import BotoCoreError
        from botocore.loaders import Loader, create_loader
    except ImportError:
        return  # The module itself reports what is missing.
    if getattr(botocore.session.create_loader, "shared", False):
        return
    loaders: dict[str | None, Loader] = {}

    def shared_loader(search_path: str | None = None) -> Loader:
        """One loader for all sessions: a model that was read once is not read again."""
        if search_path not in loaders:
            loaders[search_path] = create_loader(search_path)
        return loaders[search_path]

    shared_loader.shared = True  # type: ignore[attr-defined]
    botocore.session.create_loader = shared_loader
    # Settings that the SDK cannot read are an error of the module that needs them.
    with contextlib.suppress(BotoCoreError, ValueError), sessions.in_use():
        session = sessions.session(profile_name=None)
        for service in WARM_SERVICES if models else ():
            session.client(service, region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="x")
    _freeze()


def prepare(action_name: str) -> None:
    """Import a module in the parent of the workers that are about to run it."""
    if CORE in KNOWN_CORES and action_name.startswith(IN_WORKER):
        module = Module(action_name, "")
        if module.import_name not in sys.modules:
            # What does not import fails in the worker, as ever.
            with contextlib.suppress(Exception):
                importlib.import_module(module.import_name)
            _freeze()


def prepare_filters() -> None:
    """Import this collection's filters: to find one of them, ansible-core imports them all."""
    from ansible.plugins.loader import filter_loader

    filter_loader.get("slipway.aws.planned")
    _freeze()


def _freeze() -> None:
    """Leave what is loaded now to this process and its workers alike.

    A worker lives for one task, and looking for garbage would copy each page that it shares with its parent.
    """
    gc.freeze()
    gc.set_threshold(100_000, 50, 100)
