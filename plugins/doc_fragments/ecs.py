# Copyright: slipway.aws contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations


class ModuleDocFragment:
    """The options that speak of task definitions and services."""

    TASK_DEFINITION = r"""
options:
  task_definition:
    description:
      - The task definition as it shall be, with the structure of ECS's C(RegisterTaskDefinition).
      - It is compared field by field with the one that the service runs, ECS's defaults left out. Only
        a difference registers a new revision.
      - Not given, the service keeps what it runs.
    type: dict
    suboptions:
      family:
        description: Name that the revisions of the task definition have in common. By default the name
          of the service.
        type: str
      task_role_arn:
        description: ARN of the role that the containers assume.
        type: str
      execution_role_arn:
        description: ARN of the role with which ECS pulls images, reads secrets and writes logs for
          the task.
        type: str
      network_mode:
        description: The Docker networking mode to use for the containers in the task.
        type: str
        choices: [bridge, host, awsvpc, none]
      container_definitions:
        description: The containers of a task. Replaces all of them.
        type: list
        elements: dict
        required: true
        suboptions:
          name:
            description: The name of a container.
            type: str
            required: true
          image:
            description: The image used to start a container.
            type: str
            required: true
          repository_credentials:
            description: The private repository authentication credentials to use.
            type: dict
            suboptions:
              credentials_parameter:
                description: The Amazon Resource Name (ARN) of the secret containing the private repository
                  credentials.
                type: str
                required: true
          cpu:
            description: The number of C(cpu) units reserved for the container.
            type: int
          memory:
            description: The amount (in MiB) of memory to present to the container.
            type: int
          memory_reservation:
            description: The soft limit (in MiB) of memory to reserve for the container.
            type: int
          links:
            description: Names of containers to talk to without port mappings, in the network mode C(bridge)
              only.
            type: list
            elements: str
          port_mappings:
            description: The list of port mappings for the container.
            type: list
            elements: dict
            suboptions:
              container_port:
                description: The port number on the container that's bound to the user-specified or
                  automatically assigned host port.
                type: int
              host_port:
                description: The port number on the container instance to reserve for your container.
                type: int
              protocol:
                description: The protocol that's used for the port mapping.
                type: str
                choices: [tcp, udp]
              name:
                description: The name that's used for the port mapping.
                type: str
              app_protocol:
                description: The application protocol that's used for the port mapping.
                type: str
                choices: [http, http2, grpc]
              container_port_range:
                description: The port number range on the container that's bound to the dynamically
                  mapped host port range.
                type: str
          essential:
            description: Whether the whole task stops when this container does. ECS's default is V(true).
            type: bool
          restart_policy:
            description: The restart policy for a container.
            type: dict
            suboptions:
              enabled:
                description: Specifies whether a restart policy is enabled for the container.
                type: bool
                required: true
              ignored_exit_codes:
                description: A list of exit codes that ECS will ignore and not attempt a restart on.
                type: list
                elements: int
              restart_attempt_period:
                description: A period of time (in seconds) that the container must run for before a
                  restart can be attempted.
                type: int
          entry_point:
            description: The entry point that's passed to the container.
            type: list
            elements: str
          command:
            description: The command that's passed to the container.
            type: list
            elements: str
          environment:
            description: The environment variables to pass to a container.
            type: list
            elements: dict
            suboptions:
              name:
                description: The name of the key-value pair.
                type: str
              value:
                description: The value of the key-value pair.
                type: str
          environment_files:
            description: A list of files containing the environment variables to pass to a container.
            type: list
            elements: dict
            suboptions:
              value:
                description: The Amazon Resource Name (ARN) of the Amazon S3 object containing the environment
                  variable file.
                type: str
                required: true
              type:
                description: The file type to use.
                type: str
                required: true
                choices: [s3]
          mount_points:
            description: The mount points for data volumes in your container.
            type: list
            elements: dict
            suboptions:
              source_volume:
                description: The name of the volume to mount.
                type: str
              container_path:
                description: The path on the container to mount the host volume at.
                type: str
              read_only:
                description: If this value is C(true), the container has read-only access to the volume.
                type: bool
          volumes_from:
            description: Data volumes to mount from another container.
            type: list
            elements: dict
            suboptions:
              source_container:
                description: The name of another container within the same task definition to mount
                  volumes from.
                type: str
              read_only:
                description: If this value is C(true), the container has read-only access to the volume.
                type: bool
          linux_parameters:
            description: Linux-specific modifications that are applied to the default Docker container
              configuration, such as Linux kernel capabilities.
            type: dict
            suboptions:
              capabilities:
                description: The Linux capabilities for the container that are added to or dropped from
                  the default configuration provided by Docker.
                type: dict
                suboptions:
                  add:
                    description: The Linux capabilities for the container that have been added to the
                      default configuration provided by Docker.
                    type: list
                    elements: str
                  drop:
                    description: The Linux capabilities for the container that have been removed from
                      the default configuration provided by Docker.
                    type: list
                    elements: str
              devices:
                description: Any host devices to expose to the container.
                type: list
                elements: dict
                suboptions:
                  host_path:
                    description: The path for the device on the host container instance.
                    type: str
                    required: true
                  container_path:
                    description: The path inside the container at which to expose the host device.
                    type: str
                  permissions:
                    description: The explicit permissions to provide to the container for the device.
                    type: list
                    elements: str
                    choices: [read, write, mknod]
              init_process_enabled:
                description: Run an C(init) process inside the container that forwards signals and reaps
                  processes.
                type: bool
              shared_memory_size:
                description: The value for the size (in MiB) of the C(/dev/shm) volume.
                type: int
              tmpfs:
                description: The container path, mount options, and size (in MiB) of the tmpfs mount.
                type: list
                elements: dict
                suboptions:
                  container_path:
                    description: The absolute file path where the tmpfs volume is to be mounted.
                    type: str
                    required: true
                  size:
                    description: The maximum size (in MiB) of the tmpfs volume.
                    type: int
                    required: true
                  mount_options:
                    description: The list of tmpfs volume mount options.
                    type: list
                    elements: str
              max_swap:
                description: The total amount of swap memory (in MiB) a container can use.
                type: int
              swappiness:
                description: This allows you to tune a container's memory swappiness behavior.
                type: int
          secrets:
            description: The secrets to pass to the container.
            type: list
            elements: dict
            suboptions:
              name:
                description: The name of the secret.
                type: str
                required: true
              value_from:
                description: The secret to expose to the container.
                type: str
                required: true
          depends_on:
            description: The dependencies defined for container startup and shutdown.
            type: list
            elements: dict
            suboptions:
              container_name:
                description: The name of a container.
                type: str
                required: true
              condition:
                description: The dependency condition of the container.
                type: str
                required: true
                choices: [START, COMPLETE, SUCCESS, HEALTHY]
          start_timeout:
            description: Time duration (in seconds) to wait before giving up on resolving dependencies
              for a container.
            type: int
          stop_timeout:
            description: Time duration (in seconds) to wait before the container is forcefully killed
              if it doesn't exit normally on its own.
            type: int
          version_consistency:
            description: Specifies whether ECS will resolve the container image tag provided in the
              container definition to an image digest.
            type: str
            choices: [enabled, disabled]
          hostname:
            description: The hostname to use for your container.
            type: str
          user:
            description: The user to use inside the container.
            type: str
          working_directory:
            description: The working directory to run commands inside the container in.
            type: str
          disable_networking:
            description: When this parameter is true, networking is off within the container.
            type: bool
          privileged:
            description: When this parameter is true, the container is given elevated privileges on
              the host container instance (similar to the C(root) user).
            type: bool
          readonly_root_filesystem:
            description: When this parameter is true, the container is given read-only access to its
              root file system.
            type: bool
          dns_servers:
            description: A list of DNS servers that are presented to the container.
            type: list
            elements: str
          dns_search_domains:
            description: A list of DNS search domains that are presented to the container.
            type: list
            elements: str
          extra_hosts:
            description: A list of hostnames and IP address mappings to append to the C(/etc/hosts)
              file on the container.
            type: list
            elements: dict
            suboptions:
              hostname:
                description: The hostname to use in the C(/etc/hosts) entry.
                type: str
                required: true
              ip_address:
                description: The IP address to use in the C(/etc/hosts) entry.
                type: str
                required: true
          docker_security_options:
            description: A list of strings to provide custom configuration for multiple security systems.
            type: list
            elements: str
          interactive:
            description: When this parameter is C(true), you can deploy containerized applications that
              require C(stdin) or a C(tty) to be allocated.
            type: bool
          pseudo_terminal:
            description: When this parameter is C(true), a TTY is allocated.
            type: bool
          docker_labels:
            description: A key/value map of labels to add to the container.
            type: dict
          ulimits:
            description: A list of C(ulimits) to set in the container.
            type: list
            elements: dict
            suboptions:
              name:
                description: The C(type) of the C(ulimit).
                type: str
                required: true
                choices: [core, cpu, data, fsize, locks, memlock, msgqueue, nice, nofile, nproc, rss,
                  rtprio, rttime, sigpending, stack]
              soft_limit:
                description: The soft limit for the C(ulimit) type.
                type: int
                required: true
              hard_limit:
                description: The hard limit for the C(ulimit) type.
                type: int
                required: true
          log_configuration:
            description: The log configuration specification for the container.
            type: dict
            suboptions:
              log_driver:
                description: The log driver to use for the container.
                type: str
                required: true
                choices: [json-file, syslog, journald, gelf, fluentd, awslogs, splunk, awsfirelens]
              options:
                description: The configuration options to send to the log driver.
                type: dict
              secret_options:
                description: The secrets to pass to the log configuration.
                type: list
                elements: dict
                suboptions:
                  name:
                    description: The name of the secret.
                    type: str
                    required: true
                  value_from:
                    description: The secret to expose to the container.
                    type: str
                    required: true
          health_check:
            description: The container health check command and associated configuration parameters
              for the container.
            type: dict
            suboptions:
              command:
                description: A string array representing the command that the container runs to determine
                  if it is healthy.
                type: list
                elements: str
                required: true
              interval:
                description: The time period in seconds between each health check execution.
                type: int
              timeout:
                description: The time period in seconds to wait for a health check to succeed before
                  it is considered a failure.
                type: int
              retries:
                description: The number of times to retry a failed health check before the container
                  is considered unhealthy.
                type: int
              start_period:
                description: The optional grace period to provide containers time to bootstrap before
                  failed health checks count towards the maximum number of retries.
                type: int
          system_controls:
            description: A list of namespaced kernel parameters to set in the container.
            type: list
            elements: dict
            suboptions:
              namespace:
                description: The namespaced kernel parameter to set a C(value) for.
                type: str
              value:
                description: The value of the kernel parameter.
                type: str
          resource_requirements:
            description: The type and amount of a resource to assign to a container.
            type: list
            elements: dict
            suboptions:
              value:
                description: The value for the specified resource type.
                type: str
              type:
                description: The type of resource to assign to a container.
                type: str
                required: true
                choices: [GPU, InferenceAccelerator, NeuronDevice]
              sharing_strategy:
                description: The strategy that the container uses to share a GPU with other containers.
                type: dict
                suboptions:
                  nvidia_mps:
                    description: Shares a GPU between containers by using NVIDIA Multi-Process Service
                      (MPS).
                    type: dict
                    suboptions:
                      memory:
                        description: The amount of GPU memory, in MiB, to allocate to the container.
                        type: int
                        required: true
                      max_compute_percent:
                        description: The maximum percentage of the GPU's compute capacity that the container
                          can use.
                        type: int
          firelens_configuration:
            description: The FireLens configuration for the container.
            type: dict
            suboptions:
              type:
                description: The log router to use.
                type: str
                required: true
                choices: [fluentd, fluentbit]
              options:
                description: The options to use when configuring the log router.
                type: dict
          credential_specs:
            description: A list of ARNs in SSM or Amazon S3 to a credential spec (C(CredSpec)) file
              that configures the container for Active Directory authentication.
            type: list
            elements: str
      volumes:
        description: The volumes that containers of the task can mount.
        type: list
        elements: dict
        suboptions:
          name:
            description: The name of the volume.
            type: str
          host:
            description: This parameter is specified when you use bind mount host volumes.
            type: dict
            suboptions:
              source_path:
                description: When the C(host) parameter is used, specify a C(source_path) to declare
                  the path on the host container instance that's presented to the container.
                type: str
          docker_volume_configuration:
            description: This parameter is specified when you use Docker volumes.
            type: dict
            suboptions:
              scope:
                description: The scope for the Docker volume that determines its lifecycle.
                type: str
                choices: [task, shared]
              autoprovision:
                description: If this value is C(true), the Docker volume is created if it doesn't already
                  exist.
                type: bool
              driver:
                description: The Docker volume driver to use.
                type: str
              driver_opts:
                description: A map of Docker driver-specific options passed through.
                type: dict
              labels:
                description: Custom metadata to add to your Docker volume.
                type: dict
          efs_volume_configuration:
            description: This parameter is specified when you use an Amazon Elastic File System file
              system for task storage.
            type: dict
            suboptions:
              file_system_id:
                description: The Amazon EFS file system ID to use.
                type: str
                required: true
              root_directory:
                description: The directory within the Amazon EFS file system to mount as the root directory
                  inside the host.
                type: str
              transit_encryption:
                description: Determines whether to use encryption for Amazon EFS data in transit between
                  the ECS host and the Amazon EFS server.
                type: str
                choices: [ENABLED, DISABLED]
              transit_encryption_port:
                description: The port to use when sending encrypted data between the ECS host and the
                  Amazon EFS server.
                type: int
              authorization_config:
                description: The authorization configuration details for the Amazon EFS file system.
                type: dict
                suboptions:
                  access_point_id:
                    description: The Amazon EFS access point ID to use.
                    type: str
                  iam:
                    description: Determines whether to use the ECS task role defined in a task definition
                      when mounting the Amazon EFS file system.
                    type: str
                    choices: [ENABLED, DISABLED]
          s3files_volume_configuration:
            description: This parameter is specified when you use an Amazon S3 Files file system for
              task storage.
            type: dict
            suboptions:
              file_system_arn:
                description: The full ARN of the S3 Files file system to mount.
                type: str
                required: true
              root_directory:
                description: The directory within the Amazon S3 Files file system to mount as the root
                  directory.
                type: str
              transit_encryption_port:
                description: The port to use for sending encrypted data between the ECS host and the
                  S3 Files file system.
                type: int
              access_point_arn:
                description: The full ARN of the S3 Files access point to use.
                type: str
          fsx_windows_file_server_volume_configuration:
            description: This parameter is specified when you use Amazon FSx for Windows File Server
              file system for task storage.
            type: dict
            suboptions:
              file_system_id:
                description: The Amazon FSx for Windows File Server file system ID to use.
                type: str
                required: true
              root_directory:
                description: The directory within the Amazon FSx for Windows File Server file system
                  to mount as the root directory inside the host.
                type: str
                required: true
              authorization_config:
                description: The authorization configuration details for the Amazon FSx for Windows
                  File Server file system.
                type: dict
                required: true
                suboptions:
                  credentials_parameter:
                    description: The authorization credential option to use.
                    type: str
                    required: true
                  domain:
                    description: A fully qualified domain name hosted by an Directory Service Managed
                      Microsoft AD (Active Directory) or self-hosted AD on Amazon EC2.
                    type: str
                    required: true
          configured_at_launch:
            description: Indicates whether the volume should be configured at launch time.
            type: bool
      placement_constraints:
        description: An array of placement constraint objects to use for the task.
        type: list
        elements: dict
        suboptions:
          type:
            description: The type of constraint.
            type: str
            choices: [memberOf]
          expression:
            description: A cluster query language expression to apply to the constraint.
            type: str
      requires_compatibilities:
        description: Where the task definition must be able to run. ECS refuses it when it cannot.
        type: list
        elements: str
        choices: [EC2, FARGATE, EXTERNAL, MANAGED_INSTANCES]
      cpu:
        description: CPU units of a task, such as V(512) or V(.5 vCPU). On Fargate only certain pairs
          with O(task_definition.memory) exist.
        type: str
      memory:
        description: Memory of a task in MiB, such as V(1024) or V(1 GB).
        type: str
      tags:
        description: Tags of the task definition. A change of tags alone makes no new revision.
        type: dict
      pid_mode:
        description: The process namespace to use for the containers in the task.
        type: str
        choices: [host, task]
      ipc_mode:
        description: The IPC resource namespace to use for the containers in the task.
        type: str
        choices: [host, task, none]
      proxy_configuration:
        description: The configuration details for the App Mesh proxy.
        type: dict
        suboptions:
          type:
            description: The proxy type.
            type: str
            choices: [APPMESH]
          container_name:
            description: The name of the container that will serve as the App Mesh proxy.
            type: str
            required: true
          properties:
            description: The set of network configuration parameters to provide the Container Network
              Interface (CNI) plugin, specified as key-value pairs.
            type: list
            elements: dict
            suboptions:
              name:
                description: The name of the key-value pair.
                type: str
              value:
                description: The value of the key-value pair.
                type: str
      ephemeral_storage:
        description: The amount of ephemeral storage to allocate for the task.
        type: dict
        suboptions:
          size_in_gib:
            description: The total amount, in GiB, of ephemeral storage to set for the task.
            type: int
            required: true
      runtime_platform:
        description: The operating system that your tasks definitions run on.
        type: dict
        suboptions:
          cpu_architecture:
            description: The CPU architecture.
            type: str
            choices: [X86_64, ARM64]
          operating_system_family:
            description: The operating system.
            type: str
            choices: [WINDOWS_SERVER_2019_FULL, WINDOWS_SERVER_2019_CORE, WINDOWS_SERVER_2016_FULL,
              WINDOWS_SERVER_2004_CORE, WINDOWS_SERVER_2022_CORE, WINDOWS_SERVER_2022_FULL, WINDOWS_SERVER_2025_CORE,
              WINDOWS_SERVER_2025_FULL, WINDOWS_SERVER_20H2_CORE, LINUX]
      enable_fault_injection:
        description: Enables fault injection when you register your task definition and allows for fault
          injection requests to be accepted from the task's containers.
        type: bool
      trusted_execution_configuration:
        description: The trusted execution configuration for tasks that use this task definition, including
          the isolation mode and, if configured, an attestation policy.
        type: dict
        suboptions:
          isolation_mode:
            description: The isolation mode for tasks that use this task definition.
            type: str
            required: true
            choices: [SHARED, ISOLATED_SANDBOX, CONFIDENTIAL_SANDBOX]
          attestation_policy:
            description: The base64-encoded attestation policy envelope for the task.
            type: str
"""

    SERVICE = r"""
options:
  availability_zone_rebalancing:
    description: Whether ECS moves tasks to keep them spread over the availability zones.
    type: str
    choices: [ENABLED, DISABLED]
  load_balancers:
    description: Target groups in which the tasks register. Replaces the list.
    type: list
    elements: dict
    suboptions:
      target_group_arn:
        description: The full Amazon Resource Name (ARN) of the Elastic Load Balancing target group
          or groups associated with a service or task set.
        type: str
      load_balancer_name:
        description: The name of the load balancer to associate with the ECS service or task set.
        type: str
      container_name:
        description: The name of the container (as it appears in a container definition) to associate
          with the load balancer.
        type: str
      container_port:
        description: The port on the container to associate with the load balancer.
        type: int
      advanced_configuration:
        description: What blue/green, linear and canary deployments need to shift traffic.
        type: dict
        suboptions:
          alternate_target_group_arn:
            description: The Amazon Resource Name (ARN) of the alternate target group for ECS blue/green
              deployments.
            type: str
          production_listener_rule:
            description: The Amazon Resource Name (ARN) that that identifies the production listener
              rule (in the case of an Application Load Balancer) or listener (in the case for an Network
              Load Balancer) for routing production traffic.
            type: str
          test_listener_rule:
            description: The Amazon Resource Name (ARN) that identifies ) that identifies the test listener
              rule (in the case of an Application Load Balancer) or listener (in the case for an Network
              Load Balancer) for routing test traffic.
            type: str
          role_arn:
            description: The Amazon Resource Name (ARN) of the IAM role that grants ECS permission to
              call the Elastic Load Balancing APIs for you.
            type: str
  service_registries:
    description: The details of the service discovery registry to associate with this service.
    type: list
    elements: dict
    suboptions:
      registry_arn:
        description: The Amazon Resource Name (ARN) of the service registry.
        type: str
      port:
        description: The port value used if your service discovery service specified an SRV record.
        type: int
      container_name:
        description: The container name value to be used for your service discovery service.
        type: str
      container_port:
        description: The port value to be used for your service discovery service.
        type: int
  desired_count:
    description: How many tasks shall run. Not given, the count of an existing service stays untouched,
      which is what a service with autoscaling needs, and a new one starts with O(initial_desired_count).
    type: int
  launch_type:
    description: On which infrastructure tasks run. Cannot be changed on an existing service other than
      to a O(capacity_provider_strategy).
    type: str
    choices: [EC2, FARGATE, EXTERNAL, MANAGED_INSTANCES]
  capacity_provider_strategy:
    description: On which capacity providers tasks run. Excludes O(launch_type).
    type: list
    elements: dict
    suboptions:
      capacity_provider:
        description: The short name of the capacity provider.
        type: str
        required: true
      weight:
        description: The weight value designates the relative percentage of the total number of tasks
          launched that should use the specified capacity provider.
        type: int
      base:
        description: The base value designates how many tasks, at a minimum, to run on the specified
          capacity provider for each service.
        type: int
  platform_version:
    description: The platform version that your tasks in the service are running on.
    type: str
  deployment_configuration:
    description: 'How a deployment goes: strategy, limits, circuit breaker, alarms, bake time, lifecycle
      hooks. What is not given stays as it is.'
    type: dict
    suboptions:
      deployment_circuit_breaker:
        description: When ECS gives a deployment up because its tasks fail, and whether it rolls back
          then.
        type: dict
        suboptions:
          enable:
            description: Determines whether to use the deployment circuit breaker logic for the service.
            type: bool
            required: true
          rollback:
            description: Determines whether to configure ECS to roll back the service if a service deployment
              fails.
            type: bool
            required: true
          reset_on_healthy_task:
            description: Specifies whether the deployment circuit breaker resets its failure count when
              a task reaches a healthy state.
            type: bool
          threshold_configuration:
            description: The threshold configuration that controls when the deployment circuit breaker
              triggers.
            type: dict
            suboptions:
              type:
                description: Determines how ECS uses C(value) to calculate the failure threshold.
                type: str
                required: true
                choices: [COUNT, BOUNDED_PERCENT, UNBOUNDED_PERCENT]
              value:
                description: Specifies the integer that ECS uses to calculate the failure threshold.
                type: int
                required: true
      maximum_percent:
        description: Upper limit on the tasks during a deployment, as a percentage of the desired count,
          rounded down.
        type: int
      minimum_healthy_percent:
        description: Lower limit on the healthy tasks during a deployment, as a percentage of the desired
          count, rounded up.
        type: int
      alarms:
        description: Information about the CloudWatch alarms.
        type: dict
        suboptions:
          alarm_names:
            description: One or more CloudWatch alarm names.
            type: list
            elements: str
            required: true
          rollback:
            description: Determines whether to configure ECS to roll back the service if a service deployment
              fails.
            type: bool
            required: true
          enable:
            description: Determines whether to use the CloudWatch alarm option in the service deployment
              process.
            type: bool
            required: true
      strategy:
        description: How traffic moves to the new tasks. ECS's default is V(ROLLING).
        type: str
        choices: [ROLLING, BLUE_GREEN, LINEAR, CANARY]
      bake_time_in_minutes:
        description: The time period when both blue and green service revisions are running simultaneously
          after the production traffic has shifted.
        type: int
      lifecycle_hooks:
        description: An array of deployment lifecycle hook objects to run custom logic or pause the
          deployment at specific stages of the deployment lifecycle.
        type: list
        elements: dict
        suboptions:
          target_type:
            description: The type of action the lifecycle hook performs.
            type: str
            choices: [AWS_LAMBDA, PAUSE]
          hook_target_arn:
            description: The Amazon Resource Name (ARN) of the hook target.
            type: str
          role_arn:
            description: The Amazon Resource Name (ARN) of the IAM role that grants ECS permission to
              call Lambda functions on your behalf.
            type: str
          lifecycle_stages:
            description: The lifecycle stages at which to run the hook.
            type: list
            elements: str
            choices: [RECONCILE_SERVICE, PRE_SCALE_UP, POST_SCALE_UP, TEST_TRAFFIC_SHIFT, POST_TEST_TRAFFIC_SHIFT,
              PRE_PRODUCTION_TRAFFIC_SHIFT, PRODUCTION_TRAFFIC_SHIFT, POST_PRODUCTION_TRAFFIC_SHIFT]
          hook_details:
            description: Use this field to specify custom parameters that ECS passes to your Lambda
              function on each invocation.
            type: dict
          timeout_configuration:
            description: The timeout configuration for the lifecycle hook.
            type: dict
            suboptions:
              timeout_in_minutes:
                description: The number of minutes ECS waits for the lifecycle hook to complete before
                  taking the timeout action.
                type: int
              action:
                description: The action ECS takes when the lifecycle hook times out.
                type: str
                choices: [ROLLBACK, CONTINUE]
      linear_configuration:
        description: Configuration for linear deployment strategy.
        type: dict
        suboptions:
          step_percent:
            description: The percentage of production traffic to shift in each step during a linear
              deployment.
            type: float
          step_bake_time_in_minutes:
            description: The amount of time in minutes to wait between each traffic shifting step during
              a linear deployment.
            type: int
      canary_configuration:
        description: Configuration for canary deployment strategy.
        type: dict
        suboptions:
          canary_percent:
            description: The percentage of production traffic to shift to the new service revision during
              the canary phase.
            type: float
          canary_bake_time_in_minutes:
            description: The amount of time in minutes to wait during the canary phase before shifting
              the remaining production traffic to the new service revision.
            type: int
      early_success_criteria:
        description: The early success criteria configuration for a rolling deployment.
        type: dict
        suboptions:
          enable:
            description: Specifies whether to use the early success criteria for the service deployment.
            type: bool
            required: true
          healthy_percent:
            description: The percentage of healthy tasks that the target service revision must reach
              before ECS considers the deployment successful.
            type: int
          source_service_revision_cleanup:
            description: The time when ECS removes the source revisions' tasks relative to deployment
              completion.
            type: str
            choices: [BLOCKING, DEFERRED]
  placement_constraints:
    description: An array of placement constraint objects to use for tasks in your service.
    type: list
    elements: dict
    suboptions:
      type:
        description: The type of constraint.
        type: str
        choices: [distinctInstance, memberOf]
      expression:
        description: A cluster query language expression to apply to the constraint.
        type: str
  placement_strategy:
    description: The placement strategy objects to use for tasks in your service.
    type: list
    elements: dict
    suboptions:
      type:
        description: The type of placement strategy.
        type: str
        choices: [random, spread, binpack]
      field:
        description: The field to apply the placement strategy against.
        type: str
  network_configuration:
    description: The network of tasks whose network mode is C(awsvpc), as on Fargate always.
    type: dict
    suboptions:
      awsvpc_configuration:
        description: The VPC subnets and security groups that are associated with a task.
        type: dict
        suboptions:
          subnets:
            description: The IDs of the subnets associated with the task or service.
            type: list
            elements: str
          security_groups:
            description: The IDs of the security groups associated with the task or service.
            type: list
            elements: str
          assign_public_ip:
            description: Whether the task's elastic network interface receives a public IP address.
            type: str
            choices: [ENABLED, DISABLED]
  health_check_grace_period_seconds:
    description: The period of time, in seconds, that the ECS service scheduler ignores unhealthy Elastic
      Load Balancing, VPC Lattice, and container health checks after a task has first started.
    type: int
  scheduling_strategy:
    description: Whether ECS keeps a number of tasks, or one on each container instance. Cannot be changed
      on an existing service.
    type: str
    choices: [REPLICA, DAEMON]
  deployment_controller:
    description: What makes the deployments.
    type: dict
    suboptions:
      type:
        description:
          - V(ECS) itself, or CodeDeploy with V(CODE_DEPLOY). Without it an existing service keeps its own.
          - V(EXTERNAL) is refused, since nothing but its own controller can make the task sets of such a service.
          - A change of an existing service's is passed on to ECS.
        type: str
        required: true
        choices: [ECS, CODE_DEPLOY, EXTERNAL]
  enable_ecs_managed_tags:
    description: Specifies whether to turn on ECS managed tags for the tasks within the service.
    type: bool
  propagate_tags:
    description: From what tasks inherit their tags.
    type: str
    choices: [TASK_DEFINITION, SERVICE, NONE]
  enable_execute_command:
    description: Determines whether the execute command functionality is turned on for the service.
    type: bool
  service_connect_configuration:
    description: The configuration for this service to discover and connect to services, and be discovered
      by, and connected from, other services within a namespace.
    type: dict
    suboptions:
      enabled:
        description: Specifies whether to use Service Connect with this service.
        type: bool
        required: true
      namespace:
        description: The namespace name or full Amazon Resource Name (ARN) of the Cloud Map namespace
          for use with Service Connect.
        type: str
      services:
        description: The list of Service Connect service objects.
        type: list
        elements: dict
        suboptions:
          port_name:
            description: The C(port_name) must match the name of one of the C(port_mappings) from all
              the containers in the task definition of this ECS service.
            type: str
            required: true
          discovery_name:
            description: The C(discovery_name) is the name of the new Cloud Map service that ECS creates
              for this ECS service.
            type: str
          client_aliases:
            description: The list of client aliases for this Service Connect service.
            type: list
            elements: dict
            suboptions:
              port:
                description: The listening port number for the Service Connect proxy.
                type: int
                required: true
              dns_name:
                description: The C(dns_name) is the name that you use in the applications of client
                  tasks to connect to this service.
                type: str
              test_traffic_rules:
                description: The configuration for test traffic routing rules used during blue/green
                  deployments with ECS Service Connect.
                type: dict
                suboptions:
                  header:
                    description: The HTTP header-based routing rules that determine which requests should
                      be routed to the new service version during blue/green deployment testing.
                    type: dict
                    required: true
                    suboptions:
                      name:
                        description: The name of the HTTP header to examine for test traffic routing.
                        type: str
                        required: true
                      value:
                        description: The header value matching configuration that determines how the
                          HTTP header value is evaluated for test traffic routing decisions.
                        type: dict
                        suboptions:
                          exact:
                            description: The exact value that the HTTP header must match for the test
                              traffic routing rule to apply.
                            type: str
                            required: true
          ingress_port_override:
            description: The port number for the Service Connect proxy to listen on.
            type: int
          timeout:
            description: A reference to an object that represents the configured timeouts for Service
              Connect.
            type: dict
            suboptions:
              idle_timeout_seconds:
                description: The amount of time in seconds a connection will stay active while idle.
                type: int
              per_request_timeout_seconds:
                description: The amount of time waiting for the upstream to respond with a complete
                  response per request.
                type: int
          tls:
            description: A reference to an object that represents a Transport Layer Security (TLS) configuration.
            type: dict
            suboptions:
              issuer_certificate_authority:
                description: The signer certificate authority.
                type: dict
                required: true
                suboptions:
                  aws_pca_authority_arn:
                    description: The ARN of the Amazon Web Services Private Certificate Authority certificate.
                    type: str
              kms_key:
                description: The Amazon Web Services Key Management Service key.
                type: str
              role_arn:
                description: The Amazon Resource Name (ARN) of the IAM role that's associated with the
                  Service Connect TLS.
                type: str
      log_configuration:
        description: The log configuration for the container.
        type: dict
        suboptions:
          log_driver:
            description: The log driver to use for the container.
            type: str
            required: true
            choices: [json-file, syslog, journald, gelf, fluentd, awslogs, splunk, awsfirelens]
          options:
            description: The configuration options to send to the log driver.
            type: dict
          secret_options:
            description: The secrets to pass to the log configuration.
            type: list
            elements: dict
            suboptions:
              name:
                description: The name of the secret.
                type: str
                required: true
              value_from:
                description: The secret to expose to the container.
                type: str
                required: true
      access_log_configuration:
        description: The configuration for Service Connect access logging.
        type: dict
        suboptions:
          format:
            description: The format for Service Connect access log output.
            type: str
            required: true
            choices: [TEXT, JSON]
          include_query_parameters:
            description: Specifies whether to include query parameters in Service Connect access logs.
            type: str
            choices: [DISABLED, ENABLED]
      container_configurations:
        description: The settings for the Service Connect proxy container that ECS adds to each task
          in this service.
        type: list
        elements: dict
        suboptions:
          log_level:
            description: The log level of the Service Connect proxy container.
            type: str
            choices: [debug, info]
  volume_configurations:
    description: Volumes that the task definition leaves to be configured at launch.
    type: list
    elements: dict
    suboptions:
      name:
        description: The name of the volume.
        type: str
        required: true
      managed_ebs_volume:
        description: The configuration for the Amazon EBS volume that ECS creates and manages on your
          behalf.
        type: dict
        suboptions:
          encrypted:
            description: Indicates whether the volume should be encrypted.
            type: bool
          kms_key_id:
            description: The Amazon Resource Name (ARN) identifier of the Amazon Web Services Key Management
              Service key to use for Amazon EBS encryption.
            type: str
          volume_type:
            description: The volume type.
            type: str
          size_in_gib:
            description: The size of the volume in GiB. You must specify either a volume size or a snapshot
              ID. If you specify a snapshot ID, the snapshot size is used for the volume size by default.
            type: int
          snapshot_id:
            description: The snapshot that ECS uses to create volumes for attachment to tasks maintained
              by the service.
            type: str
          volume_initialization_rate:
            description: The rate, in MiB/s, at which data is fetched from a snapshot of an existing
              EBS volume to create new volumes for attachment to the tasks maintained by the service.
            type: int
          iops:
            description: The number of I/O operations per second (IOPS).
            type: int
          throughput:
            description: The throughput to provision for a volume, in MiB/s, with a maximum of 1,000
              MiB/s.
            type: int
          tag_specifications:
            description: The tags to apply to the volume.
            type: list
            elements: dict
            suboptions:
              resource_type:
                description: The type of volume resource.
                type: str
                required: true
                choices: [volume]
              tags:
                description: The tags applied to this Amazon EBS volume.
                type: dict
              propagate_tags:
                description: From what tasks inherit their tags.
                type: str
                choices: [TASK_DEFINITION, SERVICE, NONE]
          role_arn:
            description: The ARN of the IAM role to associate with this volume.
            type: str
            required: true
          filesystem_type:
            description: The filesystem type for the volume.
            type: str
            choices: [ext3, ext4, xfs, ntfs]
  vpc_lattice_configurations:
    description: The VPC Lattice configuration for the service being created.
    type: list
    elements: dict
    suboptions:
      role_arn:
        description: The ARN of the IAM role to associate with this VPC Lattice configuration.
        type: str
        required: true
      target_group_arn:
        description: The full Amazon Resource Name (ARN) of the target group or groups associated with
          the VPC Lattice configuration that the ECS tasks will be registered to.
        type: str
        required: true
      port_name:
        description: The name of the port mapping to register in the VPC Lattice target group.
        type: str
        required: true
      advanced_configuration:
        description: The advanced settings for VPC Lattice used in blue/green deployments.
        type: dict
        suboptions:
          alternate_target_group_arn:
            description: The Amazon Resource Name (ARN) of the alternate target group associated with
              the VPC Lattice Configuration for ECS blue/green deployments.
            type: str
          production_listener_rule:
            description: The Amazon Resource Name (ARN) that identifies the production listener rule
              or listener for routing production traffic.
            type: str
          test_listener_rule:
            description: The Amazon Resource Name (ARN) that identifies the test listener rule or listener
              for routing test traffic.
            type: str
  gateway_connectors:
    description: The gateway connectors that attach the service to a gateway ingress path.
    type: list
    elements: dict
    suboptions:
      port_name:
        description: The name of the service port that the gateway routes ingress traffic to.
        type: str
        required: true
      health_check:
        description: The health check that the gateway uses to determine whether the targets for this
          connector are healthy.
        type: dict
        suboptions:
          health_check_protocol:
            description: The protocol that the gateway uses to perform health checks.
            type: str
            choices: [HTTP, HTTPS]
          health_check_port:
            description: The port that the gateway uses to perform health checks on the targets.
            type: int
          health_check_path:
            description: The destination path for health check requests.
            type: str
          health_check_timeout_seconds:
            description: The amount of time, in seconds, during which no response from a target means
              a failed health check.
            type: int
          health_check_interval_seconds:
            description: The approximate amount of time, in seconds, between health checks of an individual
              target.
            type: int
          healthy_threshold_count:
            description: The number of consecutive successful health checks that a target must pass
              before the gateway considers it healthy.
            type: int
          unhealthy_threshold_count:
            description: The number of consecutive failed health checks that a target must fail before
              the gateway considers it unhealthy.
            type: int
          matcher:
            description: The HTTP or gRPC codes that indicate a successful health check response from
              a target.
            type: dict
            suboptions:
              http_code:
                description: The HTTP codes that indicate a successful response from a target.
                type: str
              grpc_code:
                description: The gRPC codes that indicate a successful response from a target.
                type: str
      filters:
        description: The filters that control which gateway ingress paths the connector applies to.
        type: dict
        suboptions:
          access_types:
            description: The access types of the gateway ingress paths that the connector applies to.
            type: list
            elements: str
            choices: [PUBLIC, PRIVATE]
      deregistration_delay:
        description: The deregistration delay settings for the targets of this connector.
        type: dict
        suboptions:
          timeout_seconds:
            description: The amount of time, in seconds, to wait before a deregistering target is removed.
            type: int
  monitoring:
    description: Resolution of the service's metrics in CloudWatch.
    type: dict
    suboptions:
      metric_configurations:
        description: The list of metric configurations for the service monitoring.
        type: list
        elements: dict
        suboptions:
          metric_names:
            description: The list of metric names to configure.
            type: list
            elements: str
            required: true
          resolution_seconds:
            description: The resolution, in seconds, at which to collect the metrics.
            type: int
            required: true
"""

    RUN_TASK = r"""
options:
  capacity_provider_strategy:
    description: On which capacity providers the task runs. Excludes O(launch_type). By default as O(service).
    type: list
    elements: dict
    suboptions:
      capacity_provider:
        description: The short name of the capacity provider.
        type: str
        required: true
      weight:
        description: The weight value designates the relative percentage of the total number of tasks
          launched that should use the specified capacity provider.
        type: int
      base:
        description: The base value designates how many tasks, at a minimum, to run on the specified
          capacity provider for each service.
        type: int
  enable_ecs_managed_tags:
    description: Whether ECS tags the task itself.
    type: bool
  enable_execute_command:
    description: Whether commands can be executed in the task's containers.
    type: bool
  group:
    description: Name of the task group. ECS's default is the family of the task definition.
    type: str
  launch_type:
    description: On which infrastructure the task runs. By default as O(service).
    type: str
    choices: [EC2, FARGATE, EXTERNAL, MANAGED_INSTANCES]
  network_configuration:
    description: The network of a task whose network mode is C(awsvpc), as on Fargate always. By default
      the one of O(service).
    type: dict
    suboptions:
      awsvpc_configuration:
        description: The VPC subnets and security groups that are associated with a task.
        type: dict
        suboptions:
          subnets:
            description: The IDs of the subnets associated with the task or service.
            type: list
            elements: str
          security_groups:
            description: The IDs of the security groups associated with the task or service.
            type: list
            elements: str
          assign_public_ip:
            description: Whether the task's elastic network interface receives a public IP address.
            type: str
            choices: [ENABLED, DISABLED]
  overrides:
    description: What this run has different from the task definition, with the structure of ECS's C(RunTask).
    type: dict
    suboptions:
      container_overrides:
        description: Overrides for single containers.
        type: list
        elements: dict
        suboptions:
          name:
            description: The name of the container.
            type: str
          command:
            description: The command to send to the container that overrides the default command from
              the Docker image or the task definition.
            type: list
            elements: str
          environment:
            description: The environment variables to send to the container.
            type: list
            elements: dict
            suboptions:
              name:
                description: The name of the key-value pair.
                type: str
              value:
                description: The value of the key-value pair.
                type: str
          environment_files:
            description: A list of files containing the environment variables to pass to a container,
              instead of the value from the container definition.
            type: list
            elements: dict
            suboptions:
              value:
                description: The Amazon Resource Name (ARN) of the Amazon S3 object containing the environment
                  variable file.
                type: str
                required: true
              type:
                description: The file type to use.
                type: str
                required: true
                choices: [s3]
          cpu:
            description: The number of C(cpu) units reserved for the container, instead of the default
              value from the task definition.
            type: int
          memory:
            description: The hard limit (in MiB) of memory to present to the container, instead of the
              default value from the task definition.
            type: int
          memory_reservation:
            description: The soft limit (in MiB) of memory to reserve for the container, instead of
              the default value from the task definition.
            type: int
          resource_requirements:
            description: The type and amount of a resource to assign to a container, instead of the
              default value from the task definition.
            type: list
            elements: dict
            suboptions:
              value:
                description: The value for the specified resource type.
                type: str
              type:
                description: The type of resource to assign to a container.
                type: str
                required: true
                choices: [GPU, InferenceAccelerator, NeuronDevice]
              sharing_strategy:
                description: The strategy that the container uses to share a GPU with other containers.
                type: dict
                suboptions:
                  nvidia_mps:
                    description: Shares a GPU between containers by using NVIDIA Multi-Process Service
                      (MPS).
                    type: dict
                    suboptions:
                      memory:
                        description: The amount of GPU memory, in MiB, to allocate to the container.
                        type: int
                        required: true
                      max_compute_percent:
                        description: The maximum percentage of the GPU's compute capacity that the container
                          can use.
                        type: int
      cpu:
        description: The CPU override for the task.
        type: str
      execution_role_arn:
        description: The Amazon Resource Name (ARN) of the task execution role override for the task.
        type: str
      memory:
        description: The memory override for the task.
        type: str
      task_role_arn:
        description: The Amazon Resource Name (ARN) of the role that containers in this task can assume.
        type: str
      ephemeral_storage:
        description: The ephemeral storage setting override for the task.
        type: dict
        suboptions:
          size_in_gib:
            description: The total amount, in GiB, of ephemeral storage to set for the task.
            type: int
            required: true
  placement_constraints:
    description: Constraints for the placement of the task.
    type: list
    elements: dict
    suboptions:
      type:
        description: The type of constraint.
        type: str
        choices: [distinctInstance, memberOf]
      expression:
        description: A cluster query language expression to apply to the constraint.
        type: str
  placement_strategy:
    description: Strategy for the placement of the task.
    type: list
    elements: dict
    suboptions:
      type:
        description: The type of placement strategy.
        type: str
        choices: [random, spread, binpack]
      field:
        description: The field to apply the placement strategy against.
        type: str
  platform_version:
    description: Version of the Fargate platform.
    type: str
  propagate_tags:
    description: From what the task inherits its tags.
    type: str
    choices: [TASK_DEFINITION, SERVICE, NONE]
  volume_configurations:
    description: Volumes that the task definition leaves to be configured at launch.
    type: list
    elements: dict
    suboptions:
      name:
        description: The name of the volume.
        type: str
        required: true
      managed_ebs_volume:
        description: The configuration for the Amazon EBS volume that ECS creates and manages on your
          behalf.
        type: dict
        suboptions:
          encrypted:
            description: Indicates whether the volume should be encrypted.
            type: bool
          kms_key_id:
            description: The Amazon Resource Name (ARN) identifier of the Amazon Web Services Key Management
              Service key to use for Amazon EBS encryption.
            type: str
          volume_type:
            description: The volume type.
            type: str
          size_in_gib:
            description: The size of the volume in GiB. You must specify either a volume size or a snapshot
              ID. If you specify a snapshot ID, the snapshot size is used for the volume size by default.
            type: int
          snapshot_id:
            description: The snapshot that ECS uses to create the volume.
            type: str
          volume_initialization_rate:
            description: The rate, in MiB/s, at which data is fetched from a snapshot of an existing
              Amazon EBS volume to create a new volume for attachment to the task.
            type: int
          iops:
            description: The number of I/O operations per second (IOPS).
            type: int
          throughput:
            description: The throughput to provision for a volume, in MiB/s, with a maximum of 1,000
              MiB/s.
            type: int
          tag_specifications:
            description: The tags to apply to the volume.
            type: list
            elements: dict
            suboptions:
              resource_type:
                description: The type of volume resource.
                type: str
                required: true
                choices: [volume]
              tags:
                description: The tags applied to this Amazon EBS volume.
                type: dict
              propagate_tags:
                description: From what the task inherits its tags.
                type: str
                choices: [TASK_DEFINITION, SERVICE, NONE]
          role_arn:
            description: The ARN of the IAM role to associate with this volume.
            type: str
            required: true
          termination_policy:
            description: The termination policy for the volume when the task exits.
            type: dict
            suboptions:
              delete_on_termination:
                description: Indicates whether the volume should be deleted on when the task stops.
                type: bool
                required: true
          filesystem_type:
            description: The Linux filesystem type for the volume.
            type: str
            choices: [ext3, ext4, xfs, ntfs]
"""
