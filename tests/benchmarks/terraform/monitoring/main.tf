# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
variable "holds" {
  type = any
}

variable "prefix" {
  type = string
}

resource "aws_sns_topic" "this" {
  for_each = var.holds.topics
  name     = each.key
}

resource "aws_sns_topic_subscription" "this" {
  for_each  = var.holds.topics
  topic_arn = aws_sns_topic.this[each.key].arn
  protocol  = each.value.Protocol
  endpoint  = each.value.Endpoint
}

resource "aws_cloudwatch_metric_alarm" "this" {
  for_each            = var.holds.alarms
  alarm_name          = each.key
  alarm_description   = try(each.value.AlarmDescription, null)
  comparison_operator = each.value.ComparisonOperator
  evaluation_periods  = each.value.EvaluationPeriods
  datapoints_to_alarm = try(each.value.DatapointsToAlarm, null)
  threshold           = each.value.Threshold
  treat_missing_data  = try(each.value.TreatMissingData, null)
  namespace           = try(each.value.Namespace, null)
  metric_name         = try(each.value.MetricName, null)
  statistic           = try(each.value.Statistic, null)
  extended_statistic  = try(each.value.ExtendedStatistic, null)
  period              = try(each.value.Period, null)
  dimensions          = length(each.value.Metrics) > 0 ? null : { for item in each.value.Dimensions : item.Name => item.Value }
  alarm_actions       = each.value.AlarmActions
  ok_actions          = each.value.OKActions
  dynamic "metric_query" {
    for_each = each.value.Metrics
    content {
      id          = metric_query.value.Id
      expression  = try(metric_query.value.Expression, null)
      label       = try(metric_query.value.Label, null)
      return_data = try(metric_query.value.ReturnData, null)
      dynamic "metric" {
        for_each = try([metric_query.value.MetricStat], [])
        content {
          metric_name = metric.value.Metric.MetricName
          namespace   = metric.value.Metric.Namespace
          period      = metric.value.Period
          stat        = metric.value.Stat
          dimensions  = { for item in metric.value.Metric.Dimensions : item.Name => item.Value }
        }
      }
    }
  }
}

resource "aws_cloudwatch_composite_alarm" "this" {
  for_each          = var.holds.composites
  alarm_name        = each.key
  alarm_description = each.value.AlarmDescription
  alarm_rule        = each.value.AlarmRule
  alarm_actions     = each.value.AlarmActions
  ok_actions        = each.value.OKActions
  depends_on        = [aws_cloudwatch_metric_alarm.this]
}

resource "aws_cloudwatch_dashboard" "this" {
  dashboard_name = var.holds.dashboard.name
  dashboard_body = jsonencode(var.holds.dashboard.body)
}

resource "aws_cloudwatch_query_definition" "this" {
  for_each        = var.holds.queries
  name            = each.key
  query_string    = each.value.queryString
  log_group_names = each.value.logGroupNames
}
