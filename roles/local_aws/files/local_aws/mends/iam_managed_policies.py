# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""AWS's managed policies are parsed once, not at every reset.

AWS: has some 1,500 of them, which roles attach by ARN.
moto 5.2.5: parses and rebuilds them all whenever an account is made or reset, which takes longer than most tests.
Can go when moto keeps them.
"""

from __future__ import annotations

import copy

from moto.iam.models import AWSManagedPolicy, IAMBackend

from ..clock import Clock


def apply(clock: Clock) -> None:
    load = IAMBackend._init_aws_policies
    loaded: list[AWSManagedPolicy] = []

    def mended(self: IAMBackend) -> list[AWSManagedPolicy]:
        if not loaded:
            loaded.extend(load(self))
        # What changes in a managed policy, its number of attachments, is the copy's own.
        return [copy.copy(policy) for policy in loaded]

    IAMBackend._init_aws_policies = mended  # type: ignore[method-assign]
