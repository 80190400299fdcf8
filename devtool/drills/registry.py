# SPDX-License-Identifier: Apache-2.0
"""Every drill by its name. A drill's module has `run(arguments) -> int` and is imported on request."""

import importlib
import sys
from dataclasses import dataclass

from devtool.errors import DevtoolError


@dataclass(frozen=True)
class Drill:
    """A long search for weaknesses, or a rehearsal, that runs apart from tests and checks."""

    module: str
    usage: str
    explanation: str


DRILLS = {
    "apart": Drill(
        "devtool.drills.apart.drill",
        "apart [exchange|desk|kills|machines]",
        "keep one half away for a day, kill and hang each process in turn, keep the halves' users apart: nothing lost or twice",
    ),
    "api": Drill(
        "devtool.drills.apicalls",
        "api [--examples N]",
        "call every operation of the API as every kind of caller with generated input, alone and in sequences",
    ),
    "bare-machine": Drill(
        "devtool.drills.bare_machine",
        "bare-machine [--debian FOLDER]",
        "sign a release of the newest commit, verify and install it in an empty Debian without a network, start an own desk; as root",
    ),
    "checks": Drill(
        "devtool.drills.deleted_checks",
        "checks [--module NAME]",
        "take out every check of the envelope, one at a time; a test must notice each",
    ),
    "fallen": Drill(
        "devtool.drills.fallen",
        "fallen",
        "hold the exchange's database, broker and processes, and try to read an alert or to be believed at a desk",
    ),
    "first-start": Drill(
        "devtool.drills.first_start.drill",
        "first-start",
        "kill an own desk at every write from its key ring to its published keys: nothing lost, no second set, everybody told",
    ),
    "fuzz": Drill(
        "devtool.drills.fuzzing",
        "fuzz [--inputs N] [--parser NAME]",
        "ten million inputs, made by libFuzzer, into every parser; none may crash, hang or grow memory",
    ),
    "homecoming": Drill(
        "devtool.drills.homecoming",
        "homecoming",
        "a hosted agency goes home to its own desk, killed while it takes its history in; nothing written there is at the hub",
    ),
    "losses": Drill(
        "devtool.drills.losses",
        "losses",
        "take state folder and pepper of each half and the key-encryption key, one after the other: what goes on and what does not",
    ),
    "mutation": Drill(
        "devtool.drills.mutation",
        "mutation [MODULE ...]",
        "change the envelope's code in thousands of places; a test must notice each, or a reason stands in the list",
    ),
    "own-desk": Drill(
        "devtool.drills.home.drill",
        "own-desk [--pictures FOLDER]",
        "set an own desk up in an empty folder by its guide in a browser, join a hub, send, receive, start it again locked",
    ),
    "own-desks": Drill(
        "devtool.drills.desks.drill",
        "own-desks [PART ...] [--seed N]",
        "two own desks and a hosted one write to each other; processes killed, a week away, restored twice, a lying exchange",
    ),
    "production": Drill(
        "devtool.drills.production.drill",
        "production [--images auto|pulled|debian] [--keep-up]",
        "build the production stack, bring it up behind TLS, play the story on it from outside, look into it, stop it",
    ),
    "restore": Drill(
        "devtool.drills.restore",
        "restore",
        "send more after a backup, restore it, adopt, a half by dump and both to a moment: everybody sees all once, what was lost comes back",
    ),
    "structures": Drill(
        "devtool.drills.chemistry",
        "structures [--inputs N] [--reader NAME] [--seed N]",
        "ten thousand hostile structures and spectra into their readers; none may crash, take a second or fill memory",
    ),
    "upgrade": Drill(
        "devtool.drills.upgrade",
        "upgrade [COMMIT] [--together]",
        "bring a hub from an older commit to this code and back to its dump: officers, drafts, partners and ledger go on",
    ),
}


def run_drill(arguments: list[str]) -> int:
    """Run the verb; without a name, list the drills."""
    if not arguments or arguments[0] in ("-h", "--help"):
        print_drills()
        return 0
    name, *rest = arguments
    if name not in DRILLS:
        raise DevtoolError(f"There is no drill `{name}`.", f"There are: {', '.join(DRILLS)}")
    status: int = importlib.import_module(DRILLS[name].module).run(rest)
    return status


def print_drills() -> None:
    """Print one line a drill."""
    for drill in DRILLS.values():
        print(f"./dev drill {drill.usage}\n    {drill.explanation}", file=sys.stdout)
