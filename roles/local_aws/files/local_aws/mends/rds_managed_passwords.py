# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Master passwords that RDS manages in Secrets Manager.

AWS: the secret holds the master user's name and a generated password, and is rotated every seven days without a
function; RotateMasterUserPassword, or RotateSecret, puts a new version as AWSPENDING, changes the password and makes it
AWSCURRENT, the old one AWSPREVIOUS; SecretStatus is ``rotating`` meanwhile, and the instance resets its master
credentials; a replica does not have the secret (RDS user guide, Password management with Secrets Manager).
moto 5.2.5: the name is always "admin" and the password always the same, a rotation destroys the value, and a replica
shares the secret, which goes when the replica is deleted.
Can go when moto generates and rotates the password.
"""

from __future__ import annotations

import json
import secrets
import string
import uuid
from typing import Any

from moto.rds.exceptions import RDSClientError
from moto.rds.models import DBInstance, MasterUserSecret, RDSBackend, rds_backends
from moto.secretsmanager.exceptions import InvalidRequestException
from moto.secretsmanager.models import FakeSecret, SecretsManagerBackend

from ..clock import Clock
from .rds_master_passwords import check_available, really_set, reset_credentials
from .secretsmanager_rotation import MANAGED, configure, has_rotated
from .secretsmanager_versions import CURRENT, PENDING, attach, detach

CHARACTERS = string.ascii_letters + string.digits + "!#$%&()*+,-.:;<=>?[]^_{|}~"
ROTATED_EVERY_DAYS = 7


def _value(self: MasterUserSecret) -> str:
    password = "".join(secrets.choice(CHARACTERS) for _character in range(28))
    return json.dumps({"username": self.resource.master_username, "password": password})


def apply(clock: Clock) -> None:
    init, create_replica = MasterUserSecret.__init__, RDSBackend.create_db_instance_read_replica

    def mended_init(self: MasterUserSecret, resource: Any, kms_key_id: str | None) -> None:
        init(self, resource, kms_key_id)
        configure(self.secret, {"AutomaticallyAfterDays": ROTATED_EVERY_DAYS})

    def rotate(self: MasterUserSecret, token: str | None = None) -> None:
        if self._status == "rotating":
            raise RDSClientError("InvalidDBInstanceState", "The master user password is being rotated already.")
        token = token or str(uuid.uuid4())
        self._status = "rotating"
        value = _value(self)
        self.secretsmanager.put_secret_value(self.secret.arn, value, None, token, [PENDING])  # type: ignore[arg-type]

        def done() -> None:
            if isinstance(self.resource, DBInstance):
                really_set(self.resource, json.loads(value)["password"])
            detach(self.secret, PENDING)
            attach(self.secret, CURRENT, token)
            has_rotated(self.secret)
            self._status = "active"

        if isinstance(self.resource, DBInstance):
            reset_credentials(clock, self.resource, done)
        else:
            done()

    def status(self: MasterUserSecret) -> str:
        told = self._status
        if told == "creating":
            self._status = "active"
        return told

    def rotate_secret(backend: SecretsManagerBackend, secret: FakeSecret, token: str) -> None:
        databases = rds_backends[backend.account_id][backend.region_name]
        for resource in (*databases.databases.values(), *databases.clusters.values()):
            managed = getattr(resource, "master_user_secret", None)
            if managed is None or managed.secret is not secret:
                continue
            if managed._status == "rotating":
                raise InvalidRequestException("A previous rotation isn't complete. That rotation will be reattempted.")
            if isinstance(resource, DBInstance):
                check_available(resource)
            rotate(managed, token)

    def mended_create_replica(self: RDSBackend, db_kwargs: dict[str, Any]) -> DBInstance:
        replica = create_replica(self, db_kwargs)
        replica.__dict__.pop("master_user_secret", None)
        replica.manage_master_user_password = False
        replica.pending_modified_values = {}  # type: ignore[attr-defined]
        return replica

    MasterUserSecret.__init__ = mended_init  # type: ignore[method-assign]
    MasterUserSecret._generate_secret_string = _value  # type: ignore[method-assign]
    MasterUserSecret.rotate_secret = rotate  # type: ignore[method-assign]
    MasterUserSecret.secret_status = property(status)  # type: ignore[assignment, method-assign]
    RDSBackend.create_db_instance_read_replica = mended_create_replica  # type: ignore[method-assign]
    MANAGED["rds"] = rotate_secret
