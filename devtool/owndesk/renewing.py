# SPDX-License-Identifier: Apache-2.0
"""Renewal of a stopped own desk's secrets, after a theft or once somebody no longer administers it.

PostgreSQL's standalone mode, which asks for no password, sets the database's passwords: so an interrupted renewal is finished
by repeating it, whichever passwords the database has by then. Until then the desk does not start.
"""

import json
import subprocess
from dataclasses import asdict, replace
from typing import Final

from demo.ticks import Ticks
from devtool.closedfiles import write_closed
from devtool.errors import DevtoolError
from devtool.owndesk.desksecrets import DeskSecrets, draw, load_or_draw
from devtool.owndesk.folder import OwnDeskFolder
from devtool.postgres import set_passwords

_KEPT: Final = ("ledger_key",)
"""The desk's log goes on under its key, which signed everything in it."""
_HOST: Final = "localhost"
"""Used only in drawn values that are not kept."""


def renew_secrets(folder: OwnDeskFolder, ticks: Ticks) -> None:
    """Draw every replaceable secret of the folder anew; raise DevtoolError while a desk runs, or where there is none."""
    if not folder.secrets_file.exists() or not (folder.pg / "PG_VERSION").exists():
        raise DevtoolError(f"There is no desk in {folder.path}.", "Name its folder: --folder PATH")
    with folder.locked():
        folder.end_leftovers()
        kept = load_or_draw(folder.secrets_file, _HOST)
        renewed = replace(draw(_HOST), **{name: getattr(kept, name) for name in _KEPT})
        folder.begin_renewal()
        with ticks.step("Secrets of the processes"):
            write_closed(folder.secrets_file, json.dumps(asdict(renewed), indent=1))
        with ticks.step("Passwords of the database"):
            _set_passwords(folder, renewed)
        folder.forget_certificate()
        folder.end_renewal()


def _set_passwords(folder: OwnDeskFolder, secrets: DeskSecrets) -> None:
    try:
        set_passwords(folder.pg, secrets.logins)
    except (OSError, subprocess.SubprocessError) as failure:
        raise DevtoolError(
            f"The database did not take its new passwords: {type(failure).__name__}.",
            "Run it once more: ./dev own-desk --renew-secrets. Until then the desk does not start.",
        ) from None
