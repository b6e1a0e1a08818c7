# Copyright: slipway.aws contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""IAM's OIDC providers: their state in the words of the module, and the changes between two states."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..core import Resource, State, differences, from_tag_list, merged, tag_changes, to_tag_list, wanted_tags
from ..planned import planned_arn
from . import api


def host_of(url: str) -> str:
    """The URL as IAM keeps it: without its scheme, and without a slash at its end."""
    return url.removeprefix("https://").rstrip("/")


def provider_state(arn: str, provider: Mapping[str, Any]) -> State:
    """A provider as the module speaks of it, from GetOpenIDConnectProvider."""
    return {
        "arn": arn,
        "client_ids": sorted(provider.get("ClientIDList", [])),
        "thumbprints": sorted(provider.get("ThumbprintList", [])),
        "tags": from_tag_list(provider.get("Tags")),
    }


def wanted_clients(current: list[str], stated: list[str] | None, *, purge: bool) -> list[str] | None:
    """The client ids that a provider shall have."""
    if stated is None:
        return None
    return sorted(set(stated) if purge else {*current, *stated})


class OidcProvider(Resource):
    """One provider, known by its URL."""

    kind = "OIDC provider"
    unordered = frozenset({"client_ids", "thumbprints"})

    def __init__(self, client: Any, url: str, *, purge_client_ids: bool = False, purge_tags: bool = True) -> None:
        self.client = client
        self.host = host_of(url)
        self.purge_client_ids = purge_client_ids
        self.purge_tags = purge_tags

    def describe(self) -> dict[str, State]:
        suffix = f":oidc-provider/{self.host}"
        arn = next((found for found in api.list_oidc_providers(self.client) if found.endswith(suffix)), None)
        found = api.get_oidc_provider(self.client, arn) if arn else None
        return {self.host: provider_state(arn, found)} if arn and found else {}

    def differences(self, name: str, current: State, wanted: State) -> State:
        stated = {
            **wanted,
            "client_ids": wanted_clients(current["client_ids"], wanted.get("client_ids"), purge=self.purge_client_ids),
            "tags": wanted_tags(current["tags"], wanted.get("tags"), purge=self.purge_tags),
        }
        return differences(current, stated, unordered=self.unordered)

    def create(self, name: str, wanted: State) -> State:
        arn = api.create_oidc_provider(
            self.client,
            f"https://{name}",
            ClientIDList=wanted.get("client_ids"),
            ThumbprintList=wanted.get("thumbprints"),
            Tags=to_tag_list(wanted["tags"]) if wanted.get("tags") else None,
        )
        # IAM looks the thumbprints up itself where none are given.
        return provider_state(arn, api.get_oidc_provider(self.client, arn) or {})

    def update(self, name: str, current: State, changes: State, wanted: State) -> State:
        arn = current["arn"]
        before, after = set(current["client_ids"]), set(changes.get("client_ids", current["client_ids"]))
        for client_id in sorted(after - before):
            api.add_oidc_client(self.client, arn, client_id)
        for client_id in sorted(before - after):
            api.remove_oidc_client(self.client, arn, client_id)
        if "thumbprints" in changes:
            api.update_oidc_thumbprints(self.client, arn, changes["thumbprints"])
        if "tags" in changes:
            api.tag_oidc_provider(self.client, arn, *tag_changes(current["tags"], changes["tags"]))
        return merged(current, changes)

    def delete(self, name: str, current: State) -> None:
        api.delete_oidc_provider(self.client, current["arn"])

    def planned(self, name: str, wanted: State) -> State:
        defaults = {
            "arn": planned_arn("iam", f"oidc-provider/{name}"),
            "client_ids": [],
            "thumbprints": [],
            "tags": {},
        }
        return merged(defaults, wanted)
