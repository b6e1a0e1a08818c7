# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Master passwords that RDS manages in Secrets Manager.

AWS: the secret holds the master user's name and a generated password; RotateMasterUserPassword puts a new one, which
becomes AWSCURRENT, and the old one AWSPREVIOUS; a replica does not have the secret (RDS user guide, Password management
with Secrets Manager).
moto 5.2.5: the name is always "admin" and the password always the same, a rotation destroys the value, and a replica
shares the secret, which goes when the replica is deleted.
Can go when moto generates and rotates the password.
"""

from __future__ import annotations

import json
import secrets
import string
from typing import Any

from moto.rds.models import DBInstance, MasterUserSecret, RDSBackend

from ..clock import Clock

CHARACTERS = string.ascii_letters + string.digits + "!#$%&()*+,-.:;<=>?[]^_{|}~"


def _value(self: MasterUserSecret) -> str:
    password = "".join(secrets.choice(CHARACTERS) for _character in range(28))
    return json.dumps({"username": self.resource.master_username, "password": password})


def _rotate(self: MasterUserSecret) -> None:
    self._status = "rotating"
    self.secretsmanager.put_secret_value(self.secret.arn, _value(self), None, None, ["AWSCURRENT"])  # type: ignore[arg-type]


def apply(clock: Clock) -> None:
    create_replica = RDSBackend.create_db_instance_read_replica

    def mended_create_replica(self: RDSBackend, db_kwargs: dict[str, Any]) -> DBInstance:
        replica = create_replica(self, db_kwargs)
        replica.__dict__.pop("master_user_secret", None)
        replica.manage_master_user_password = False
        return replica

    MasterUserSecret._generate_secret_string = _value  # type: ignore[method-assign]
    MasterUserSecret.rotate_secret = _rotate  # type: ignore[method-assign]
    RDSBackend.create_db_instance_read_replica = mended_create_replica  # type: ignore[method-assign]
