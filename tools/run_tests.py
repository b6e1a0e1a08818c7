# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run the stages of `make test`, two at a time, and sum up.

The whole output of a stage goes to build/test/<stage>.log; its last lines are shown, more of them when it fails. With
names of stages as arguments only those run.
"""

from __future__ import annotations

import os
import queue
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LOGS = ROOT / "build" / "test"
BIN = Path(sys.executable).parent

Command = tuple[str, ...]
PYTEST = ("python", "-m", "pytest", "-q", "-p", "no:cacheprovider", "--durations=10")
SITE = "tests/integration/test_site.py"
#: What runs whole playbooks and roles, and rotates secrets: about half of the time of all integration tests.
OPERATIONS = tuple(
    str(path.relative_to(ROOT))
    for kind in (
        "bad_input",
        "data",
        "deploy",
        "direct",
        "rds_postgres",
        "role_",
        "roles_",
        "secretsmanager",
        "sites",
        "status",
        "warm_up",
    )
    for path in sorted((ROOT / "tests" / "integration").glob(f"test_{kind}*.py"))
)

#: The longest first, so that the shorter ones fill the gaps.
STAGES: dict[str, list[Command]] = {
    "operations": [(*PYTEST, *OPERATIONS)],
    "integration": [(*PYTEST, "tests/integration", *(f"--ignore={path}" for path in (SITE, *OPERATIONS)))],
    "sanity": [("python", "tools/run_sanity.py")],
    "site": [(*PYTEST, SITE)],
    "molecule": [("python", "tools/run_molecule.py")],
    "local-aws-tests": [(*PYTEST, "tests/local_aws")],
    "unit": [(*PYTEST, "tests/unit", "tests/project")],
    "lint": [
        ("ruff", "check"),
        ("ruff", "format", "--check"),
        ("yamllint", "--strict", "."),
        ("reuse", "lint", "--lines"),
        ("antsibull-changelog", "lint"),
        ("antsibull-docs", "lint-collection-docs", "--plugin-docs", "--validate-collection-refs=dependent", "."),
        ("ansible-lint", "--offline", "-q"),
    ],
}

#: Lines shown of a stage that passed (pytest's closing line is the last one) and of one that failed.
SHOWN, SHOWN_OF_FAILED = 3, 120


@dataclass
class Result:
    """How a stage ended."""

    stage: str
    passed: bool
    seconds: float
    closing_line: str


def environment() -> dict[str, str]:
    """The stages' environment: no colours in the logs, and no way to a real AWS account."""
    variables = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    return variables | {
        "PATH": f"{BIN}{os.pathsep}{variables['PATH']}",
        "NO_COLOR": "1",
        "ANSIBLE_NOCOLOR": "1",
        "ANSIBLE_CONFIG": str(ROOT / "ansible.cfg"),
        "ANSIBLE_COLLECTIONS_PATH": str(ROOT / ".collections"),
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
        # antsibull-docs copies amazon.aws by what git lists, and git ignores our .venv: let it see no repository there.
        "GIT_CEILING_DIRECTORIES": str(ROOT / ".venv"),
    }


class Runner:
    """Runs stages in threads, each command in a process group that can be ended as a whole."""

    def __init__(self) -> None:
        self._running: set[subprocess.Popen[bytes]] = set()
        self._lock = threading.Lock()
        self._stopped = False

    def run(self, stage: str) -> Result:
        """Run all commands of a stage, also when an early one fails: one run shows all that is wrong."""
        log = LOGS / f"{stage}.log"
        started = time.monotonic()
        with log.open("wb") as stream:
            failed = 0
            for command in STAGES[stage]:
                stream.write(f"$ {' '.join(command)}\n".encode())
                stream.flush()
                failed += not self._run_command(command, stream.fileno())
            if len(STAGES[stage]) > 1:
                stream.write(f"{len(STAGES[stage]) - failed} of {len(STAGES[stage])} commands passed.\n".encode())
            passed = not failed
        seconds = time.monotonic() - started
        lines = log.read_text(encoding="utf-8", errors="replace").splitlines() or [""]
        if passed and re.search(r"\d+ (skipped|deselected|xfailed)", lines[-1]):
            lines.append("A test that does not run tells nothing: no test may be skipped.")
            passed = False
        with self._lock:
            if not self._stopped:
                print(
                    f"\n=== {stage}: {'passed' if passed else 'FAILED'} after {seconds:.0f} s ({log.relative_to(ROOT)})"
                )
                print("\n".join(lines[-(SHOWN if passed else SHOWN_OF_FAILED) :]), flush=True)
        return Result(stage, passed, seconds, lines[-1])

    def _run_command(self, command: Command, output: int) -> bool:
        with self._lock:
            if self._stopped:
                return False
            process = subprocess.Popen(
                command,
                cwd=ROOT,
                env=environment(),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
            self._running.add(process)
        status = process.wait()
        with self._lock:
            self._running.discard(process)
        return status == 0

    def stop(self) -> None:
        """End what runs, gently at first: test fixtures and Molecule stop their local AWS when they are interrupted."""
        with self._lock:
            self._stopped = True
            running = list(self._running)
        for number, patience in ((signal.SIGINT, 30), (signal.SIGKILL, 5)):
            for process in running:
                if process.poll() is None:
                    os.killpg(process.pid, number)
            deadline = time.monotonic() + patience
            while time.monotonic() < deadline and any(process.poll() is None for process in running):
                time.sleep(0.1)


def run_all(stages: list[str]) -> list[Result]:
    """Run the stages in two lanes; an interrupt ends all of them."""
    todo: queue.SimpleQueue[str] = queue.SimpleQueue()
    for stage in stages:
        todo.put(stage)
    results: list[Result] = []
    runner = Runner()

    def lane() -> None:
        while True:
            try:
                stage = todo.get_nowait()
            except queue.Empty:
                return
            results.append(runner.run(stage))

    lanes = [threading.Thread(target=lane, daemon=True) for _number in range(min(2, len(stages)))]
    for thread in lanes:
        thread.start()
    try:
        while any(thread.is_alive() for thread in lanes):
            lanes[0].join(0.2)
            lanes[-1].join(0.2)
    except KeyboardInterrupt:
        print("\nInterrupted: stopping the stages.", flush=True)
        runner.stop()
        sys.exit(130)
    return results


def main() -> int:
    """Run the named stages, or all."""
    stages = sys.argv[1:] or list(STAGES)
    if unknown := [stage for stage in stages if stage not in STAGES]:
        sys.exit(f"No such stage: {', '.join(unknown)}. Stages: {', '.join(STAGES)}")
    # Terminating the runner (a CI time limit) must end the stages like an interrupt does.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    LOGS.mkdir(parents=True, exist_ok=True)
    started = time.monotonic()
    print(f"Running {', '.join(stages)}", flush=True)
    results = run_all(stages)
    width = shutil.get_terminal_size((120, 24)).columns
    print("\n" + "=" * 72)
    for result in results:
        verdict = "passed" if result.passed else "FAILED"
        print(f"{result.stage:16} {verdict} {result.seconds:6.0f} s  {result.closing_line}"[:width])
    failed = [result.stage for result in results if not result.passed]
    print(f"{'total':16} {'FAILED' if failed else 'passed'} {time.monotonic() - started:6.0f} s")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
