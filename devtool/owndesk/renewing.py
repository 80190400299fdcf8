# SPDX-License-Identifier: Apache-2.0
"""Drawing the secrets of a stopped own desk anew, after a theft or once somebody no longer administers it.

The passwords of the database are set by its own standalone mode, which asks for none: so a renewal that was broken off is
ended by doing it once more, whichever passwords the database has by then. Until then the desk does not start.
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
"""The desk's log goes on under its key, by which everything in it was signed."""
_HOST: Final = "localhost"
"""Named in what is drawn and not kept."""


def renew_secrets(folder: OwnDeskFolder, ticks: Ticks) -> None:
    """Draw every secret of the folder anew that can be; raises DevtoolError while a desk runs, or where there is none."""
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
