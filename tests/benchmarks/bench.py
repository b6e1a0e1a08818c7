# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""C(make bench): a whole life of UEX prod, ours with and without direct execution and Terraform's, on one local AWS.

Each way has an account of its own. What is repeated is repeated in turns, and the best of the repetitions counts, for
each way alike: what disturbs a measurement makes it worse, never better.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import re
import shutil
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any

from . import terraform
from .report import COLUMNS, as_markdown, cell, write_block
from .stack import ACCOUNTS, BUILD, ROOT, BenchmarkError, LocalAws, Run, playbook

INVENTORY = "prod"
DIRECT, ORDINARY, PEER = "ours", "ours, ordinary way", "Terraform"
FIRST, UNCHANGED, CHECK, IMAGE, DESTROY = "first run", "unchanged run", "check mode", "new image", "destroy"
#: The accounts of our two ways; the inventory's own is the first one's.
OUR_ACCOUNTS = {DIRECT: ACCOUNTS[INVENTORY], ORDINARY: "555555555555"}
#: For the first run with latency: an account that is empty.
ANOTHER_ACCOUNT = "666666666666"
IMAGE_TAGS = {0: "1.1.0", 50: "1.2.0"}


@dataclass
class Results:
    """What was measured, as it stands in build/bench/results.json."""

    runs: list[dict[str, Any]] = field(default_factory=list)
    facts: dict[str, str] = field(default_factory=dict)

    def add(self, step: str, way: str, run: Run) -> None:
        values = asdict(run.cost)
        self.runs.append(
            {
                "step": step,
                "way": way,
                "latency": run.latency_ms,
                "calls": run.requests,
                "server": run.server_cpu,
                "cpu": run.cost.cpu,
                **values,
            }
        )
        print("  ".join(cell(self.runs[-1], column).rjust(len(column.title)) for column in COLUMNS), flush=True)

    def rows(self) -> Iterator[dict[str, Any]]:
        """The best of each kind of measurement, ways next to each other."""
        for latency in sorted({run["latency"] for run in self.runs}):
            for step in (FIRST, UNCHANGED, CHECK, IMAGE, DESTROY):
                for way in (DIRECT, ORDINARY, PEER):
                    same = [
                        run for run in self.runs if (run["step"], run["way"], run["latency"]) == (step, way, latency)
                    ]
                    if same:
                        best = {
                            key: min(run[key] for run in same) for key in ("wall", "cpu", "server", "memory", "others")
                        }
                        yield {**same[0], **best, "repetitions": len(same)}


class Bench:
    """One server, three ways."""

    def __init__(self, server: LocalAws, options: argparse.Namespace) -> None:
        self.server = server
        self.options = options
        self.results = Results()
        self.peer: terraform.Terraform | None = None

    def ours(self, way: str, name: str, *arguments: str, latency: float, account: str = "", step: str = "") -> Run:
        account = account or OUR_ACCOUNTS[way]
        command = playbook(
            name,
            INVENTORY,
            *arguments,
            *("-e", json.dumps({"stack_account_id": account, "slipway_aws_direct": way == DIRECT})),
        )
        run = self.server.measured(f"{step} {way} {latency:g} ms", command, account=account, latency_ms=latency)
        if step in (UNCHANGED, CHECK) and (run.changed or run.mutating):
            raise BenchmarkError(f"{step} {way}: {run.changed} tasks changed, {run.mutating} calls were mutating")
        self.results.add(step, way, run)
        return run

    def theirs(self, step: str, latency: float) -> None:
        if self.peer is None:
            return
        image = ("-var", f'image_tags={{"uex-backend"="{IMAGE_TAGS[int(bool(latency)) * 50]}"}}')
        arguments, expected = {
            FIRST: (("apply", "-auto-approve"), "Apply complete!"),
            UNCHANGED: (("plan", *(image if self.image_deployed else ())), "No changes."),
            IMAGE: (("apply", "-auto-approve", *image), "Apply complete! Resources: 1 added, 1 changed, 1 destroyed"),
            DESTROY: (("destroy", "-auto-approve"), "Destroy complete!"),
        }[step]
        run = self.peer.measured(f"{step} {PEER} {latency:g} ms", *arguments, latency_ms=latency, expected=expected)
        self.results.add(step, PEER, run)

    image_deployed = False

    def run(self) -> Results:
        options = self.options
        ways = [DIRECT] if options.no_ordinary else [DIRECT, ORDINARY]
        print("  ".join(column.title for column in COLUMNS))
        for way in ways:
            self.ours(way, "site", latency=0, step=FIRST)
        reason = "it was not asked for" if options.no_terraform else terraform.missing()
        if reason:
            self.results.facts["Terraform"] = f"left out: {reason}"
            print(f"Terraform is left out: {reason}")
        else:
            self.peer = terraform.Terraform(self.server, INVENTORY, OUR_ACCOUNTS[DIRECT])
            program, provider = self.peer.versions()
            self.results.facts["Terraform"] = f"{program}, AWS provider {provider}"
            self.theirs(FIRST, 0)
            self.results.facts["resources"] = str(self.peer.resources())
        for latency in options.latencies:
            self.steady(ways, latency)
        for latency in options.latencies:
            self.image(ways if not latency or options.complete else [DIRECT], latency)
        for way in ways:
            self.ours(way, "destroy", *DESTROY_ARGUMENTS, latency=0, step=DESTROY)
        self.theirs(DESTROY, 0)
        for latency in options.latencies:
            if latency:
                self.again(ways, latency)
        return self.results

    def steady(self, ways: list[str], latency: float) -> None:
        """Nothing changes: repeated in turns."""
        for repetition in range(self.options.repeat):
            for way in ways:
                # The ordinary way takes long, and is here to be compared with, not to be judged to the last per cent.
                if way == DIRECT or not repetition:
                    self.ours(way, "site", latency=latency, step=UNCHANGED)
            self.theirs(UNCHANGED, latency)
        for way in ways:
            if way == DIRECT or not latency or self.options.complete:
                self.ours(way, "site", "--check", "--diff", latency=latency, step=CHECK)

    def image(self, ways: list[str], latency: float) -> None:
        tag = IMAGE_TAGS[int(bool(latency)) * 50]
        for way in ways:
            arguments = ("--limit", "uex_backend", "-e", f"image_tag={tag}")
            self.ours(way, "site", *arguments, latency=latency, step=IMAGE)
        self.theirs(IMAGE, latency)

    def again(self, ways: list[str], latency: float) -> None:
        """The first run and the end, with latency."""
        for way in ways if self.options.complete else [DIRECT]:
            account = ANOTHER_ACCOUNT if way == DIRECT else "777777777777"
            self.ours(way, "site", latency=latency, account=account, step=FIRST)
            self.ours(way, "destroy", *DESTROY_ARGUMENTS, latency=latency, account=account, step=DESTROY)
        if self.options.complete:
            self.theirs(FIRST, latency)
            self.theirs(DESTROY, latency)


DESTROY_ARGUMENTS = ("-e", f"destroy_environment={INVENTORY}", "-e", "stack_protected=false")


def machine() -> str:
    """The processors and the memory of this machine."""
    model = re.search(r"^model name\s*:\s*(.*)$", Path("/proc/cpuinfo").read_text(encoding="utf-8"), re.MULTILINE)
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9
    return (
        f"{os.cpu_count()} x {model[1] if model else platform.processor()}, {memory:.0f} GB, Linux {platform.release()}"
    )


def facts() -> dict[str, str]:
    """What the numbers hold for."""
    return {
        "date": time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime()),
        "machine": machine(),
        "versions": f"Python {platform.python_version()}, ansible-core {version('ansible-core')}, "
        f"boto3 {version('boto3')}, moto {version('moto')}",
    }


def bench(options: argparse.Namespace) -> None:
    """A whole life of UEX prod, ours with and without direct execution and Terraform's; written into docs."""
    started = time.monotonic()
    folder = BUILD / "bench"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    server = LocalAws(folder / "local-aws")
    bench = Bench(server, options)
    try:
        results = bench.run()
        server.judge()
    finally:
        server.stop()
        (BUILD / "results.json").write_text(json.dumps(asdict(bench.results), indent=1), encoding="utf-8")
    results.facts = facts() | results.facts
    lines = list(as_markdown(list(results.rows()), results.facts, DIRECT, PEER, UNCHANGED))
    print("\n" + "\n".join(lines))
    print(f"\nIt took {time.monotonic() - started:.0f} s. What each command printed is in {folder.relative_to(ROOT)}/.")
    if not options.dry:
        write_block("bench", lines)
