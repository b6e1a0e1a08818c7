# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Molecule's scenarios with direct execution and without."""

from __future__ import annotations

import argparse
import os
import sys

from . import measure
from .report import write_block
from .stack import BUILD, ROOT, BenchmarkError

WAYS = {"with direct execution": "true", "without": "false"}


def molecule(options: argparse.Namespace) -> None:
    """Every Molecule scenario, or some, with direct execution and without."""
    command = [sys.executable, "tools/run_molecule.py", *options.scenarios]
    costs = {}
    for way, direct in WAYS.items():
        others = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "ANSIBLE_"))}
        environment = {**others, "SLIPWAY_MOLECULE_DIRECT": direct, "NO_COLOR": "1"}
        environment["PATH"] = f"{os.path.dirname(sys.executable)}{os.pathsep}{others['PATH']}"  # noqa: PTH120
        log = BUILD / f"molecule-{direct}.log"
        busy = measure.machine_busy()
        with log.open("wb") as output:
            cost = measure.run(command, environment=environment, directory=ROOT, output=output)
        if cost.status:
            raise BenchmarkError(f"Molecule failed {way}: see {log}")
        others_busy = measure.machine_busy() - busy - cost.cpu
        costs[way] = cost
        print(
            f"{way}: load before {cost.load_before:.1f}, wall {cost.wall:.0f} s, CPU {cost.cpu:.0f} s; the rest of "
            f"the machine, the local AWS included, {others_busy:.0f} CPU s",
            flush=True,
        )
    first, second = (cost for _way, cost in costs.items())
    lines = ["| Molecule: " + (", ".join(options.scenarios) or "all scenarios") + " | wall s | CPU s | load before |"]
    lines.append("|---|---:|---:|---:|")
    lines += [f"| {way} | {cost.wall:.0f} | {cost.cpu:.0f} | {cost.load_before:.1f} |" for way, cost in costs.items()]
    lines.append(f"| ratio | {second.wall / first.wall:.1f} | {second.cpu / first.cpu:.1f} | |")
    print("\n".join(lines))
    if not options.dry:
        write_block("molecule", lines)
