# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A new master password is applied after the answer, and the instance says so.

AWS: MasterUserPassword of ModifyDBInstance is applied "asynchronously as soon as possible"; until then it stands in
PendingModifiedValues (as ``****``), and while it is applied the status is ``resetting-master-credentials``; the
password has 8 to 128 printable ASCII characters without ``/ @ "`` and blanks; it cannot be given for an instance whose
password RDS manages, and RotateMasterUserPassword only for such a one; an instance that is not available is not
modified (InvalidDBInstanceState) (RDS API reference, ModifyDBInstance; user guide, Viewing DB instance status).
moto 5.2.5: takes any password, at once.
Can go when moto applies passwords over time.
"""

from __future__ import annotations

import json
from typing import Any

from moto.rds.exceptions import RDSClientError
from moto.rds.models import DBInstance, RDSBackend, rds_backends

from ..clock import Clock
from ._servers import SERVERS, Server
from .attached_servers import SYNC

#: How long an instance looks as if nothing had happened, and how long the change takes then.
NOTICED_AFTER = 5
TAKES = 30
MASKED = "****"
BUSY = ("creating", "modifying", "resetting-master-credentials", "rebooting", "backing-up", "deleting")


def check_password(password: str) -> None:
    """Refuse what is no password for PostgreSQL."""
    wrong = "The parameter MasterUserPassword is not a valid password"
    if not 8 <= len(password) <= 128:
        what = "shorter than 8" if len(password) < 8 else "longer than 128"
        raise RDSClientError("InvalidParameterValue", f"{wrong} because it is {what} characters.")
    if any(not "!" <= character <= "~" or character in '/@"' for character in password):
        raise RDSClientError(
            "InvalidParameterValue",
            f"{wrong}. Only printable ASCII characters besides '/', '@', '\"', ' ' may be used.",
        )


def check_available(instance: DBInstance) -> None:
    """Refuse to modify an instance that is busy."""
    if instance.status in BUSY:
        raise RDSClientError("InvalidDBInstanceState", "Database instance is not in available state.")


def current_password(instance: DBInstance) -> str | None:
    """The password that the server has, as far as anybody told."""
    secret = getattr(instance, "master_user_secret", None)
    if secret is None:
        return getattr(instance, "_master_user_password", None)
    for version in secret.secret.versions.values():
        if "AWSCURRENT" in version["version_stages"]:
            return str(json.loads(version["secret_string"])["password"])
    return None


def server_of(instance: DBInstance) -> Server | None:
    return SERVERS.of("db_instance", instance.db_instance_identifier, instance.account_id, instance.region)


def really_set(instance: DBInstance, password: str | None) -> None:
    """Set the master password on the real server, where there is one."""
    server = server_of(instance)
    if server is not None and instance.master_username and password:
        server.set_role(instance.master_username, password)


def reset_credentials(clock: Clock, instance: DBInstance, done: Any) -> None:
    """Let the instance reset its master credentials; ``done`` is called when the new ones are to hold."""
    instance.pending_modified_values = {"MasterUserPassword": MASKED}  # type: ignore[attr-defined]
    change = object()
    instance.password_change = change  # type: ignore[attr-defined]

    def still_wanted() -> bool:
        known = instance.backend.databases.get(instance.db_instance_identifier)
        return known is instance and instance.password_change is change  # type: ignore[attr-defined]

    def begin() -> None:
        if still_wanted():
            instance.status = "resetting-master-credentials"

    def end() -> None:
        if not still_wanted():
            return
        done()
        instance.pending_modified_values = {}  # type: ignore[attr-defined]
        instance.status = "available"

    clock.after(NOTICED_AFTER, begin)
    clock.after(NOTICED_AFTER + TAKES, end)


def _sync(server: Server) -> None:
    backend = rds_backends[server.key.account][server.key.region]
    instance = backend.databases.get(server.key.name)
    if instance is not None:
        really_set(instance, current_password(instance))


def apply(clock: Clock) -> None:
    modify, create = RDSBackend.modify_db_instance, RDSBackend.create_db_instance

    def modify_db_instance(self: RDSBackend, db_instance_identifier: str, db_kwargs: dict[str, Any]) -> DBInstance:
        instance = self.describe_db_instances(db_instance_identifier)[0]
        check_available(instance)
        password = db_kwargs.get("master_user_password")
        managed = db_kwargs.get("manage_master_user_password")
        stays_managed = instance.manage_master_user_password and managed is not False
        if password is not None and (managed or stays_managed):
            raise RDSClientError(
                "InvalidParameterCombination",
                "You can't specify MasterUserPassword while ManageMasterUserPassword is turned on.",
            )
        if managed is False and instance.manage_master_user_password and password is None:
            raise RDSClientError(
                "InvalidParameterCombination",
                "You must specify MasterUserPassword when you turn off ManageMasterUserPassword.",
            )
        if db_kwargs.get("rotate_master_user_password") and not stays_managed:
            raise RDSClientError(
                "InvalidParameterCombination",
                "You can rotate the master user password only while it is managed in AWS Secrets Manager.",
            )
        if password is not None:
            check_password(password)
        others = {key: value for key, value in db_kwargs.items() if key != "master_user_password"}
        if managed and instance.manage_master_user_password:
            # It has its secret already.
            others.pop("manage_master_user_password")
            managed = None
        instance = modify(self, db_instance_identifier, others)
        if password is not None:

            def done() -> None:
                instance._master_user_password = password
                really_set(instance, password)

            reset_credentials(clock, instance, done)
        elif managed:
            reset_credentials(clock, instance, lambda: really_set(instance, current_password(instance)))
        return instance

    def create_db_instance(self: RDSBackend, db_kwargs: dict[str, Any]) -> DBInstance:
        instance = create(self, db_kwargs)
        if instance.db_cluster_identifier is None:
            really_set(instance, current_password(instance))
        return instance

    endpoint = DBInstance.endpoint.fget  # type: ignore[attr-defined]

    def mended_endpoint(self: DBInstance) -> dict[str, Any]:
        server = server_of(self)
        return endpoint(self) if server is None else server.endpoint  # type: ignore[no-any-return]

    RDSBackend.modify_db_instance = modify_db_instance  # type: ignore[method-assign]
    RDSBackend.create_db_instance = create_db_instance  # type: ignore[method-assign]
    DBInstance.endpoint = property(mended_endpoint)  # type: ignore[assignment, method-assign]
    SYNC["db_instance"] = _sync
