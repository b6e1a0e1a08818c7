# Copyright: slipway.aws contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Certificates of ACM."""

from __future__ import annotations

from ._acm.certificates import Certificates, all_records, wanted_names

__all__ = ["Certificates", "all_records", "wanted_names"]
