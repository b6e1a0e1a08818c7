# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which operations of AWS a module can call, followed through its source.

Whatever a name, or ``file.name``, refers to counts as used, beginning with the module's own definitions; of a class
that is used, those methods of whose names somebody who is used speaks. An operation is called where the name of its
method stands, as an attribute or as a text. That may find more than ever happens, and never less, but for names that
are put together (``f"create_{kind}"``).
"""

from __future__ import annotations

import ast
import functools
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from content import ROOT

PLUGINS = ROOT / "plugins"
COLLECTION = "ansible_collections.slipway.aws.plugins."


@dataclass
class Piece:
    """A function, a method, a constant, or what is left of a class: what it speaks of."""

    path: Path
    method: str = ""
    names: set[str] = field(default_factory=set)
    # file.name, and any attribute or text.
    members: set[tuple[str, str]] = field(default_factory=set)
    words: set[str] = field(default_factory=set)

    def read(self, *nodes: ast.AST) -> Piece:
        own: set[str] = set()
        for node in (inner for top in nodes for inner in ast.walk(top)):
            if isinstance(node, ast.Name):
                self.names.add(node.id)
            elif isinstance(node, ast.arg):
                own.add(node.arg)
            elif isinstance(node, ast.Attribute):
                self.words.add(node.attr)
                if isinstance(node.value, ast.Name):
                    self.members.add((node.value.id, node.attr))
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                self.words.add(node.value)
        # An argument hides what has the same name in the file.
        self.names -= own
        return self


class Source:
    """One file: the pieces of what it defines, by name, and what it imports of the collection."""

    def __init__(self, path: Path) -> None:
        self.pieces: dict[str, list[Piece]] = {}
        self.imports: dict[str, tuple[Path, str]] = {}
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for node in tree.body:
            if isinstance(node, ast.FunctionDef):
                self.pieces[node.name] = [Piece(path).read(node)]
            elif isinstance(node, ast.ClassDef):
                self.pieces[node.name] = list(_pieces(path, node))
            elif isinstance(node, ast.Assign | ast.AnnAssign):
                targets = node.targets if isinstance(node, ast.Assign) else [node.target]
                names = [name.id for target in targets for name in ast.walk(target) if isinstance(name, ast.Name)]
                piece = Piece(path).read(node)
                self.pieces |= {name: [piece] for name in names}
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom):
                self._imports(path, node)

    def _imports(self, path: Path, node: ast.ImportFrom) -> None:
        module = node.module or ""
        if module.startswith(COLLECTION):
            base = PLUGINS / module.removeprefix(COLLECTION).replace(".", "/")
        elif node.level:
            base = path.parents[node.level - 1] / module.replace(".", "/")
        else:
            return
        for alias in node.names:
            inside = base / f"{alias.name}.py"
            # A file of a package; or a name of a file.
            found = (inside, "") if inside.is_file() else (base.with_suffix(".py"), alias.name)
            self.imports[alias.asname or alias.name] = found


def _pieces(path: Path, node: ast.ClassDef) -> Iterator[Piece]:
    """Its methods, and the rest, with the methods that Python itself calls."""
    methods = [item for item in node.body if isinstance(item, ast.FunctionDef) and not item.name.startswith("__")]
    yield Piece(path).read(*node.bases, *node.decorator_list, *(item for item in node.body if item not in methods))
    for method in methods:
        yield Piece(path, method.name).read(method)


@functools.cache
def source(path: Path) -> Source:
    return Source(path)


@functools.cache
def resolved(path: Path, name: str) -> tuple[Path, str] | None:
    """Where a name of a file is defined: the file and the name there, which is empty for a file itself."""
    if name in source(path).pieces:
        return path, name
    target = source(path).imports.get(name)
    if target is None or not target[0].is_file():
        return None
    return resolved(*target) if target[1] else target


def words(module: Path) -> set[str]:
    """All attributes and texts that the module can come to."""
    spoken: set[str] = set()
    known: set[tuple[Path, str]] = set()
    waiting: list[Piece] = []

    def take(target: tuple[Path, str] | None) -> None:
        if target and target[1] and target not in known:
            known.add(target)
            waiting.extend(source(target[0]).pieces.get(target[1], []))

    for name in source(module).pieces:
        take((module, name))
    while ready := [piece for piece in waiting if not piece.method or piece.method in spoken]:
        waiting[:] = [piece for piece in waiting if piece not in ready]
        for piece in ready:
            spoken |= piece.words
            for name in piece.names:
                take(resolved(piece.path, name))
            for holder, name in piece.members:
                of = resolved(piece.path, holder)
                if of and not of[1]:
                    take(resolved(of[0], name))
    return spoken
