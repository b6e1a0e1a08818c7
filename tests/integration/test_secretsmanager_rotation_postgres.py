# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rotation of users of a real PostgreSQL."""

from __future__ import annotations

import json
import traceback
from typing import Any

import pytest
from ansible_collections.slipway.aws.plugins.module_utils._rotation import postgres_server
from ansible_collections.slipway.aws.plugins.module_utils._rotation.postgres import AlternatingUsers, SingleUser
from ansible_collections.slipway.aws.plugins.module_utils._rotation.strategy import Context, RotationError
from psycopg import sql
from real_servers.postgres import Postgres

MASTER, APP, CLONE, DATABASE = "uex_master", "uex_app", "uex_app_clone", "uex"
MASTER_PASSWORD, APP_PASSWORD = "master-Password-1", 'it\'s an "old" pass%word'

ADMIN = json.dumps({"username": MASTER, "password": MASTER_PASSWORD})


@pytest.fixture(scope="session")
def master(postgres: Postgres) -> Postgres:
    """A server whose master user may do what RDS's may, and no more; with a database."""
    postgres.master(MASTER, MASTER_PASSWORD)
    with postgres.connect(MASTER, MASTER_PASSWORD) as connection:
        connection.execute(f"CREATE DATABASE {DATABASE}")
    with postgres.connect(MASTER, MASTER_PASSWORD, DATABASE) as connection:
        connection.execute("CREATE SCHEMA app")
    return postgres


@pytest.fixture
def database(master: Postgres) -> Postgres:
    """The database with the user of an application, and a table that it has made."""
    master.drop(CLONE, APP, "uex_other", dbname=DATABASE)
    with master.connect(MASTER, MASTER_PASSWORD, DATABASE) as connection:
        connection.execute(f"CREATE ROLE {APP} LOGIN CONNECTION LIMIT 30 PASSWORD {sql.quote(APP_PASSWORD)}")
        connection.execute(f"ALTER ROLE {APP} SET search_path = 'app', \"$user\", public")
        connection.execute(f"ALTER ROLE {APP} IN DATABASE {DATABASE} SET statement_timeout = '20s'")
        connection.execute(f"GRANT ALL ON SCHEMA app TO {APP}")
    with master.connect(APP, APP_PASSWORD, DATABASE) as connection:
        connection.execute("CREATE TABLE app.visits (number int)")
    return master


def app_value(server: Postgres, **fields: Any) -> str:
    value = {"username": APP, "password": APP_PASSWORD, "dbname": DATABASE, "host": server.host, "port": server.port}
    return json.dumps(value | fields)


class Bench:
    """A strategy with what the engine gives it."""

    def __init__(self, kind: Any, server: Postgres, *, admin: str = ADMIN, **options: Any) -> None:
        self.lines: list[str] = []
        context = Context(
            client=lambda *_args, **_kwargs: pytest.fail("no call of AWS is needed"),
            read_secret={"admin": admin}.__getitem__,
            say=self.lines.append,
            sleep=lambda _seconds: None,
        )
        self.strategy = kind({"ca_file": server.ca_file, "admin_secret": "admin", **options}, context)
        assert self.strategy.problems() == []

    def rotate(self, current: str) -> str:
        pending = self.strategy.create(current)
        self.strategy.set(current, pending)
        self.strategy.switch(current, pending)
        self.strategy.test(pending)
        return pending


def login(value: str) -> tuple[str, str]:
    fields = json.loads(value)
    return fields["username"], fields["password"]


@pytest.mark.parametrize("admin_secret", ["admin", None])
def test_a_single_users_old_password_stops_working(database: Postgres, admin_secret: str | None) -> None:
    first = app_value(database, url=f"postgres://{APP}:it%27s%20an%20%22old%22%20pass%25word@db:5432/{DATABASE}?a=b")
    second = Bench(SingleUser, database, admin_secret=admin_secret).rotate(first)
    assert database.accepts(*login(second))
    assert not database.accepts(*login(first))
    fields = json.loads(second)
    assert fields["url"] == f"postgres://{APP}:{fields['password']}@db:5432/{DATABASE}?a=b"
    assert {**fields, "password": "", "url": ""} == {**json.loads(first), "password": "", "url": ""}


def test_a_single_user_is_set_again_after_a_kill(database: Postgres) -> None:
    """AWSCURRENT does not work any more then; the pending password shows that all is done."""
    bench = Bench(SingleUser, database, admin_secret=None)
    first = app_value(database)
    second = bench.rotate(first)
    again = Bench(SingleUser, database, admin_secret=None).strategy
    again.set(first, second)
    again.switch(first, second)
    again.test(second)
    again.undo(first, second)
    again.test(first)
    again.undo(first, second)
    assert database.accepts(*login(first))
    assert not database.accepts(*login(second))


def test_an_undone_single_user_needs_no_login_that_works(database: Postgres) -> None:
    """The session that has set the password takes it back, whatever has happened to it meanwhile."""
    bench = Bench(SingleUser, database, admin_secret=None).strategy
    first = app_value(database)
    second = bench.create(first)
    bench.set(first, second)
    bench.switch(first, second)
    database.run(f"ALTER ROLE {APP} PASSWORD 'somebody else''s'")
    with pytest.raises(RotationError, match="password authentication failed") as failure:
        bench.test(second)
    assert failure.value.step == "test"
    bench.undo(first, second)
    bench.test(first)


def test_without_any_way_in_it_says_what_is_needed(database: Postgres) -> None:
    bench = Bench(SingleUser, database, admin_secret=None).strategy
    first = app_value(database, password="not the password")
    with pytest.raises(RotationError) as failure:
        bench.set(first, bench.create(first))
    assert "admin_secret" in failure.value.advice
    with pytest.raises(RotationError) as failure:
        bench.undo(first, bench.create(first))
    assert "admin_secret" in failure.value.advice


def test_alternating_users_take_turns_with_the_same_rights(database: Postgres) -> None:
    bench = Bench(AlternatingUsers, database)
    first = app_value(database)
    second = bench.rotate(first)
    assert login(second)[0] == CLONE
    assert database.accepts(*login(first))
    with database.connect(*login(second), DATABASE) as connection:
        connection.execute("INSERT INTO visits VALUES (1)")
        connection.execute("CREATE TABLE made_by_the_clone (number int)")
        shown = [connection.execute(f"SHOW {name}").fetchone()[0] for name in ("search_path", "statement_timeout")]
        assert shown == ['app, "$user", public', "20s"]
    third = bench.rotate(second)
    assert login(third)[0] == APP
    assert database.accepts(*login(second))
    assert not database.accepts(*login(first))
    with database.connect(*login(third), DATABASE) as connection:
        connection.execute("INSERT INTO made_by_the_clone SELECT * FROM visits")
        connection.execute("DROP TABLE made_by_the_clone")
    limits = database.run("SELECT rolconnlimit FROM pg_roles WHERE rolname IN (%s, %s)", APP, CLONE)
    assert limits == [(30,), (30,)]


def test_what_is_set_for_the_first_user_later_holds_for_the_second_too(database: Postgres) -> None:
    bench = Bench(AlternatingUsers, database)
    second = bench.rotate(app_value(database))
    with database.connect(MASTER, MASTER_PASSWORD) as connection:
        connection.execute(f"ALTER ROLE {APP} IN DATABASE {DATABASE} RESET statement_timeout")
        connection.execute(f"ALTER ROLE {APP} SET lock_timeout = '3s'")
    database.run(f"ALTER ROLE {APP} SET log_min_duration_statement = 5")
    third = bench.rotate(second)
    fourth = bench.rotate(third)
    assert login(fourth)[0] == CLONE
    with database.connect(*login(fourth), DATABASE) as connection:
        shown = [connection.execute(f"SHOW {name}").fetchone()[0] for name in ("lock_timeout", "statement_timeout")]
    assert shown == ["3s", "0"]
    assert [line for line in bench.lines if "log_min_duration_statement" in line]


def test_a_user_of_the_clones_name_with_other_rights_is_left_alone(database: Postgres) -> None:
    with database.connect(MASTER, MASTER_PASSWORD) as connection:
        connection.execute(f"CREATE ROLE {CLONE} LOGIN PASSWORD 'its own'")
    bench = Bench(AlternatingUsers, database)
    first = app_value(database)
    with pytest.raises(RotationError, match="no member of uex_app"):
        bench.rotate(first)
    assert database.accepts(CLONE, "its own")
    named = Bench(AlternatingUsers, database, username=APP, clone_username="uex_other")
    second = named.rotate(first)
    assert login(second)[0] == "uex_other"
    assert login(named.rotate(second))[0] == APP


def test_alternating_users_are_put_back(database: Postgres) -> None:
    bench = Bench(AlternatingUsers, database)
    first = app_value(database)
    second = bench.rotate(first)
    bench.strategy.undo(first, second)
    assert database.accepts(*login(first))
    third = bench.rotate(second)
    assert not database.accepts(*login(first))
    bench.strategy.undo(first, third)
    assert database.accepts(*login(first))


def test_no_password_reaches_the_log_of_the_server(database: Postgres) -> None:
    first = app_value(database)
    values = [first]
    for kind in (AlternatingUsers, AlternatingUsers, SingleUser):
        values.append(Bench(kind, database).rotate(values[-1]))
    log = database.log.read_text(encoding="utf-8")
    assert "ALTER ROLE" in log
    assert "SCRAM-SHA-256$" in log
    assert [value for value in values[1:] if login(value)[1] in log] == []


@pytest.mark.parametrize(
    ("options", "cause", "advice"),
    [
        ({"ca_file": None}, "root certificate file", "ca_file"),
        ({"host": "127.0.0.1"}, "does not match host name", "endpoint"),
        ({"tls": "off", "ca_file": None}, "no encryption", ""),
        ({"port": 1}, "Connection refused", "host and port"),
        ({"database": "nowhere"}, 'database "nowhere" does not exist', ""),
    ],
)
def test_what_is_in_the_way_is_said_in_the_servers_words(
    database: Postgres, options: dict[str, Any], cause: str, advice: str
) -> None:
    first = app_value(database)
    with pytest.raises(RotationError) as failure:
        Bench(SingleUser, database, **options).rotate(first)
    assert cause in failure.value.cause
    assert advice in failure.value.advice
    assert MASTER_PASSWORD not in "".join(traceback.format_exception(failure.value))


def test_a_server_with_a_strangers_certificate_is_told_no_password(database: Postgres) -> None:
    stranger = str(database.certificates.stranger)
    with pytest.raises(RotationError, match="certificate verify failed"):
        Bench(SingleUser, database, ca_file=stranger).rotate(app_value(database))


def test_an_administrator_who_may_too_little_is_told_what_is_missing(database: Postgres) -> None:
    first = app_value(database)
    bench = Bench(AlternatingUsers, database, admin=first)
    with pytest.raises(RotationError, match="permission denied to create role") as failure:
        bench.rotate(first)
    assert "CREATEROLE" in failure.value.cause
    assert database.accepts(*login(first))


def test_a_user_that_another_session_is_changing_is_not_waited_for_without_end(
    database: Postgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Such as that of a run whose machine has lost its network."""
    monkeypatch.setattr(postgres_server, "LOCK_TIMEOUT", "50ms")
    bench, first = Bench(AlternatingUsers, database), app_value(database)
    second = bench.rotate(first)
    with database.connect(MASTER, MASTER_PASSWORD) as other, other.transaction(force_rollback=True):
        other.execute(f"ALTER ROLE {APP} PASSWORD 'of the other'")
        with pytest.raises(RotationError, match="lock timeout") as failure:
            bench.rotate(second)
    assert "pg_stat_activity" in failure.value.advice
    assert database.accepts(*login(first))


def test_unverified_tls_is_there_for_who_asks_for_it(database: Postgres) -> None:
    options = {"tls": "unverified", "ca_file": None, "host": "127.0.0.1"}
    assert database.accepts(*login(Bench(SingleUser, database, **options).rotate(app_value(database))))
