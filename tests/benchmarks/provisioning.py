# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The first deployment of UEX prod while everything takes the time that AWS takes for it, scaled."""

from __future__ import annotations

import argparse
import json
import shutil
import urllib.request
from collections.abc import Iterator
from typing import Any

from .report import write_block
from .stack import ACCOUNTS, BUILD, LocalAws, playbook

#: What must be there before a thing of this kind can be asked for, among the kinds that take their time.
NEEDS = {"rds_replica": "rds_instance"}
#: The first deployment must not take longer than this many times the slowest chain.
LIMIT = 1.2

Item = dict[str, Any]


def chain(item: Item, items: list[Item]) -> list[Item]:
    """What must come about one after the other for a thing to be there; the slowest, where there are several."""
    before = [chain(other, items) for other in items if other["kind"] == NEEDS.get(item["kind"])]
    return [*max(before, key=seconds, default=[]), item]


def seconds(items: list[Item]) -> float:
    return sum(item["available"] - item["requested"] for item in items)


def told(items: list[Item], minute_ms: float, wall: float) -> Iterator[str]:
    """The slowest chain, and what the deployment took next to it."""
    started = min(item["requested"] for item in items)
    slowest = max((chain(item, items) for item in items), key=seconds)
    yield "| what | takes on AWS | asked for after | there after |"
    yield "|---|---:|---:|---:|"
    for item in sorted(items, key=lambda item: item["requested"]):
        minutes = (item["available"] - item["requested"]) * 1000 / minute_ms
        begin, end = item["requested"] - started, item["available"] - started
        yield f"| {item['kind'].replace('_', ' ')} {item['name']} | {minutes:.0f} min | {begin:.1f} s | {end:.1f} s |"
    names = " → ".join(f"{item['kind'].replace('_', ' ')} {item['name']}" for item in slowest)
    yield ""
    yield f"- A minute of AWS takes {minute_ms / 1000:g} s here."
    yield f"- Slowest chain: {names}: {seconds(slowest):.1f} s. Everything one after the other: {seconds(items):.1f} s."
    yield (
        f"- The first deployment, from its start to its end: {wall:.1f} s, {wall / seconds(slowest):.2f} times the "
        f"slowest chain (at most {LIMIT})."
    )


def provisioning(options: argparse.Namespace) -> None:
    """The first deployment of UEX prod while everything takes the time that AWS takes for it, scaled."""
    folder = BUILD / "provisioning"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    server = LocalAws(folder / "local-aws", options=(f"--provisioning={options.minute_ms}",))
    try:
        run = server.measured("first run", playbook("site", "prod"), account=ACCOUNTS["prod"], latency_ms=0)
        with urllib.request.urlopen(f"{server.url}/local-aws/provisioning", timeout=30) as answer:
            items = json.load(answer)["log"]
        server.judge()
    finally:
        server.stop()
    lines = list(told(items, options.minute_ms, run.cost.wall))
    lines.append(f"- Load before: {run.cost.load_before:.1f}; busy with other things: {run.cost.others:.0%}.")
    print("\n".join(lines))
    if not options.dry:
        write_block("provisioning", lines)
