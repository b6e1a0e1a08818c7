# Copyright: slipway.aws contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""RDS. The private package behind it is split by job."""

from __future__ import annotations

from ._rds import api, instances, option_groups, postgres_users

__all__ = ["api", "instances", "option_groups", "postgres_users"]
