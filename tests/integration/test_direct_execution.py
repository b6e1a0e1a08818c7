# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Direct execution shows what the ordinary way shows, and a module that misbehaves harms no other task."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible_collections.amazon.aws.plugins.module_utils import modules as amazon_modules
from ansible_collections.slipway.aws.plugins.plugin_utils import compiled

from .harness import ROOT, Aws

HERE = Path(__file__).parent / "direct"
IN_PROCESS = "In this process: "


EVERY = ("network", "services")


def play(playbook: str, *arguments: str, direct: bool, **environment: str) -> str:
    """What ansible-playbook prints for one of the plays here."""
    completed = subprocess.run(
        ["ansible-playbook", str(HERE / playbook), "-e", f"slipway_aws_direct={direct}", *arguments],
        env={**os.environ, "ANSIBLE_CONFIG": str(ROOT / "ansible.cfg"), "ANSIBLE_NOCOLOR": "1", **environment},
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=900,
    )
    return completed.stdout + completed.stderr


def normalised(output: str) -> list[str]:
    """The lines, without what differs between two runs of anything."""
    output = re.sub(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", "<uuid>", output)
    output = re.sub(r"date: .* GMT", "date: <date>", output)
    output = re.sub(r"\b\d{12}\b", "<account>", output)
    output = re.sub(r"\b(sg|vpc)-[0-9a-f]+", r"\1-<id>", output)
    # Where a task was when its time ran out: the ordinary way waits for another process.
    output = re.sub(r"^ +frame: (.*\n)(?: {8,}.*\n)*", "", output, flags=re.MULTILINE)
    return sorted(output.splitlines())


def test_what_is_shown_is_the_same(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    arguments = ("-i", str(HERE / "inventory.yml"), "-v")
    ordinary = play("same.yml", *arguments, direct=False)
    Aws(aws.server, monkeypatch)  # the second run, too, finds an empty account
    direct = play("same.yml", *arguments, direct=True)
    assert normalised(direct) == normalised(ordinary)
    assert "failed=0" in direct
    assert "unreachable=0" in direct


def caller(*arguments: str) -> str:
    """What a module of amazon.aws shows that is run by itself."""
    completed = subprocess.run(
        ["ansible", "localhost", "-m", "amazon.aws.aws_caller_info", "-vvv", *arguments],
        env={**os.environ, "ANSIBLE_CONFIG": str(ROOT / "ansible.cfg"), "ANSIBLE_NOCOLOR": "1"},
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=True,
        timeout=300,
    )
    return completed.stdout


@pytest.mark.parametrize("direct", [True, False])
def test_a_module_of_another_collection_runs_in_the_worker(direct: bool, aws: Aws) -> None:
    output = caller("-e", f"slipway_aws_direct={direct}")
    assert output.count(IN_PROCESS) == int(direct)
    assert aws.account_id in output


def test_a_module_that_misbehaves_harms_no_other_task(aws: Aws) -> None:
    collections = f"{HERE / 'collections'}:{os.environ['ANSIBLE_COLLECTIONS_PATH']}"
    inventory = ("-i", "bad,good", "-c", "local", "-e", "ansible_python_interpreter={{ansible_playbook_python}}")
    output = play("misbehaviour.yml", *inventory, "-vvv", direct=True, ANSIBLE_COLLECTIONS_PATH=collections)
    assert output.count(IN_PROCESS) == 22
    recap = dict(re.findall(r"^(bad|good) .*(failed=\d.*)$", output, re.MULTILINE))
    assert recap["good"].startswith("failed=0")
    assert "ignored=0" in recap["good"]
    assert recap["bad"].startswith("failed=0")
    assert "ignored=1" in recap["bad"]
    assert "a bug in a module" in output
    assert "dead state" not in output
    assert "left_behind: 'yes'" not in output.split("TASK [Work on]")[1]


def our_collection(folder: Path, *instead: str) -> str:
    """A collections path with a copy of this collection, but for some folders of plugins and roles."""
    ours = folder / "ansible_collections" / "slipway" / "aws"
    (ours / "plugins").mkdir(parents=True)
    (ours / "roles").mkdir()
    for source in [*(ROOT / "plugins").iterdir(), ROOT / "meta", ROOT / "galaxy.yml"]:
        beside = ours / "plugins" if source.parent.name == "plugins" else ours
        if source.name not in instead:
            (beside / source.name).symlink_to(source)
    return f"{folder}:{os.environ['ANSIBLE_COLLECTIONS_PATH']}"


@pytest.mark.parametrize("strategy", ["linear", "free"])
def test_plays_go_the_same_way(strategy: str, aws: Aws, tmp_path: Path) -> None:
    """Blocks, handlers, batches, ended hosts and fatal failures, with tasks that need no worker."""
    collections = our_collection(tmp_path)
    (tmp_path / "ansible_collections" / "slipway" / "aws" / "roles" / "flowing").symlink_to(HERE / "flowing")
    told = ("-i", "one,two", "-c", "local", "-e", "ansible_python_interpreter={{ansible_playbook_python}}", "-v")
    environment = {"ANSIBLE_COLLECTIONS_PATH": collections, "AWS_DEFAULT_REGION": "us-east-1"}
    environment["ANSIBLE_STRATEGY"] = strategy
    warm = play("flow.yml", *told, direct=True, **environment)
    cold = play("flow.yml", *told, direct=False, ANSIBLE_CALLBACKS_ENABLED="ansible.builtin.minimal", **environment)
    assert shown_by_task(warm) == shown_by_task(cold)
    assert "told by one" in warm
    assert re.search(r"^one .*failed=1 .*rescued=1 +ignored=1", warm, re.MULTILINE), warm[-3000:]
    assert re.search(r"^two .*failed=0 .*rescued=1 +ignored=1", warm, re.MULTILINE), warm[-3000:]
    assert "RUNNING HANDLER [slipway.aws.flowing : Handle]" in warm


@pytest.mark.parametrize("hosts", ["bad,good", "bad,"], ids=["in workers", "in the parent"])
def test_a_module_of_ours_that_misbehaves_harms_no_other_task(hosts: str, aws: Aws, tmp_path: Path) -> None:
    """In the worker itself, or without one, with os._exit, signals to itself and all."""
    collections = our_collection(tmp_path, "modules", "action")
    modules = tmp_path / "ansible_collections" / "slipway" / "aws" / "plugins" / "modules"
    actions = modules.with_name("action")
    tasks = modules.parents[1] / "roles" / "misbehaving" / "tasks"
    for folder in (modules, actions, tasks):
        folder.mkdir(parents=True)
    community = HERE / "collections" / "ansible_collections" / "community" / "aws" / "plugins" / "modules"
    (modules / "misbehave.py").symlink_to(community / "misbehave.py")
    (actions / "misbehave.py").symlink_to(ROOT / "plugins" / "action" / "sns_topics.py")
    playbook = tmp_path / "misbehaviour.yml"
    text = (HERE / "misbehaviour.yml").read_text(encoding="utf-8").replace("community.aws.", "slipway.aws.")
    (written,) = yaml.safe_load(text)
    misbehave, work_on = written.pop("tasks")
    items = misbehave.pop("loop")
    if hosts == "bad,":  # Only tasks of roles, without loops, stay in the parent.
        named = [{**misbehave, "name": item, "slipway.aws.misbehave": {"how": item}} for item in items]
        (tasks / "main.yml").write_text(yaml.safe_dump([*named, work_on]), encoding="utf-8")
        written["roles"] = ["slipway.aws.misbehaving"]
    else:
        written["tasks"] = [{**misbehave, "loop": items}, work_on]
    playbook.write_text(yaml.safe_dump([written]), encoding="utf-8")
    inventory = ("-i", hosts, "-c", "local", "-e", "ansible_python_interpreter={{ansible_playbook_python}}")
    shown = {
        direct: play(str(playbook), *inventory, "-vvv", direct=direct, ANSIBLE_COLLECTIONS_PATH=collections)
        for direct in (True, False)
    }
    runs = (len(items) + 1) * (2 if hosts == "bad,good" else 1)
    assert (shown[True].count(IN_PROCESS), shown[False].count(IN_PROCESS)) == (runs, 0)
    stays = hosts == "bad," and compiled.CORE in compiled.KNOWN_CORES
    assert shown[True].count("Without a worker of its own") == (runs if stays else 0)
    told = r"^(?:ok|changed|failed|fatal): .*? =>|^ *rc: \d+|^(?:bad|good) .*|left_behind: .*"
    with_direct, without = (sorted(re.findall(told, shown[direct], re.MULTILINE)) for direct in (True, False))
    assert with_direct == without
    statuses = {status for line in with_direct for status in re.findall(r"rc: (\d+)", line)}
    # Some versions of ansible-core say 1 of an exception.
    assert statuses - {"1"} == {"3", "7", "134", "137"}
    assert "left_behind: heard" in with_direct
    assert "dead state" not in shown[True]
    # Not on the terminal, past everything that shows results.
    assert "\nnot a result" not in shown[True]


@pytest.mark.parametrize("direct", [True, False])
def test_an_interrupt_ends_a_run_at_once(direct: bool, aws: Aws) -> None:
    """Also where a module runs without a worker, and its threads wait for an AWS that does not answer."""
    playbook, inventory = ROOT / "playbooks" / "validate.yml", ROOT / "inventories" / "dev"
    told = ("-i", str(inventory), "-e", f"stack_account_id={aws.account_id}", "-e", f"slipway_aws_direct={direct}")
    with socket.create_server(("127.0.0.1", 0)) as silent:
        silent.settimeout(120)
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        environment = {**os.environ, **aws.environment(), "AWS_ENDPOINT_URL_EC2": url}
        environment |= {"ANSIBLE_CONFIG": str(ROOT / "ansible.cfg"), "SLIPWAY_AWS_READ_AHEAD": "false"}
        run = subprocess.Popen(
            # In the background a shell has programs ignore interrupts.
            ["env", "--default-signal=INT", "ansible-playbook", str(playbook), *told],
            env=environment,
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        try:
            asked = [silent.accept() for _thread in range(2)]
            # As a terminal does: to all that belong to the run.
            os.killpg(run.pid, signal.SIGINT)
            # The module itself would wait for a minute, eight times.
            output, _nothing = run.communicate(timeout=300)
        finally:
            run.kill()
    assert len(asked) == 2
    assert "User interrupted execution" in output, output[-2000:]
    assert run.returncode == 99


def test_an_interpreter_of_another_name_takes_the_ordinary_way(aws: Aws) -> None:
    # The same file: which Python an interpreter is, nobody knows from its name.
    output = caller("-e", f"ansible_python_interpreter={Path(sys.executable).with_name('python3')}")
    assert IN_PROCESS not in output
    assert "not the controller's own" in output


def test_an_unknown_ansible_core_takes_the_ordinary_way(aws: Aws, tmp_path: Path) -> None:
    """It is told so, and the play is the same."""
    newer = "import ansible.release\nansible.release.__version__ = '2.99.0'\n"
    (tmp_path / "sitecustomize.py").write_text(newer, encoding="utf-8")
    playbook, inventory = ROOT / "playbooks" / "validate.yml", ROOT / "inventories" / "dev"
    output = play(
        str(playbook),
        *("-i", str(inventory), "-e", f"stack_account_id={aws.account_id}", "-vvv"),
        direct=True,
        PYTHONPATH=str(tmp_path),
    )
    assert "ansible-core 2.99.0 is not known to direct execution" in output
    assert IN_PROCESS not in output
    assert "Without a worker of its own" not in output
    assert re.search(r"^dev .*unreachable=0 +failed=0", output, re.MULTILINE), output[-2000:]


def modules_in(node: Any) -> Iterator[str]:
    """The AWS modules that tasks anywhere below a YAML node run."""
    if isinstance(node, dict):
        yield from (key for key in node if re.fullmatch(r"(slipway|amazon|community)\.aws\.[a-z0-9_]+", str(key)))
        for value in node.values():
            yield from modules_in(value)
    elif isinstance(node, list):
        for value in node:
            yield from modules_in(value)


def modules_of(*patterns: str) -> set[str]:
    files = [path for pattern in patterns for path in sorted(ROOT.glob(pattern))]
    return {module for path in files for module in modules_in(yaml.safe_load(path.read_text(encoding="utf-8")))}


def shown_by_task(output: str) -> list[tuple[str, list[str]]]:
    """What is shown of each task, in order, without what differs between two accounts and two moments."""
    for pattern, replacement in (
        (r"^  \[\w+\] .*\n", ""),  # How far a wait has come.
        # Where an exception came from: the ordinary way has the module in an archive.
        (r"(?<=Traceback \(most recent call last\):\n)(?:.*\n)*?(?= *TypeError: )", ""),
        (r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", "<uuid>"),
        (r"\b\d{12}\b", "<account>"),
        (r"\b([a-z]+-|[a-z]+-[a-z]+-|)[0-9a-f]{8,64}\b", r"\1<id>"),
        (r"\b[A-Z0-9]{13,26}\b|\bd[a-z0-9]{12,14}(?=\.cloudfront)|(?<=scalable-target/)\w+|\b\d{13,}\b", "<id>"),
        (r"(:secret:[\w/]+-)\w{6}\b", r"\1<id>"),
        (r"(service-(?:deployment|revision)/\w+/\w+/)[\w-]+", r"\1<id>"),
        (r"\b127(\.\d+){3}\b|\b02(:[0-9a-f]{2}){5}\b|(?<=every\.)\w+(?=\.use1\.cache)", "<address>"),
        (r"\bseconds: [\d.]+$", "seconds: <seconds>"),
        (r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?(Z|\+\d\d:\d\d)?", "<time>"),
    ):
        output = re.sub(pattern, replacement, output, flags=re.MULTILINE)
    parts = re.split(r"^(TASK \[.*\]) \**$", output, flags=re.MULTILINE)
    return [(name, lines.splitlines()) for name, lines in zip(parts[1::2], parts[2::2], strict=True)]


#: What each task of a pass says about how its module is run; the playbook says the rest for all of them.
SAID: dict[str, dict[str, Any]] = {
    # Both items run in the same process: nothing of the first may reach the second.
    "run": {
        "loop": ["predict", "run"],
        "loop_control": {"label": "{{ item }} it"},
        "check_mode": "{{ item == 'predict' }}",
        "diff": True,
        "register": "ran",
        "run_once": True,
        "module_defaults": {"group/slipway.aws.aws": {"region": "us-east-1"}},
        "environment": {"AWS_MAX_ATTEMPTS": "3"},
    },
    # With a time limit the module runs in a fork of the worker. It does retry.
    "fail": {"timeout": 600, "register": "tried", "until": "tried.attempts > 1", "retries": 1, "delay": 0},
    "refuse": {"delegate_to": "localhost", "no_log": True},
}
#: Each module meets an exception that nothing handles.
BROKEN = {"aws_config": {"nonsense": True}}
LATE_PLAY = "PLAY [Run out of time]"
#: Each module runs out of time. The ordinary way leaves it behind, where it must not wait for long.
LATE = {"aws_config": {"connect_timeout": 2, "read_timeout": 2, "retries": {"max_attempts": 0}}}
#: What each module is told to be refused, besides its own arguments; the region twice is a warning.
REFUSED = {"nonsense": True, "region": "us-east-1", "aws_region": "us-east-1"}


def write_late(silent_url: str, folder: Path) -> None:
    """The inventory of all modules as hosts, and what each of them does."""
    files = {group: HERE / "every" / f"{group}.yml" for group in EVERY}
    hosts: dict[str, dict[str, None]] = {group: {} for group in EVERY}
    for group, file in files.items():
        for task in yaml.safe_load(file.read_text(encoding="utf-8")):
            (module,) = (key for key in task if "." in key)
            said = {"timeout": 1, "environment": {"AWS_ENDPOINT_URL": silent_url}, "ignore_errors": True}
            late = {"name": f"late {module}", module: {**(task[module] or {}), **LATE}, **said}
            (folder / f"late_{module}.yml").write_text(yaml.safe_dump([late]), encoding="utf-8")
            hosts[group][module] = None
    children = {f"late_{group}": {"hosts": hosts[group]} for group in EVERY}
    inventory = {"all": {"children": {"late": {"children": children}}}}
    (folder / "late.yml").write_text(yaml.safe_dump(inventory), encoding="utf-8")


def with_deprecations(folder: Path) -> Path:
    """A collections path where all modules of amazon.aws, and ours which build on them, deprecate something."""
    original = Path(amazon_modules.__file__).parents[2]
    copy = folder / "ansible_collections" / "amazon" / "aws"
    changed = copy / "plugins" / "module_utils" / "modules.py"
    changed.parent.mkdir(parents=True)
    for level in (copy, changed.parents[1], changed.parent):
        for source in (original / level.relative_to(copy)).iterdir():
            if not (level / source.name).exists() and source.name not in (changed.name, "__pycache__"):
                (level / source.name).symlink_to(source)
    text = (original / changed.relative_to(copy)).read_text(encoding="utf-8")
    told = "f'All of {self._module._name} is deprecated', version='99.0.0', collection_name='amazon.aws'"
    after = 'self._module = AnsibleAWSModule.default_settings["module_class"](**kwargs)\n'
    assert text.count(after) == 1
    changed.write_text(text.replace(after, f"{after}        self._module.deprecate({told})\n"), encoding="utf-8")
    return folder


def write_pass(name: str, group: str, folder: Path) -> None:
    """The tasks of a group of modules with what this pass says."""
    written = []
    for task in yaml.safe_load((HERE / "every" / f"{group}.yml").read_text(encoding="utf-8")):
        (module,) = (key for key in task if "." in key)
        if name == "refuse":
            # What is not shown is the same, too.
            name_of = f"refused_{len(written)}"
            told = {**SAID[name], "register": name_of}
            written.append({"name": task["name"], module: {**(task[module] or {}), **REFUSED}, **told})
        else:
            told = BROKEN if name == "fail" else {}
            written.append({**task, module: {**(task[module] or {}), **told}, **SAID[name]})
    if name == "refuse":
        shown = [f"{{{{ {task['register']}.msg }}}} {{{{ {task['register']}.warnings }}}}" for task in written]
        written.append({"name": "why", "ansible.builtin.debug": {"msg": shown}})
    (folder / f"{group}_{name}.yml").write_text(yaml.safe_dump(written, sort_keys=False), encoding="utf-8")


def test_every_module_of_the_roles_and_playbooks_shows_the_same(
    aws: Aws, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Predicted with differences, run, failing, retried, refused, late and deprecated: each module, both ways."""
    used = modules_of("roles/*/tasks/**/*.yml", "roles/*/handlers/**/*.yml", "playbooks/*.yml")
    covered = modules_of("tests/integration/direct/every/*.yml")
    assert used - covered == set(), "add a task for each to tests/integration/direct/every"
    for group in EVERY:
        for name in SAID:
            write_pass(name, group, tmp_path)
    collections = f"{with_deprecations(tmp_path)}:{os.environ['ANSIBLE_COLLECTIONS_PATH']}"

    def run(host: str, direct: bool, account: str) -> str:
        inventories = ("-i", str(HERE / "every_module_inventory.yml"), "-i", str(tmp_path / "late.yml"))
        told = (*inventories, "--limit", f"{host}:late_{host}", "-f", "16", "-e", f"passes={tmp_path}", "-v")
        environment = {"AWS_ACCESS_KEY_ID": account, "ANSIBLE_COLLECTIONS_PATH": collections}
        return play("every_module.yml", *told, direct=direct, **environment)

    accounts = [Aws(aws.server, monkeypatch).account_id for _run in range(2 * len(EVERY))]
    with socket.create_server(("127.0.0.1", 0), backlog=256) as silent, ThreadPoolExecutor(2) as pool:
        write_late(f"http://127.0.0.1:{silent.getsockname()[1]}", tmp_path)
        runs = [pool.submit(run, host, direct, accounts.pop()) for direct in (False, True) for host in EVERY]
        ordinary, direct = [run.result() for run in runs[:2]], [run.result() for run in runs[2:]]
    for without, with_direct in zip(ordinary, direct, strict=True):
        assert "failed=0" in with_direct, with_direct[-3000:]
        before, _heading, _after = with_direct.partition("TASK [Fail]")
        assert not re.search(r"^(fatal|failed): ", before, re.MULTILINE), "what fails is meant to fail, and no other"
        (one_by_one, late), (others, others_late) = (output.split(LATE_PLAY) for output in (with_direct, without))
        for one, other in zip(shown_by_task(one_by_one), shown_by_task(others), strict=True):
            assert one == other
        # Who is late first is a matter of chance.
        told, expected = ([line for line in normalised(part) if "TASK [" not in line] for part in (late, others_late))
        assert told == expected
    # Each meets an exception twice, is late, deprecates something and is refused what it does not know.
    unbroken = re.sub(r"\s+", " ", "".join(direct))
    assert len(re.findall(r"^(?:fatal|failed): ", "".join(direct), re.MULTILINE)) >= 3 * len(covered)
    assert unbroken.count("FAILED - RETRYING") >= len(covered)
    assert len(re.findall(r"Timed out after 1 second|expected time frame \(1\)", unbroken)) >= len(covered)
    assert {module for module in covered if f"All of {module} is deprecated" in unbroken} == covered
    assert unbroken.count("Unsupported parameters for") >= len(covered)
    assert unbroken.count("alias aws_region are set") >= len(covered)
