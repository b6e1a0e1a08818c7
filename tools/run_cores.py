# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Test direct execution on every supported ansible-core: C(python tools/run_cores.py [2.17 2.21 ...] [-- OPTIONS]).

Each version gets an environment of its own in build/cores, made once, with the oldest Python on this machine that it
runs on; amazon.aws is the one of this project's environment. OPTIONS are pytest's. Too slow for C(make test).
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CORES = ROOT / "build" / "cores"
#: What depends on private code of ansible-core.
TESTS = tuple(f"tests/integration/test_{name}.py" for name in ("direct_execution", "warm_up", "read_ahead"))
#: Before this version templates are not compiled once and no task stays in the parent: there is nothing to test.
COMPILED = ("2.19", *(f"tests/unit/plugins/plugin_utils/test_{name}.py" for name in ("compiled", "in_parent")))

#: ansible-core → the versions of Python that its controller runs on, and this project too.
PYTHONS = {
    "2.17": ("3.11", "3.12"),
    "2.18": ("3.11", "3.12", "3.13"),
    "2.19": ("3.11", "3.12", "3.13"),
    "2.20": ("3.12", "3.13", "3.14"),
    "2.21": ("3.12", "3.13", "3.14"),
}


def find_python(core: str) -> str | None:
    """A Python that this version of ansible-core runs on."""
    for version in PYTHONS[core]:
        found = shutil.which(f"python{version}")
        works = found and subprocess.run([found, "-c", "import venv"], capture_output=True, check=False)
        if works and works.returncode == 0:
            return found
    return None


def environment(core: str, interpreter: str) -> Path:
    """The folder of its programs."""
    home = CORES / core
    stamp = home / ".made"
    if not stamp.exists():
        requirements = [
            f"ansible-core~={core}.0",
            "pytest~=9.2",
            "-r",
            "requirements/local-aws.txt",
            "boto3",
            "botocore",
        ]
        subprocess.run([interpreter, "-m", "venv", "--clear", str(home)], check=True)
        subprocess.run(
            [str(home / "bin" / "python"), "-m", "pip", "install", "-q", *requirements], cwd=ROOT, check=True
        )
        (packages,) = home.glob("lib/python*/site-packages")
        collections = packages / "ansible_collections"
        if not collections.exists():
            collections.symlink_to(Path(sysconfig.get_path("purelib")) / "ansible_collections")
        stamp.touch()
    return home / "bin"


def main() -> int:
    """Run the tests on each version and sum up."""
    arguments = sys.argv[1:]
    options = arguments[arguments.index("--") + 1 :] if "--" in arguments else []
    wanted = arguments[: arguments.index("--")] if "--" in arguments else arguments
    if unknown := set(wanted) - set(PYTHONS):
        sys.exit(f"Not supported: {', '.join(sorted(unknown))}. Supported: {', '.join(PYTHONS)}")
    verdicts = {}
    for core in wanted or PYTHONS:
        interpreter = find_python(core)
        if interpreter is None:
            verdicts[core] = f"NOT TESTED: needs Python {' or '.join(PYTHONS[core])}"
            continue
        programs = environment(core, interpreter)
        told = subprocess.run(
            [str(programs / "ansible"), "--version"], capture_output=True, text=True, check=True
        ).stdout.splitlines()
        tests = (*TESTS, *COMPILED[1:]) if core >= COMPILED[0] else TESTS
        print(f"\n{told[0]}, {told[-3].strip() if len(told) > 3 else interpreter}", flush=True)
        done = subprocess.run(
            [str(programs / "python"), "-m", "pytest", "-q", "-p", "no:cacheprovider", *options, *tests],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            text=True,
            check=False,
        )
        lines = done.stdout.splitlines() or [""]
        print("\n".join(lines[-1:] if done.returncode == 0 else lines[-60:]), flush=True)
        verdicts[core] = f"{'passed' if done.returncode == 0 else 'FAILED'}: {told[0]}: {lines[-1]}"
    print("\n" + "\n".join(f"{core}  {verdict}" for core, verdict in verdicts.items()))
    return int(any(not verdict.startswith("passed") for verdict in verdicts.values()))


if __name__ == "__main__":
    sys.exit(main())
