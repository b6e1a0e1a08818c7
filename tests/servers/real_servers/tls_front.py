# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""End TLS before a server that was built without it; only a client that speaks TLS gets through.

A process of its own: a test that forks must not have threads that may hold a lock of OpenSSL.
"""

from __future__ import annotations

import asyncio
import contextlib
import signal
import ssl
import sys


async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    writer.close()


async def main(port: int, plain_port: int, certificate: str, key: str) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    # A client that refuses our certificate is part of the tests, no news.
    asyncio.get_running_loop().set_exception_handler(lambda _loop, _context: None)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        behind_reader, behind_writer = await asyncio.open_connection("127.0.0.1", plain_port)
        await asyncio.gather(pump(reader, behind_writer), pump(behind_reader, writer))

    server = await asyncio.start_server(serve, "127.0.0.1", port, ssl=context)
    await server.serve_forever()


if __name__ == "__main__":
    # Started by a test run in the background, it would ignore what ends it.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(main(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3], sys.argv[4]))
