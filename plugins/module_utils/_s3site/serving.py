# Copyright: slipway.aws contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a site is served as it was published."""

from __future__ import annotations

import time
import urllib.error
from collections.abc import Callable, Iterable, Mapping
from urllib.parse import quote

from ansible.module_utils.urls import open_url

from ..core import AnsibleAWSError
from . import files
from .files import Blob


def fetch_pages(
    url: str,
    wanted: Mapping[str, Blob],
    keys: Iterable[str],
    *,
    timeout: float,
    sleep: Callable[[float], None] = time.sleep,
    clock: Callable[[], float] = time.monotonic,
) -> list[str]:
    """Fetch objects from where the site is served until each has the wanted content; those fetched."""
    if not url.startswith(("http://", "https://")):
        raise AnsibleAWSError(message=f"verify_url: {url} is no URL of the web.")
    started, fetched = clock(), []
    for key in keys:
        address = f"{url.rstrip('/')}/{quote(key)}"
        while True:
            found = _fetched(address, wanted[key].headers.get("content_encoding", ""))
            if found == wanted[key].md5:
                break
            if clock() - started > timeout:
                raise AnsibleAWSError(
                    message=f"verify_url: {address} does not serve what was published ({found}). The site is "
                    "published; look at the distribution's origin, its path and its error pages."
                )
            sleep(2)
        fetched.append(key)
    return fetched


def _fetched(address: str, encoding: str) -> str:
    """The checksum of what is served, or what went wrong."""
    try:
        # As it is stored: open_url would ask for gzip, and unpack what comes.
        with open_url(
            address, headers={"Accept-Encoding": encoding or "identity"}, timeout=20, decompress=False
        ) as answer:
            return files.md5_of(answer.read())
    except urllib.error.HTTPError as error:
        return f"status {error.code}"
    except OSError as error:
        return str(error)
