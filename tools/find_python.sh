#!/bin/sh
# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Print a Python that can run this project: 3.11 or newer. The wanted one comes first, then those with a version in their name,
# because `python3` of many systems is older than the newest Python installed beside it.
set -u
wanted=${1:-python3}
for candidate in "$wanted" python3.13 python3.12 python3.11; do
    # A shim of a version manager may be on the path and still not run: only an answer counts.
    if "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; then
        echo "$candidate"
        exit 0
    fi
done
found=$("$wanted" -c 'import platform; print(platform.python_version())' 2>/dev/null || echo "not found")
cat >&2 <<TEXT
slipway.aws needs Python 3.11 or newer.
  '$wanted' is: $found; python3.13, python3.12 and python3.11 were not found either.
  Install one of them, or name one: make PYTHON=/path/to/python3.12 demo
TEXT
exit 1
