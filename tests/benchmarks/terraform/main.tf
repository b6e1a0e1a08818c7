# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# What an environment of ours holds, as Terraform would manage it. holds.json is written by tests/benchmarks/holds.py.
terraform {
  required_providers {
    aws = {
      source = "hashicorp/aws"
    }
  }
}

provider "aws" {
  s3_use_path_style = true
  default_tags {
    tags = {
      CostCenter  = "payments"
      Environment = "prod"
      Project     = "uex"
    }
  }
}

variable "image_tags" {
  description = "Service => the tag of its image, where it is not the one in holds.json."
  type        = map(string)
  default     = {}
}

locals {
  holds = jsondecode(file("${path.root}/holds.json"))
}

module "vpc" {
  source = "./vpc"
  holds  = local.holds.vpc
  prefix = local.holds.prefix
}

module "data" {
  source             = "./data"
  holds              = local.holds.data
  prefix             = local.holds.prefix
  subnet_ids         = module.vpc.subnet_ids
  security_group_ids = module.vpc.security_group_ids
}

module "compute" {
  source             = "./compute"
  holds              = local.holds.compute
  prefix             = local.holds.prefix
  vpc_id             = module.vpc.vpc_id
  subnet_ids         = module.vpc.subnet_ids
  security_group_ids = module.vpc.security_group_ids
  log_bucket         = module.data.log_bucket
  image_tags         = var.image_tags
  # As ours: the services start when the databases are there.
  ready = module.data.ready
}

module "edge" {
  source            = "./edge"
  holds             = local.holds.edge
  prefix            = local.holds.prefix
  load_balancer_arn = module.compute.load_balancer_arn
}

module "monitoring" {
  source = "./monitoring"
  holds  = local.holds.monitoring
  prefix = local.holds.prefix
}
