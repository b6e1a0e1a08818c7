# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Templates that are compiled once give what they give when they are compiled each time."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from ansible._internal._templating import _jinja_bits, _lazy_containers
from ansible.plugins.loader import filter_loader
from ansible.template import Templar, trust_as_template
from ansible_collections.slipway.aws.plugins.plugin_utils import compiled, lazy_variables

VARIABLES = {
    "name": "uex",
    "nested": "{{ name ~ '-dev' }}",
    "deep": {"list": ["{{ nested }}", 2]},
    "path": "{{ 'a\\tb' }}",
    "header": "#jinja2: variable_start_string:'[%', variable_end_string:'%]'\n[% name %] {{ name }}",
}


@pytest.fixture
def kept() -> Iterator[compiled.Compiled]:
    kept = compiled.Compiled()
    kept.engage()
    yield kept
    kept.disengage()


def templar() -> Templar:
    return Templar(None, variables={name: trusted(value) for name, value in VARIABLES.items()})


def trusted(value: object) -> object:
    if isinstance(value, dict):
        return {key: trusted(item) for key, item in value.items()}
    if isinstance(value, list):
        return [trusted(item) for item in value]
    return trust_as_template(value) if isinstance(value, str) else value


TEMPLATES = (
    *("{{ name }}", "{{ nested }}", "{{ deep }}", "{{ deep.list | map('upper') | list }}", "{{ path }}"),
    *("{{ header }}", "{% if name == 'uex' %}yes{% endif %}", "{{ 1 + 1 }}", "x{{ [1, name] }}y"),
)


@pytest.mark.parametrize("template", TEMPLATES)
def test_a_template_gives_the_same_kept_or_not(template: str, request: pytest.FixtureRequest) -> None:
    plain = templar().template(trust_as_template(template))
    request.getfixturevalue("kept")
    assert [templar().template(trust_as_template(template)) for _number in range(2)] == [plain, plain]


@pytest.mark.parametrize(
    "condition", ["name == 'uex'", "nested is search('^u')", "'\\t' in 'a\\tb'", "deep.list[1] > 5"]
)
def test_a_condition_gives_the_same_kept_or_not(condition: str, request: pytest.FixtureRequest) -> None:
    plain = templar().evaluate_conditional(trust_as_template(condition))
    request.getfixturevalue("kept")
    assert [templar().evaluate_conditional(trust_as_template(condition)) for _number in range(2)] == [plain, plain]


@pytest.mark.parametrize("template", ["{{ name", "{{ name | no_such_filter }}", "{{ absent }}", "{{ 1 / 0 }}"])
def test_an_error_is_the_same_kept_or_not(template: str, request: pytest.FixtureRequest) -> None:
    def message() -> str:
        with pytest.raises(Exception) as raised:  # noqa: PT011 - whatever ansible-core says
            templar().template(trust_as_template(template))
        return f"{type(raised.value).__name__}: {raised.value}"

    plain = message()
    request.getfixturevalue("kept")
    assert [message(), message()] == [plain, plain]


def test_what_was_remembered_is_not_compiled_again(kept: compiled.Compiled, monkeypatch: pytest.MonkeyPatch) -> None:
    kept.remember(compiled.texts([("{{ deep }}",), "no template", 3]), ["nested is search('x')"], VARIABLES)

    def compile_again(*_args: object) -> None:
        raise AssertionError("compiled again")

    monkeypatch.setattr(kept, "_compile", compile_again)
    monkeypatch.setattr(kept, "_compile_expression", compile_again)
    assert templar().template(trust_as_template("{{ deep }}")) == {"list": ["uex-dev", 2]}
    assert templar().evaluate_conditional(trust_as_template("nested is search('x')")) is True


def test_an_unknown_ansible_core_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    compiled.engaged.cache_clear()
    monkeypatch.setattr(compiled, "CORE", (2, 99))
    assert compiled.engaged() is None
    compiled.engaged.cache_clear()


@pytest.mark.parametrize("how", ["not there", "otherwise"])
def test_where_what_it_needs_is_not_as_it_was_it_leaves_templating_alone(
    how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    environment = _jinja_bits.AnsibleEnvironment
    before = (environment.compile, environment.compile_expression, filter_loader.get_with_context)
    if how == "not there":
        monkeypatch.delattr(_jinja_bits, "_TEMPLATE_OVERRIDE_FIELD_NAMES")
    else:
        monkeypatch.setattr(_jinja_bits, "_TEMPLATE_OVERRIDE_FIELD_NAMES", ("no_such_setting",))
    compiled.engaged.cache_clear()
    assert compiled.engaged() is None
    compiled.engaged.cache_clear()
    assert (environment.compile, environment.compile_expression, filter_loader.get_with_context) == before


@pytest.fixture
def lazy(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    # Put back what engages.
    monkeypatch.setattr(_jinja_bits, "_flatten_and_lazify_vars", _jinja_bits._flatten_and_lazify_vars)
    lazy_variables.engage.cache_clear()
    yield
    lazy_variables.engage.cache_clear()


@pytest.mark.parametrize("template", TEMPLATES)
@pytest.mark.usefixtures("lazy")
def test_a_template_gives_the_same_with_variables_wrapped_once(template: str) -> None:
    plain, ordinary = templar().template(trust_as_template(template)), _jinja_bits._flatten_and_lazify_vars
    lazy_variables.engage()
    assert _jinja_bits._flatten_and_lazify_vars is not ordinary
    assert [templar().template(trust_as_template(template)) for _number in range(2)] == [plain, plain]


@pytest.mark.parametrize("how", ["unknown", "not there", "otherwise"])
@pytest.mark.usefixtures("lazy")
def test_variables_are_wrapped_as_ever_where_that_is_not_as_it_was(how: str, monkeypatch: pytest.MonkeyPatch) -> None:
    ordinary = _jinja_bits._flatten_and_lazify_vars
    match how:
        case "unknown":
            monkeypatch.setattr(compiled, "CORE", (2, 99))
        case "not there":
            monkeypatch.delattr(_lazy_containers, "_LazyValueSource")
        case "otherwise":
            monkeypatch.setattr(_lazy_containers, "_LazyValueSource", lambda source: source)
    lazy_variables.engage()
    assert _jinja_bits._flatten_and_lazify_vars is ordinary
