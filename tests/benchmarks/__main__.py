# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How fast it is: all of it (bench), or one thing while one makes it cheaper (unchanged, profile)."""

from __future__ import annotations

import argparse
import os
import shutil
import sys
from pathlib import Path

from . import profile as profiles
from .bench import bench
from .molecule import molecule
from .provisioning import provisioning
from .report import write_block
from .stack import ACCOUNTS, BUILD, BenchmarkError, LocalAws, Run, playbook

COLUMNS = {"load": 6, "wall s": 8, "CPU s": 8, "user": 7, "system": 8, "parent": 8, "workers": 9, "server": 8, "MB": 6}
HEADER = f"{'':14}" + "".join(name.rjust(width) for name, width in COLUMNS.items()) + f"{'calls':>7}"


def line(run: Run) -> str:
    cost = run.cost
    return (
        f"{run.name[:14]:14}{cost.load_before:6.1f}{cost.wall:8.2f}{cost.cpu:8.2f}{cost.user:7.2f}{cost.system:8.2f}"
        f"{cost.first_process:8.2f}{cost.cpu - cost.first_process:9.2f}{run.server_cpu:8.2f}{cost.memory:6.0f}"
        f"{run.requests:7}"
    )


def deployed(arguments: argparse.Namespace) -> tuple[LocalAws, Run]:
    """A local AWS that holds the environment: a new one, or what an earlier --keep left."""
    folder = arguments.folder.resolve() / "local-aws"
    server = LocalAws.running(folder)
    if server is None:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        server = LocalAws(folder)
        if arguments.keep:
            server.leave_running()
    account = ACCOUNTS[arguments.inventory]
    return server, server.measured("deploy", playbook("site", arguments.inventory), account=account, latency_ms=0)


def unchanged(arguments: argparse.Namespace) -> None:
    """Deploy (or use what an earlier --keep left), then measure runs that change nothing."""
    account = ACCOUNTS[arguments.inventory]
    print(HEADER, flush=True)
    server, first = deployed(arguments)
    try:
        print(line(first), flush=True)
        for number in range(1, arguments.runs + 1):
            command = playbook("site", arguments.inventory, *arguments.arguments)
            run = server.measured(f"unchanged {number}", command, account=account, latency_ms=arguments.latency_ms)
            print(line(run), flush=True)
            if run.changed or run.mutating:
                raise BenchmarkError(f"{run.changed} tasks changed, {run.mutating} calls were mutating: see {run.log}")
        print("\n" + "\n".join(f"{count:5} {call}" for call, count in run.calls.most_common()))
    finally:
        if not arguments.keep:
            server.stop()


def profile(arguments: argparse.Namespace) -> None:
    """Say where the CPU time of an unchanged run goes: by kind of work, by task, by function."""
    server, _first = deployed(arguments)
    try:
        found = profiled(server, arguments)
        print("\n".join(profiles.table(found, tasks=40, functions=60)))
        if arguments.write:
            write_block("profile", list(profiles.table(found)))
    finally:
        if not arguments.keep:
            server.stop()


def profiled(server: LocalAws, arguments: argparse.Namespace) -> profiles.Profile:
    """Run site.yml once more, and look 250 times in each second of CPU what it does."""
    stacks = server.state_dir.parent / "stacks"
    shutil.rmtree(stacks, ignore_errors=True)
    stacks.mkdir()
    command = playbook("site", arguments.inventory, *arguments.arguments)
    sampler = [sys.executable, str(Path(__file__).with_name("sampler.py")), str(stacks)]
    server.measured("profile", sampler + command, account=ACCOUNTS[arguments.inventory], latency_ms=0)
    return profiles.read(stacks)


def stop(arguments: argparse.Namespace) -> None:
    """End the local AWS that --keep left running."""
    server = LocalAws.running(arguments.folder.resolve() / "local-aws")
    if server is not None:
        server.stop()
    print("not running" if server is None else "stopped")


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    commands = parser.add_subparsers(required=True)

    for function in (unchanged, profile, stop):
        command = commands.add_parser(function.__name__, help=function.__doc__)
        command.set_defaults(function=function)
        command.add_argument("--folder", type=Path, default=BUILD / "kept", help="where it is kept (%(default)s)")
        if function is stop:
            continue
        command.add_argument("--inventory", choices=list(ACCOUNTS), default="prod")
        command.add_argument("--keep", action="store_true", help="leave the local AWS running for the next time")
        command.add_argument("arguments", nargs="*", help="after --: more arguments of ansible-playbook")
        if function is profile:
            command.add_argument("--write", action="store_true", help="write the table into docs/performance.md")
        if function is unchanged:
            command.add_argument("--runs", type=int, default=3)
            command.add_argument("--latency-ms", type=float, default=0)

    command = commands.add_parser("bench", help=bench.__doc__)
    command.set_defaults(function=bench)
    command.add_argument("--latencies", type=float, nargs="+", default=[0, 50], metavar="MS")
    command.add_argument("--repeat", type=int, default=2, help="how often the unchanged run is measured (%(default)s)")
    command.add_argument("--complete", action="store_true", help="all steps of all ways with latency too: half an hour")
    command.add_argument("--no-ordinary", action="store_true", help="leave out ours without direct execution")
    command.add_argument("--no-terraform", action="store_true", help="leave out Terraform")
    command.add_argument("--dry", action="store_true", help="leave docs/performance.md as it is")

    command = commands.add_parser("provisioning", help=provisioning.__doc__)
    command.set_defaults(function=provisioning)
    command.add_argument("--minute-ms", type=float, default=12000, help="how long a minute of AWS takes (%(default)s)")
    command.add_argument("--dry", action="store_true", help="leave docs/performance.md as it is")

    command = commands.add_parser("molecule", help=molecule.__doc__)
    command.set_defaults(function=molecule)
    command.add_argument("scenarios", nargs="*", help="these scenarios only")
    command.add_argument("--dry", action="store_true", help="leave docs/performance.md as it is")

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
