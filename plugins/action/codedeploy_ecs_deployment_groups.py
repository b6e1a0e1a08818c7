# Copyright: slipway.aws contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Written by tools/write_generated.py (`make format`).
"""Direct execution of the module of this name."""

from __future__ import annotations

from ansible_collections.slipway.aws.plugins.plugin_utils.direct_action import ActionModule

__all__ = ["ActionModule"]
