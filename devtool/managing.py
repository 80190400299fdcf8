# SPDX-License-Identifier: Apache-2.0
"""`./dev manage`: one management command with the environment of the role that may run it."""

import os
import subprocess
from collections.abc import Collection, Generator
from contextlib import contextmanager

from devtool import statefolder
from devtool.datastores import DataStores
from devtool.environments import World
from devtool.errors import DevtoolError
from devtool.programs import management
from devtool.secretstore import load_or_draw_secrets
from devtool.statefolder import StateFolder
from hub.roles import DESK, EXCHANGE, MIGRATES, ROLES, SEQUENCES

BUILD = ("makemigrations", "squashmigrations", "print_problems")
"""Commands that need no hub."""
MIGRATE = ("sqlmigrate", "dbshell", "prune_by_policy", "forget_instance")
SEQUENCER = ("run_sequencer", "adopt_ledger", "resume_sequencer", "replace_ledger_key")

OPERATOR = (
    *(
        "admit_agency",
        "invite_operator",
        "issue_entry_key",
        "issue_return_key",
        "record_agreement",
        "record_circle",
        "resume_agency",
    ),
    "suspend_agency",
)
_ROLES = {
    name: role
    for role, names in (
        ("build", BUILD),
        ("desk-migrate", MIGRATE),
        ("sequencer", SEQUENCER),
        ("operator", OPERATOR),
    )
    for name in names
}


OF_BOTH_HALVES = {
    **dict.fromkeys(("migrate", "showmigrations", "prune_audit"), MIGRATES),
    "verify_ledger": SEQUENCES,
}
"""Commands that run once a half, by the role of each."""


def run_management_command(arguments: list[str]) -> int:
    """Run the command, for both halves where it concerns both; return the worst exit status."""
    with _world() as world:
        return max(_run(role, world, arguments) for role in _roles_for(arguments))


def _run(role: str, world: World, arguments: list[str]) -> int:
    command, env = management(role, world, *arguments)
    return subprocess.run(command, env=env, check=False).returncode


def _roles_for(arguments: list[str]) -> Collection[str]:
    chosen, name = os.environ.get("HUB_ROLE"), arguments[0] if arguments else ""
    if chosen in ROLES:
        return [chosen]
    if name in OF_BOTH_HALVES:
        return OF_BOTH_HALVES[name].values()
    return [_ROLES.get(name, "desk")]


def desk_role_for(command: str) -> str:
    """Return the role of a desk that runs a command; raise DevtoolError for one of the exchange alone."""
    if command in OF_BOTH_HALVES:
        return OF_BOTH_HALVES[command][DESK]
    role = SEQUENCES[DESK] if command in SEQUENCER else _ROLES.get(command, "desk")
    if ROLES[role].half == EXCHANGE:
        raise DevtoolError(f"{command} is a command of the exchange.", "Ask whoever runs yours.")
    return role


@contextmanager
def _world() -> Generator[World]:
    state = StateFolder(statefolder.DEFAULT)
    if state.in_use:
        yield state.running_world()
        return
    with state.locked():
        state.end_leftovers()
        state.make()
        secrets = load_or_draw_secrets(state.secrets_file)
        stores = DataStores(state, secrets, volatile=False)
        try:
            stores.start()
            yield _stored_world(state, stores)
        finally:
            stores.stop()


def _stored_world(state: StateFolder, stores: DataStores) -> World:
    return World(
        secrets=load_or_draw_secrets(state.secrets_file),
        database_urls=stores.database_urls,
        owner_urls=stores.owner_urls,
        redis_urls=stores.redis_urls,
        redis_super_url=stores.redis_super_url,
        email_url=os.environ.get("EMAIL_URL", "smtp://127.0.0.1:1"),
        hub_url="http://127.0.0.1:8000",
        exchange_url="http://127.0.0.1:8001",
        ledger_state_dirs=state.ledgers,
        mail_dir=state.mail,
        secrets_dir=state.secrets,
    )
