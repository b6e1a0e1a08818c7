# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run every Molecule scenario, and fail when one was not run to its end.

Molecule's exit status says nothing about a scenario that it did not see, or an action whose playbook is missing. Its
report is compared with the folders of extensions/molecule and the sequence in config.yml.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests" / "servers"))

from real_servers.ports import free_port  # noqa: E402

MOLECULE = ROOT / "extensions" / "molecule"
BUILD = ROOT / "build" / "molecule"
#: The port of the last run, needed to stop a local AWS that a killed run left behind.
PORT_FILE = BUILD / "port"

RECAP = re.compile(
    r"^(?P<name>\S+) *: actions=(?P<actions>\d+) +successful=(?P<successful>\d+) +disabled=(?P<disabled>\d+)"
    r" +skipped=(?P<skipped>\d+) +missing=(?P<missing>\d+) +failed=(?P<failed>\d+)",
    re.MULTILINE,
)


def judge(report: str, scenarios: Iterable[str], actions: int) -> list[str]:
    """What a report lacks: every scenario must have run all actions of the sequence with success."""
    found = {match["name"]: match for match in RECAP.finditer(report)}
    problems = []
    for scenario in sorted(scenarios):
        match = found.get(scenario)
        if match is None:
            problems.append(f"{scenario}: not in Molecule's report")
        elif scenario != "default" and int(match["successful"]) != actions:
            problems.append(f"{scenario}: {match['successful']} of {actions} actions were successful")
    return problems


def molecule(*arguments: str, port: str) -> tuple[int, str]:
    """Run molecule, show what it prints, and return it."""
    environment = {**os.environ, "SLIPWAY_MOLECULE_PORT": port}
    process = subprocess.Popen(
        ["molecule", *arguments],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert process.stdout is not None
    lines = []
    for line in process.stdout:
        lines.append(line)
        print(line, end="", flush=True)
    return process.wait(), re.sub(r"\x1b\[[0-9;]*m", "", "".join(lines))


def main() -> int:
    """Run the scenarios, or those that are named, and judge the report."""
    BUILD.mkdir(parents=True, exist_ok=True)
    scenarios = {path.name for path in MOLECULE.iterdir() if path.is_dir()}
    wanted = ["--all"]
    if named := sys.argv[1:]:
        scenarios &= {"default", *named}
        wanted = [f"--scenario-name={name}" for name in sorted(scenarios, key=lambda name: name != "default")]
    sequence = yaml.safe_load((MOLECULE / "config.yml").read_text(encoding="utf-8"))["scenario"]["test_sequence"]
    if PORT_FILE.exists():
        # A run that was killed: Molecule believes that its local AWS is there.
        molecule("destroy", "--scenario-name", "default", port=PORT_FILE.read_text(encoding="utf-8"))
    port = str(free_port())
    PORT_FILE.write_text(port, encoding="utf-8")
    status = 1
    try:
        status, report = molecule("test", *wanted, "--report", port=port)
    finally:
        if status:
            molecule("destroy", "--scenario-name", "default", port=port)
        PORT_FILE.unlink()
    problems = judge(report, scenarios, len(sequence))
    for problem in problems:
        print(f"FAILED: {problem}")
    if not status and not problems:
        print(f"{len(scenarios) - 1} scenarios passed, each with {', '.join(sequence)}.")
    return status or bool(problems)


if __name__ == "__main__":
    sys.exit(main())
