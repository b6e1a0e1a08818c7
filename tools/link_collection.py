# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Make the checkout importable as the collection slipway.aws without moving it.

Ansible and Python look for a collection in <somewhere>/ansible_collections/<namespace>/<name>. A link below
``.collections`` provides that path. ``make link`` and the root ``conftest.py`` both come here.
"""

from __future__ import annotations

import os
from pathlib import Path

NAMESPACE, NAME = "slipway", "aws"


def link(root: Path) -> Path | None:
    """Make or mend the link; return the folder for ANSIBLE_COLLECTIONS_PATH, None when the checkout needs no link.

    It needs none when it already lies in ansible_collections/slipway/aws (a copy made for ansible-test): a second name
    for the same files would then break the import of conftest.py.
    """
    if root.parts[-3:] == ("ansible_collections", NAMESPACE, NAME):
        return None
    base = root / ".collections"
    target = base / "ansible_collections" / NAMESPACE / NAME
    target.parent.mkdir(parents=True, exist_ok=True)
    wanted = os.path.relpath(root, target.parent)
    if not (target.is_symlink() and str(target.readlink()) == wanted):
        # Made aside and moved into place, so that two test processes may do this at the same moment.
        aside = target.with_name(f"{NAME}.{os.getpid()}")
        aside.symlink_to(wanted)
        aside.replace(target)
    return base


if __name__ == "__main__":
    print(link(Path(__file__).resolve().parent.parent))
