# Copyright: slipway.aws contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""S3 buckets. The private package behind it is split by job."""

from __future__ import annotations

from ._s3buckets import api
from ._s3buckets.transformations import (
    bucket_policy,
    encryption_from,
    encryption_rule,
    lifecycle_rules,
    logging_from,
    logging_target,
    rules_from,
    same_encryption,
    stated_rules,
)

__all__ = [
    "api",
    "bucket_policy",
    "encryption_from",
    "encryption_rule",
    "lifecycle_rules",
    "logging_from",
    "logging_target",
    "rules_from",
    "same_encryption",
    "stated_rules",
]
