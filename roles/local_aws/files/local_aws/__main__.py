# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""``python -m local_aws``: run the local AWS in the foreground, start it in the background, or stop it."""

from __future__ import annotations

import argparse
import json
import os
import re
import sys
from pathlib import Path

from . import control
from .clock import Clock


def default_state_dir(port: int) -> Path:
    """Where logs and the pid file go when nobody says where."""
    base = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
    return Path(base) / "slipway-local-aws" / str(port)


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m local_aws", description="Run an AWS on this machine.")
    parser.add_argument("--port", type=int, default=4566, help="the port on the loopback interface (default: 4566)")
    parser.add_argument(
        "--state-dir", type=Path, help="where logs and the pid file go (default: below the user's state directory)"
    )
    parser.add_argument(
        "--second-ms", type=float, default=20, help="real milliseconds a simulated second takes (default: 20)"
    )
    parser.add_argument("--latency-ms", type=float, default=0, help="wait so long before each answer (default: 0)")
    parser.add_argument(
        "--provisioning",
        type=float,
        default=0,
        metavar="MS",
        help="real milliseconds that a minute of provisioning takes: databases, caches, load balancers and the like "
        "come after the minutes that AWS takes (default: 0, nothing takes longer than it does by itself)",
    )
    parser.add_argument("--account-id", default="123456789012", help="the account's number (default: 123456789012)")
    action = parser.add_mutually_exclusive_group()
    action.add_argument("--detach", action="store_true", help="start in the background, and return when it answers")
    action.add_argument("--stop", action="store_true", help="stop the one on this port with this state directory")
    arguments = parser.parse_args(argv)
    if not re.fullmatch(r"\d{12}", arguments.account_id):
        parser.error(f"--account-id must be 12 digits, not {arguments.account_id!r}")
    if arguments.second_ms <= 0:
        parser.error("--second-ms must be more than 0")
    if arguments.provisioning < 0:
        parser.error("--provisioning must not be less than 0")

    state_dir = (arguments.state_dir or default_state_dir(arguments.port)).resolve()
    server_arguments = [
        f"--port={arguments.port}",
        f"--state-dir={state_dir}",
        f"--second-ms={arguments.second_ms}",
        f"--latency-ms={arguments.latency_ms}",
        f"--provisioning={arguments.provisioning}",
        f"--account-id={arguments.account_id}",
    ]
    try:
        if arguments.stop:
            print("stopped" if control.stop(arguments.port, state_dir) else "not running")
            return 0
        if arguments.detach:
            print(json.dumps(control.start(server_arguments, arguments.port, state_dir)))
            return 0
    except control.ControlError as error:
        print(error, file=sys.stderr)
        return 1
    return run(arguments, state_dir)


def run(arguments: argparse.Namespace, state_dir: Path) -> int:
    """Serve in this process."""
    # moto reads its settings when it is imported.
    os.environ["LOCAL_AWS_ACCOUNT_ID"] = arguments.account_id
    os.environ["MOTO_IAM_LOAD_MANAGED_POLICIES"] = "true"
    # Some 1,300 machine images, which take longer to make up than everything else of an account.
    os.environ["MOTO_EC2_LOAD_DEFAULT_AMIS"] = "false"
    os.environ["MOTO_PORT"] = str(arguments.port)
    try:
        from . import server
    except ModuleNotFoundError as error:
        if error.name is not None and error.name.partition(".")[0] == __package__:
            raise
        print(
            f"local_aws: the Python package {error.name!r} is missing; "
            f"install it with: {sys.executable} -m pip install 'moto[server]'",
            file=sys.stderr,
        )
        return control.MISSING_PACKAGE
    if server.port_in_use(arguments.port):
        print(f"local_aws: port {arguments.port} is taken by another process.", file=sys.stderr)
        return control.PORT_TAKEN
    state_dir.mkdir(parents=True, exist_ok=True)
    clock = Clock(second_ms=arguments.second_ms)
    clock.provisioning.minute_ms = arguments.provisioning
    server.serve(arguments.port, state_dir, clock, arguments.latency_ms)
    return 0


if __name__ == "__main__":
    sys.exit(main())
