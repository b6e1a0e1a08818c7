# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
variable "holds" {
  type = any
}

variable "prefix" {
  type = string
}

variable "load_balancer_arn" {
  type = string
}

resource "aws_cloudwatch_log_group" "this" {
  for_each          = var.holds.log_groups
  name              = each.key
  retention_in_days = each.value.retention
}

resource "aws_wafv2_web_acl" "this" {
  name        = var.holds.acl.Name
  description = var.holds.acl.Description
  scope       = "REGIONAL"
  default_action {
    allow {}
  }
  dynamic "rule" {
    for_each = var.holds.acl.Rules
    content {
      name     = rule.value.Name
      priority = rule.value.Priority
      statement {
        dynamic "rate_based_statement" {
          for_each = try([rule.value.Statement.RateBasedStatement], [])
          content {
            limit              = rate_based_statement.value.Limit
            aggregate_key_type = rate_based_statement.value.AggregateKeyType
          }
        }
        dynamic "managed_rule_group_statement" {
          for_each = try([rule.value.Statement.ManagedRuleGroupStatement], [])
          content {
            name        = managed_rule_group_statement.value.Name
            vendor_name = managed_rule_group_statement.value.VendorName
          }
        }
      }
      dynamic "action" {
        for_each = try([rule.value.Action], [])
        content {
          block {
            custom_response {
              response_code = 429
            }
          }
        }
      }
      dynamic "override_action" {
        for_each = try([rule.value.OverrideAction], [])
        content {
          none {}
        }
      }
      visibility_config {
        cloudwatch_metrics_enabled = true
        metric_name                = rule.value.VisibilityConfig.MetricName
        sampled_requests_enabled   = true
      }
    }
  }
  visibility_config {
    cloudwatch_metrics_enabled = true
    metric_name                = var.prefix
    sampled_requests_enabled   = true
  }
}

resource "aws_wafv2_web_acl_association" "this" {
  resource_arn = var.load_balancer_arn
  web_acl_arn  = aws_wafv2_web_acl.this.arn
}

resource "aws_wafv2_web_acl_logging_configuration" "this" {
  resource_arn            = aws_wafv2_web_acl.this.arn
  log_destination_configs = [one(values(aws_cloudwatch_log_group.this)).arn]
}
