# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Log in again and again with what a secret says, in a process of its own, and tell of every time that it failed.

What to watch is read from the first line of standard input, so that it is in no list of processes. Each further line
asks for an attempt that begins after it; the end of standard input is followed by a last one, and by what it has seen.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

#: Staging labels of which at least one must hold a value that works.
CURRENT = ("AWSCURRENT",)


@dataclass
class Watch:
    """What is watched, and how it went."""

    attempts: int = 0
    failures: list[str] = field(default_factory=list)
    users: list[str] = field(default_factory=list)


@dataclass
class Watching(Watch):
    """A watch that goes on."""

    process: subprocess.Popen[str] | None = None

    def look_again(self) -> None:
        """Come back when the watcher has tried once more, however slow it is."""
        assert self.process is not None
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        assert self.process.stdout.readline() == "looked\n"


@contextlib.contextmanager
def watching(
    environment: dict[str, str],
    secret: str,
    server: dict[str, Any],
    *,
    stages: tuple[str, ...] = CURRENT,
    fixed: str = "",
    every: float = 0.05,
) -> Iterator[Watching]:
    """Watch while the block lasts, and once more. C(fixed) is a value to log in with instead of the secret's."""
    told = {"secret": secret, "server": server, "stages": stages, "fixed": fixed, "every": every}
    process = subprocess.Popen(
        [sys.executable, "-u", str(Path(__file__).resolve())],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, **environment},
        text=True,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        process.stdin.write(json.dumps(told) + "\n")
        process.stdin.flush()
        assert process.stdout.readline() == "watching\n"
        watch = Watching(process=process)
        yield watch
        seen = json.loads(process.communicate(timeout=120)[0])
        watch.attempts, watch.failures, watch.users = seen["attempts"], seen["failures"], seen["users"]
    finally:
        process.kill()
        process.communicate()


def postgres(server: dict[str, Any]) -> Callable[[str, str], None]:
    import psycopg

    def log_in(username: str, password: str) -> None:
        psycopg.connect(
            host=server["host"],
            port=server["port"],
            dbname=server["database"],
            user=username,
            password=password,
            sslmode="verify-full",
            sslrootcert=server["ca_file"],
            connect_timeout=60,
        ).close()

    return log_in


def redis(server: dict[str, Any]) -> Callable[[str, str], None]:
    import redis as library

    def log_in(username: str, password: str) -> None:
        # Without TLS: each client of redis-py would read all that the machine trusts first.
        where = {"host": server["host"], "port": server["plain_port"]}
        with library.Redis(**where, username=username or None, password=password) as client:
            client.ping()

    return log_in


def credentials(value: str) -> tuple[str, str]:
    try:
        fields = json.loads(value)
    except ValueError:
        return "", value
    return fields["username"], fields["password"]


class Watcher:
    """The loop."""

    def __init__(self, told: dict[str, Any]) -> None:
        import boto3

        self.client = boto3.client("secretsmanager", region_name=os.environ["AWS_REGION"])
        self.told = told
        self.log_in = {"postgres": postgres, "redis": redis}[told["server"]["kind"]](told["server"])
        self.seen = Watch()

    def values(self) -> dict[str, str]:
        """The values that count now, by version."""
        if self.told["fixed"]:
            return {"fixed": self.told["fixed"]}
        found = {}
        for stage in self.told["stages"]:
            try:
                answer = self.client.get_secret_value(SecretId=self.told["secret"], VersionStage=stage)
            except self.client.exceptions.ResourceNotFoundException:
                continue
            found[answer["VersionId"]] = answer["SecretString"]
        return found

    def try_once(self) -> None:
        """One attempt. It has failed if no value worked and the same values count afterwards."""
        values, causes = self.values(), []
        for value in values.values():
            username, password = credentials(value)
            try:
                self.log_in(username, password)
            except Exception as error:  # noqa: BLE001 - whatever a driver raises is a failure
                causes.append(f"{username}: {type(error).__name__}: {error}")
            else:
                if username not in self.seen.users:
                    self.seen.users.append(username)
                break
        else:
            if self.values() != values:
                return
            self.seen.failures.append(f"{time.time():.3f}: {'; '.join(causes) or 'no value'}")
        self.seen.attempts += 1


def main() -> None:
    watcher = Watcher(json.loads(sys.stdin.readline()))
    ended, asked, looked = threading.Event(), 0, 0

    def listen() -> None:
        nonlocal asked
        for _line in sys.stdin:
            asked += 1
        ended.set()

    watcher.try_once()
    print("watching")
    threading.Thread(target=listen, daemon=True).start()
    while True:
        is_last, wanted = ended.is_set(), asked
        watcher.try_once()
        while looked < wanted:
            looked += 1
            print("looked")
        if is_last:
            break
        ended.wait(watcher.told["every"])
    print(json.dumps(vars(watcher.seen)))


if __name__ == "__main__":
    # This folder's modules have the names of libraries.
    sys.path.remove(str(Path(__file__).resolve().parent))
    main()
