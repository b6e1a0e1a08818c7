# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A module that does to its process what a module should not do."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

from ansible.module_utils.basic import AnsibleModule


def main() -> None:
    module = AnsibleModule(argument_spec={"how": {"type": "str", "required": True}})
    match module.params["how"]:
        case "exit":
            os._exit(7)
        case "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        case "abort":
            os.abort()
        case "leave":
            sys.exit(3)
        case "hear":
            signal.signal(signal.SIGTERM, lambda *_heard: os.environ.update(LEFT_BEHIND="heard"))
            signal.raise_signal(signal.SIGTERM)
        case "print":
            print("not a result")
        case "write":
            os.write(1, b"not a result\n")
            subprocess.run("read -r line; echo not a result", shell=True, check=False)
        case "threads":
            threading.Thread(target=time.sleep, args=(60,), daemon=True).start()
        case "move":
            os.chdir("/")
            os.environ["LEFT_BEHIND"] = "yes"
            os.umask(0)
        case "raise":
            raise RuntimeError("a bug in a module")
    module.exit_json(changed=False, directory=str(Path.cwd()), left_behind=os.environ.get("LEFT_BEHIND", ""))


if __name__ == "__main__":
    main()
