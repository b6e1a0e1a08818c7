# Copyright: slipway.aws contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: s3_site
version_added: 0.1.0
short_description: Publish a folder as a static site, without a broken page at any moment
description:
  - Makes the objects below a prefix of a bucket what the files of a folder are, with the right headers.
  - Files are compared by content and by headers. What differs is uploaded in parallel, assets first, then pages, the
    first page last. Then the changed paths are invalidated, and only then assets of old releases are deleted.
  - A run that is cut off anywhere leaves every page with all assets that it refers to, and the next run finishes it.
  - Only what this module published is ever deleted. Neighbouring prefixes, excluded files and objects of others stay.
  - Remembers the releases below C(.slipway/) in the bucket, and can go back to one without uploading. Nobody but the
    publisher needs to read them there - deny it to the distribution, as the role C(slipway.aws.edge) does.
  - An object that somebody else has changed is put right. Where only its headers were changed that is not seen, because
    a listing does not tell of them.
  - A folder of 10,000 files that has not changed takes twelve calls.
  - "IAM actions: C(s3:ListBucket), C(s3:GetObject), C(s3:PutObject), C(s3:DeleteObject), and where asked for
    C(cloudfront:ListInvalidations), C(cloudfront:CreateInvalidation), C(cloudfront:GetInvalidation); where a key of
    your own encrypts the bucket C(kms:GenerateDataKey), C(kms:Decrypt)."
author:
  - slipway.aws contributors (@slipway-aws)
options:
  bucket:
    description: The bucket.
    type: str
    required: true
  prefix:
    description: Where in the bucket the site stands. V(site) never means C(site-admin/).
    type: str
    default: ''
  source:
    description: The folder to publish. Required unless O(rollback_to) is given or O(state=absent).
    type: path
  state:
    description: Whether the site shall be there. V(absent) deletes what this module published.
    type: str
    choices: [present, absent]
    default: present
  exclude:
    description:
      - Globs of files that are not published, and of objects that are not deleted.
      - One without a slash means names in any directory; one of a directory means everything in it.
    type: list
    elements: str
    default: []
  rules:
    description:
      - Headers by glob. Every rule that means a file applies, later ones win.
      - Without rules pages are revalidated each time, files with a hash in their name are kept for a year, and
        everything else for five minutes.
    type: list
    elements: dict
    default: []
    suboptions:
      pattern:
        description: The glob, such as V(*.html) or V(assets/*).
        type: str
        required: true
      cache_control:
        description: Header C(Cache-Control).
        type: str
      content_type:
        description: Header C(Content-Type).
        type: str
      content_disposition:
        description: Header C(Content-Disposition).
        type: str
      content_language:
        description: Header C(Content-Language).
        type: str
      metadata:
        description: Further metadata, such as C(cache-tag).
        type: dict
      encoding:
        description:
          - Compresses the files before they are uploaded. Everybody then gets them so.
          - V(brotli) needs the Python package brotli.
        type: str
        choices: [none, gzip, brotli]
  delete:
    description: Whether pages that are gone, and assets that no kept release needs, are deleted.
    type: bool
    default: true
  keep_releases:
    description: How many releases keep their assets, the published one among them, for pages that are still cached.
    type: int
    default: 3
  max_delete:
    description: With more to delete than this the module stops before any change.
    type: int
    default: 256
  rollback_to:
    description: Release to go back to, by its identifier, or V(previous).
    type: str
  distribution_ids:
    description: CloudFront distributions in front of the site. Changed paths are invalidated there.
    type: list
    elements: str
    default: []
  index_document:
    description: Object that a request for a directory gets; its directory is invalidated with it.
    type: str
    default: index.html
  max_invalidation_paths:
    description: With more changed paths than this they become wildcards.
    type: int
    default: 1000
  wait:
    description: Whether to wait for the invalidation before old assets are deleted.
    type: bool
    default: false
  wait_timeout:
    description: Seconds to wait for the invalidation and for O(verify_url).
    type: int
    default: 900
  verify_url:
    description: Where the site is served. Changed files are fetched from there after the publish, at most ten.
    type: str
  progress_file:
    description: A file to which a line is appended for each thing that happens while the module is at work.
    type: path
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
  - slipway.aws.attributes
"""

EXAMPLES = r"""
- name: Publish the payments site
  slipway.aws.s3_site:
    bucket: billpay-prod-payments
    source: "{{ playbook_dir }}/../frontend/dist"
    exclude: ["*.map", ".DS_Store"]
    rules:
      - pattern: "*.html"
        cache_control: no-cache
      - pattern: assets/*
        cache_control: public, max-age=31536000, immutable
    distribution_ids: ["{{ edge_output.sites.payments.distribution_id }}"]

- name: Go back to the release before
  slipway.aws.s3_site:
    bucket: billpay-prod-payments
    rollback_to: previous
    distribution_ids: ["{{ edge_output.sites.payments.distribution_id }}"]
"""

RETURN = r"""
release:
  description: Identifier of the release that stands; the same for the same files and headers.
  returned: success
  type: str
  sample: 8a5edab282632443
releases:
  description: Identifiers of the releases that can be gone back to, newest first.
  returned: success
  type: list
  elements: str
uploaded:
  description: Keys that were uploaded, or in check mode would be.
  returned: success
  type: list
  elements: str
copied:
  description: Keys that were copied from a release before, with O(rollback_to).
  returned: success
  type: list
  elements: str
deleted:
  description: Keys that were deleted.
  returned: success
  type: list
  elements: str
unchanged:
  description: How many files were in their place already.
  returned: success
  type: int
invalidated:
  description: Invalidation paths, the same for each distribution.
  returned: success
  type: list
  elements: str
invalidations:
  description: The invalidations as M(slipway.aws.cloudfront_invalidation) returns them.
  returned: success
  type: list
  elements: dict
price_usd:
  description: US dollars for the invalidation paths, as if none had been used in this month.
  returned: success
  type: float
verified:
  description: Keys that were fetched from O(verify_url).
  returned: success
  type: list
  elements: str
actions:
  description: What was done, or in check mode would be done.
  returned: success
  type: list
  elements: dict
  contains:
    action:
      description: V(upload), V(copy) or V(delete).
      type: str
    name:
      description: The key.
      type: str
    fields:
      description: Always empty.
      type: list
      elements: str
"""

from pathlib import Path
from typing import Any

from ansible_collections.slipway.aws.plugins.module_utils.cloudfront import (
    DISTRIBUTION,
    GLOBAL_REGION,
    Invalidator,
    Target,
    paths,
)
from ansible_collections.slipway.aws.plugins.module_utils.core import AnsibleAWSError, Progress, SlipwayModule, run
from ansible_collections.slipway.aws.plugins.module_utils.planned import is_planned
from ansible_collections.slipway.aws.plugins.module_utils.s3_site import Plan, Site, fetch_pages

FETCHED_AT_MOST = 10


class Cache:
    """The distributions in front of the site."""

    def __init__(self, module: SlipwayModule, release: str, progress: Progress) -> None:
        self.options = module.params
        self.release = release
        targets = [item for item in self.options["distribution_ids"] if not is_planned(item)]
        client = module.client("cloudfront", region=GLOBAL_REGION) if targets and not module.check_mode else None
        self.targets = [Target(DISTRIBUTION, item) for item in targets]
        self.invalidator = Invalidator(client, timeout=self.options["wait_timeout"], progress=progress)

    def items(self, keys: list[str]) -> list[str]:
        if not self.options["distribution_ids"]:
            return []
        rules = paths.Rules(
            index_document=self.options["index_document"], max_paths=self.options["max_invalidation_paths"]
        )
        # In a key nothing is encoded yet, and an asterisk stands for itself.
        plain = [key.replace("%", "%25").replace("*", "%2A") for key in keys]
        return paths.invalidation_items([f"/{key}" for key in plain], [], rules)

    def invalidate(self, keys: list[str]) -> list[dict[str, Any]]:
        items = self.items(keys)
        made = self.invalidator.create(
            [self.invalidator.plan(target, items, self.release, "") for target in self.targets if items]
        )
        return self.invalidator.wait(made) if self.options["wait"] else made


def _publish(module: SlipwayModule, site: Site) -> dict[str, Any]:
    options = module.params
    rollback = options["rollback_to"]
    missing = {"bucket_may_be_missing": module.check_mode}
    if rollback:
        site.read(**missing)
        wanted = site.wanted_release(rollback)
    else:
        wanted = site.read_with_files(Path(options["source"]), options["exclude"], options["rules"], **missing)
    plan = site.plan(
        wanted,
        keep_releases=options["keep_releases"],
        delete=options["delete"],
        exclude=options["exclude"],
        rollback=bool(rollback),
    )
    if len(plan.deletes) > options["max_delete"]:
        raise AnsibleAWSError(
            message=f"max_delete: {len(plan.deletes)} objects would be deleted, the first of them {plan.deletes[0]}; "
            f"at most {options['max_delete']} may. Nothing was changed. Look at source and prefix, or raise it."
        )
    due = sorted({*site.manifest.due, *plan.changed})
    cache = Cache(module, f"{plan.release.id}{plan.release.published}", site.progress)
    if not plan.nothing_to_do:
        site.progress.say(
            f"release {plan.release.id} of {len(wanted)} files: {len(plan.puts)} to put in their place, "
            f"{len(plan.deletes)} to delete"
        )
    invalidations: list[dict[str, Any]] = []
    verified: list[str] = []
    if not module.check_mode:
        invalidations = site.apply(plan, cache.invalidate)
        if options["verify_url"]:
            fetched = [put.key for put in plan.puts][-FETCHED_AT_MOST:]
            verified = fetch_pages(options["verify_url"], wanted, fetched, timeout=options["wait_timeout"])
    return _result(plan, cache.items(due), len(options["distribution_ids"]), invalidations, verified, len(wanted))


def _result(
    plan: Plan, items: list[str], targets: int, invalidations: list[dict[str, Any]], verified: list[str], files: int
) -> dict[str, Any]:
    uploaded = [put.key for put in plan.puts if not put.copy_from]
    copied = [put.key for put in plan.puts if put.copy_from]
    deleted = list(plan.deletes)
    done = [("upload", uploaded), ("copy", copied), ("delete", deleted)]
    price = paths.price(len(items) * targets)
    shown = (("upload", uploaded), ("copy", copied), ("invalidate", items), ("price_usd", price if items else None))
    return {
        "changed": not plan.nothing_to_do or bool(items),
        "release": plan.release.id,
        "releases": [item.id for item in plan.kept],
        "uploaded": uploaded,
        "copied": copied,
        "deleted": deleted,
        "unchanged": files - len(plan.puts),
        "invalidated": items,
        "invalidations": invalidations,
        "price_usd": price,
        "verified": verified,
        "actions": [{"action": action, "name": key, "fields": []} for action, keys in done for key in keys],
        "diff": {
            "before": {"delete": deleted} if deleted else {},
            "after": {key: value for key, value in shown if value not in ([], None)},
        },
    }


def _remove(module: SlipwayModule, site: Site) -> dict[str, Any]:
    site.read(bucket_may_be_missing=True)
    keys = site.absent_plan()
    exists = bool(keys or site.manifest.releases)
    if exists and not module.check_mode:
        site.remove()
    return {
        "changed": exists,
        "release": "",
        "releases": [],
        "uploaded": [],
        "copied": [],
        "deleted": keys,
        "unchanged": 0,
        "invalidated": [],
        "invalidations": [],
        "price_usd": 0.0,
        "verified": [],
        "actions": [{"action": "delete", "name": key, "fields": []} for key in keys],
        "diff": {"before": {"delete": keys} if keys else {}, "after": {}},
    }


def _run(module: SlipwayModule) -> dict[str, Any]:
    options = module.params
    site = Site(module.client("s3"), options["bucket"], options["prefix"], options["progress_file"])
    return _remove(module, site) if options["state"] == "absent" else _publish(module, site)


RULE: dict[str, Any] = {
    "pattern": {"type": "str", "required": True},
    "cache_control": {"type": "str"},
    "content_type": {"type": "str"},
    "content_disposition": {"type": "str"},
    "content_language": {"type": "str"},
    "metadata": {"type": "dict"},
    "encoding": {"type": "str", "choices": ["none", "gzip", "brotli"]},
}


def main() -> None:
    module = SlipwayModule(
        argument_spec={
            "bucket": {"type": "str", "required": True},
            "prefix": {"type": "str", "default": ""},
            "source": {"type": "path"},
            "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
            "exclude": {"type": "list", "elements": "str", "default": []},
            "rules": {"type": "list", "elements": "dict", "default": [], "options": RULE},
            "delete": {"type": "bool", "default": True},
            "keep_releases": {"type": "int", "default": 3},
            "max_delete": {"type": "int", "default": 256},
            "rollback_to": {"type": "str"},
            "distribution_ids": {"type": "list", "elements": "str", "default": []},
            "index_document": {"type": "str", "default": "index.html"},
            "max_invalidation_paths": {"type": "int", "default": 1000},
            "wait": {"type": "bool", "default": False},
            "wait_timeout": {"type": "int", "default": 900},
            "verify_url": {"type": "str"},
            "progress_file": {"type": "path"},
        },
        mutually_exclusive=[("source", "rollback_to")],
        required_if=[("state", "present", ["source", "rollback_to"], True)],
        supports_check_mode=True,
    )
    if module.params["keep_releases"] < 1:
        module.fail_json(msg="keep_releases: the published release is one of them; it must be at least 1.")
    run(module, _run)


if __name__ == "__main__":
    main()
