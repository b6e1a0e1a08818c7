# Copyright: slipway.aws contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Compile each Jinja template once a run, in the parent of all workers.

ansible-core compiles a template whenever a variable is used, in each worker anew, and with it the templates of all
variables that it is made of: half of what an unchanged run cost. The code that Jinja makes of a template depends on
its text and on the settings of its environment and on nothing else, so it can be kept; workers are forks of the
process that kept it.

What depends on the version of ansible-core is here, and only here. On an unknown version nothing engages, nor where
templates then do not give what they should.
"""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Iterable, Iterator, Mapping
from types import CodeType
from typing import Any

from ansible.release import __version__ as core_version

CORE = tuple(int(part) for part in core_version.split(".")[:2])
# Before 2.19 templating was another, which keeps some of its results.
KNOWN_CORES = frozenset({(2, 19), (2, 20), (2, 21)})
COLLECTION = "slipway.aws."


def is_text(value: Any) -> bool:
    return isinstance(value, str)


def texts(value: Any) -> Iterator[str]:
    """The templates in a value, however deep."""
    if isinstance(value, str):
        if "{{" in value or "{%" in value:
            yield value
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from texts(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from texts(item)


class Compiled:
    """What was compiled, by text and settings, and ansible-core's environment made to look here first."""

    def __init__(self) -> None:
        from ansible._internal._templating import _jinja_bits
        from ansible.plugins.loader import filter_loader
        from jinja2.environment import TemplateExpression

        self._environment = _jinja_bits.AnsibleEnvironment
        self._settings = _jinja_bits._TEMPLATE_OVERRIDE_FIELD_NAMES
        self._context = _jinja_bits._TemplateCompileContext
        self._expression = TemplateExpression
        self._compile = self._environment.compile
        self._compile_expression = self._environment.compile_expression
        self._filters = filter_loader
        self._find_filter = filter_loader.get_with_context
        self._found: dict[str, Any] = {}
        self._code: dict[tuple[Any, ...], Any] = {}
        self._last: Any = None
        self._followed: set[CodeType] = set()
        self._prepared = ""

    def engage(self) -> None:
        kept = self

        def compile(self: Any, source: Any, *args: Any, **kwargs: Any) -> Any:  # noqa: A001 - Jinja's name
            return kept.template(self, source, *args, **kwargs)

        def compile_expression(self: Any, source: str, undefined_to_none: bool = True) -> Any:
            return kept.expression(self, source, undefined_to_none)

        self._environment.compile = compile
        self._environment.compile_expression = compile_expression
        self._filters.get_with_context = self.filter

    def disengage(self) -> None:
        self._environment.compile = self._compile
        self._environment.compile_expression = self._compile_expression
        self._filters.get_with_context = self._find_filter

    def filter(self, name: str, *args: Any, **kwargs: Any) -> Any:
        """A filter. To find one of a collection, ansible-core goes through all files of the collection, each time."""
        if not name.startswith(COLLECTION) or args or kwargs:
            return self._find_filter(name, *args, **kwargs)
        if name not in self._found:
            found = self._find_filter(name)
            if not found.object:
                return found
            self._found[name] = found
        return self._found[name]

    def template(self, environment: Any, source: Any, *args: Any, **kwargs: Any) -> Any:
        """The code of a template."""
        if not isinstance(source, str) or args or kwargs:
            self._last = self._compile(environment, source, *args, **kwargs)
            return self._last
        key = self._key(environment, "template", source)
        if key not in self._code:
            self._code[key] = self._compile(environment, source)
        return self._code[key]

    def expression(self, environment: Any, source: str, undefined_to_none: bool) -> Any:
        """A compiled expression: a template around one value."""
        key = self._key(environment, "expression", source)
        if key not in self._code:
            made = self._compile_expression(environment, source, undefined_to_none)
            # It has just gone through template(), as a syntax tree.
            self._code[key] = self._last
            return made
        globals_ = environment.make_globals(None)
        template = environment.template_class.from_code(environment, self._code[key], globals_, None)
        return self._expression(template, undefined_to_none)

    def _key(self, environment: Any, kind: str, source: str) -> tuple[Any, ...]:
        context = self._context.current(optional=True)
        escapes = context is not None and context.escape_backslashes
        return (kind, str(source), escapes, type(environment), *(getattr(environment, name) for name in self._settings))

    def remember(self, templates: Iterable[str], conditions: Iterable[str], variables: Mapping[str, Any]) -> None:
        """Compile what a worker will need: these, and the templates of the variables that they name, and so on.

        What does not compile fails where it is used, as ever.
        """
        environment = self._environment()
        found: list[str] = []
        for source in conditions:
            with contextlib.suppress(Exception), self._context(escape_backslashes=False):
                environment.compile_expression(source, False)
                code = self._code[self._key(environment, "expression", source)]
                found += self._follow(code, variables)
        found += templates
        while found:
            with contextlib.suppress(Exception), self._context(escape_backslashes=True):
                found += self._follow(environment.compile(found.pop()), variables)

    def prepare(self, task: Any, variables: Mapping[str, Any]) -> None:
        """Compile what the workers of a task will need. Its hosts use the same templates, nearly all."""
        if task._uuid == self._prepared:
            return
        self._prepared = task._uuid
        wanted = task.args.get("argument_spec") or {}
        values = [variables[name] for name in wanted if name in variables]
        asserted = task.args.get("that")
        conditions = [*task.when, *(asserted if isinstance(asserted, list) else [asserted])]
        self.remember(texts([task.args, values, task.get_vars()]), filter(is_text, conditions), variables)

    def _follow(self, code: CodeType, variables: Mapping[str, Any]) -> list[str]:
        """The templates of the variables whose names stand in the code, unless they were followed before."""
        if code in self._followed:
            return []
        self._followed.add(code)
        found = []
        for constant in code.co_consts:
            if isinstance(constant, CodeType):
                found += self._follow(constant, variables)
            elif isinstance(constant, str) and constant in variables:
                found += texts(variables[constant])
        return found


def sound() -> bool:
    """Whether templating does what it should with what has just been engaged."""
    try:
        from ansible.template import Templar, trust_as_template

        variables = {"outer": "{{ inner ~ 'b' }}", "inner": "{{ list[0] }}", "list": ["{{ 'a' }}"]}
        trusted = {
            name: [trust_as_template(item) for item in value] if isinstance(value, list) else trust_as_template(value)
            for name, value in variables.items()
        }
        for _first_compiled_then_kept in range(2):
            templar = Templar(None, variables=trusted)
            if templar.template(trust_as_template("{{ outer }}c")) != "abc":
                return False
            if templar.evaluate_conditional(trust_as_template("outer == 'a'")):
                return False
    except Exception:  # noqa: BLE001 - whatever it is, ansible-core alone has not this fault
        return False
    return True


@functools.cache
def engaged() -> Compiled | None:
    """Have templating keep what it compiles, from now on and in every worker. None on an unknown ansible-core."""
    if CORE not in KNOWN_CORES:
        return None
    try:
        compiled = Compiled()
    except (ImportError, AttributeError):
        return None
    compiled.engage()
    if not sound():
        compiled.disengage()
        return None
    return compiled
