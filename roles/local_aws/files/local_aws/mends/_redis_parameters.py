# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# ruff: noqa: E501 - a table, one row a parameter
"""The parameters of ElastiCache for Redis OSS 6.x and 7 and for Valkey 7 and 8, as DescribeCacheParameters lists them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Parameter:
    name: str
    value: str
    data_type: str = "integer"
    allowed: str = ""
    modifiable: bool = True
    change: str = "immediate"


YES_NO = "yes,no"
S, N = "string", "integer"
POLICIES = "volatile-lru,allkeys-lru,volatile-lfu,allkeys-lfu,volatile-random,allkeys-random,volatile-ttl,noeviction"

PARAMETERS = (
    Parameter("acllog-max-len", "128", N, "1-10000"),
    Parameter("active-defrag-cycle-max", "75", N, "1-75"),
    Parameter("active-defrag-cycle-min", "5", N, "1-75"),
    Parameter("active-defrag-ignore-bytes", "104857600", N, "1048576-"),
    Parameter("active-defrag-max-scan-fields", "1000", N, "1-1000000"),
    Parameter("active-defrag-threshold-lower", "10", N, "1-100"),
    Parameter("active-defrag-threshold-upper", "100", N, "1-100"),
    Parameter("active-expire-effort", "1", N, "1-10"),
    Parameter("activedefrag", "no", S, YES_NO),
    Parameter("activerehashing", "yes", S, YES_NO, True, "requires-reboot"),
    Parameter("appendfsync", "everysec", S, "always,everysec,no", False),
    Parameter("appendonly", "no", S, YES_NO, False),
    Parameter("client-output-buffer-limit-normal-hard-limit", "0", N, "0-"),
    Parameter("client-output-buffer-limit-normal-soft-limit", "0", N, "0-"),
    Parameter("client-output-buffer-limit-normal-soft-seconds", "0", N, "0-"),
    Parameter("client-output-buffer-limit-pubsub-hard-limit", "33554432", N, "0-"),
    Parameter("client-output-buffer-limit-pubsub-soft-limit", "8388608", N, "0-"),
    Parameter("client-output-buffer-limit-pubsub-soft-seconds", "60", N, "0-"),
    Parameter("client-query-buffer-limit", "1073741824", N, "1048576-1073741824"),
    Parameter("close-on-replica-write", "yes", S, YES_NO),
    Parameter("cluster-allow-pubsubshard-when-down", "yes", S, YES_NO),
    Parameter("cluster-allow-reads-when-down", "no", S, YES_NO),
    Parameter("cluster-enabled", "no", S, YES_NO, True, "requires-reboot"),
    Parameter("cluster-require-full-coverage", "no", S, YES_NO),
    Parameter("databases", "16", N, "1-1200000", True, "requires-reboot"),
    Parameter("hash-max-listpack-entries", "512", N, "0-"),
    Parameter("hash-max-listpack-value", "64", N, "0-"),
    Parameter("hll-sparse-max-bytes", "3000", N, "1-16000"),
    Parameter("latency-tracking", "no", S, YES_NO),
    Parameter("lazyfree-lazy-eviction", "no", S, YES_NO),
    Parameter("lazyfree-lazy-expire", "no", S, YES_NO),
    Parameter("lazyfree-lazy-server-del", "no", S, YES_NO),
    Parameter("lazyfree-lazy-user-del", "no", S, YES_NO),
    Parameter("lfu-decay-time", "1", N, "0-"),
    Parameter("lfu-log-factor", "10", N, "1-"),
    Parameter("list-compress-depth", "0", N, "0-"),
    Parameter("list-max-listpack-size", "-2", N, "-5-"),
    Parameter("maxclients", "65000", N, "1-65000", False),
    Parameter("maxmemory-clients", "0", S),
    Parameter("maxmemory-policy", "volatile-lru", S, POLICIES),
    Parameter("maxmemory-samples", "3", N, "1-"),
    Parameter("min-replicas-max-lag", "10", N, "0-"),
    Parameter("min-replicas-to-write", "0", N, "0-"),
    Parameter("notify-keyspace-events", "", S),
    Parameter("proto-max-bulk-len", "536870912", N, "1048576-536870912"),
    Parameter("pubsub-patterns", "yes", S, YES_NO),
    Parameter("rename-commands", "", S),
    Parameter("repl-backlog-size", "1048576", N, "16384-"),
    Parameter("repl-backlog-ttl", "3600", N, "0-"),
    Parameter("repl-timeout", "60", N, "11-", False),
    Parameter("replica-allow-chaining", "no", S, YES_NO, False),
    Parameter("replica-ignore-maxmemory", "yes", S, YES_NO, False),
    Parameter("replica-lazy-flush", "no", S, YES_NO, False),
    Parameter("reserved-memory-percent", "25", N, "0-100"),
    Parameter("set-max-intset-entries", "512", N, "0-"),
    Parameter("slowlog-log-slower-than", "10000", N, "-1-"),
    Parameter("slowlog-max-len", "128", N, "0-"),
    Parameter("stream-node-max-bytes", "4096", N, "0-"),
    Parameter("stream-node-max-entries", "100", N, "0-"),
    Parameter("tcp-keepalive", "300", N, "0-"),
    Parameter("timeout", "0", N, "0,20-"),
    Parameter("tracking-table-max-keys", "1000000", N, "1-100000000"),
    Parameter("zset-max-listpack-entries", "128", N, "0-"),
    Parameter("zset-max-listpack-value", "64", N, "0-"),
)  # fmt: skip

ENGINES = {"redis6.x": "redis", "redis7": "redis", "valkey7": "valkey", "valkey8": "valkey"}


def of_family(family: str) -> dict[str, Parameter]:
    """The parameters of a family; nothing for a family that is not known."""
    return {entry.name: entry for entry in PARAMETERS} if family in ENGINES else {}
