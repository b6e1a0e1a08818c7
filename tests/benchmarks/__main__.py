# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""C(python -m tests.benchmarks unchanged): what an unchanged run takes, again and again, while one makes it cheaper."""

from __future__ import annotations

import argparse
import os
import shutil
import sys

from .stack import ACCOUNTS, BUILD, BenchmarkError, LocalAws, Run, playbook

KEPT = BUILD / "kept" / "local-aws"
COLUMNS = {"load": 6, "wall s": 8, "CPU s": 8, "user": 7, "system": 8, "parent": 8, "workers": 9, "server": 8, "MB": 6}
HEADER = f"{'':14}" + "".join(name.rjust(width) for name, width in COLUMNS.items()) + f"{'calls':>7}"


def line(run: Run) -> str:
    cost = run.cost
    return (
        f"{run.name[:14]:14}{cost.load_before:6.1f}{cost.wall:8.2f}{cost.cpu:8.2f}{cost.user:7.2f}{cost.system:8.2f}"
        f"{cost.first_process:8.2f}{cost.cpu - cost.first_process:9.2f}{run.server_cpu:8.2f}{cost.memory:6.0f}"
        f"{run.requests:7}"
    )


def unchanged(arguments: argparse.Namespace) -> None:
    """Deploy once (or use what an earlier --keep left), then measure runs that change nothing."""
    account = ACCOUNTS[arguments.inventory]
    server = LocalAws.running(KEPT)
    if server is None:
        shutil.rmtree(KEPT, ignore_errors=True)
        KEPT.mkdir(parents=True)
        server = LocalAws(KEPT)
    try:
        print(HEADER)
        first = server.measured("deploy", playbook("site", arguments.inventory), account=account, latency_ms=0)
        print(line(first), flush=True)
        for number in range(1, arguments.runs + 1):
            command = playbook("site", arguments.inventory, *arguments.arguments)
            run = server.measured(f"unchanged {number}", command, account=account, latency_ms=arguments.latency_ms)
            print(line(run), flush=True)
            if run.changed or run.mutating:
                raise BenchmarkError(f"{run.changed} tasks changed, {run.mutating} calls were mutating: see {run.log}")
        print("\n" + "\n".join(f"{count:5} {call}" for call, count in run.calls.most_common()))
    finally:
        if arguments.keep:
            server.leave_running()
        else:
            server.stop()


def stop(arguments: argparse.Namespace) -> None:
    """End the local AWS that --keep left running."""
    server = LocalAws.running(KEPT)
    if server is not None:
        server.stop()
    print("not running" if server is None else "stopped")


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    commands = parser.add_subparsers(required=True)

    command = commands.add_parser("unchanged", help=unchanged.__doc__)
    command.set_defaults(function=unchanged)
    command.add_argument("--inventory", choices=list(ACCOUNTS), default="prod")
    command.add_argument("--runs", type=int, default=3)
    command.add_argument("--latency-ms", type=float, default=0)
    command.add_argument("--keep", action="store_true", help="leave the local AWS running for the next time")
    command.add_argument("arguments", nargs="*", help="after --: more arguments of ansible-playbook")

    commands.add_parser("stop", help=stop.__doc__).set_defaults(function=stop)

    arguments = parser.parse_args()
    BUILD.mkdir(parents=True, exist_ok=True)
    try:
        arguments.function(arguments)
    except BenchmarkError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    # What the machine is set to must not change what is measured.
    os.environ.pop("ANSIBLE_STRATEGY", None)
    sys.exit(main())
