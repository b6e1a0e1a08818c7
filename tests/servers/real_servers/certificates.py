# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A certificate authority of the tests' own, and what it has signed for the servers."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import trustme


@dataclass(frozen=True)
class Certificates:
    """Files in PEM: what a client trusts, and what a server on localhost shows."""

    ca: Path
    certificate: Path
    key: Path
    #: An authority that has signed nothing here, for clients that must refuse.
    stranger: Path

    @classmethod
    def make(cls, folder: Path) -> Certificates:
        """Make new ones in a folder."""
        files = cls(*(folder / name for name in ("ca.pem", "server.pem", "server.key", "stranger.pem")))
        authority = trustme.CA()
        server = authority.issue_cert("localhost")
        authority.cert_pem.write_to_path(str(files.ca))
        trustme.CA().cert_pem.write_to_path(str(files.stranger))
        files.certificate.write_bytes(b"".join(blob.bytes() for blob in server.cert_chain_pems))
        files.key.touch(mode=0o600)
        server.private_key_pem.write_to_path(str(files.key))
        return files
