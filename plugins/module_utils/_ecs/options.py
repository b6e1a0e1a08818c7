# Copyright: slipway.aws contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options that speak of task definitions and services: the members of ECS's own requests, in snake case.

A unit test holds them against botocore's model of the API, so that a new member cannot be forgotten.
"""

from __future__ import annotations

from typing import Any

Spec = dict[str, dict[str, Any]]

# What several requests have alike.
ENVIRONMENT: dict[str, Any] = {
    "type": "list",
    "elements": "dict",
    "options": {"name": {"type": "str"}, "value": {"type": "str"}},
}
ENVIRONMENT_FILES: dict[str, Any] = {
    "type": "list",
    "elements": "dict",
    "options": {
        "value": {"type": "str", "required": True},
        "type": {"type": "str", "required": True, "choices": ["s3"]},
    },
}
RESOURCE_REQUIREMENTS: dict[str, Any] = {
    "type": "list",
    "elements": "dict",
    "options": {
        "value": {"type": "str"},
        "type": {
            "type": "str",
            "required": True,
            "choices": ["GPU", "InferenceAccelerator", "NeuronDevice"],
        },
        "sharing_strategy": {
            "type": "dict",
            "options": {
                "nvidia_mps": {
                    "type": "dict",
                    "options": {
                        "memory": {"type": "int", "required": True},
                        "max_compute_percent": {"type": "int"},
                    },
                }
            },
        },
    },
}
LOG_CONFIGURATION: dict[str, Any] = {
    "type": "dict",
    "options": {
        "log_driver": {
            "type": "str",
            "required": True,
            "choices": [
                "json-file",
                "syslog",
                "journald",
                "gelf",
                "fluentd",
                "awslogs",
                "splunk",
                "awsfirelens",
            ],
        },
        "options": {"type": "dict"},
        "secret_options": {
            "type": "list",
            "elements": "dict",
            "no_log": False,
            "options": {
                "name": {"type": "str", "required": True},
                "value_from": {"type": "str", "required": True},
            },
        },
    },
}
CAPACITY_PROVIDER_STRATEGY: dict[str, Any] = {
    "type": "list",
    "elements": "dict",
    "options": {
        "capacity_provider": {"type": "str", "required": True},
        "weight": {"type": "int"},
        "base": {"type": "int"},
    },
}
NETWORK_CONFIGURATION: dict[str, Any] = {
    "type": "dict",
    "options": {
        "awsvpc_configuration": {
            "type": "dict",
            "options": {
                "subnets": {"type": "list", "elements": "str"},
                "security_groups": {"type": "list", "elements": "str"},
                "assign_public_ip": {"type": "str", "choices": ["ENABLED", "DISABLED"]},
            },
        }
    },
}
PLACEMENT_CONSTRAINTS: dict[str, Any] = {
    "type": "list",
    "elements": "dict",
    "options": {
        "type": {"type": "str", "choices": ["distinctInstance", "memberOf"]},
        "expression": {"type": "str"},
    },
}
PLACEMENT_STRATEGY: dict[str, Any] = {
    "type": "list",
    "elements": "dict",
    "options": {"type": {"type": "str", "choices": ["random", "spread", "binpack"]}, "field": {"type": "str"}},
}
AUTO_ROLLBACK: dict[str, Any] = {
    "type": "dict",
    "options": {
        "enabled": {"type": "bool", "required": True},
        "events": {
            "type": "list",
            "elements": "str",
            "choices": ["DEPLOYMENT_FAILURE", "DEPLOYMENT_STOP_ON_ALARM", "DEPLOYMENT_STOP_ON_REQUEST"],
        },
    },
}
STOPPING_ALARMS: dict[str, Any] = {
    "type": "dict",
    "options": {
        "enabled": {"type": "bool", "required": True},
        "ignore_poll_alarm_failure": {"type": "bool"},
        "alarms": {"type": "list", "elements": "dict", "options": {"name": {"type": "str", "required": True}}},
    },
}
EPHEMERAL_STORAGE: dict[str, Any] = {"type": "dict", "options": {"size_in_gib": {"type": "int", "required": True}}}
LAUNCH_TYPE: dict[str, Any] = {"type": "str", "choices": ["EC2", "FARGATE", "EXTERNAL", "MANAGED_INSTANCES"]}
PROPAGATE_TAGS: dict[str, Any] = {"type": "str", "choices": ["TASK_DEFINITION", "SERVICE", "NONE"]}
EBS_VOLUME: Spec = {
    "encrypted": {"type": "bool"},
    "kms_key_id": {"type": "str", "no_log": False},
    "volume_type": {"type": "str"},
    "size_in_gib": {"type": "int"},
    "snapshot_id": {"type": "str"},
    "volume_initialization_rate": {"type": "int"},
    "iops": {"type": "int"},
    "throughput": {"type": "int"},
    "tag_specifications": {
        "type": "list",
        "elements": "dict",
        "options": {
            "resource_type": {"type": "str", "required": True, "choices": ["volume"]},
            "tags": {"type": "dict"},
            "propagate_tags": PROPAGATE_TAGS,
        },
    },
    "role_arn": {"type": "str", "required": True},
    "filesystem_type": {"type": "str", "choices": ["ext3", "ext4", "xfs", "ntfs"]},
}

TASK_DEFINITION: Spec = {
    "family": {"type": "str"},
    "task_role_arn": {"type": "str"},
    "execution_role_arn": {"type": "str"},
    "network_mode": {"type": "str", "choices": ["bridge", "host", "awsvpc", "none"]},
    "container_definitions": {
        "type": "list",
        "elements": "dict",
        "required": True,
        "options": {
            "name": {"type": "str", "required": True},
            "image": {"type": "str", "required": True},
            "repository_credentials": {
                "type": "dict",
                "no_log": False,
                "options": {"credentials_parameter": {"type": "str", "required": True, "no_log": False}},
            },
            "cpu": {"type": "int"},
            "memory": {"type": "int"},
            "memory_reservation": {"type": "int"},
            "links": {"type": "list", "elements": "str"},
            "port_mappings": {
                "type": "list",
                "elements": "dict",
                "options": {
                    "container_port": {"type": "int"},
                    "host_port": {"type": "int"},
                    "protocol": {"type": "str", "choices": ["tcp", "udp"]},
                    "name": {"type": "str"},
                    "app_protocol": {"type": "str", "choices": ["http", "http2", "grpc"]},
                    "container_port_range": {"type": "str"},
                },
            },
            "essential": {"type": "bool"},
            "restart_policy": {
                "type": "dict",
                "options": {
                    "enabled": {"type": "bool", "required": True},
                    "ignored_exit_codes": {"type": "list", "elements": "int"},
                    "restart_attempt_period": {"type": "int"},
                },
            },
            "entry_point": {"type": "list", "elements": "str"},
            "command": {"type": "list", "elements": "str"},
            "environment": ENVIRONMENT,
            "environment_files": ENVIRONMENT_FILES,
            "mount_points": {
                "type": "list",
                "elements": "dict",
                "options": {
                    "source_volume": {"type": "str"},
                    "container_path": {"type": "str"},
                    "read_only": {"type": "bool"},
                },
            },
            "volumes_from": {
                "type": "list",
                "elements": "dict",
                "options": {"source_container": {"type": "str"}, "read_only": {"type": "bool"}},
            },
            "linux_parameters": {
                "type": "dict",
                "options": {
                    "capabilities": {
                        "type": "dict",
                        "options": {
                            "add": {"type": "list", "elements": "str"},
                            "drop": {"type": "list", "elements": "str"},
                        },
                    },
                    "devices": {
                        "type": "list",
                        "elements": "dict",
                        "options": {
                            "host_path": {"type": "str", "required": True},
                            "container_path": {"type": "str"},
                            "permissions": {"type": "list", "elements": "str", "choices": ["read", "write", "mknod"]},
                        },
                    },
                    "init_process_enabled": {"type": "bool"},
                    "shared_memory_size": {"type": "int"},
                    "tmpfs": {
                        "type": "list",
                        "elements": "dict",
                        "options": {
                            "container_path": {"type": "str", "required": True},
                            "size": {"type": "int", "required": True},
                            "mount_options": {"type": "list", "elements": "str"},
                        },
                    },
                    "max_swap": {"type": "int"},
                    "swappiness": {"type": "int"},
                },
            },
            "secrets": {
                "type": "list",
                "elements": "dict",
                "no_log": False,
                "options": {"name": {"type": "str", "required": True}, "value_from": {"type": "str", "required": True}},
            },
            "depends_on": {
                "type": "list",
                "elements": "dict",
                "options": {
                    "container_name": {"type": "str", "required": True},
                    "condition": {
                        "type": "str",
                        "required": True,
                        "choices": ["START", "COMPLETE", "SUCCESS", "HEALTHY"],
                    },
                },
            },
            "start_timeout": {"type": "int"},
            "stop_timeout": {"type": "int"},
            "version_consistency": {"type": "str", "choices": ["enabled", "disabled"]},
            "hostname": {"type": "str"},
            "user": {"type": "str"},
            "working_directory": {"type": "str"},
            "disable_networking": {"type": "bool"},
            "privileged": {"type": "bool"},
            "readonly_root_filesystem": {"type": "bool"},
            "dns_servers": {"type": "list", "elements": "str"},
            "dns_search_domains": {"type": "list", "elements": "str"},
            "extra_hosts": {
                "type": "list",
                "elements": "dict",
                "options": {
                    "hostname": {"type": "str", "required": True},
                    "ip_address": {"type": "str", "required": True},
                },
            },
            "docker_security_options": {"type": "list", "elements": "str"},
            "interactive": {"type": "bool"},
            "pseudo_terminal": {"type": "bool"},
            "docker_labels": {"type": "dict"},
            "ulimits": {
                "type": "list",
                "elements": "dict",
                "options": {
                    "name": {
                        "type": "str",
                        "required": True,
                        "choices": [
                            "core",
                            "cpu",
                            "data",
                            "fsize",
                            "locks",
                            "memlock",
                            "msgqueue",
                            "nice",
                            "nofile",
                            "nproc",
                            "rss",
                            "rtprio",
                            "rttime",
                            "sigpending",
                            "stack",
                        ],
                    },
                    "soft_limit": {"type": "int", "required": True},
                    "hard_limit": {"type": "int", "required": True},
                },
            },
            "log_configuration": LOG_CONFIGURATION,
            "health_check": {
                "type": "dict",
                "options": {
                    "command": {"type": "list", "elements": "str", "required": True},
                    "interval": {"type": "int"},
                    "timeout": {"type": "int"},
                    "retries": {"type": "int"},
                    "start_period": {"type": "int"},
                },
            },
            "system_controls": {
                "type": "list",
                "elements": "dict",
                "options": {"namespace": {"type": "str"}, "value": {"type": "str"}},
            },
            "resource_requirements": RESOURCE_REQUIREMENTS,
            "firelens_configuration": {
                "type": "dict",
                "options": {
                    "type": {"type": "str", "required": True, "choices": ["fluentd", "fluentbit"]},
                    "options": {"type": "dict"},
                },
            },
            "credential_specs": {"type": "list", "elements": "str", "no_log": False},
        },
    },
    "volumes": {
        "type": "list",
        "elements": "dict",
        "options": {
            "name": {"type": "str"},
            "host": {"type": "dict", "options": {"source_path": {"type": "str"}}},
            "docker_volume_configuration": {
                "type": "dict",
                "options": {
                    "scope": {"type": "str", "choices": ["task", "shared"]},
                    "autoprovision": {"type": "bool"},
                    "driver": {"type": "str"},
                    "driver_opts": {"type": "dict"},
                    "labels": {"type": "dict"},
                },
            },
            "efs_volume_configuration": {
                "type": "dict",
                "options": {
                    "file_system_id": {"type": "str", "required": True},
                    "root_directory": {"type": "str"},
                    "transit_encryption": {"type": "str", "choices": ["ENABLED", "DISABLED"]},
                    "transit_encryption_port": {"type": "int"},
                    "authorization_config": {
                        "type": "dict",
                        "options": {
                            "access_point_id": {"type": "str"},
                            "iam": {"type": "str", "choices": ["ENABLED", "DISABLED"]},
                        },
                    },
                },
            },
            "s3files_volume_configuration": {
                "type": "dict",
                "options": {
                    "file_system_arn": {"type": "str", "required": True},
                    "root_directory": {"type": "str"},
                    "transit_encryption_port": {"type": "int"},
                    "access_point_arn": {"type": "str"},
                },
            },
            "fsx_windows_file_server_volume_configuration": {
                "type": "dict",
                "options": {
                    "file_system_id": {"type": "str", "required": True},
                    "root_directory": {"type": "str", "required": True},
                    "authorization_config": {
                        "type": "dict",
                        "required": True,
                        "options": {
                            "credentials_parameter": {"type": "str", "required": True, "no_log": False},
                            "domain": {"type": "str", "required": True},
                        },
                    },
                },
            },
            "configured_at_launch": {"type": "bool"},
        },
    },
    "placement_constraints": {
        "type": "list",
        "elements": "dict",
        "options": {"type": {"type": "str", "choices": ["memberOf"]}, "expression": {"type": "str"}},
    },
    "requires_compatibilities": {
        "type": "list",
        "elements": "str",
        "choices": ["EC2", "FARGATE", "EXTERNAL", "MANAGED_INSTANCES"],
    },
    "cpu": {"type": "str"},
    "memory": {"type": "str"},
    "tags": {"type": "dict"},
    "pid_mode": {"type": "str", "choices": ["host", "task"]},
    "ipc_mode": {"type": "str", "choices": ["host", "task", "none"]},
    "proxy_configuration": {
        "type": "dict",
        "options": {
            "type": {"type": "str", "choices": ["APPMESH"]},
            "container_name": {"type": "str", "required": True},
            "properties": {
                "type": "list",
                "elements": "dict",
                "options": {"name": {"type": "str"}, "value": {"type": "str"}},
            },
        },
    },
    "ephemeral_storage": EPHEMERAL_STORAGE,
    "runtime_platform": {
        "type": "dict",
        "options": {
            "cpu_architecture": {"type": "str", "choices": ["X86_64", "ARM64"]},
            "operating_system_family": {
                "type": "str",
                "choices": [
                    "WINDOWS_SERVER_2019_FULL",
                    "WINDOWS_SERVER_2019_CORE",
                    "WINDOWS_SERVER_2016_FULL",
                    "WINDOWS_SERVER_2004_CORE",
                    "WINDOWS_SERVER_2022_CORE",
                    "WINDOWS_SERVER_2022_FULL",
                    "WINDOWS_SERVER_2025_CORE",
                    "WINDOWS_SERVER_2025_FULL",
                    "WINDOWS_SERVER_20H2_CORE",
                    "LINUX",
                ],
            },
        },
    },
    "enable_fault_injection": {"type": "bool"},
    "trusted_execution_configuration": {
        "type": "dict",
        "options": {
            "isolation_mode": {
                "type": "str",
                "required": True,
                "choices": ["SHARED", "ISOLATED_SANDBOX", "CONFIDENTIAL_SANDBOX"],
            },
            "attestation_policy": {"type": "str"},
        },
    },
}

SERVICE: Spec = {
    "availability_zone_rebalancing": {"type": "str", "choices": ["ENABLED", "DISABLED"]},
    "load_balancers": {
        "type": "list",
        "elements": "dict",
        "options": {
            "target_group_arn": {"type": "str"},
            "load_balancer_name": {"type": "str"},
            "container_name": {"type": "str"},
            "container_port": {"type": "int"},
            "advanced_configuration": {
                "type": "dict",
                "options": {
                    "alternate_target_group_arn": {"type": "str"},
                    "production_listener_rule": {"type": "str"},
                    "test_listener_rule": {"type": "str"},
                    "role_arn": {"type": "str"},
                },
            },
        },
    },
    "service_registries": {
        "type": "list",
        "elements": "dict",
        "options": {
            "registry_arn": {"type": "str"},
            "port": {"type": "int"},
            "container_name": {"type": "str"},
            "container_port": {"type": "int"},
        },
    },
    "desired_count": {"type": "int"},
    "launch_type": LAUNCH_TYPE,
    "capacity_provider_strategy": CAPACITY_PROVIDER_STRATEGY,
    "platform_version": {"type": "str"},
    "deployment_configuration": {
        "type": "dict",
        "options": {
            "deployment_circuit_breaker": {
                "type": "dict",
                "options": {
                    "enable": {"type": "bool", "required": True},
                    "rollback": {"type": "bool", "required": True},
                    "reset_on_healthy_task": {"type": "bool"},
                    "threshold_configuration": {
                        "type": "dict",
                        "options": {
                            "type": {
                                "type": "str",
                                "required": True,
                                "choices": ["COUNT", "BOUNDED_PERCENT", "UNBOUNDED_PERCENT"],
                            },
                            "value": {"type": "int", "required": True},
                        },
                    },
                },
            },
            "maximum_percent": {"type": "int"},
            "minimum_healthy_percent": {"type": "int"},
            "alarms": {
                "type": "dict",
                "options": {
                    "alarm_names": {"type": "list", "elements": "str", "required": True},
                    "rollback": {"type": "bool", "required": True},
                    "enable": {"type": "bool", "required": True},
                },
            },
            "strategy": {"type": "str", "choices": ["ROLLING", "BLUE_GREEN", "LINEAR", "CANARY"]},
            "bake_time_in_minutes": {"type": "int"},
            "lifecycle_hooks": {
                "type": "list",
                "elements": "dict",
                "options": {
                    "target_type": {"type": "str", "choices": ["AWS_LAMBDA", "PAUSE"]},
                    "hook_target_arn": {"type": "str"},
                    "role_arn": {"type": "str"},
                    "lifecycle_stages": {
                        "type": "list",
                        "elements": "str",
                        "choices": [
                            "RECONCILE_SERVICE",
                            "PRE_SCALE_UP",
                            "POST_SCALE_UP",
                            "TEST_TRAFFIC_SHIFT",
                            "POST_TEST_TRAFFIC_SHIFT",
                            "PRE_PRODUCTION_TRAFFIC_SHIFT",
                            "PRODUCTION_TRAFFIC_SHIFT",
                            "POST_PRODUCTION_TRAFFIC_SHIFT",
                        ],
                    },
                    "hook_details": {"type": "dict"},
                    "timeout_configuration": {
                        "type": "dict",
                        "options": {
                            "timeout_in_minutes": {"type": "int"},
                            "action": {"type": "str", "choices": ["ROLLBACK", "CONTINUE"]},
                        },
                    },
                },
            },
            "linear_configuration": {
                "type": "dict",
                "options": {"step_percent": {"type": "float"}, "step_bake_time_in_minutes": {"type": "int"}},
            },
            "canary_configuration": {
                "type": "dict",
                "options": {"canary_percent": {"type": "float"}, "canary_bake_time_in_minutes": {"type": "int"}},
            },
            "early_success_criteria": {
                "type": "dict",
                "options": {
                    "enable": {"type": "bool", "required": True},
                    "healthy_percent": {"type": "int"},
                    "source_service_revision_cleanup": {"type": "str", "choices": ["BLOCKING", "DEFERRED"]},
                },
            },
        },
    },
    "placement_constraints": PLACEMENT_CONSTRAINTS,
    "placement_strategy": PLACEMENT_STRATEGY,
    "network_configuration": NETWORK_CONFIGURATION,
    "health_check_grace_period_seconds": {"type": "int"},
    "scheduling_strategy": {"type": "str", "choices": ["REPLICA", "DAEMON"]},
    "deployment_controller": {
        "type": "dict",
        "options": {"type": {"type": "str", "required": True, "choices": ["ECS", "CODE_DEPLOY", "EXTERNAL"]}},
    },
    "enable_ecs_managed_tags": {"type": "bool"},
    "propagate_tags": PROPAGATE_TAGS,
    "enable_execute_command": {"type": "bool"},
    "service_connect_configuration": {
        "type": "dict",
        "options": {
            "enabled": {"type": "bool", "required": True},
            "namespace": {"type": "str"},
            "services": {
                "type": "list",
                "elements": "dict",
                "options": {
                    "port_name": {"type": "str", "required": True},
                    "discovery_name": {"type": "str"},
                    "client_aliases": {
                        "type": "list",
                        "elements": "dict",
                        "options": {
                            "port": {"type": "int", "required": True},
                            "dns_name": {"type": "str"},
                            "test_traffic_rules": {
                                "type": "dict",
                                "options": {
                                    "header": {
                                        "type": "dict",
                                        "required": True,
                                        "options": {
                                            "name": {"type": "str", "required": True},
                                            "value": {
                                                "type": "dict",
                                                "options": {"exact": {"type": "str", "required": True}},
                                            },
                                        },
                                    }
                                },
                            },
                        },
                    },
                    "ingress_port_override": {"type": "int"},
                    "timeout": {
                        "type": "dict",
                        "options": {
                            "idle_timeout_seconds": {"type": "int"},
                            "per_request_timeout_seconds": {"type": "int"},
                        },
                    },
                    "tls": {
                        "type": "dict",
                        "options": {
                            "issuer_certificate_authority": {
                                "type": "dict",
                                "required": True,
                                "options": {"aws_pca_authority_arn": {"type": "str"}},
                            },
                            "kms_key": {"type": "str", "no_log": False},
                            "role_arn": {"type": "str"},
                        },
                    },
                },
            },
            "log_configuration": LOG_CONFIGURATION,
            "access_log_configuration": {
                "type": "dict",
                "options": {
                    "format": {"type": "str", "required": True, "choices": ["TEXT", "JSON"]},
                    "include_query_parameters": {"type": "str", "choices": ["DISABLED", "ENABLED"]},
                },
            },
            "container_configurations": {
                "type": "list",
                "elements": "dict",
                "options": {"log_level": {"type": "str", "choices": ["debug", "info"]}},
            },
        },
    },
    "volume_configurations": {
        "type": "list",
        "elements": "dict",
        "options": {
            "name": {"type": "str", "required": True},
            "managed_ebs_volume": {"type": "dict", "options": EBS_VOLUME},
        },
    },
    "vpc_lattice_configurations": {
        "type": "list",
        "elements": "dict",
        "options": {
            "role_arn": {"type": "str", "required": True},
            "target_group_arn": {"type": "str", "required": True},
            "port_name": {"type": "str", "required": True},
            "advanced_configuration": {
                "type": "dict",
                "options": {
                    "alternate_target_group_arn": {"type": "str"},
                    "production_listener_rule": {"type": "str"},
                    "test_listener_rule": {"type": "str"},
                },
            },
        },
    },
    "gateway_connectors": {
        "type": "list",
        "elements": "dict",
        "options": {
            "port_name": {"type": "str", "required": True},
            "health_check": {
                "type": "dict",
                "options": {
                    "health_check_protocol": {"type": "str", "choices": ["HTTP", "HTTPS"]},
                    "health_check_port": {"type": "int"},
                    "health_check_path": {"type": "str"},
                    "health_check_timeout_seconds": {"type": "int"},
                    "health_check_interval_seconds": {"type": "int"},
                    "healthy_threshold_count": {"type": "int"},
                    "unhealthy_threshold_count": {"type": "int"},
                    "matcher": {
                        "type": "dict",
                        "options": {"http_code": {"type": "str"}, "grpc_code": {"type": "str"}},
                    },
                },
            },
            "filters": {
                "type": "dict",
                "options": {"access_types": {"type": "list", "elements": "str", "choices": ["PUBLIC", "PRIVATE"]}},
            },
            "deregistration_delay": {"type": "dict", "options": {"timeout_seconds": {"type": "int"}}},
        },
    },
    "monitoring": {
        "type": "dict",
        "options": {
            "metric_configurations": {
                "type": "list",
                "elements": "dict",
                "options": {
                    "metric_names": {"type": "list", "elements": "str", "required": True},
                    "resolution_seconds": {"type": "int", "required": True},
                },
            }
        },
    },
}

RUN_TASK: Spec = {
    "capacity_provider_strategy": CAPACITY_PROVIDER_STRATEGY,
    "enable_ecs_managed_tags": {"type": "bool"},
    "enable_execute_command": {"type": "bool"},
    "group": {"type": "str"},
    "launch_type": LAUNCH_TYPE,
    "network_configuration": NETWORK_CONFIGURATION,
    "overrides": {
        "type": "dict",
        "options": {
            "container_overrides": {
                "type": "list",
                "elements": "dict",
                "options": {
                    "name": {"type": "str"},
                    "command": {"type": "list", "elements": "str"},
                    "environment": ENVIRONMENT,
                    "environment_files": ENVIRONMENT_FILES,
                    "cpu": {"type": "int"},
                    "memory": {"type": "int"},
                    "memory_reservation": {"type": "int"},
                    "resource_requirements": RESOURCE_REQUIREMENTS,
                },
            },
            "cpu": {"type": "str"},
            "execution_role_arn": {"type": "str"},
            "memory": {"type": "str"},
            "task_role_arn": {"type": "str"},
            "ephemeral_storage": EPHEMERAL_STORAGE,
        },
    },
    "placement_constraints": PLACEMENT_CONSTRAINTS,
    "placement_strategy": PLACEMENT_STRATEGY,
    "platform_version": {"type": "str"},
    "propagate_tags": PROPAGATE_TAGS,
    "volume_configurations": {
        "type": "list",
        "elements": "dict",
        "options": {
            "name": {"type": "str", "required": True},
            "managed_ebs_volume": {
                "type": "dict",
                "options": {
                    **EBS_VOLUME,
                    "termination_policy": {
                        "type": "dict",
                        "options": {"delete_on_termination": {"type": "bool", "required": True}},
                    },
                },
            },
        },
    },
}

# What CreateDeployment of CodeDeploy takes for an ECS service, and the hooks of the AppSpec that goes with it.
CODE_DEPLOY: Spec = {
    "application_name": {"type": "str"},
    "deployment_group_name": {"type": "str"},
    "deployment_config_name": {"type": "str"},
    "description": {"type": "str"},
    "auto_rollback_configuration": AUTO_ROLLBACK,
    "override_alarm_configuration": STOPPING_ALARMS,
    "hooks": {
        "type": "dict",
        "options": {
            "before_install": {"type": "str"},
            "after_install": {"type": "str"},
            "after_allow_test_traffic": {"type": "str"},
            "before_allow_traffic": {"type": "str"},
            "after_allow_traffic": {"type": "str"},
        },
    },
}
