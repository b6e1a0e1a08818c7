# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
variable "holds" {
  type = any
}

variable "prefix" {
  type = string
}

output "vpc_id" {
  value = aws_vpc.this.id
}

output "subnet_ids" {
  value = { for name, subnet in aws_subnet.this : name => subnet.id }
}

output "security_group_ids" {
  value = { for name, group in aws_security_group.this : name => group.id }
}

resource "aws_vpc" "this" {
  cidr_block           = var.holds.vpc.CidrBlock
  enable_dns_hostnames = true
  enable_dns_support   = true
  tags                 = { Name = "${var.prefix}-vpc" }
}

resource "aws_default_security_group" "this" {
  vpc_id = aws_vpc.this.id
}

resource "aws_internet_gateway" "this" {
  vpc_id = aws_vpc.this.id
  tags   = { Name = "${var.prefix}-igw" }
}

resource "aws_subnet" "this" {
  for_each          = var.holds.subnets
  vpc_id            = aws_vpc.this.id
  cidr_block        = each.value.CidrBlock
  availability_zone = each.value.AvailabilityZone
  tags              = { Name = each.key, Component = each.value.tags.Component }
}

resource "aws_eip" "nat" {
  for_each = var.holds.nat_gateways
  domain   = "vpc"
  tags     = { Name = each.key }
}

resource "aws_nat_gateway" "this" {
  for_each      = var.holds.nat_gateways
  allocation_id = aws_eip.nat[each.key].id
  subnet_id     = aws_subnet.this[each.value.subnet].id
  tags          = { Name = each.key }
  depends_on    = [aws_internet_gateway.this]
}

resource "aws_route_table" "this" {
  for_each = var.holds.route_tables
  vpc_id   = aws_vpc.this.id
  tags     = { Name = each.key }
}

resource "aws_route" "out" {
  for_each               = { for name, table in var.holds.route_tables : name => table if table.nat != null || table.internet }
  route_table_id         = aws_route_table.this[each.key].id
  destination_cidr_block = "0.0.0.0/0"
  gateway_id             = each.value.internet ? aws_internet_gateway.this.id : null
  nat_gateway_id         = each.value.nat == null ? null : aws_nat_gateway.this[each.value.nat].id
}

resource "aws_route_table_association" "this" {
  for_each       = merge([for name, table in var.holds.route_tables : { for subnet in table.subnets : subnet => name }]...)
  subnet_id      = aws_subnet.this[each.key].id
  route_table_id = aws_route_table.this[each.value].id
}

resource "aws_network_acl" "this" {
  for_each   = var.holds.network_acls
  vpc_id     = aws_vpc.this.id
  subnet_ids = [for name in each.value.subnets : aws_subnet.this[name].id]
  tags       = { Name = each.key }
}

resource "aws_network_acl_rule" "this" {
  for_each       = var.holds.network_acl_rules
  network_acl_id = aws_network_acl.this[each.value.acl].id
  egress         = each.value.Egress
  rule_number    = each.value.RuleNumber
  protocol       = each.value.Protocol
  rule_action    = each.value.RuleAction
  cidr_block     = each.value.CidrBlock
  from_port      = each.value.from
  to_port        = each.value.to
}

resource "aws_security_group" "this" {
  for_each    = var.holds.security_groups
  name        = each.value.GroupName
  description = each.value.Description
  vpc_id      = aws_vpc.this.id
  tags        = { Name = each.key }
}

resource "aws_vpc_security_group_ingress_rule" "this" {
  for_each                     = { for name, rule in var.holds.security_group_rules : name => rule if rule.direction == "in" }
  security_group_id            = aws_security_group.this[each.value.group].id
  ip_protocol                  = each.value.protocol
  from_port                    = each.value.from
  to_port                      = each.value.to
  cidr_ipv4                    = each.value.ipv4
  cidr_ipv6                    = each.value.ipv6
  referenced_security_group_id = each.value.source == null ? null : aws_security_group.this[each.value.source].id
}

resource "aws_vpc_security_group_egress_rule" "this" {
  for_each                     = { for name, rule in var.holds.security_group_rules : name => rule if rule.direction == "out" }
  security_group_id            = aws_security_group.this[each.value.group].id
  ip_protocol                  = each.value.protocol
  from_port                    = each.value.from
  to_port                      = each.value.to
  cidr_ipv4                    = each.value.ipv4
  cidr_ipv6                    = each.value.ipv6
  referenced_security_group_id = each.value.source == null ? null : aws_security_group.this[each.value.source].id
}

resource "aws_vpc_endpoint" "this" {
  for_each            = var.holds.endpoints
  vpc_id              = aws_vpc.this.id
  service_name        = each.value.ServiceName
  vpc_endpoint_type   = each.value.VpcEndpointType
  private_dns_enabled = each.value.VpcEndpointType == "Interface" ? each.value.PrivateDnsEnabled : null
  subnet_ids          = each.value.VpcEndpointType == "Interface" ? [for name in each.value.subnets : aws_subnet.this[name].id] : null
  route_table_ids     = each.value.VpcEndpointType == "Gateway" ? [for name in each.value.tables : aws_route_table.this[name].id] : null
  security_group_ids  = each.value.VpcEndpointType == "Interface" ? [for name in each.value.groups : aws_security_group.this[name].id] : null
  tags                = { Name = each.key }
}

resource "aws_cloudwatch_log_group" "this" {
  for_each          = var.holds.log_groups
  name              = each.key
  retention_in_days = each.value.retention
}

resource "aws_iam_role" "this" {
  for_each           = var.holds.role
  name               = each.key
  path               = each.value.path
  assume_role_policy = jsonencode(each.value.trust)
}

resource "aws_iam_role_policy" "this" {
  for_each = merge([for role, item in var.holds.role : { for name, policy in item.policies : "${role} ${name}" => { role = role, name = name, policy = policy } }]...)
  name     = each.value.name
  role     = aws_iam_role.this[each.value.role].name
  policy   = jsonencode(each.value.policy)
}

resource "aws_flow_log" "this" {
  vpc_id                   = aws_vpc.this.id
  traffic_type             = var.holds.flow_log.TrafficType
  max_aggregation_interval = var.holds.flow_log.MaxAggregationInterval
  log_destination_type     = "cloud-watch-logs"
  log_destination          = one(values(aws_cloudwatch_log_group.this)).arn
  iam_role_arn             = one(values(aws_iam_role.this)).arn
  tags                     = { Name = "${var.prefix}-vpc" }
}
