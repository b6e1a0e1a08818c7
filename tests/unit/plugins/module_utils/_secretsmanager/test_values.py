# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import json
import string

import pytest
from ansible_collections.amazon.aws.plugins.module_utils.exceptions import AnsibleAWSError
from ansible_collections.slipway.aws.plugins.module_utils._secretsmanager import values


@pytest.mark.parametrize("name", sorted(values.ALPHABETS))
def test_generated_values_have_the_length_and_only_characters_of_the_alphabet(name: str) -> None:
    alphabet = values.ALPHABETS[name]
    made = {values.generate(24, alphabet) for _number in range(50)}
    assert len(made) == 50
    assert {len(value) for value in made} == {24}
    assert set("".join(made)) <= set(alphabet)


def test_every_class_of_characters_is_in_a_value() -> None:
    for _number in range(200):
        value = values.generate(8, values.ALPHABETS["database"])
        assert set(value) & set(string.ascii_lowercase)
        assert set(value) & set(string.ascii_uppercase)
        assert set(value) & set(string.digits)
        assert set(value) - set(string.ascii_letters + string.digits)


def test_a_value_too_short_for_every_class_is_made_all_the_same() -> None:
    assert len(values.generate(2, values.ALPHABETS["database"])) == 2


def test_rds_and_elasticache_take_what_their_alphabets_have() -> None:
    assert not set(values.ALPHABETS["database"]) & set('/@" ')
    assert set(values.ALPHABETS["redis"]) - set(string.ascii_letters + string.digits) == set("!&#$^<>-")


def make(length: int, characters: str) -> str:
    return f"{length}-{len(characters)}"


def test_build_takes_a_value_a_whole_or_fields() -> None:
    assert values.build({"value": "given"}, make) == "given"
    assert values.build({"generate": [{"length": 5, "alphabet": "hex"}]}, make) == "5-16"
    secret = {
        "fields": {"username": "uex", "port": 5432},
        "generate": [{"field": "password", "length": 5, "characters": "aab"}],
    }
    assert json.loads(values.build(secret, make)) == {"username": "uex", "port": 5432, "password": "5-2"}


@pytest.mark.parametrize(
    ("secret", "told"),
    [
        ({"value": "x", "fields": {"a": 1}}, "has a value as well as"),
        ({"generate": [{"length": 3}, {"field": "a", "length": 3}]}, "one whole value and JSON fields"),
        ({"generate": [{"length": 3}], "fields": {"a": 1}}, "one whole value and JSON fields"),
        ({"generate": [{"field": "a", "length": 3}], "fields": {"a": 1}}, "says twice what the field a is"),
        ({"generate": [{"length": 0}]}, "0 characters"),
        ({"generate": [{"length": 3, "characters": "aaa"}]}, "3 characters out of 1"),
    ],
)
def test_unclear_recipes_are_refused(secret: dict, told: str) -> None:
    with pytest.raises(AnsibleAWSError, match=told):
        values.check_recipe("s", secret)


def test_a_recipe_is_whatever_says_what_the_value_is() -> None:
    assert values.has_recipe({"value": ""})
    assert values.has_recipe({"fields": {"a": 1}})
    assert values.has_recipe({"generate": [{"length": 3}]})
    assert not values.has_recipe({"value": None, "generate": [], "fields": {}})


def test_tokens_follow_the_inputs_and_never_the_value() -> None:
    token = values.request_token("create", "a")
    assert token == values.request_token("create", "a")
    assert token != values.request_token("create", "b")
    assert 32 <= len(token) <= 64
    one = values.replacement_token("a", {"generate": [{"length": 3}], "value": "x"})
    assert one == values.replacement_token("a", {"generate": [{"length": 3}], "value": "y"})
    assert one != values.replacement_token("a", {"generate": [{"length": 4}]})
    assert one != values.replacement_token("a", {"generate": [{"length": 3}], "replacement_id": "2"})


def test_the_create_token_is_the_same_for_ever() -> None:
    # A run must recognise what an older release of the collection made.
    assert values.request_token("create", "uex-dev/database") == "1927a11f-bda2-5744-9886-78b56e8bdbd1"


def test_a_field_of_a_secret() -> None:
    assert values.field_of("whole", None, "s") == "whole"
    assert values.field_of('{"password": "x", "port": 5432}', "password", "s") == "x"
    assert values.field_of('{"port": 5432}', "port", "s") == "5432"


@pytest.mark.parametrize("value", ["marker", '["marker"]', '{"other": "marker"}'])
def test_a_missing_field_is_told_without_the_value(value: str) -> None:
    with pytest.raises(AnsibleAWSError) as error:
        values.field_of(value, "password", "uex/database")
    assert "uex/database is no JSON object with the field password" in str(error.value)
    assert "marker" not in repr(error.value) + repr(error.value.__cause__)
    assert error.value.__suppress_context__
