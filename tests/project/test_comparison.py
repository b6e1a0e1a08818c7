# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The tables that compare us with other tools: each claim of ours is a link to a test that exists."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from content import ROOT

TABLES = sorted((ROOT / "docs" / "comparison").glob("*.md"))
LINK = re.compile(r"\[yes\]\((?P<path>[^)#]+)#(?P<test>\w+)\)")


def rows(text: str) -> list[list[str]]:
    """The cells of all rows of all tables, without headings and rulers."""
    lines = [line.strip() for line in text.splitlines()]
    table = [line.strip("|").split("|") for line in lines if line.startswith("|")]
    cells = [[cell.strip() for cell in row] for row in table]
    rulers = {index for index, row in enumerate(cells) if all(re.fullmatch(":?-+:?", cell) for cell in row)}
    headings = {index - 1 for index in rulers}
    return [row for index, row in enumerate(cells) if index not in rulers | headings]


@pytest.mark.parametrize("table", TABLES, ids=lambda path: path.stem)
def test_each_claim_is_a_link_to_a_test(table: Path) -> None:
    """The second cell of each row is ours."""
    found = rows(table.read_text(encoding="utf-8"))
    assert found
    missing = []
    for feature, ours, *_others in found:
        links = list(LINK.finditer(ours))
        if not links and not ours.startswith("no"):
            missing.append(f"{feature}: neither a link nor a no: {ours}")
        for link in links:
            path = (table.parent / link["path"]).resolve()
            if not path.is_file() or f"def {link['test']}(" not in path.read_text(encoding="utf-8"):
                missing.append(f"{feature}: there is no {link['path']}#{link['test']}")
    assert missing == []
