# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ports for servers of the tests, of which several runs may go on beside each other on one machine."""

from __future__ import annotations

import random
import socket
import time
from pathlib import Path

#: What says that ports are taken, for as long as this process lives.
_HELD: list[socket.socket] = []

#: States of a connection that the client has ended and the server has not, as either end sees it.
_OF_SERVER, _OF_CLIENT = ("08",), ("04", "05")


def free_port() -> int:
    """A port that nobody listens on, and that nobody else gets before this process ends.

    One that the kernel picks may be given away again before its server listens: to another server, or to a connection
    of a client. So this is one of those that the kernel never picks, held by a name that only one process can have.
    """
    picked = Path("/proc/sys/net/ipv4/ip_local_port_range")
    first, last = map(int, picked.read_text(encoding="ascii").split() if picked.exists() else (32768, 60999))
    ports = [port for port in range(10_000, 65_536) if not first <= port <= last] or list(range(10_000, 65_536))
    for _attempt in range(1000):
        port = random.choice(ports)
        holder = socket.socket(socket.AF_UNIX)
        try:
            holder.bind(f"\0slipway-test-port-{port}")
            with socket.socket() as probe:
                probe.bind(("127.0.0.1", port))
        except OSError:
            holder.close()
            continue
        _HELD.append(holder)
        return port
    raise OSError("no port is free")


def settle(port: int) -> None:
    """Wait until a server has dealt with everything that processes have asked it that are dead now."""
    deadline = time.monotonic() + 60
    while _left(port):
        assert time.monotonic() < deadline, f"the server on port {port} still answers somebody who is dead"
        time.sleep(0.005)


def _left(port: int) -> bool:
    """Whether a server on loopback has connections whose other end is closed."""
    server = f"0100007F:{port:04X}"
    for line in Path("/proc/net/tcp").read_text(encoding="ascii").splitlines()[1:]:
        _number, local, remote, state, *_rest = line.split()
        if (local == server and state in _OF_SERVER) or (remote == server and state in _OF_CLIENT):
            return True
    return False
