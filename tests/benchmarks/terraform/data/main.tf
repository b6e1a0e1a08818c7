# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
variable "holds" {
  type = any
}

variable "prefix" {
  type = string
}

variable "subnet_ids" {
  type = map(string)
}

variable "security_group_ids" {
  type = map(string)
}

locals {
  subnets = [for name, id in var.subnet_ids : id if strcontains(name, "-data-")]
}

output "log_bucket" {
  value = one([for name, bucket in aws_s3_bucket.this : bucket.bucket if strcontains(name, "-alb-logs")])
}

output "ready" {
  value = [aws_db_instance.this.id, [for item in aws_db_instance.replica : item.id], aws_elasticache_replication_group.this.id]
}

resource "aws_kms_key" "this" {
  description         = "Data of ${var.prefix}"
  enable_key_rotation = true
}

resource "aws_kms_alias" "this" {
  name          = "alias/${var.prefix}"
  target_key_id = aws_kms_key.this.key_id
}

data "aws_caller_identity" "this" {}

resource "aws_kms_grant" "this" {
  name              = "restore-test"
  key_id            = aws_kms_key.this.key_id
  grantee_principal = "arn:aws:iam::${data.aws_caller_identity.this.account_id}:root"
  operations        = ["Decrypt", "DescribeKey", "GenerateDataKeyWithoutPlaintext", "CreateGrant"]
}

resource "aws_secretsmanager_secret" "this" {
  for_each                = var.holds.secrets
  name                    = each.key
  description             = try(each.value.Description, null)
  kms_key_id              = aws_kms_key.this.arn
  recovery_window_in_days = 7
}

resource "aws_secretsmanager_secret_version" "this" {
  for_each      = var.holds.secrets
  secret_id     = aws_secretsmanager_secret.this[each.key].id
  secret_string = jsonencode({ name = each.key, password = "not-a-secret" })
}

resource "aws_iam_role" "this" {
  for_each           = var.holds.roles
  name               = each.key
  path               = each.value.path
  assume_role_policy = jsonencode(each.value.trust)
}

resource "aws_iam_role_policy_attachment" "this" {
  for_each   = merge([for role, item in var.holds.roles : { for arn in item.attached : "${role} ${arn}" => { role = role, arn = arn } }]...)
  role       = aws_iam_role.this[each.value.role].name
  policy_arn = each.value.arn
}

resource "aws_db_subnet_group" "this" {
  name        = var.holds.parameter_group
  description = "Database subnets of ${var.prefix}"
  subnet_ids  = local.subnets
}

resource "aws_db_parameter_group" "this" {
  name   = var.holds.parameter_group
  family = "postgres16"
  dynamic "parameter" {
    for_each = var.holds.parameters
    content {
      name  = parameter.value.ParameterName
      value = parameter.value.ParameterValue
    }
  }
}

resource "aws_db_option_group" "this" {
  name                     = var.holds.parameter_group
  option_group_description = "Options of ${var.prefix}"
  engine_name              = "postgres"
  major_engine_version     = "16"
}

resource "aws_db_instance" "this" {
  identifier                            = var.holds.database.DBInstanceIdentifier
  instance_class                        = var.holds.database.DBInstanceClass
  engine                                = "postgres"
  engine_version                        = var.holds.database.EngineVersion
  db_name                               = var.holds.database.DBName
  username                              = var.holds.database.MasterUsername
  password                              = "not-a-secret-either"
  allocated_storage                     = var.holds.database.AllocatedStorage
  max_allocated_storage                 = var.holds.database.MaxAllocatedStorage
  storage_type                          = var.holds.database.StorageType
  storage_encrypted                     = true
  kms_key_id                            = aws_kms_key.this.arn
  multi_az                              = var.holds.database.MultiAZ
  db_subnet_group_name                  = aws_db_subnet_group.this.name
  parameter_group_name                  = aws_db_parameter_group.this.name
  option_group_name                     = aws_db_option_group.this.name
  vpc_security_group_ids                = [var.security_group_ids["${var.prefix}-rds-sg"]]
  backup_retention_period               = var.holds.database.BackupRetentionPeriod
  backup_window                         = var.holds.database.PreferredBackupWindow
  maintenance_window                    = var.holds.database.PreferredMaintenanceWindow
  monitoring_interval                   = try(var.holds.database.MonitoringInterval, 0)
  monitoring_role_arn                   = one(values(aws_iam_role.this)).arn
  performance_insights_enabled          = true
  performance_insights_retention_period = try(var.holds.database.PerformanceInsightsRetentionPeriod, null)
  enabled_cloudwatch_logs_exports       = try(var.holds.database.EnabledCloudwatchLogsExports, null)
  copy_tags_to_snapshot                 = try(var.holds.database.CopyTagsToSnapshot, false)
  skip_final_snapshot                   = true
  apply_immediately                     = true
}

resource "aws_db_instance" "replica" {
  for_each               = var.holds.replicas
  identifier             = each.key
  instance_class         = each.value.DBInstanceClass
  replicate_source_db    = aws_db_instance.this.identifier
  storage_encrypted      = true
  storage_type           = each.value.StorageType
  max_allocated_storage  = try(each.value.MaxAllocatedStorage, 0)
  parameter_group_name   = aws_db_parameter_group.this.name
  vpc_security_group_ids = [var.security_group_ids["${var.prefix}-rds-sg"]]
  monitoring_interval    = try(each.value.MonitoringInterval, 0)
  monitoring_role_arn    = one(values(aws_iam_role.this)).arn
  skip_final_snapshot    = true
  apply_immediately      = true
}

resource "aws_elasticache_subnet_group" "this" {
  name        = var.holds.cache.parameter_group
  description = "Cache subnets of ${var.prefix}"
  subnet_ids  = local.subnets
}

resource "aws_elasticache_parameter_group" "this" {
  name   = var.holds.cache.parameter_group
  family = "redis7"
}

resource "aws_elasticache_replication_group" "this" {
  replication_group_id       = var.holds.cache.ReplicationGroupId
  description                = var.holds.cache.Description
  engine                     = "redis"
  engine_version             = join(".", slice(split(".", var.holds.cache.engine_version), 0, 2))
  node_type                  = var.holds.cache.CacheNodeType
  num_cache_clusters         = length(var.holds.cache.MemberClusters)
  automatic_failover_enabled = true
  multi_az_enabled           = true
  at_rest_encryption_enabled = true
  transit_encryption_enabled = true
  auth_token                 = "not-a-secret-not-a-secret"
  kms_key_id                 = aws_kms_key.this.arn
  snapshot_retention_limit   = var.holds.cache.SnapshotRetentionLimit
  snapshot_window            = var.holds.cache.SnapshotWindow
  subnet_group_name          = aws_elasticache_subnet_group.this.name
  parameter_group_name       = aws_elasticache_parameter_group.this.name
  security_group_ids         = [var.security_group_ids["${var.prefix}-redis-sg"]]
}

resource "aws_s3_bucket" "this" {
  for_each      = var.holds.buckets
  bucket        = each.key
  force_destroy = true
}

resource "aws_s3_bucket_versioning" "this" {
  for_each = var.holds.buckets
  bucket   = aws_s3_bucket.this[each.key].id
  versioning_configuration {
    status = each.value.versioning
  }
}

resource "aws_s3_bucket_server_side_encryption_configuration" "this" {
  for_each = var.holds.buckets
  bucket   = aws_s3_bucket.this[each.key].id
  rule {
    apply_server_side_encryption_by_default {
      sse_algorithm     = strcontains(each.key, "-alb-logs") ? "AES256" : "aws:kms"
      kms_master_key_id = strcontains(each.key, "-alb-logs") ? null : aws_kms_key.this.arn
    }
  }
}

resource "aws_s3_bucket_public_access_block" "this" {
  for_each                = var.holds.buckets
  bucket                  = aws_s3_bucket.this[each.key].id
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket_ownership_controls" "this" {
  for_each = var.holds.buckets
  bucket   = aws_s3_bucket.this[each.key].id
  rule {
    object_ownership = "BucketOwnerEnforced"
  }
}

resource "aws_s3_bucket_policy" "this" {
  for_each = var.holds.buckets
  bucket   = aws_s3_bucket.this[each.key].id
  policy   = jsonencode(each.value.policy)
}

resource "aws_s3_bucket_lifecycle_configuration" "this" {
  for_each = var.holds.buckets
  bucket   = aws_s3_bucket.this[each.key].id
  dynamic "rule" {
    for_each = each.value.lifecycle
    content {
      id     = rule.value.ID
      status = rule.value.Status
      filter {
        prefix = ""
      }
      expiration {
        days = rule.value.Expiration.Days
      }
      noncurrent_version_expiration {
        noncurrent_days = rule.value.NoncurrentVersionExpiration.NoncurrentDays
      }
      abort_incomplete_multipart_upload {
        days_after_initiation = rule.value.AbortIncompleteMultipartUpload.DaysAfterInitiation
      }
      dynamic "transition" {
        for_each = try(rule.value.Transitions, [])
        content {
          days          = transition.value.Days
          storage_class = transition.value.StorageClass
        }
      }
    }
  }
}
