# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
variable "holds" {
  type = any
}

variable "prefix" {
  type = string
}

variable "vpc_id" {
  type = string
}

variable "subnet_ids" {
  type = map(string)
}

variable "security_group_ids" {
  type = map(string)
}

variable "log_bucket" {
  type = string
}

variable "image_tags" {
  type = map(string)
}

variable "ready" {
  type = any
}

output "load_balancer_arn" {
  value = aws_lb.this.arn
}

resource "aws_ecr_repository" "this" {
  for_each             = var.holds.repositories
  name                 = each.key
  image_tag_mutability = "IMMUTABLE"
  force_delete         = true
  image_scanning_configuration {
    scan_on_push = true
  }
}

resource "aws_ecr_lifecycle_policy" "this" {
  for_each   = var.holds.repositories
  repository = aws_ecr_repository.this[each.key].name
  policy     = jsonencode(each.value.lifecycle)
}

resource "aws_ecr_repository_policy" "this" {
  for_each   = var.holds.repositories
  repository = aws_ecr_repository.this[each.key].name
  policy     = jsonencode(each.value.policy)
}

resource "aws_cloudwatch_log_group" "this" {
  for_each          = var.holds.log_groups
  name              = each.key
  retention_in_days = each.value.retention
}

resource "aws_iam_role" "this" {
  for_each           = var.holds.roles
  name               = each.key
  path               = each.value.path
  assume_role_policy = jsonencode(each.value.trust)
}

resource "aws_iam_role_policy" "this" {
  for_each = merge([for role, item in var.holds.roles : { for name, policy in item.policies : "${role} ${name}" => { role = role, name = name, policy = policy } }]...)
  name     = each.value.name
  role     = aws_iam_role.this[each.value.role].name
  policy   = jsonencode(each.value.policy)
}

resource "aws_iam_role_policy_attachment" "this" {
  for_each   = merge([for role, item in var.holds.roles : { for arn in item.attached : "${role} ${arn}" => { role = role, arn = arn } }]...)
  role       = aws_iam_role.this[each.value.role].name
  policy_arn = each.value.arn
}

resource "aws_ecs_cluster" "this" {
  name = var.holds.cluster
  setting {
    name  = "containerInsights"
    value = "enabled"
  }
}

resource "aws_lb" "this" {
  name            = var.holds.balancer.LoadBalancerName
  security_groups = [var.security_group_ids["${var.prefix}-alb-sg"]]
  subnets         = [for name, id in var.subnet_ids : id if strcontains(name, "-public-")]
  access_logs {
    bucket  = var.log_bucket
    enabled = true
  }
}

resource "aws_lb_listener" "this" {
  load_balancer_arn = aws_lb.this.arn
  port              = var.holds.listener.Port
  protocol          = var.holds.listener.Protocol
  default_action {
    type = "fixed-response"
    fixed_response {
      content_type = "text/plain"
      message_body = "Not found"
      status_code  = "404"
    }
  }
}

resource "aws_lb_target_group" "this" {
  for_each             = var.holds.services
  name                 = each.value.group.TargetGroupName
  port                 = each.value.group.Port
  protocol             = each.value.group.Protocol
  target_type          = "ip"
  vpc_id               = var.vpc_id
  deregistration_delay = 30
  health_check {
    path                = each.value.group.HealthCheckPath
    interval            = each.value.group.HealthCheckIntervalSeconds
    timeout             = each.value.group.HealthCheckTimeoutSeconds
    healthy_threshold   = each.value.group.HealthyThresholdCount
    unhealthy_threshold = each.value.group.UnhealthyThresholdCount
    matcher             = each.value.group.Matcher.HttpCode
  }
}

resource "aws_lb_listener_rule" "this" {
  for_each     = var.holds.services
  listener_arn = aws_lb_listener.this.arn
  priority     = each.value.priority
  action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.this[each.key].arn
  }
  condition {
    path_pattern {
      values = each.value.paths
    }
  }
}

resource "aws_ecs_task_definition" "this" {
  for_each                 = var.holds.services
  family                   = each.value.definition.family
  cpu                      = each.value.definition.cpu
  memory                   = each.value.definition.memory
  network_mode             = "awsvpc"
  requires_compatibilities = ["FARGATE"]
  execution_role_arn       = aws_iam_role.this["${var.prefix}-ecs-execution"].arn
  task_role_arn            = aws_iam_role.this["${var.prefix}-${each.key}-task"].arn
  container_definitions = jsonencode([
    for container in each.value.definition.containerDefinitions : merge(container, {
      image   = contains(keys(var.image_tags), each.key) ? "${split(":", container.image)[0]}:${var.image_tags[each.key]}" : container.image
      secrets = []
    })
  ])
}

resource "aws_ecs_service" "this" {
  for_each                          = var.holds.services
  name                              = each.key
  cluster                           = aws_ecs_cluster.this.arn
  task_definition                   = aws_ecs_task_definition.this[each.key].arn
  desired_count                     = each.value.service.desiredCount
  launch_type                       = "FARGATE"
  enable_ecs_managed_tags           = true
  propagate_tags                    = "SERVICE"
  health_check_grace_period_seconds = each.value.service.healthCheckGracePeriodSeconds
  wait_for_steady_state             = true
  deployment_circuit_breaker {
    enable   = true
    rollback = true
  }
  network_configuration {
    subnets         = [for name, id in var.subnet_ids : id if strcontains(name, "-app-")]
    security_groups = [var.security_group_ids["${var.prefix}-app-sg"]]
  }
  load_balancer {
    target_group_arn = aws_lb_target_group.this[each.key].arn
    container_name   = each.value.service.loadBalancers[0].containerName
    container_port   = each.value.service.loadBalancers[0].containerPort
  }
  lifecycle {
    ignore_changes = [desired_count]
  }
  depends_on = [aws_lb_listener_rule.this, var.ready]
}

resource "aws_appautoscaling_target" "this" {
  for_each           = var.holds.services
  service_namespace  = "ecs"
  resource_id        = "service/${aws_ecs_cluster.this.name}/${aws_ecs_service.this[each.key].name}"
  scalable_dimension = "ecs:service:DesiredCount"
  min_capacity       = each.value.target.MinCapacity
  max_capacity       = each.value.target.MaxCapacity
}

resource "aws_appautoscaling_policy" "this" {
  for_each           = var.holds.policies
  name               = each.value.PolicyName
  policy_type        = "TargetTrackingScaling"
  service_namespace  = "ecs"
  resource_id        = aws_appautoscaling_target.this[each.value.service].resource_id
  scalable_dimension = "ecs:service:DesiredCount"
  target_tracking_scaling_policy_configuration {
    target_value       = each.value.TargetTrackingScalingPolicyConfiguration.TargetValue
    scale_in_cooldown  = each.value.TargetTrackingScalingPolicyConfiguration.ScaleInCooldown
    scale_out_cooldown = each.value.TargetTrackingScalingPolicyConfiguration.ScaleOutCooldown
    predefined_metric_specification {
      predefined_metric_type = each.value.TargetTrackingScalingPolicyConfiguration.PredefinedMetricSpecification.PredefinedMetricType
    }
  }
}
