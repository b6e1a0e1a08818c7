# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run ansible-test sanity on the checkout, and fail when it checked less than everything.

ansible-test wants a real path ending in ansible_collections/slipway/aws, a repository of its own there, the collections
that ours depends on beside it, and a file from the network to install pip. So: a copy, ``git init``, a link, a
stand-in. What it installs is kept under build/sanity, so that later runs are quick. Further arguments go to
ansible-test: ``python tools/run_sanity.py --test validate-modules``.
"""

from __future__ import annotations

import ast
import configparser
import os
import re
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BUILD = ROOT / "build" / "sanity"
HOME = BUILD / "home"
COLLECTIONS = BUILD / "ansible_collections"

#: ansible-core 2.19 has 24 sanity tests that apply to a collection; far fewer means that something was not looked at.
LEAST_TESTS = 20

#: Installs pip from the wheel that comes with Python, and what it is told to, as the downloaded script would.
GET_PIP = """\
import subprocess
import sys

packages = [argument for argument in sys.argv[1:] if not argument.startswith("-")]
subprocess.check_call([sys.executable, "-m", "ensurepip", "--default-pip"], stdout=subprocess.DEVNULL)
subprocess.check_call([sys.executable, "-m", "pip", "install", "--quiet", *packages])
"""
#: The names under which ansible-core 2.17 to 2.21 look for it before they download.
GET_PIP_NAMES = ("get_pip_23_1_2.py", "get_pip_24_2.py", "get_pip_25_2.py")


def pip_settings() -> str:
    """The pip settings in force as one pip.conf: ansible-test hides the environment and we hide the home directory."""
    listed = subprocess.run(
        [sys.executable, "-m", "pip", "config", "list"], stdout=subprocess.PIPE, text=True, check=True
    ).stdout
    settings = configparser.RawConfigParser()
    for line in listed.splitlines():
        name, _equals, value = line.partition("=")
        section, _dot, option = name.rpartition(".")
        section = "global" if section == ":env:" else section
        if not settings.has_section(section):
            settings.add_section(section)
        settings[section][option] = str(ast.literal_eval(value)).replace("\n", " ")
    lines = [
        f"[{name}]\n" + "".join(f"{key} = {value}\n" for key, value in settings[name].items()) for name in settings
    ]
    return "\n".join(lines[1:])


def prepare_home() -> None:
    """A home directory in which ansible-test finds all it would fetch."""
    cache = HOME / ".ansible" / "test" / "cache"
    cache.mkdir(parents=True, exist_ok=True)
    for name in GET_PIP_NAMES:
        (cache / name).write_text(GET_PIP, encoding="utf-8")
    pip = HOME / ".config" / "pip"
    pip.mkdir(parents=True, exist_ok=True)
    (pip / "pip.conf").write_text(pip_settings(), encoding="utf-8")


def copy_checkout() -> Path:
    """Copy what git would commit, into a repository of its own: inside ours ansible-test would see nothing."""
    copy = COLLECTIONS / "slipway" / "aws"
    shutil.rmtree(COLLECTIONS, ignore_errors=True)
    copy.mkdir(parents=True)
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    ).stdout
    for name in filter(None, listed.split("\0")):
        source = ROOT / name
        if source.exists():  # not when it is deleted and the deletion is not committed
            (copy / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, copy / name, follow_symlinks=False)
    subprocess.run(["git", "init", "--quiet"], cwd=copy, check=True)
    dependency = find_spec("ansible_collections.amazon.aws")
    assert dependency is not None, "amazon.aws is not installed"
    assert dependency.submodule_search_locations, dependency
    (COLLECTIONS / "amazon").mkdir()
    (COLLECTIONS / "amazon" / "aws").symlink_to(next(iter(dependency.submodule_search_locations)))
    return copy


def tests_in(output: str) -> set[str]:
    """The sanity tests that an output says were run."""
    return set(re.findall(r'^Running sanity test "([^"]+)"', output, re.MULTILINE))


def judge(output: str, only_some: bool) -> str:
    """What ansible-test did not check although it says that all is well; nothing when it checked all."""
    tests = tests_in(output)
    if "All targets skipped" in output:
        return "ansible-test skipped everything."
    if not tests:
        return "no sanity test ran."
    if not only_some and len(tests) < LEAST_TESTS:
        return f"only {len(tests)} sanity tests ran, at least {LEAST_TESTS} were expected."
    return ""


def main() -> int:
    """Run the tests that are asked for, or all, and judge what was run."""
    prepare_home()
    copy = copy_checkout()
    python = f"{sys.version_info.major}.{sys.version_info.minor}"
    command = ["ansible-test", "sanity", "--local", "--python", python, "--color", "no", *sys.argv[1:]]
    environment = {**os.environ, "HOME": str(HOME), "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    for name in ("ANSIBLE_CONFIG", "ANSIBLE_COLLECTIONS_PATH"):
        environment.pop(name, None)
    process = subprocess.Popen(
        command, cwd=copy, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    assert process.stdout is not None
    lines = []
    for line in process.stdout:
        lines.append(line)
        print(line, end="", flush=True)
    if status := process.wait():
        return status
    problem = judge("".join(lines), only_some=bool(sys.argv[1:]))
    print(f"FAILED: {problem}" if problem else f"{len(tests_in(''.join(lines)))} sanity tests passed.")
    return 1 if problem else 0


if __name__ == "__main__":
    sys.exit(main())
