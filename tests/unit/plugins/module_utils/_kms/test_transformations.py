# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.slipway.aws.plugins.module_utils._kms import transformations as to


def test_an_alias_with_and_without_its_beginning() -> None:
    assert to.alias_name("uex") == to.alias_name("alias/uex") == "alias/uex"


GRANTS: list[dict[str, Any]] = [
    {"name": "plain", "grantee_principal": "arn:a", "operations": ["Encrypt", "Decrypt"], "retiring_principal": None},
    {
        "name": "full",
        "grantee_principal": "arn:a",
        "operations": ["Decrypt"],
        "retiring_principal": "arn:b",
        "encryption_context_equals": {"a": "1"},
        "encryption_context_subset": {"b": "2"},
    },
]


def test_grants_there_and_back() -> None:
    stated = to.stated_grants(GRANTS)
    assert stated["plain"] == {"grantee_principal": "arn:a", "operations": ["Decrypt", "Encrypt"]}
    answered = [to.grant_arguments(name, grant) for name, grant in stated.items()]
    assert to.from_grants(answered) == stated


@pytest.mark.parametrize("name", [None, ""])
def test_grants_without_a_name_are_none_of_ours(name: str | None) -> None:
    nameless = {"GranteePrincipal": "rds.amazonaws.com", "Operations": ["Decrypt"], "GrantId": "1"}
    assert to.from_grants([nameless if name is None else {**nameless, "Name": name}]) == {}
