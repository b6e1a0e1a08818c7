# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Let the tests import ansible_collections.slipway.aws from the checkout, here and in the processes they start."""

from __future__ import annotations

import os
import runpy
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent

# The tests say what they need: nothing that the caller has set for runs of his own, no account of AWS, no proxy.
WHERE = ("ANSIBLE_CONFIG", "ANSIBLE_COLLECTIONS_PATH")
for name in [name for name in os.environ if name.startswith(("ANSIBLE_", "AWS_")) and name not in WHERE]:
    del os.environ[name]
os.environ |= {
    "ANSIBLE_NOCOLOR": "1",
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    "AWS_EC2_METADATA_DISABLED": "true",
    # Ansible wants UTF-8.
    "LC_ALL": "C.UTF-8",
    "NO_PROXY": "localhost,127.0.0.1",
    "no_proxy": "localhost,127.0.0.1",
}

COLLECTIONS = runpy.run_path(str(ROOT / "tools" / "link_collection.py"))["link"](ROOT)
if COLLECTIONS is not None:
    sys.path.insert(0, str(COLLECTIONS))
    os.environ["ANSIBLE_COLLECTIONS_PATH"] = str(COLLECTIONS)
    os.environ["ANSIBLE_CONFIG"] = str(ROOT / "ansible.cfg")
    # `python -m pytest` does not put the environment's programs (ansible-playbook, ...) on the path by itself.
    os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])

# The fixtures of the real PostgreSQL and Redis.
sys.path.append(str(ROOT / "tests" / "servers"))
pytest_plugins = ["real_servers.fixtures"]
