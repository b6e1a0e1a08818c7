# Copyright: slipway.aws contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Load the Python files of collections as Python loads its own: from C(__pycache__), where they have not changed.

ansible-core compiles each file of a collection in every run. On an unknown version nothing engages.
"""

from __future__ import annotations

import functools
from importlib.machinery import SourceFileLoader
from typing import Any

from ansible.utils.collection_loader import _collection_finder
from ansible_collections.slipway.aws.plugins.plugin_utils import compiled


@functools.cache
def engage() -> None:
    if compiled.CORE not in compiled.KNOWN_CORES:
        return
    loader = getattr(_collection_finder, "_AnsibleCollectionPkgLoaderBase", None)
    compile_source = getattr(loader, "get_code", None)
    if compile_source is None:
        return

    def get_code(self: Any, fullname: str) -> Any:
        path = getattr(self, "_source_code_path", None)
        if (
            getattr(self, "_compiled_code", True) is None
            and path
            and path.endswith(".py")
            and self.get_source(fullname)
        ):
            self._compiled_code = SourceFileLoader(fullname, path).get_code(fullname)
        return getattr(self, "_compiled_code", None) or compile_source(self, fullname)

    loader.get_code = get_code
