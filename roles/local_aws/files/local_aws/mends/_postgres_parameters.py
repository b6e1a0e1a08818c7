# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# ruff: noqa: E501 - a table, one row a parameter
"""The parameters of RDS for PostgreSQL that matter to a deployment, as DescribeEngineDefaultParameters lists them.

Of some 400 parameters these are the ones that tuning guides name. Names, types, apply types and ranges are those of the
families postgres13 to postgres17; values with braces are formulas over the instance class, as AWS gives them.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Parameter:
    name: str
    data_type: str
    apply_type: str
    allowed: str = ""
    value: str | None = None
    modifiable: bool = True
    since: int = 13
    until: int = 99


B, N, F, S, L = "boolean", "integer", "float", "string", "list"
DYNAMIC, STATIC = "dynamic", "static"
INT = "0-2147483647"

PARAMETERS = (
    Parameter("application_name", S, DYNAMIC),
    Parameter("array_nulls", B, DYNAMIC, "0,1"),
    Parameter("auto_explain.log_analyze", B, DYNAMIC, "0,1"),
    Parameter("auto_explain.log_min_duration", N, DYNAMIC, "-1-2147483647"),
    Parameter("autovacuum", B, DYNAMIC, "0,1", "1"),
    Parameter("autovacuum_analyze_scale_factor", F, DYNAMIC, "0-100", "0.05"),
    Parameter("autovacuum_analyze_threshold", N, DYNAMIC, INT),
    Parameter("autovacuum_freeze_max_age", N, STATIC, "100000-750000000"),
    Parameter("autovacuum_max_workers", N, STATIC, "1-262143", "GREATEST({DBInstanceClassMemory/64371566592},3)"),
    Parameter("autovacuum_naptime", N, DYNAMIC, "1-2147483", "15"),
    Parameter("autovacuum_vacuum_cost_delay", N, DYNAMIC, "-1-100"),
    Parameter("autovacuum_vacuum_cost_limit", N, DYNAMIC, "-1-10000", "GREATEST({log(DBInstanceClassMemory/21474836480)*600},200)"),
    Parameter("autovacuum_vacuum_scale_factor", F, DYNAMIC, "0-100", "0.1"),
    Parameter("autovacuum_vacuum_threshold", N, DYNAMIC, INT),
    Parameter("autovacuum_work_mem", N, DYNAMIC, "-1-2147483647", "GREATEST({DBInstanceClassMemory/32768},131072)"),
    Parameter("bgwriter_delay", N, DYNAMIC, "10-10000"),
    Parameter("checkpoint_completion_target", F, DYNAMIC, "0-1", "0.9"),
    Parameter("checkpoint_timeout", N, DYNAMIC, "30-3600", "300"),
    Parameter("client_encoding", S, DYNAMIC),
    Parameter("cron.database_name", S, STATIC),
    Parameter("data_checksums", B, STATIC, "0,1", None, False),
    Parameter("datestyle", S, DYNAMIC),
    Parameter("deadlock_timeout", N, DYNAMIC, "1-2147483647"),
    Parameter("default_statistics_target", N, DYNAMIC, "1-10000"),
    Parameter("default_transaction_isolation", S, DYNAMIC, "serializable,repeatable read,read committed,read uncommitted"),
    Parameter("effective_cache_size", N, DYNAMIC, "1-2147483647", "{DBInstanceClassMemory/16384}"),
    Parameter("effective_io_concurrency", N, DYNAMIC, "0-1000"),
    Parameter("hot_standby_feedback", B, DYNAMIC, "0,1"),
    Parameter("huge_pages", S, STATIC, "on,off,try", "off"),
    Parameter("idle_in_transaction_session_timeout", N, DYNAMIC, INT, "86400000"),
    Parameter("idle_session_timeout", N, DYNAMIC, INT, None, True, 14),
    Parameter("jit", B, DYNAMIC, "0,1"),
    Parameter("lock_timeout", N, DYNAMIC, INT),
    Parameter("log_autovacuum_min_duration", N, DYNAMIC, "-1-2147483647", "10000"),
    Parameter("log_checkpoints", B, DYNAMIC, "0,1"),
    Parameter("log_connections", B, DYNAMIC, "0,1"),
    Parameter("log_destination", L, DYNAMIC, "stderr,csvlog,jsonlog", "stderr"),
    Parameter("log_disconnections", B, DYNAMIC, "0,1"),
    Parameter("log_duration", B, DYNAMIC, "0,1"),
    Parameter("log_error_verbosity", S, DYNAMIC, "terse,default,verbose"),
    Parameter("log_hostname", B, DYNAMIC, "0,1", "0"),
    Parameter("log_line_prefix", S, DYNAMIC, "", "%t:%r:%u@%d:[%p]:", False),
    Parameter("log_lock_waits", B, DYNAMIC, "0,1"),
    Parameter("log_min_duration_sample", N, DYNAMIC, "-1-2147483647"),
    Parameter("log_min_duration_statement", N, DYNAMIC, "-1-2147483647"),
    Parameter(
        "log_min_error_statement", S, DYNAMIC,
        "debug5,debug4,debug3,debug2,debug1,info,notice,warning,error,log,fatal,panic",
    ),
    Parameter(
        "log_min_messages", S, DYNAMIC, "debug5,debug4,debug3,debug2,debug1,info,notice,warning,error,log,fatal,panic"
    ),
    Parameter("log_parameter_max_length", N, DYNAMIC, "-1-1073741823"),
    Parameter("log_rotation_age", N, DYNAMIC, "1-1440", "60"),
    Parameter("log_rotation_size", N, DYNAMIC, INT, "10240"),
    Parameter("log_statement", S, DYNAMIC, "none,ddl,mod,all"),
    Parameter("log_statement_sample_rate", F, DYNAMIC, "0-1"),
    Parameter("log_temp_files", N, DYNAMIC, "-1-2147483647"),
    Parameter("log_timezone", S, DYNAMIC, "", "UTC", False),
    Parameter("logical_decoding_work_mem", N, DYNAMIC, "64-2147483647"),
    Parameter("maintenance_work_mem", N, DYNAMIC, "1024-2147483647", "GREATEST({DBInstanceClassMemory*1024/63963136},65536)"),
    Parameter("max_connections", N, STATIC, "6-8388607", "LEAST({DBInstanceClassMemory/9531392},5000)"),
    Parameter("max_locks_per_transaction", N, STATIC, "10-2147483647"),
    Parameter("max_logical_replication_workers", N, STATIC, "0-262143"),
    Parameter("max_parallel_maintenance_workers", N, DYNAMIC, "0-1024"),
    Parameter("max_parallel_workers", N, DYNAMIC, "0-1024", "GREATEST(${DBInstanceVCPU/2},8)"),
    Parameter("max_parallel_workers_per_gather", N, DYNAMIC, "0-1024"),
    Parameter("max_prepared_transactions", N, STATIC, "0-8388607"),
    Parameter("max_replication_slots", N, STATIC, "5-8388607", "20"),
    Parameter("max_slot_wal_keep_size", N, DYNAMIC, "-1-2147483647"),
    Parameter("max_stack_depth", N, DYNAMIC, "100-2147483647", "6144"),
    Parameter("max_standby_archive_delay", N, DYNAMIC, "-1-2147483647"),
    Parameter("max_standby_streaming_delay", N, DYNAMIC, "-1-2147483647"),
    Parameter("max_wal_senders", N, STATIC, "5-8388607", "20"),
    Parameter("max_wal_size", N, DYNAMIC, "128-201326592", "2048"),
    Parameter("max_worker_processes", N, STATIC, "0-262143", "GREATEST(${DBInstanceVCPU*2},8)"),
    Parameter("min_wal_size", N, DYNAMIC, "128-201326592", "192"),
    Parameter("password_encryption", S, DYNAMIC, "md5,scram-sha-256"),
    Parameter("pg_stat_statements.max", N, STATIC, "100-2147483647"),
    Parameter("pg_stat_statements.track", S, DYNAMIC, "none,top,all"),
    Parameter("pg_stat_statements.track_planning", B, DYNAMIC, "0,1"),
    Parameter("pgaudit.log", L, DYNAMIC, "ddl,function,misc,read,role,write,none,all,-ddl,-function,-misc,-read,-role,-write"),
    Parameter("pgaudit.role", S, DYNAMIC),
    Parameter("port", N, STATIC, "1150-65535", "{EndPointPort}", False),
    Parameter("random_page_cost", F, DYNAMIC, "0-1.79769e+308"),
    Parameter("rds.accepted_password_auth_method", S, DYNAMIC, "md5+scram,scram", "md5+scram"),
    Parameter("rds.allowed_extensions", S, DYNAMIC, "", None, True, 13),
    Parameter("rds.extensions", S, STATIC, "", None, False),
    Parameter("rds.force_admin_logging_level", S, DYNAMIC, "disabled,debug5,debug4,debug3,debug2,debug1,info,notice,warning,error,log,fatal,panic"),
    Parameter("rds.force_autovacuum_logging_level", S, DYNAMIC,
              "disabled,debug5,debug4,debug3,debug2,debug1,info,notice,warning,error,log,fatal,panic", "warning"),
    Parameter("rds.force_ssl", B, DYNAMIC, "0,1", "0", True, 13, 14),
    Parameter("rds.force_ssl", B, DYNAMIC, "0,1", "1", True, 15),
    Parameter("rds.log_retention_period", N, DYNAMIC, "1440-10080", "4320"),
    Parameter("rds.logical_replication", B, STATIC, "0,1", "0"),
    Parameter("rds.rds_superuser_reserved_connections", N, STATIC, "0-8388607", "2", True, 13, 15),
    Parameter("rds.restrict_password_commands", B, STATIC, "0,1"),
    Parameter("search_path", S, DYNAMIC),
    Parameter("seq_page_cost", F, DYNAMIC, "0-1.79769e+308"),
    Parameter("session_replication_role", S, DYNAMIC, "origin,replica,local"),
    Parameter("shared_buffers", N, STATIC, "16-1073741823", "{DBInstanceClassMemory/32768}"),
    Parameter(
        "shared_preload_libraries", L, STATIC,
        "auto_explain,orafce,pgaudit,pglogical,pg_bigm,pg_cron,pg_hint_plan,pg_prewarm,pg_similarity,"
        "pg_stat_statements,pg_tle,pg_transport,plprofiler,plrust",
        "pg_stat_statements",
    ),
    Parameter("ssl", B, STATIC, "0,1", "1", False),
    Parameter("ssl_ciphers", L, DYNAMIC),
    Parameter("ssl_max_protocol_version", S, DYNAMIC, "TLSv1,TLSv1.1,TLSv1.2,TLSv1.3"),
    Parameter("ssl_min_protocol_version", S, DYNAMIC, "TLSv1,TLSv1.1,TLSv1.2,TLSv1.3", "TLSv1.2"),
    Parameter("statement_timeout", N, DYNAMIC, INT),
    Parameter("superuser_reserved_connections", N, STATIC, "0-8388607", "3"),
    Parameter("synchronous_commit", S, DYNAMIC, "local,on,off", "on"),
    Parameter("tcp_keepalives_count", N, DYNAMIC, INT),
    Parameter("tcp_keepalives_idle", N, DYNAMIC, INT),
    Parameter("tcp_keepalives_interval", N, DYNAMIC, INT),
    Parameter("temp_buffers", N, DYNAMIC, "100-1073741823"),
    Parameter("temp_file_limit", N, DYNAMIC, "-1-2147483647"),
    Parameter("timezone", S, DYNAMIC, "", "UTC"),
    Parameter("track_activity_query_size", N, STATIC, "100-1048576", "4096"),
    Parameter("track_functions", S, DYNAMIC, "none,pl,all"),
    Parameter("track_io_timing", B, DYNAMIC, "0,1", "1"),
    Parameter("vacuum_cost_page_miss", N, DYNAMIC, "0-10000", "5"),
    Parameter("wal_buffers", N, STATIC, "-1-262143"),
    Parameter("wal_compression", B, DYNAMIC, "0,1", "1", True, 13, 14),
    Parameter("wal_compression", S, DYNAMIC, "pglz,lz4,zstd,on,off", "zstd", True, 15),
    Parameter("wal_keep_size", N, DYNAMIC, INT, "2048"),
    Parameter("wal_receiver_timeout", N, DYNAMIC, "0-3600000", "30000"),
    Parameter("wal_sender_timeout", N, DYNAMIC, "0-3600000", "30000"),
    Parameter("work_mem", N, DYNAMIC, "64-2147483647"),
)  # fmt: skip


def of_family(family: str) -> dict[str, Parameter]:
    """The parameters of a family such as postgres16; nothing for a family that is not known."""
    digits = family.removeprefix("postgres")
    if digits == family or not digits.isdigit():
        return {}
    major = int(digits)
    return {entry.name: entry for entry in PARAMETERS if entry.since <= major <= entry.until}
