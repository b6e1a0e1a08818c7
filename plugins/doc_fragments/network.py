# Copyright: slipway.aws contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations


class ModuleDocFragment:
    """The options that the modules for lists of network resources have in common."""

    DOCUMENTATION = r"""
options:
  owner_tags:
    description:
      - Tags that say whose the resources are, such as project and environment. All get them.
      - Only resources that carry all of them are looked at, and one is recognised by its tag C(Component) among those.
    type: dict
    default: {}
  tags:
    description: Further tags of all resources. An item's own tags win over these, O(owner_tags) over both.
    type: dict
    default: {}
  purge_tags:
    description: Whether to remove other tags from the listed resources.
    type: bool
    default: true
  purge:
    description:
      - Whether to remove resources that carry O(owner_tags) and are not listed. Needs O(owner_tags).
      - With an empty list this removes everything of the kind that belongs to the owner.
    type: bool
    default: false
  state:
    description: Whether the listed resources shall exist. With V(absent) an item needs nothing but what names it.
    type: str
    choices: [present, absent]
    default: present
"""
