# SPDX-License-Identifier: Apache-2.0
"""`./dev manage`: one management command with the environment of the role that may do it."""

import os
import subprocess
from collections.abc import Generator
from contextlib import contextmanager

from devtool import statefolder
from devtool.datastores import DataStores
from devtool.environments import World
from devtool.programs import management
from devtool.secretstore import load_or_draw_secrets
from devtool.statefolder import StateFolder
from hub.roles import ROLES

MIGRATE = (
    *(
        "migrate",
        "makemigrations",
        "showmigrations",
        "sqlmigrate",
        "squashmigrations",
        "dbshell",
        "prune_audit",
        "prune_by_policy",
        "print_problems",
    ),
)
SEQUENCER = ("run_sequencer", "verify_ledger", "adopt_ledger", "resume_sequencer", "replace_ledger_key")

OPERATOR = (
    *(
        "admit_agency",
        "invite_operator",
        "issue_entry_key",
        "issue_return_key",
        "record_agreement",
        "resume_agency",
    ),
    "suspend_agency",
)
_ROLES = {
    name: role
    for role, names in (("migrate", MIGRATE), ("sequencer", SEQUENCER), ("operator", OPERATOR))
    for name in names
}


def run_management_command(arguments: list[str]) -> int:
    """The verb; the command's own exit status."""
    with _world() as world:
        command, env = management(_role_for(arguments), world, *arguments)
        return subprocess.run(command, env=env, check=False).returncode


def _role_for(arguments: list[str]) -> str:
    chosen = os.environ.get("HUB_ROLE")
    if chosen in ROLES:
        return chosen
    return _ROLES.get(arguments[0] if arguments else "", "desk")


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
        database_owner_url=stores.database_owner_url,
        redis_urls=stores.redis_urls,
        redis_super_url=stores.redis_super_url,
        email_url=os.environ.get("EMAIL_URL", "smtp://127.0.0.1:1"),
        hub_url="http://127.0.0.1:8000",
        exchange_url="http://127.0.0.1:8001",
        ledger_state_dir=state.ledger,
        mail_dir=state.mail,
        secrets_dir=state.secrets,
    )
