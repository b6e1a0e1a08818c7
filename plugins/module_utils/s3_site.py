# Copyright: slipway.aws contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Static sites in buckets."""

from __future__ import annotations

from ._s3site.plan import Plan
from ._s3site.serving import fetch_pages
from ._s3site.site import Site

__all__ = ["Plan", "Site", "fetch_pages"]
