# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The PostgreSQL and the Redis of the tests are what they claim to be."""

from __future__ import annotations

import os
import select
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest
import redis
from real_servers.postgres import Postgres
from real_servers.redis import Redis

#: Starts a server, says where its process is, and waits to be killed.
STARTER = """
import sys
sys.path.append({path!r})
from real_servers import {name}, programs
started = []
start = programs.start
def remember(*arguments, **more):
    started.append(start(*arguments, **more))
    return started[-1]
programs.start = remember
with {name}.running() as server:
    print(server.log.parent, *(process.pid for process in started), flush=True)
    sys.stdin.read()
"""


def test_postgres_is_reached_with_tls_and_scram_only(postgres: Postgres) -> None:
    with postgres.connect(postgres.superuser, postgres.superuser_password) as connection:
        row = connection.execute(
            "SELECT s.ssl, s.version, a.rolpassword FROM pg_stat_ssl s, pg_authid a"
            " WHERE s.pid = pg_backend_pid() AND a.rolname = current_user"
        ).fetchone()
        assert row is not None
        assert (row[0], row[1], row[2][:14]) == (True, "TLSv1.3", "SCRAM-SHA-256$")
        assert connection.info.server_version >= 160000
    with pytest.raises(psycopg.OperationalError, match="no encryption"):
        postgres.connect(postgres.superuser, postgres.superuser_password, sslmode="disable")
    stranger = str(postgres.certificates.stranger)
    with pytest.raises(psycopg.OperationalError, match="certificate verify failed"):
        postgres.connect(postgres.superuser, postgres.superuser_password, sslrootcert=stranger)
    assert not postgres.accepts(postgres.superuser, "wrong")


def test_redis_is_reached_with_tls_and_knows_users(redis_server: Redis) -> None:
    assert int(redis_server.connect(None, None).info("server")["redis_version"].split(".")[0]) >= 7
    redis_server.run("ACL", "SETUSER", "probe", "on", ">one", ">two", "+ping")
    assert [redis_server.accepts("probe", word) for word in ("one", "two", "three")] == [True, True, False]
    redis_server.run("ACL", "DELUSER", "probe")
    with pytest.raises(redis.ConnectionError, match="CERTIFICATE_VERIFY_FAILED"):
        redis_server.connect(None, None, ssl_ca_certs=str(redis_server.certificates.stranger)).ping()
    with pytest.raises(redis.RedisError):
        redis_server.connect(None, None, ssl=False, socket_timeout=2).ping()


@pytest.mark.parametrize("name", ["postgres", "redis"])
def test_a_server_does_not_outlive_a_killed_test_run(name: str) -> None:
    path = str(Path(__file__).resolve().parents[1] / "servers")
    starter = subprocess.Popen(
        [sys.executable, "-c", STARTER.format(path=path, name=name)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert starter.stdout is not None
    folder, *pids = starter.stdout.readline().decode().split()
    servers = [os.pidfd_open(int(pid)) for pid in pids]
    assert servers
    starter.send_signal(signal.SIGKILL)
    starter.communicate()
    for server in servers:
        poll = select.poll()
        poll.register(server)
        assert poll.poll(120_000), f"{name} runs on"
        os.close(server)
    # Nobody was left to do it.
    shutil.rmtree(folder)
