# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Judge a request log: ``python -m local_aws.audit STATE_DIR [--no-mutations] [--since MARK]``.

Exits 1, and lists them, when the local AWS answered a call with a server error: an action that it does not implement
must fail the run in which it was called. ``--no-mutations`` also refuses every call that may change something;
``--since`` looks only at what stands after the last mark of that name (``POST /local-aws/mark?name=MARK``).
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from pathlib import Path
from typing import Any

from . import requestlog


class AuditError(Exception):
    """The log cannot be judged."""


def findings(
    entries: list[dict[str, Any]], since: str | None = None, no_mutations: bool = False
) -> tuple[list[str], int]:
    """What is wrong in a log, in words, and how many requests were looked at."""
    if since is not None:
        positions = [index for index, entry in enumerate(entries) if entry.get("mark") == since]
        if not positions:
            raise AuditError(f"The log has no mark named {since!r}.")
        entries = entries[positions[-1] + 1 :]
    requests = [entry for entry in entries if "action" in entry]
    found: Counter[str] = Counter()
    for entry in requests:
        name = f"{entry['service']}:{entry['action'] or '(no such operation)'}"
        if entry["status"] >= 500:
            found[f"{name} answered {entry['status']} {entry.get('error') or ''}".rstrip()] += 1
        if no_mutations and entry["mutating"]:
            found[f"{name} may change something"] += 1
    return [f"{text} ({count} times)" if count > 1 else text for text, count in found.items()], len(requests)


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m local_aws.audit", description=__doc__.splitlines()[0])
    parser.add_argument("state_dir", type=Path, help="the state directory of the local AWS")
    parser.add_argument("--since", metavar="MARK", help="look only at what stands after the last mark of this name")
    parser.add_argument("--no-mutations", action="store_true", help="also refuse calls that may change something")
    arguments = parser.parse_args(argv)
    try:
        found, looked_at = findings(list(requestlog.read(arguments.state_dir)), arguments.since, arguments.no_mutations)
    except (OSError, AuditError) as error:
        print(f"audit: {error}", file=sys.stderr)
        return 2
    if found:
        print(f"audit: {len(found)} finding(s) in {looked_at} requests:", file=sys.stderr)
        for text in found:
            print(f"  {text}", file=sys.stderr)
        return 1
    print(f"audit: {looked_at} requests, nothing to complain about.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
