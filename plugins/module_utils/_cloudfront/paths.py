# Copyright: slipway.aws contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Invalidation paths by CloudFront's rules: pure functions, no calls."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from ..core import AnsibleAWSError

LONGEST_PATH = 4000
LONGEST_TAG = 256
# What one invalidation may hold, and what may be in progress on one distribution.
MAX_PATHS = 3000
MAX_WILDCARDS = 15
FREE_PATHS = 1000
USD_PER_PATH = 0.005
EVERYTHING = "/*"

# What RFC 1738 calls unsafe, and the apostrophe, which CloudFront does not take. The percent sign stands apart.
_UNSAFE = frozenset(" <>\"#{}|\\^~[]`'")
_ENCODED = re.compile(r"%[0-9A-Fa-f]{2}")


@dataclass(frozen=True)
class Rules:
    """How the paths of a task are to be understood."""

    # Object that a request for a directory gets; empty for none.
    index_document: str = "index.html"
    # The origin's own path, which is no part of an invalidation path.
    origin_path: str = ""
    # How many paths an invalidation may have before they are collapsed into wildcards.
    max_paths: int = FREE_PATHS
    collapse: bool = True


def encoded(path: str) -> str:
    """The path with exactly those characters encoded that CloudFront wants encoded. What is encoded already stays."""
    made: list[str] = []
    position = 0
    while position < len(path):
        letter = path[position]
        if letter == "%" and _ENCODED.match(path, position):
            made.append(path[position : position + 3].upper())
            position += 3
            continue
        if letter == "%" or letter in _UNSAFE or not 0x20 <= ord(letter) < 0x7F:
            made += [f"%{byte:02X}" for byte in letter.encode()]
        else:
            made.append(letter)
        position += 1
    return "".join(made)


def without_origin_path(path: str, origin_path: str) -> str:
    prefix = f"/{origin_path.strip('/')}"
    if prefix != "/" and (path == prefix or path.startswith(f"{prefix}/")):
        return path[len(prefix) :] or "/"
    return path


def normalised(path: str, rules: Rules) -> str:
    """One path as CloudFront takes it."""
    absolute = path if path.startswith("/") else f"/{path}"
    made = encoded(without_origin_path(absolute, rules.origin_path))
    if "*" in made[:-1]:
        raise AnsibleAWSError(
            message=f"paths: {path} has an asterisk in the middle; it may only be the last character."
        )
    if len(made) > LONGEST_PATH:
        raise AnsibleAWSError(
            message=f"paths: {made[:60]}… has {len(made)} characters; at most {LONGEST_PATH} are allowed."
        )
    return made


def aliases(path: str, index_document: str) -> list[str]:
    """Further paths under which CloudFront may have cached the same object."""
    name = encoded(index_document)
    if not name or path.endswith("*"):
        return []
    if path.endswith(f"/{name}"):
        directory = path.removesuffix(name)
        return [directory] if directory == "/" else [directory, directory.rstrip("/")]
    if path.endswith("/"):
        return [f"{path}{name}", *([path.rstrip("/")] if path != "/" else [])]
    return []


def covers(wildcard: str, path: str) -> bool:
    """Whether a wildcard invalidates the path, too."""
    return wildcard.endswith("*") and wildcard != path and path.startswith(wildcard[:-1])


def without_covered(paths: Iterable[str]) -> list[str]:
    """The paths without those that a wildcard among them covers, sorted."""
    unique = sorted(set(paths))
    wildcards = [path for path in unique if path.endswith("*")]
    return [path for path in unique if not any(covers(wildcard, path) for wildcard in wildcards)]


def _directory(path: str) -> str:
    """The directory in which a path stands; that of C(/a/*) is C(/)."""
    return path.rstrip("*").rstrip("/").rpartition("/")[0] + "/"


def _wildcards(paths: Iterable[str]) -> int:
    return sum(path.endswith("*") for path in paths)


def collapsed(paths: Iterable[str], max_paths: int, max_wildcards: int = MAX_WILDCARDS) -> list[str]:
    """Few enough paths that cover all of these: the fullest of the deepest directories become wildcards first."""
    current = without_covered(paths)
    while len(current) > max(1, max_paths) or _wildcards(current) > max_wildcards:
        counted = Counter(_directory(path) for path in current if path != EVERYTHING)
        deepest = max(directory.count("/") for directory in counted)
        _count, chosen = max((count, name) for name, count in counted.items() if name.count("/") == deepest)
        # The directory itself, asked for without its slash, is another path.
        current = without_covered([*current, f"{chosen}*"])
    return current


def cache_tag(tag: str) -> str:
    """A cache tag as CloudFront takes it among the paths."""
    plain = tag.removeprefix("#").lower()
    if not plain or len(plain) > LONGEST_TAG or re.search(r"[^\x21-\x7e]|[,*]", plain):
        raise AnsibleAWSError(
            message=f"cache_tags: {tag!r} is no cache tag; it is printable ASCII without comma, space and asterisk, "
            f"of at most {LONGEST_TAG} characters."
        )
    return f"#{plain}"


def invalidation_items(paths: Iterable[str], tags: Iterable[str], rules: Rules) -> list[str]:
    """Everything that is invalidated: normalised, with index aliases, without what is covered, within the budget."""
    wanted: list[str] = []
    for path in paths:
        plain = normalised(path, rules)
        wanted += [plain, *aliases(plain, rules.index_document)]
    marked = sorted({cache_tag(tag) for tag in tags})
    made = without_covered(wanted)
    if rules.collapse:
        made = collapsed(made, rules.max_paths - len(marked)) if made else []
    return made + marked


def batches(items: Iterable[str], max_paths: int = MAX_PATHS, max_wildcards: int = MAX_WILDCARDS) -> list[list[str]]:
    """The items in lists that one invalidation may hold."""
    made: list[list[str]] = []
    for item in items:
        if not made or len(made[-1]) >= max_paths or (item.endswith("*") and _wildcards(made[-1]) >= max_wildcards):
            made.append([])
        made[-1].append(item)
    return made


def caller_reference(target: str, items: Iterable[str], content: str) -> str:
    """The same for the same paths and content: CloudFront then answers with the invalidation that there is."""
    text = "\n".join([target, content, *sorted(items)])
    return f"slipway-{hashlib.sha256(text.encode()).hexdigest()[:48]}"


def price(paths: int, used: int = 0) -> float:
    """US dollars for so many paths, when so many were used in this month before."""
    return round(max(0, used + paths - max(FREE_PATHS, used)) * USD_PER_PATH, 3)
