# Copyright: slipway.aws contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""CloudFront distributions and what they refer to."""

from __future__ import annotations

from ._cloudfront.distribution_config import FIELDS
from ._cloudfront.distributions import Distribution, References

__all__ = ["FIELDS", "GLOBAL_REGION", "Distribution", "References"]

# CloudFront and what it is tagged with live here, whatever the region of everything else.
GLOBAL_REGION = "us-east-1"
