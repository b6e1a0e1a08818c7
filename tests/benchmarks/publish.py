# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Publish 10,000 small files with s3_site and with C(aws s3 sync), side by side, and say what each took.

C(python -m tests.benchmarks.publish) prints a table and writes docs/performance-publish.md. Both publish the same
folder to buckets of the same local AWS, in turns. A third client shows what the endpoint itself takes: it sends the
same objects over as many connections and does nothing else, no signature, no comparison.

C(aws s3 sync) runs as it is installed but for the number of its requests at a time, the one setting that its manual
names for many small files: a folder of a tenth of the size is published with each of several numbers before, and the
quickest one is used.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import platform
import shutil
import subprocess
import sys
import textwrap
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import boto3

from . import measure
from .stack import BUILD, REGION, ROOT, BenchmarkError, LocalAws, Run

ACCOUNT = "123456789012"
FOLDER = BUILD / "publish"
REPORT = ROOT / "docs" / "performance-publish.md"
FILES = 10_000
CONNECTIONS = 10
# Of aws s3 sync, whose default is 10: which are tried, and how often each.
AT_A_TIME = (4, 10, 20)
TRIALS = 2
# How often an unchanged folder is published in a round: it is over soon, and easily disturbed.
UNCHANGED = 3
OURS, THEIRS, BARE = "s3_site", "aws s3 sync", "bare client"
STEPS = ("first", "unchanged", "one page")
PAGE_EVERY = 5


def make_site(folder: Path, files: int) -> Path:
    """Small pages and scripts in a hundred directories."""
    for number in range(files):
        suffix = "html" if number % PAGE_EVERY == 0 else "js"
        path = folder / f"part-{number % 100:02d}" / f"file-{number:05d}.{suffix}"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"content {number} " * 60, encoding="utf-8")
    return folder


def aws_cli() -> str:
    """The AWS CLI, in an environment of its own: its requirements are none of ours."""
    home = BUILD / "awscli"
    program = home / "bin" / "aws"
    if not program.exists():
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(home)], check=True)
        subprocess.run([str(home / "bin" / "pip"), "install", "--quiet", "awscli"], check=True)
    return str(program)


def version(program: str) -> str:
    told = subprocess.run([program, "--version"], capture_output=True, text=True, check=True).stdout
    return told.split()[0].replace("aws-cli/", "")


def bare(folder: Path, bucket: str) -> None:
    """Send every file of a folder, over ten connections, as cheaply as Python can."""
    endpoint, key = urlsplit(os.environ["AWS_ENDPOINT_URL"]), os.environ["AWS_ACCESS_KEY_ID"]
    headers = {"Authorization": f"AWS4-HMAC-SHA256 Credential={key}/20260101/{REGION}/s3/aws4_request, Signature=0"}
    paths = sorted(path for path in folder.rglob("*") if path.is_file())

    def send(share: list[Path]) -> None:
        connection = http.client.HTTPConnection(endpoint.hostname or "", endpoint.port)
        for path in share:
            name = path.relative_to(folder).as_posix()
            connection.request("PUT", f"/{bucket}/{name}", body=path.read_bytes(), headers=headers)
            answer = connection.getresponse()
            answer.read()
            if answer.status != 200:
                raise BenchmarkError(f"{name}: {answer.status}")

    with ThreadPoolExecutor(CONNECTIONS) as pool:
        list(pool.map(send, (paths[start::CONNECTIONS] for start in range(CONNECTIONS))))


def commands(site: Path, number: int) -> dict[str, list[str]]:
    """How each of them publishes to its bucket of a round, as one would type it."""
    arguments = json.dumps({"bucket": f"{ACCOUNT}-ours-{number}", "source": str(site)})
    ansible = str(Path(sys.executable).with_name("ansible"))
    return {
        OURS: [ansible, "localhost", "-c", "local", "-m", "slipway.aws.s3_site", "-a", arguments],
        THEIRS: [
            aws_cli(),
            "s3",
            "sync",
            str(site),
            f"s3://{ACCOUNT}-theirs-{number}",
            "--delete",
            "--only-show-errors",
        ],
        BARE: [sys.executable, "-m", "tests.benchmarks.publish", "--bare", str(site), f"{ACCOUNT}-bare-{number}"],
    }


def aws_config(at_a_time: int) -> str:
    """The path of a configuration with which the AWS CLI makes so many requests at a time."""
    path = FOLDER / f"aws-config-{at_a_time}"
    path.write_text(f"[default]\ns3 =\n  max_concurrent_requests = {at_a_time}\n", encoding="utf-8")
    return str(path)


def best_setting(server: LocalAws, s3: Any, files: int, latency_ms: float) -> int:
    """With how many requests at a time the AWS CLI publishes a small site quickest."""
    site = make_site(FOLDER / "trial", max(1, files // 10))
    walls: dict[int, float] = {}
    for trial in range(TRIALS):
        for number in AT_A_TIME:
            bucket = f"{ACCOUNT}-trial-{trial}-{number}"
            s3.create_bucket(Bucket=bucket)
            command = [aws_cli(), "s3", "sync", str(site), f"s3://{bucket}", "--only-show-errors"]
            run = server.measured(
                f"trial {number}",
                command,
                account=ACCOUNT,
                latency_ms=latency_ms,
                AWS_CONFIG_FILE=aws_config(number),
            )
            walls[number] = min(run.cost.wall, walls.get(number, run.cost.wall))
            print(f"{THEIRS} with {number} requests at a time: {run.cost.wall:.2f} s", flush=True)
    return min(walls, key=lambda number: walls[number])


def publish(files: int = FILES, rounds: int = 2, latency_ms: float = 0) -> tuple[dict[str, dict[str, list[Run]]], int]:
    """Client → step → its runs; and how many requests at a time the AWS CLI made."""
    shutil.rmtree(FOLDER, ignore_errors=True)
    site = make_site(FOLDER / "site", files)
    (FOLDER / "local-aws").mkdir()
    server = LocalAws(FOLDER / "local-aws")
    runs: dict[str, dict[str, list[Run]]] = {name: {} for name in (OURS, THEIRS, BARE)}
    environment = {"ANSIBLE_PYTHON_INTERPRETER": sys.executable}

    def take(name: str, step: str, number: int) -> None:
        run = server.measured(
            f"{name} {step}",
            commands(site, number)[name],
            account=ACCOUNT,
            latency_ms=latency_ms,
            **environment,
        )
        print(
            f"{name:12} {step:10} {run.cost.wall:7.2f} s, {run.cost.cpu:6.2f} s CPU, {run.requests} calls", flush=True
        )
        runs[name].setdefault(step, []).append(run)

    try:
        s3 = boto3.session.Session(ACCOUNT, "x", region_name=REGION).client("s3", endpoint_url=server.url)
        at_a_time = best_setting(server, s3, files, latency_ms)
        environment["AWS_CONFIG_FILE"] = aws_config(at_a_time)
        for number in range(rounds):
            for bucket in ("ours", "theirs", "bare"):
                s3.create_bucket(Bucket=f"{ACCOUNT}-{bucket}-{number}")
            # What the endpoint keeps makes it slower: who comes first changes from round to round.
            for name in (BARE, OURS, THEIRS) if number % 2 else (BARE, THEIRS, OURS):
                take(name, "first", number)
            for name in (OURS, THEIRS) * UNCHANGED:
                take(name, "unchanged", number)
        (site / "part-00" / "file-00000.html").write_text("another page", encoding="utf-8")
        for number in range(rounds):
            for name in (OURS, THEIRS):
                take(name, "one page", number)
        server.judge()
    finally:
        server.stop()
    return runs, at_a_time


def best(runs: Iterable[Run], what: str) -> float:
    """Of several runs of the same the quickest: what the others took longer was the machine's other business."""
    values = {"wall": lambda run: run.cost.wall, "cpu": lambda run: run.cost.cpu, "server": lambda run: run.server_cpu}
    return min(values[what](run) for run in runs)


def table(runs: dict[str, dict[str, list[Run]]]) -> str:
    """The runs as a table in Markdown, of each step the quickest."""
    rows = ["| | client | wall s | CPU s of the client | CPU s of the endpoint | calls |", "|-|-|-|-|-|-|"]
    for step in STEPS:
        for name, steps in runs.items():
            if step in steps:
                taken = steps[step]
                numbers = [f"{best(taken, what):.1f}" for what in ("wall", "cpu", "server")]
                rows.append(f"| {step} | {name} | {' | '.join(numbers)} | {taken[0].requests:,} |")
    return "\n".join(rows)


def report(runs: dict[str, dict[str, list[Run]]], at_a_time: int, files: int, latency_ms: float) -> str:
    first, cpu, server = (
        {name: best(runs[name]["first"], what) for name in runs} for what in ("wall", "cpu", "server")
    )
    same = {name: best(runs[name]["unchanged"], "wall") for name in (OURS, THEIRS)}
    calls = runs[OURS]["unchanged"][0].requests
    told = f"""
`s3_site`, started by `ansible`, and `aws s3 sync --delete` {version(aws_cli())} publish the same folder to the same
local AWS, in turns, on {os.cpu_count()} processors with Python {platform.python_version()}. Times are those of whole
commands, the quickest of {len(runs[OURS]["first"])}, or of {len(runs[OURS]["unchanged"])} unchanged ones.
Each request is answered {latency_ms:g} ms late on purpose.

`aws s3 sync` is that of PyPI, as it is installed but for `max_concurrent_requests = {at_a_time}`, with which it was
quickest of {", ".join(map(str, AT_A_TIME))} before; `s3_site` has no such setting, and makes {CONNECTIONS} requests at
a time. The bare client sends the same objects over as many connections, and does nothing else: no signature, no
checksum, no comparison.

{table(runs)}

- The first publish takes {first[OURS] / first[THEIRS]:.0%} of the time that `aws s3 sync` takes, and of the processor
{cpu[OURS] / cpu[THEIRS]:.0%}.

- Of its {first[OURS]:.0f} s the endpoint computes {server[OURS]:.0f} s, on the one processor that it can use, and the
client {cpu[OURS]:.0f} s, on another one. The bare client takes {first[BARE]:.0f} s.

- An unchanged publish takes {same[OURS] / same[THEIRS]:.0%} of the time of `aws s3 sync`, in {calls} calls. `s3_site`
compares contents and headers, so it reads every file; `aws s3 sync` compares sizes and times, and misses a change that
keeps both.
"""
    text = (
        "\n\n".join(
            item if item.startswith("|") else textwrap.fill(item, 120, subsequent_indent="  " * item.startswith("- "))
            for item in told.strip().split("\n\n")
        )
        .replace("\n\n- An", "\n- An")
        .replace("\n\n- Of", "\n- Of")
    )
    return f"""<!--
Copyright: slipway.aws contributors
SPDX-License-Identifier: GPL-3.0-or-later
-->
<!-- Written by `python -m tests.benchmarks.publish`. -->
# Publishing {files:,} small files

{text}
"""


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.publish", description=__doc__)
    parser.add_argument("--files", type=int, default=FILES)
    parser.add_argument("--rounds", type=int, default=2, help="how often everything is done")
    parser.add_argument("--latency-ms", type=float, default=0)
    parser.add_argument("--no-report", action="store_true", help="leave docs/performance-publish.md as it is")
    parser.add_argument("--bare", nargs=2, metavar=("FOLDER", "BUCKET"), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.bare:
        bare(Path(arguments.bare[0]), arguments.bare[1])
        return 0
    try:
        runs, at_a_time = publish(arguments.files, arguments.rounds, arguments.latency_ms)
    except BenchmarkError as error:
        print(error, file=sys.stderr)
        return 1
    print(table(runs))
    if not arguments.no_report:
        REPORT.write_text(report(runs, at_a_time, arguments.files, arguments.latency_ms), encoding="utf-8")
    return 0


if __name__ == "__main__":
    measure.adopt_orphans()
    sys.exit(main())
