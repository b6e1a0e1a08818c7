# Copyright: slipway.aws contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Wrap the variables of a host once for a template, not once for each template that it is made of.

A template sees every variable of its host wrapped, so that those which it names can be templated in turn. ansible-core
wraps them all for each template, and a variable made of others is many: a sixth of what an unchanged run cost. While
the outermost template is evaluated its variables do not change, so a copy of what was wrapped first serves the others.

What depends on the version of ansible-core is here, and only here. On an unknown version nothing engages, nor where
templates then do not give what they should.
"""

from __future__ import annotations

import functools
from collections import ChainMap
from collections.abc import Iterator
from typing import Any

from ansible_collections.slipway.aws.plugins.plugin_utils import compiled


@functools.cache
def engage() -> None:
    if compiled.CORE not in compiled.KNOWN_CORES:
        return
    try:
        from ansible._internal._templating import _jinja_bits, _lazy_containers
        from ansible._internal._templating._utils import LazyOptions, TemplateContext
        from ansible.module_utils._internal._datatag import _try_get_internal_tags_mapping

        wrapped, source, lazy_dict = (
            _lazy_containers._LazyValue,
            _lazy_containers._LazyValueSource,
            _lazy_containers._AnsibleLazyTemplateDict,
        )
        wrap_all = _jinja_bits._flatten_and_lazify_vars
    except (ImportError, AttributeError):
        return

    def kept_by(context: Any) -> dict[int, tuple[Any, dict[str, Any]]]:
        """What the outermost template has wrapped so far."""
        if not hasattr(context, "slipway_wrapped"):
            context.slipway_wrapped = {} if context.is_top_level else kept_by(context._parent_ctx)
        return context.slipway_wrapped

    def lazify(variables: Any) -> Iterator[Any]:
        kind = type(variables)
        if kind is ChainMap:
            for layer in variables.maps:
                yield from lazify(layer)
        elif kind is not dict or not variables:
            yield from wrap_all(variables)
        else:
            context = TemplateContext.current()
            kept = kept_by(context)
            known, values = kept.get(id(variables), (None, {}))
            if known is not variables or len(values) != len(variables):
                values = {name: wrapped(value) for name, value in variables.items()}
                kept[id(variables)] = (variables, values)
            yield lazy_dict._instance_factory(
                source(source=values, templar=context.templar, lazy_options=LazyOptions.DEFAULT),
                _try_get_internal_tags_mapping(variables),
            )

    _jinja_bits._flatten_and_lazify_vars = lazify
    if not compiled.sound():
        _jinja_bits._flatten_and_lazify_vars = wrap_all
