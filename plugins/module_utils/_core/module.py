# Copyright: slipway.aws contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module object: AnsibleAWSModule with one client per service and one way to end."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, NoReturn

try:
    from botocore.config import Config
except ImportError:
    pass  # AnsibleAWSModule reports the missing SDK.

from ansible_collections.amazon.aws.plugins.module_utils.exceptions import AnsibleAWSError
from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule

from .parallel import WORKERS


class SlipwayModule(AnsibleAWSModule):
    """One client per service and region; throttling is retried by botocore, for every call."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._clients: dict[tuple[str, str | None], Any] = {}

    def client(self, service: str, retry_decorator: Any = None, **extra_params: Any) -> Any:
        # The base class's retry wrapper is for callers that ask for it; ours rely on botocore's standard mode.
        if retry_decorator is not None:
            return super().client(service, retry_decorator=retry_decorator, **extra_params)
        key = (service, extra_params.get("region"))
        if key not in self._clients:
            config = Config(
                retries={"mode": "standard", "max_attempts": 8},
                max_pool_connections=WORKERS,
                # Our modules send what the task says; AWS's answer names the wrong parameter better than a guess here.
                parameter_validation=True,
            )
            self._clients[key] = super().client(service, config=config, **extra_params)
        return self._clients[key]

    def hide(self, values: Iterable[str]) -> None:
        """Keep these out of the output, as values of options with C(no_log) are."""
        self._module.no_log_values.update(value for value in values if value)

    def warn(self, *args: Any, **kwargs: Any) -> None:
        # The base class also keeps a copy for its exit_json, which ansible-core 2.19 calls deprecated.
        self._module.warn(*args, **kwargs)


def run(module: SlipwayModule, main: Callable[[SlipwayModule], dict[str, Any]]) -> NoReturn:
    """Do the module's work and end with its result, or with the error it raised."""
    try:
        result = main(module)
    except AnsibleAWSError as error:
        fail(module, error)
    module.exit_json(**result)


def fail(module: SlipwayModule, error: AnsibleAWSError) -> NoReturn:
    """End with an error that names the resource, the cause in AWS's words and the next step."""
    if error.exception is not None:
        module.fail_json_aws(error.exception, msg=error.message, **error.kwargs)
    module.fail_json(msg=error.message, **error.kwargs)


__all__ = ["SlipwayModule", "fail", "run"]
