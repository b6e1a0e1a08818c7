# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""NAT gateways take their time, and hold their address until they are gone.

AWS: CreateNatGateway answers with a gateway that is ``pending`` for about a minute; DeleteNatGateway makes it
``deleting`` for about as long, and "disassociates its Elastic IP address, but does not release the address". An
address that is in use cannot be released (InvalidIPAddress.InUse). An unknown gateway is NatGatewayNotFound.
DescribeNatGateways filters by tag. A gateway stays visible as ``deleted`` for about an hour (EC2 API reference and VPC
user guide).
moto 5.2.5: available and deleted at once; the address stays associated with the deleted gateway and can be released
while in use; tag filters are ignored; an unknown gateway is an AttributeError.
Can go when moto's NAT gateways have these states and free their address.
"""

from __future__ import annotations

from typing import Any

from moto.ec2.exceptions import EC2ClientError
from moto.ec2.models.elastic_ip_addresses import ElasticAddressBackend
from moto.ec2.models.nat_gateways import NatGateway, NatGatewayBackend
from moto.ec2.utils import is_filter_matching

from ..clock import Clock

CREATION_SECONDS = 60
DELETION_SECONDS = 45


def _not_found(nat_gateway_id: str) -> EC2ClientError:
    return EC2ClientError("NatGatewayNotFound", f"NAT gateway {nat_gateway_id} was not found")


def apply(clock: Clock) -> None:
    original_init = NatGateway.__init__
    original_describe = NatGatewayBackend.describe_nat_gateways
    original_describe_addresses = ElasticAddressBackend.describe_addresses
    original_release = ElasticAddressBackend.release_address

    def init(self: Any, *args: Any, **kwargs: Any) -> None:
        original_init(self, *args, **kwargs)
        self.state = "pending"
        self.settles_at = clock.now() + clock.provisioning.begin("nat_gateway", self.id, CREATION_SECONDS)

    def settle(backend: Any) -> None:
        for nat in backend.nat_gateways.values():
            if nat.state in ("available", "deleted") or clock.now() < nat.settles_at:
                continue
            if nat.state == "pending":
                nat.state = "available"
                continue
            nat.state = "deleted"
            for address in backend.addresses:
                if address.eni is nat._eni:
                    address.eni = None
                    address.association_id = None
            backend.enis.pop(nat._eni.id, None)

    def describe(self: Any, filters: Any, nat_gateway_ids: list[str] | None) -> list[Any]:
        settle(self)
        for nat_gateway_id in nat_gateway_ids or []:
            if nat_gateway_id not in self.nat_gateways:
                raise _not_found(nat_gateway_id)
        found = original_describe(self, filters, nat_gateway_ids)
        by_tag = {name: values for name, values in (filters or {}).items() if name.startswith("tag")}
        return [nat for nat in found if all(is_filter_matching(nat, name, by_tag[name]) for name in by_tag)]

    def delete(self: Any, nat_gateway_id: str) -> Any:
        settle(self)
        nat = self.nat_gateways.get(nat_gateway_id)
        if nat is None:
            raise _not_found(nat_gateway_id)
        if nat.state in ("pending", "available"):
            nat.state = "deleting"
            seconds = clock.provisioning.begin("nat_gateway_deletion", nat.id, DELETION_SECONDS)
            nat.settles_at = clock.now() + seconds
        return nat

    def describe_addresses(self: Any, *args: Any, **kwargs: Any) -> Any:
        settle(self)
        return original_describe_addresses(self, *args, **kwargs)

    def release(self: Any, address: str | None = None, allocation_id: str | None = None) -> None:
        settle(self)
        found = self.address_by_allocation([allocation_id]) if allocation_id else self.address_by_ip([address])
        if found[0].association_id:
            raise EC2ClientError("InvalidIPAddress.InUse", f"Address {found[0].public_ip} is in use.")
        original_release(self, address, allocation_id)

    NatGateway.__init__ = init
    NatGatewayBackend.describe_nat_gateways = describe
    NatGatewayBackend.delete_nat_gateway = delete
    ElasticAddressBackend.describe_addresses = describe_addresses
    ElasticAddressBackend.release_address = release
