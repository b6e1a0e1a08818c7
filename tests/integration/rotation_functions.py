# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A rotation function that the local AWS plays."""

from __future__ import annotations

import io
import zipfile
from typing import Any

from .ecs import control
from .harness import Aws


class Function:
    """A rotation function that the local AWS plays."""

    def __init__(self, aws: Aws, name: str = "rotate", *, timeout: int = 30) -> None:
        self.aws = aws
        self.name = f"{name}-{aws.account_id}"
        aws.client("iam").create_role(RoleName=self.name, AssumeRolePolicyDocument='{"Statement": []}')
        code = io.BytesIO()
        with zipfile.ZipFile(code, "w") as archive:
            archive.writestr("lambda_function.py", "")
        functions = aws.client("lambda")
        self.arn = functions.create_function(
            FunctionName=self.name,
            Runtime="python3.12",
            Role=f"arn:aws:iam::{aws.account_id}:role/{self.name}",
            Handler="lambda_function.lambda_handler",
            Code={"ZipFile": code.getvalue()},
            Timeout=timeout,
        )["FunctionArn"]
        functions.add_permission(
            FunctionName=self.name,
            StatementId="secretsmanager",
            Action="lambda:InvokeFunction",
            Principal="secretsmanager.amazonaws.com",
        )

    def tell(self, **script: Any) -> None:
        control(self.aws, "secretsmanager/rotations", function=self.name, **script)

    def steps(self, secret: str) -> list[tuple[str, str]]:
        """The steps of a secret that were called, and how each ended."""
        arn = self.aws.client("secretsmanager").describe_secret(SecretId=secret)["ARN"]
        found = control(self.aws, f"secretsmanager/steps?secret={arn}", "GET")["steps"]
        return [(step["step"], step["outcome"]) for step in found]
