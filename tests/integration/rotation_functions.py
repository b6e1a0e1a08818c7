# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A rotation function that the local AWS plays, and runs of a module that end before one of their calls."""

from __future__ import annotations

import gc
import io
import itertools
import json
import os
import zipfile
from typing import Any

from botocore.client import BaseClient

from .ecs import control
from .harness import Aws, execute


class Function:
    """A rotation function that the local AWS plays, and runs of a module that end before one of their calls."""

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


def partner_role(aws: Aws) -> str:
    """A role that Secrets Manager may assume to rotate what a partner holds."""
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "secretsmanager.amazonaws.com"},
        "Action": "sts:AssumeRole",
    }
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    role = aws.client("iam").create_role(RoleName=f"partner-{aws.account_id}", AssumeRolePolicyDocument=document)
    return role["Role"]["Arn"]


def killed_before(call: int, module: str, task: dict[str, Any]) -> bool:
    """Run a module in a fork that ends itself before its call of that number. Whether it came that far."""
    child = os.fork()
    if child == 0:
        # Looking for garbage would copy all that it shares with this process.
        gc.disable()
        try:
            counter = itertools.count(1)
            original = BaseClient._make_api_call

            def counted(self: BaseClient, *args: Any, **kwargs: Any) -> Any:
                if next(counter) == call:
                    os._exit(9)
                return original(self, *args, **kwargs)

            BaseClient._make_api_call = counted  # type: ignore[method-assign]
            execute(module, task)
        finally:
            os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 9
