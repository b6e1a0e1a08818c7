# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Write what follows from the list of modules: meta/runtime.yml, and for each module the action that runs it directly.

A redirect in plugin_routing would be shorter than the actions. But ansible-lint then tells every user to call
slipway.aws.direct instead of the module, and antsibull-docs finds no module at all.
"""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

RUNTIME = """\
---
# SPDX-License-Identifier: GPL-3.0-or-later
# Written by tools/write_generated.py (`make format`).
requires_ansible: ">=2.17.0"

# `module_defaults: group/slipway.aws.aws` reaches every module of ours and, by extend_group, every one of amazon.aws.
action_groups:
  aws:
    - metadata:
        extend_group:
          - amazon.aws.aws
"""

# Resolving amazon.aws's group takes ansible-core a tenth of a second for every play of a playbook.
ROLES_GROUP = """\
  # What this collection's roles and playbooks call, for plays that call nothing else: sooner resolved.
  roles:
"""

ACTION = '''\
# Copyright: slipway.aws contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Written by tools/write_generated.py (`make format`).
"""Direct execution of the module of this name."""

from __future__ import annotations

from ansible_collections.slipway.aws.plugins.plugin_utils.direct_action import ActionModule

__all__ = ["ActionModule"]
'''

# Modules that wait, and tell of it in a file.
WAITS = '"progress_file"'
PROGRESS_ACTION = ACTION.replace("direct_action", "progress_action").replace(
    "Direct execution of the module of this name.", "Direct execution of the module of this name, with live progress."
)


def action_for(module: Path) -> str:
    """The action of a module."""
    return PROGRESS_ACTION if WAITS in module.read_text(encoding="utf-8") else ACTION


def called_of_amazon_aws(root: Path) -> list[str]:
    """The modules of amazon.aws that roles and playbooks call."""
    files = [*(root / "roles").glob("*/tasks/*.yml"), *(root / "playbooks").glob("*.yml")]
    called = re.compile(r"^ +(amazon\.aws\.\w+):$", re.MULTILINE)
    return sorted({name for path in files for name in called.findall(path.read_text(encoding="utf-8"))})


def generated(root: Path) -> dict[Path, str]:
    """The files, and what shall stand in them."""
    modules = sorted(path for path in (root / "plugins" / "modules").glob("*.py") if path.stem != "__init__")
    actions = {root / "plugins" / "action" / module.name: action_for(module) for module in modules}
    names = "".join(f"    - {module.stem}\n" for module in modules)
    others = "".join(f"    - {name}\n" for name in called_of_amazon_aws(root))
    return {root / "meta" / "runtime.yml": RUNTIME + names + ROLES_GROUP + names + others, **actions}


def stale(root: Path) -> list[Path]:
    """Actions that were written for modules that are gone."""
    wanted = generated(root)
    found = (root / "plugins" / "action").glob("*.py")
    return [path for path in found if path not in wanted and "Written by" in path.read_text(encoding="utf-8")]


if __name__ == "__main__":
    for path, text in generated(ROOT).items():
        path.write_text(text, encoding="utf-8")
    for path in stale(ROOT):
        path.unlink()
