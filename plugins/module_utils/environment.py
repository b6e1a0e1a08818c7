# Copyright: slipway.aws contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What belongs to one project and environment, found by tags."""

from __future__ import annotations

from ._environment.collect import Environment, collect

__all__ = ["Environment", "collect"]
