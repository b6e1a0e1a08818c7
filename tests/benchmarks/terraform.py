# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Terraform, managing what an environment of ours holds, where it and its AWS provider are on this machine."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

from .holds import holds
from .stack import BUILD, BenchmarkError, LocalAws, Run

CONFIGURATION = Path(__file__).with_name("terraform")
#: The account that it manages: the same things in an account of their own.
ACCOUNT = "444444444444"


def missing() -> str:
    """Why it cannot be measured here; empty when it can."""
    if shutil.which("terraform") is None:
        return "there is no program terraform on the path"
    mirror = os.environ.get("TF_PLUGIN_DIR", "")
    if not mirror:
        return "TF_PLUGIN_DIR does not name a filesystem mirror of its AWS provider"
    if not list(Path(mirror).glob("*/hashicorp/aws/*")):
        return f"{mirror} (TF_PLUGIN_DIR) holds no */hashicorp/aws/<version>"
    return ""


class Terraform:
    """A working directory with the configuration and its state."""

    def __init__(self, server: LocalAws, inventory: str, account: str) -> None:
        self.server = server
        self.folder = BUILD / "terraform"
        shutil.rmtree(self.folder, ignore_errors=True)
        shutil.copytree(CONFIGURATION, self.folder)
        found = holds(server.url, account, "uex", inventory, ACCOUNT)
        (self.folder / "holds.json").write_text(json.dumps(found), encoding="utf-8")
        settings = BUILD / "terraform.rc"
        mirror = json.dumps(os.environ["TF_PLUGIN_DIR"])
        settings.write_text(
            f"provider_installation {{\n  filesystem_mirror {{\n    path = {mirror}\n  }}\n}}\n", encoding="utf-8"
        )
        self.environment = {"TF_CLI_CONFIG_FILE": str(settings), "CHECKPOINT_DISABLE": "1"}
        self._ask("init", "-input=false", "-no-color")

    def _ask(self, *arguments: str) -> str:
        done = subprocess.run(
            ["terraform", *arguments],
            cwd=self.folder,
            env={**self.server.environment(ACCOUNT), **self.environment},
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise BenchmarkError(f"terraform {arguments[0]} failed:\n{done.stdout}{done.stderr}")
        return done.stdout

    def versions(self) -> tuple[str, str]:
        """Of the program and of its provider."""
        told = json.loads(self._ask("version", "-json"))
        return told["terraform_version"], next(iter(told["provider_selections"].values()))

    def resources(self) -> int:
        """How many it manages."""
        names = [name for name in self._ask("state", "list").splitlines() if name]
        return sum(
            ".data." not in f".{name.rsplit('[', 1)[0]}".replace("module.data.", "module_data.") for name in names
        )

    def measured(self, name: str, *arguments: str, latency_ms: float, expected: str) -> Run:
        run = self.server.measured(
            name,
            ["terraform", *arguments, "-input=false", "-no-color"],
            account=ACCOUNT,
            latency_ms=latency_ms,
            directory=self.folder,
            **self.environment,
        )
        text = run.log.read_text(encoding="utf-8")
        if expected not in text:
            raise BenchmarkError(f"{name}: Terraform did not say {expected!r}:\n{text[-3000:]}")
        return run
