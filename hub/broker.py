# SPDX-License-Identifier: Apache-2.0
"""Rights of each role's login at the broker: a half calls its own workers, only its own worker reads a queue, nobody controls.

They are Valkey's access rules. `deploy/broker/desk.acl` and `exchange.acl` contain them for the production stack; a
test compares.
"""

from collections.abc import Iterator
from typing import Final

from hub.roles import BROKER_LOGINS, ROLES, Role

_CONNECTS: Final = ("ping", "hello", "select", "client|setinfo", "client|setname", "info")
_CALLS: Final = ("lpush", "sadd", "smembers", "multi", "exec", "discard")
_HEARS: Final = (
    # A worker pushes at the other end to put back what a killed worker had taken.
    *("brpop", "rpop", "rpush", "llen", "exists", "watch", "unwatch"),
    *("hset", "hget", "hdel", "zadd", "zrem", "zrevrangebyscore"),
    *("set", "get", "evalsha", "script|load", "pexpire", "del"),
)


def transport_options(queue: str) -> dict[str, object]:
    """Return the key names under which a worker keeps what it took and has not done: one set for each queue."""
    return {
        "priority_steps": [0],
        "unacked_key": f"unacked.{queue}",
        "unacked_index_key": f"unacked_index.{queue}",
        "unacked_mutex_key": f"unacked_mutex.{queue}",
    }


def access_rules(role: Role) -> str:
    """Return the rights of a role's login in the form of ACL SETUSER, without a password."""
    return " ".join(_rules(role))


def users() -> dict[str, str]:
    """Return the rules of every login by its name."""
    return {login: access_rules(ROLES[role]) for role, login in BROKER_LOGINS.items()}


def _rules(role: Role) -> Iterator[str]:
    yield from ("resetkeys", "resetchannels", "clearselectors", "-@all")
    for queue in role.callable_queues:
        yield f"%W~{queue}"
        yield f"~_kombu.binding.{queue}"
    commands = [*_CONNECTS, *_CALLS]
    if role.queue:
        yield f"~{role.queue}"
        yield f"~unacked*.{role.queue}"
        commands += _HEARS
    yield from sorted({f"+{command}" for command in commands})
    # Callers ask for the queue's length first. This is a right of its own: with reading among the others, whoever reads
    # one queue could read all.
    yield f"(+llen {' '.join(f'%R~{queue}' for queue in role.callable_queues)})"
