# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the CPU time of a run goes: what C(sampler.py) wrote, added up by what the code was doing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

#: As in sampler.py, which is run as a program: CPU seconds for each sample.
INTERVAL = 0.004

#: The first rule that matches a frame decides; frames are asked from the innermost to the outermost, rule by rule.
#: Rules are in order of precedence: an import is an import wherever it happens.
RULES: list[tuple[str, tuple[str, ...]]] = [
    (
        "importing and compiling Python files",
        (
            "<frozen importlib._bootstrap>",
            "_collection_finder.py",
            "plugins/loader.py:PluginLoader._load_module_source",
        ),
    ),
    (
        "compiling templates",
        (
            "jinja2/compiler.py",
            "jinja2/parser.py",
            "jinja2/lexer.py",
            "Environment._compile",
            "TemplateEngine._compile",
        ),
    ),
    (
        "making clients of AWS services",
        ("Session.create_client", "botocore/loaders.py", "botocore/client.py:ClientCreator", "boto3_conn"),
    ),
    ("API calls: requests and answers", ("BaseClient._make_api_call", "botocore/paginate.py", "botocore/endpoint.py")),
    (
        "our filters",
        (
            "plugins/filter/",
            "plugins/plugin_utils/data.py",
            "plugins/plugin_utils/alarms.py",
            "plugins/plugin_utils/dashboards.py",
            "plugins/plugin_utils/edge.py",
            "plugins/plugin_utils/waf.py",
        ),
    ),
    ("modules: arguments, comparing, results", ("plugin_utils/direct.py:_call_main",)),
    ("checking roles' inputs", ("action/validate_argument_spec.py",)),
    ("evaluating templates", ("ansible/_internal/_templating", "jinja2/", "ansible/template/")),
    (
        "passing results to the parent",
        ("task_queue_manager.py:FinalQueue", "_multiprocessing", "multiprocessing/queues.py"),
    ),
    ("variables of hosts and tasks", ("ansible/vars/",)),
    ("ansible-core: running a task in a worker", ("process/worker.py:WorkerProcess.run",)),
    ("forking workers", ("WorkerProcess.start",)),
    ("reading playbooks, roles and inventory", ("ansible/parsing/", "ansible/playbook/", "ansible/inventory/")),
    ("showing results", ("plugins/callback", "utils/display.py")),
]
RULES.append(("in threads: API calls that run side by side", ("(other threads)",)))
OTHER = "ansible-core: the rest"


@dataclass
class Profile:
    """CPU seconds by kind of work, by task, and by function (the time within it and what it calls)."""

    kinds: Counter[str] = field(default_factory=Counter)
    in_workers: Counter[str] = field(default_factory=Counter)
    tasks: Counter[str] = field(default_factory=Counter)
    functions: Counter[str] = field(default_factory=Counter)
    workers: int = 0

    @property
    def total(self) -> float:
        return sum(self.kinds.values())


def kind(stack: list[str]) -> str:
    """What code with this stack, innermost frame first, is doing."""
    for name, marks in RULES:
        for frame in stack:
            if any(mark in frame for mark in marks):
                return name
    return OTHER


def read(folder: Path) -> Profile:
    """Add up the files that a run left."""
    profile = Profile()
    for file in folder.glob("*.stacks"):
        process, *lines = file.read_text(encoding="utf-8").splitlines()
        profile.workers += process == "worker"
        for line in lines:
            count, task, text = line.split("\t")
            seconds, stack = int(count) * INTERVAL, text.split(";")
            profile.kinds[kind(stack)] += seconds
            if process == "worker":
                profile.in_workers[kind(stack)] += seconds
            if task:
                profile.tasks[task] += seconds
            for frame in {_short(frame) for frame in stack}:
                profile.functions[frame] += seconds
    return profile


def table(profile: Profile, tasks: int = 0, functions: int = 0) -> Iterator[str]:
    """The profile as Markdown."""
    yield "| what the CPU does | s | share | of it in workers |"
    yield "|---|---:|---:|---:|"
    for name, seconds in profile.kinds.most_common():
        yield f"| {name} | {seconds:.2f} | {seconds / profile.total:.0%} | {profile.in_workers[name]:.2f} |"
    yield f"| all | {profile.total:.2f} | | {sum(profile.in_workers.values()):.2f} |"
    for title, counter, number in (("task", profile.tasks, tasks), ("function", profile.functions, functions)):
        if number:
            yield ""
            yield f"| {title} | s |"
            yield "|---|---:|"
            yield from (f"| {name} | {seconds:.2f} |" for name, seconds in counter.most_common(number))


def _short(frame: str) -> str:
    path, _colon, name = frame.rpartition(":")
    return f"{'/'.join(path.split('/')[-2:])}:{name}"
