# Copyright: slipway.aws contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which service revision a rollback goes to, and what its images were: pure functions over what ECS answers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from .comparison import canonical_field
from .verdict import revision_number, target_of

# What a service revision holds of the service itself, by UpdateService's names.
REVISION_FIELDS = (
    "capacityProviderStrategy",
    "loadBalancers",
    "serviceRegistries",
    "networkConfiguration",
    "serviceConnectConfiguration",
    "volumeConfigurations",
    "vpcLatticeConfigurations",
)


def earlier_targets(successful: Iterable[Mapping[str, Any]], current: str) -> list[str]:
    """The service revisions that were brought out with success before the current one, the latest first.

    C(successful) are listed service deployments, the newest first.
    """
    targets = list(dict.fromkeys(target_of(item) for item in successful))
    numbers = [revision_number(target) for target in targets]
    number = revision_number(current)
    return targets[numbers.index(number) + 1 :] if number in numbers else targets


def configuration(revision: Mapping[str, Any]) -> dict[str, Any]:
    """What makes two service revisions different: the task definition, the images by digest, the configuration."""
    digests = {image.get("containerName"): image.get("imageDigest") for image in revision.get("containerImages") or []}
    fields = {name: canonical_field(name, revision.get(name)) for name in REVISION_FIELDS}
    return {"taskDefinition": revision.get("taskDefinition"), "digests": digests, **fields}


def last_different(
    candidates: Iterable[str], revisions: Mapping[str, Mapping[str, Any]], current: str
) -> Mapping[str, Any] | None:
    """The first candidate that differs from the current revision in more than its number."""
    number = revision_number(current)
    running = next((item for arn, item in revisions.items() if revision_number(arn) == number), {})
    for arn in candidates:
        revision = revisions.get(arn)
        if revision is not None and configuration(revision) != configuration(running):
            return revision
    return None


def digests_to_pin(revision: Mapping[str, Any], now: Mapping[str, str]) -> dict[str, str]:
    """The images that must be named by digest to run what the revision ran, by container.

    C(now) holds the digests that ECR has for the images' tags at present. An image whose tag still points at what the
    revision ran keeps its name.
    """
    pinned = {}
    for image in revision.get("containerImages") or []:
        name, digest = image.get("image", ""), image.get("imageDigest")
        if digest and "@" not in name and now.get(name) != digest:
            pinned[image.get("containerName", "")] = f"{without_tag(name)}@{digest}"
    return pinned


def without_tag(image: str) -> str:
    """The name of an image without its tag; a registry's port is not one."""
    head, slash, tail = image.rpartition("/")
    return f"{head}{slash}{tail.partition(':')[0]}"


def with_images(definition: Mapping[str, Any], pinned: Mapping[str, str]) -> dict[str, Any]:
    """A task definition with other images for some containers."""
    containers = [
        {**container, "image": pinned.get(container["name"], container.get("image", ""))}
        for container in definition["containerDefinitions"]
    ]
    return {**definition, "containerDefinitions": containers}
