# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How fast it is: C(make bench), or parts of it by C(python -m tests.benchmarks --help)."""
