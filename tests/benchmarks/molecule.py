# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Molecule's scenarios with direct execution and without."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator

from . import measure
from .report import write_block
from .stack import BUILD, ROOT, BenchmarkError

WAYS = {"with direct execution": "true", "without": "false"}
SCENARIOS = sorted(path.parent.name for path in ROOT.glob("extensions/molecule/*/converge.yml"))
#: `make test`'s Molecule part must have become so many times faster.
WANTED = 4.0

Costs = dict[str, measure.Cost]


def measured(scenario: str, direct: str) -> measure.Cost:
    """One scenario, with the start and the end of its local AWS, whose own CPU time does not count."""
    command = [sys.executable, "tools/run_molecule.py", scenario]
    others = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "ANSIBLE_"))}
    environment = {**others, "SLIPWAY_MOLECULE_DIRECT": direct, "NO_COLOR": "1"}
    environment["PATH"] = f"{os.path.dirname(sys.executable)}{os.pathsep}{others['PATH']}"  # noqa: PTH120
    log = BUILD / f"molecule-{scenario}-{direct}.log"
    with log.open("wb") as output:
        cost = measure.run(command, environment=environment, directory=ROOT, output=output)
    if cost.status:
        raise BenchmarkError(f"Molecule failed: see {log}")
    return cost


def told(costs: dict[str, Costs]) -> Iterator[str]:
    """The table, the sums, and what they say of Molecule's part of C(make test)."""
    rows = [(scenario, *([cost[way].cpu, cost[way].wall] for way in WAYS)) for scenario, cost in costs.items()]
    ours, ordinary = ([sum(row[way][unit] for row in rows) for unit in (0, 1)] for way in (1, 2))
    yield "| scenario | CPU s with | CPU s without | x | wall s with | wall s without | x |"
    yield "|---|---:|---:|---:|---:|---:|---:|"
    for name, first, second in [*rows, ("together", ours, ordinary)]:
        cells = (f"{one:.1f} | {other:.1f} | {other / one:.1f}" for one, other in zip(first, second, strict=True))
        yield f"| {name} | {' | '.join(cells)} |"
    times = ordinary[0] / ours[0]
    left = sorted(set(SCENARIOS) - set(costs))
    load = max(cost[way].load_before for cost in costs.values() for way in WAYS)
    yield ""
    yield f"- Direct execution makes it {times:.1f} times faster in CPU time; {WANTED:g} are wanted."
    if left:
        yield f"- Left out: {', '.join(left)}."
    yield f"- Load before each: at most {load:.1f}. Wall times mean something only where it is low."


def molecule(options: argparse.Namespace) -> None:
    """Every Molecule scenario, or some, with direct execution and without."""
    costs: dict[str, Costs] = {}
    for scenario in options.scenarios or SCENARIOS:
        costs[scenario] = {}
        for way, direct in WAYS.items():
            cost = costs[scenario][way] = measured(scenario, direct)
            print(f"{scenario}, {way}: CPU {cost.cpu:.1f} s, wall {cost.wall:.1f} s", flush=True)
    lines = list(told(costs))
    print("\n".join(lines))
    if not options.dry:
        write_block("molecule", lines)
