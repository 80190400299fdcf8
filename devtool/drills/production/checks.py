# SPDX-License-Identifier: Apache-2.0
"""Checks inside the running stack: its users, rights and secrets, and its logs."""

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path

from demo.alerts import STORY
from demo.ticks import Step, StepFailedError
from devtool.drills.production.material import Material
from devtool.drills.production.stack import Container, Stack
from devtool.processes import wait_until
from hub.draw_secrets import HUB_UID
from hub.roles import ROLES, SEQUENCES
from hub.vitals import BEATS

TAKEOVER_SECONDS = 60.0
HOLD_A_SESSION_LOCK = (
    "SELECT host(client_addr) FROM pg_locks JOIN pg_stat_activity USING (pid)"
    " WHERE locktype = 'advisory' AND granted AND client_addr IS NOT NULL"
)
FRESH_BEAT = "SELECT count(*) FROM {} WHERE beat > clock_timestamp() - interval '2 seconds'"
STATUS = re.compile(r"^(Uid|CapEff|CapPrm|CapBnd|NoNewPrivs):\s+(\S+)", re.MULTILINE)
UNPRIVILEGED = {
    "Uid": str(HUB_UID), "CapEff": "0" * 16, "CapPrm": "0" * 16, "CapBnd": "0" * 16, "NoNewPrivs": "1",
}  # fmt: skip
# The peers that each may reach, by name and port; everything else must not answer.
_OF_DESK = {"desk-redis:6379", "desk:8000"}
_OF_EXCHANGE = {"exchange-redis:6379", "exchange:8000"}
REACHED = {
    "desk-beat": _OF_DESK,
    "desk": {*_OF_DESK, "desk-db:5432", "mail:1025", "exchange.example:443"},
    "desk-worker": {*_OF_DESK, "desk-db:5432", "mail:1025", "exchange.example:443"},
    "desk-sequencer": {"desk-db:5432", "desk:8000"},
    "mailer": {*_OF_DESK, "desk-db:5432", "mail:1025"},
    "exchange-beat": _OF_EXCHANGE,
    "exchange": {*_OF_EXCHANGE, "exchange-db:5432", "mail:1025"},
    "exchange-worker": {*_OF_EXCHANGE, "exchange-db:5432", "mail:1025"},
    "sequencer": {*_OF_EXCHANGE, "exchange-db:5432"},
}
DOORS = (
    *("desk-db:5432", "desk-redis:6379", "exchange-db:5432", "exchange-redis:6379"),
    *("desk:8000", "exchange:8000", "exchange.example:443", "mail:1025"),
)
TRY_DOORS = """
import socket, sys
for door in sys.argv[1:]:
    host, port = door.split(":")
    try:
        socket.create_connection((host, int(port)), timeout=3).close()
        print(door)
    except OSError:
        pass
"""


def require(holds: bool, otherwise: str) -> None:
    if not holds:
        raise StepFailedError(otherwise)


def hub_containers(stack: Stack) -> Iterator[Container]:
    """Yield one of each role's running containers, and both where there are two."""
    for container in stack.containers():
        if container.service in ROLES and not ROLES[container.service].owns_tables:
            yield container


def check_processes(stack: Stack, material: Material, step: Step) -> None:
    """Check every process of every hub container, its init included."""
    seen = 0
    for container in hub_containers(stack):
        statuses = stack.inside(container, "sh", "-c", "cat /proc/[0-9]*/status 2>/dev/null").stdout
        for status in statuses.split("Name:\t")[1:]:
            held = dict(STATUS.findall(status))
            require(held == UNPRIVILEGED, f"A process of {container.service} has {held}.")
            seen += 1
    require(seen >= len(ROLES), f"{seen} processes were seen.")
    step.title = f"{seen} processes of the hub: uid {HUB_UID}, no capability, no new privileges"


def check_file_systems(stack: Stack, material: Material, step: Step) -> None:
    for container in hub_containers(stack):
        for path in ("/app/x", "/opt/venv/x", "/x"):
            wrote = stack.inside(container, "touch", path)
            require(
                wrote.returncode != 0 and "Read-only file system" in wrote.stderr,
                f"{container.service} may write {path}.",
            )
        ran = stack.inside(container, "sh", "-c", "cp /bin/true /tmp/x && /tmp/x; rm /tmp/x")
        require("Permission denied" in ran.stderr, f"{container.service} may run what lies in /tmp.")


def check_secrets(stack: Stack, material: Material, step: Step) -> None:
    """Check that each role finds the files of its own secrets, and no value of any in its environment."""
    holders: dict[str, set[str]] = {}
    values = secret_values(material)
    for container in hub_containers(stack):
        listed = stack.inside(container, "ls", "/run/secrets").stdout.split()
        holders.setdefault(container.service, set()).update(listed)
        environment = stack.inside(container, "sh", "-c", "cat /proc/[0-9]*/environ 2>/dev/null").stdout
        described = json.dumps(container.facts)
        for name, value in values.items():
            require(value not in environment, f"{name} stands in the environment of {container.service}.")
            require(value not in described, f"{name} stands in the description of {container.service}.")
    for role, listed_names in holders.items():
        allowed = {name.lower() for name in ROLES[role].secrets}
        found = {"email_url" if name.endswith("_email_url") else name for name in listed_names}
        require(found <= allowed, f"{role} finds {', '.join(sorted(found - allowed))}.")
        step.evidence(f"{role:<12} {', '.join(sorted(listed_names))}")


def check_networks(stack: Stack, material: Material, step: Step) -> None:
    for service, expected in REACHED.items():
        container = stack.containers(service)[0]
        reached = set(stack.inside(container, "python", "-c", TRY_DOORS, *DOORS).stdout.split())
        require(reached == expected, f"{service} reaches {', '.join(sorted(reached)) or 'nothing'}.")
        step.evidence(f"{service:<12} reaches {', '.join(sorted(reached))} only")


def check_takeover(stack: Stack, material: Material, step: Step) -> None:
    """Kill the leading sequencer, in each half; the other one must lead and show signs of life."""
    for half, role in SEQUENCES.items():
        _take_over(stack, half, role)
    step.title = "The leading sequencer of each half is killed: the other one leads"


def _take_over(stack: Stack, half: str, role: str) -> None:
    sequencers = {one.addresses()[f"{half}-data"]: one for one in stack.containers(role)}

    def leading() -> set[str]:
        return set(stack.sql(half, HOLD_A_SESSION_LOCK).split()) & set(sequencers)

    def another_leads() -> bool:
        return not leading() <= led and stack.sql(half, FRESH_BEAT.format(BEATS[role])) == "1"

    led = leading()
    require(len(sequencers) == 2 and len(led) == 1, f"Of {len(sequencers)} of {role} {len(led)} lead.")
    stack.engine.run("kill", "--signal", "KILL", sequencers[next(iter(led))].id)
    wait_until(another_leads, f"The other {role}", timeout_seconds=TAKEOVER_SECONDS)


def check_replacement(stack: Stack, material: Material, step: Step) -> None:
    """Replace the desk as an upgrade does, at another address; later steps go through the same proxy."""
    (before,) = stack.containers("desk")
    stack.replace("desk")
    (after,) = stack.containers("desk")
    require(before.id != after.id, "The desk's container is the same.")
    step.evidence(
        f"{before.addresses()['desk-front']} before, {after.addresses()['desk-front']} now; the proxy goes on"
    )


def check_health(stack: Stack, material: Material, step: Step) -> None:
    roles = tuple(SEQUENCES.values())
    ended = [one.service for role in roles for one in stack.containers(role) if not one.is_well]
    unwell = [said for said in stack.unwell() if not said.startswith(roles)]
    require(
        not unwell and sorted(ended) == sorted(roles),
        f"Not healthy: {', '.join(unwell)}; ended: {', '.join(ended)}.",
    )
    used = sorted(stack.memory().items())
    for start in range(0, len(used), 4):
        step.evidence(", ".join(f"{name} {amount}" for name, amount in used[start : start + 4]))


def check_logs(stack: Stack, material: Material, step: Step) -> None:
    """Check that no log holds secrets, passwords, API keys, content or search words."""
    logs = stack.logs()
    lines = logs.count("\n")
    require(lines > len(ROLES), f"The logs have {lines} lines only.")
    forbidden = {**secret_values(material), **_world_secrets(material), **_content()}
    for name, value in forbidden.items():
        found = next((line for line in logs.splitlines() if value in line), None)
        require(found is None, f"{name} stands in a log: {(found or '').partition('|')[0].strip()}.")
    services = {line.partition("|")[0].strip() for line in logs.splitlines() if "|" in line}
    step.title = f"{lines} lines of log: none of {len(forbidden)} secrets and words"
    step.evidence(f"from {', '.join(sorted(services))}")


def secret_values(material: Material) -> dict[str, str]:
    """Return every secret in the form to search for, including passwords within addresses."""
    by_login = {
        "_db_logins": material.drawn.login_passwords,
        "_broker_logins": material.drawn.broker_passwords,
    }
    values = {name: value for name, value in material.files.items() if not name.endswith(("_url", *by_login))}
    for name, passwords in by_login.items():
        values |= {f"{name.removeprefix('_')}: {login}": password for login, password in passwords.items()}
    values["accord_kek"] = values["accord_kek"].partition(":")[2]
    return values


def _world_secrets(material: Material) -> dict[str, str]:
    world = material.folder / "world"
    logins = json.loads((world / "logins.json").read_text())
    found = {f"the password of {row['email']}": str(row["password"]) for row in logins}
    for path in sorted(Path(world, "agencies").glob("*/secrets.json")):
        for name, value in json.loads(path.read_text()).items():
            found[f"{name} of {path.parent.name}"] = str(value)
    for path in sorted(world.glob("telephones/*")):
        found[f"the telephone of {path.name}"] = path.read_text().split()[0]
    return found


def _content() -> dict[str, str]:
    return {
        "the title of the alert": str(STORY["title"]),
        "the substance": "metodesnitazene",
        "the file's name": "etizolam",
        "what was searched for": "nitazene+powder",
    }


Check = Callable[[Stack, Material, Step], None]
CHECKS: tuple[tuple[str, Check], ...] = (
    ("Processes of the hub", check_processes),
    ("Root file systems read-only, /tmp runs nothing", check_file_systems),
    ("Secrets in the roles that hold them only", check_secrets),
    ("Networks", check_networks),
    # Before a container is removed together with its log.
    ("Logs", check_logs),
    ("The other sequencer takes over", check_takeover),
    ("The desk is replaced by a new container", check_replacement),
)
LAST_CHECKS: tuple[tuple[str, Check], ...] = (
    ("All others are healthy still; memory", check_health),
    ("Logs", check_logs),
)
