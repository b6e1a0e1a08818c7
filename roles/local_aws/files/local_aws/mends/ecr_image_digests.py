# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The digest of an image is that of its manifest.

AWS: imageDigest is the SHA-256 of the image manifest; the same manifest has the same digest, another one another
(ECR API reference, Image; OCI image specification, digests).
moto 5.2.5: hashes the layers' digests, or, for a manifest without layers, a random number below 101, so that one push
in a hundred has the digest of another.
Can go when moto hashes the manifest.
"""

from __future__ import annotations

import hashlib

from moto.ecr.models import Image

from ..clock import Clock


def _create_digest(self: Image) -> None:
    self._image_digest = "sha256:" + hashlib.sha256(self.image_manifest.encode()).hexdigest()


def apply(clock: Clock) -> None:
    Image._create_digest = _create_digest  # type: ignore[method-assign]
