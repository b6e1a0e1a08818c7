# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""New buckets are encrypted, private, and owned by their owner.

AWS: since January 2023 each bucket has SSE-S3 as its default encryption, which DeleteBucketEncryption goes back to;
since April 2023 a new bucket blocks public access and has BucketOwnerEnforced (S3 user guide).
moto 5.2.5: a new bucket has none of the three.
Can go when moto's buckets begin with them.
"""

from __future__ import annotations

from typing import Any

from moto.s3.models import FakeBucket, PublicAccessBlock, S3Backend

from ..clock import Clock


def encryption() -> dict[str, Any]:
    return {"Rule": {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}, "BucketKeyEnabled": "false"}}


def apply(clock: Clock) -> None:
    create = S3Backend.create_bucket

    def mended_create(self: S3Backend, *args: Any, **kwargs: Any) -> FakeBucket:
        bucket = create(self, *args, **kwargs)
        bucket.encryption = encryption()
        bucket.public_access_block = PublicAccessBlock("true", "true", "true", "true")
        bucket.ownership_rule = "BucketOwnerEnforced"  # type: ignore[assignment]
        return bucket

    def delete_bucket_encryption(self: S3Backend, bucket_name: str) -> None:
        self.get_bucket(bucket_name).encryption = encryption()

    S3Backend.create_bucket = mended_create  # type: ignore[method-assign]
    S3Backend.delete_bucket_encryption = delete_bucket_encryption  # type: ignore[method-assign]
