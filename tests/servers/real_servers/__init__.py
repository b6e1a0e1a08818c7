# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A real PostgreSQL and a real Redis for the tests, on loopback, both with TLS.

The programs come from requirements/servers.txt (tools/make_venv.py). The fixtures C(postgres) and C(redis_server) are
there for every test; a server starts when the first test asks for it and stops with the session, also when that is
killed.
"""
