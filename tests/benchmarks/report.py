# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tables of what was measured, on the terminal and in docs/performance.md, whose prose stays as it is."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from .stack import ROOT

REPORT = ROOT / "docs" / "performance.md"
#: With more of the machine busy with something else, a wall time says little.
DISTURBED = 0.10


@dataclass(frozen=True)
class Column:
    """One column of the table; a name is a key of the measurements."""

    key: str
    title: str
    form: str = "{}"


COLUMNS = [
    Column("latency", "latency ms", "{:g}"),
    Column("step", "step         "),
    Column("way", "way               "),
    Column("load_before", "load", "{:.1f}"),
    Column("others", "others", "{:.0%}"),
    Column("wall", "wall s ", "{:.1f}"),
    Column("cpu", "CPU s", "{:.1f}"),
    Column("server", "server CPU s", "{:.1f}"),
    Column("memory", "memory MB", "{:.0f}"),
    Column("calls", "API calls"),
]


def cell(row: dict[str, Any], column: Column) -> str:
    return column.form.format(row[column.key]) if column.key in row else ""


def as_markdown(
    rows: list[dict[str, Any]], facts: dict[str, str], base: str, peer: str, unchanged: str
) -> Iterator[str]:
    """The table with ratios to the base's row of the same step and latency, and the verdict on the unchanged run."""
    bases = {(row["latency"], row["step"]): row for row in rows if row["way"] == base}
    yield "| latency | step | | wall s | x | CPU s | x | server CPU s | memory MB | x | API calls | others |"
    yield "|---:|---|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|"
    for row in rows:
        other = bases.get((row["latency"], row["step"]), row)
        doubtful = " (?)" if row["others"] > DISTURBED else ""
        cells = [
            f"{row['latency']:g} ms",
            row["step"],
            row["way"],
            f"{row['wall']:.1f}{doubtful}",
            _ratio(row, other, "wall"),
            f"{row['cpu']:.1f}",
            _ratio(row, other, "cpu"),
            f"{row['server']:.1f}",
            f"{row['memory']:.0f}",
            _ratio(row, other, "memory"),
            str(row["calls"]),
            f"{row['others']:.0%}",
        ]
        yield f"| {' | '.join(cells)} |"
    yield ""
    resources = int(facts.pop("resources", 0))
    if resources:
        yield f"- Resources that each side manages: {resources}, as Terraform counts them (`terraform state list`)."
        for row in rows:
            if row["step"] == unchanged and row["way"] == base:
                peers = [item for item in rows if item["way"] == peer and _same(item, row)]
                yield f"- {_verdict(row, peers[0] if peers else None, resources)}"
    yield from (f"- {name[0].upper()}{name[1:]}: {text}" for name, text in facts.items())
    if any(row["others"] > DISTURBED for row in rows):
        yield (
            f"- (?): more than {DISTURBED:.0%} of the machine was busy with something else (column others) in the best "
            "repetition: that wall time says little, CPU seconds are a little higher than on an idle machine."
        )


def _same(one: dict[str, Any], other: dict[str, Any]) -> bool:
    return (one["step"], one["latency"]) == (other["step"], other["latency"])


def _ratio(row: dict[str, Any], base: dict[str, Any], key: str) -> str:
    return "" if row is base or not base[key] else f"{row[key] / base[key]:.1f}"


def _verdict(ours: dict[str, Any], theirs: dict[str, Any] | None, resources: int) -> str:
    text = f"Unchanged run at {ours['latency']:g} ms: {ours['calls'] / resources:.2f} API calls a resource"
    if theirs is not None:
        shares = {"wall time": "wall", "CPU": "cpu", "memory": "memory"}
        told = [f"{ours[key] / theirs[key]:.0%} of the {name}" for name, key in shares.items()]
        text += f"; {', '.join(told)} and {ours['calls'] / theirs['calls']:.0%} of the calls of Terraform's plan"
    return f"{text}."


def write_block(name: str, lines: list[str]) -> None:
    """Replace what stands between the two comments of this name."""
    text = REPORT.read_text(encoding="utf-8")
    begin, end = f"<!-- {name}: written by the command -->", f"<!-- {name}: end -->"
    pattern = re.compile(f"{re.escape(begin)}.*?{re.escape(end)}", re.DOTALL)
    if not pattern.search(text):
        raise ValueError(f"{REPORT} has no place for {name}")
    block = "\n".join([begin, *lines, end])
    REPORT.write_text(pattern.sub(lambda _match: block, text), encoding="utf-8")
    print(f"Written into {REPORT.relative_to(ROOT)}.")
