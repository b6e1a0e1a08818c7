# Copyright: slipway.aws contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Direct execution for amazon.aws's modules too: what ansible-core runs by its C(normal) action.

This collection's own modules have an action each. Other collections' modules are reached only
where this folder is on the configured action path (C(action_plugins) in C(ansible.cfg)): the operator opts in.
"""

from __future__ import annotations

from ansible_collections.slipway.aws.plugins.plugin_utils.direct_action import ActionModule

__all__ = ["ActionModule"]
