# SPDX-License-Identifier: Apache-2.0
"""The verbs of `./dev`, each with its text in `./dev help`.

A verb imports what it needs when it runs: help works before anything is installed.
"""

import argparse
import os
import shlex
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import TextIO

from devtool.errors import DevtoolError

QUICK = "--quick"


@dataclass(frozen=True)
class Verb:
    """One word after `./dev`."""

    usage: str
    explanation: str
    run: Callable[[list[str]], int]


def _run(arguments: list[str]) -> int:
    from devtool.running import run_hub

    parser = argparse.ArgumentParser(prog="./dev run")
    parser.add_argument(
        "--once", action="store_true", help="play the story on free ports, stop, exit 0 if every step held"
    )
    parser.add_argument(
        "--port", type=_port, help="port of the desk (default 8000); the exchange takes the next one"
    )
    options = parser.parse_args(arguments)
    if options.once and options.port is not None:
        parser.error("--once chooses free ports itself; leave --port out")
    return run_hub(once=options.once, port=options.port)


def _port(text: str) -> int:
    if text.isdecimal() and 1 <= int(text) <= 65534:
        return int(text)
    raise argparse.ArgumentTypeError("use a number from 1 to 65534")


def _test(arguments: list[str]) -> int:
    return _become(
        [sys.executable, "-m", "pytest", *_in_parallel(arguments, os.cpu_count() or 1), *arguments]
    )


def _in_parallel(arguments: list[str], cores: int) -> list[str]:
    """Return the options for parallel tests: one process per core for the whole suite, plus one.

    The additional one uses the time spent waiting for browsers and processes; processes take over each other's unstarted tests.
    `--quick` waits for neither; a selected part is quicker without more processes.
    """
    if arguments not in ([], [QUICK]):
        return []
    return ["-n", str(min(cores + (arguments == []), 4)), "--dist", "worksteal"]


def _retest(arguments: list[str]) -> int:
    from devtool.retesting import retest

    _refuse_arguments("retest", arguments)
    return retest()


def _check(arguments: list[str]) -> int:
    from devtool.checking import run_checks

    return run_checks(arguments)


def _reset(arguments: list[str]) -> int:
    from devtool.running import reset

    _refuse_arguments("reset", arguments)
    return reset()


def _world(arguments: list[str]) -> int:
    from demo.ticks import Ticks
    from devtool.worldsnapshot import build_world

    _refuse_arguments("world", arguments)
    return build_world(Ticks())


def _bench(arguments: list[str]) -> int:
    from devtool.benching import run_benchmarks

    return run_benchmarks(arguments)


def _evaluate(arguments: list[str]) -> int:
    from pathlib import Path

    from devtool.evaluating import evaluate

    parser = argparse.ArgumentParser(prog="./dev evaluate")
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("folder", type=Path, nargs="?", help="where the reference files are")
    what.add_argument(
        "--calibrate", action="store_true", help="make the profiling method again from the shipped set"
    )
    options = parser.parse_args(arguments)
    if options.calibrate:
        from devtool.calibrating import calibrate

        return calibrate()
    return evaluate(options.folder)


def _listings(arguments: list[str]) -> int:
    from devtool.listings.command import run_listings

    return run_listings(arguments)


def _drill(arguments: list[str]) -> int:
    from devtool.drills.registry import run_drill

    return run_drill(arguments)


def _translate(arguments: list[str]) -> int:
    from devtool.translating import translate

    _refuse_arguments("translate", arguments)
    return translate()


def _shell_env(arguments: list[str]) -> int:
    from devtool.statefolder import DEFAULT, StateFolder

    _refuse_arguments("shell-env", arguments)
    for name, value in StateFolder(DEFAULT).running_world().addresses().items():
        print(f"export {name}={shlex.quote(value)}")
    return 0


def _own_desk(arguments: list[str]) -> int:
    from devtool.owndesk.command import run_own_desk

    return run_own_desk(arguments)


def _release(arguments: list[str]) -> int:
    from devtool.release.command import run_release

    return run_release(arguments)


def _accord(arguments: list[str]) -> int:
    os.execv(sys.executable, [sys.executable, "-m", "accord", *arguments])  # noqa: S606


def _wheel(arguments: list[str]) -> int:
    from devtool.wheel import build_into

    parser = argparse.ArgumentParser(prog="./dev wheel")
    parser.add_argument("folder", nargs="?", default="dist", help="where to put it (dist)")
    print(*build_into(parser.parse_args(arguments).folder), sep="\n")
    return 0


def _manage(arguments: list[str]) -> int:
    from devtool.managing import run_management_command

    return run_management_command(arguments)


def _help(arguments: list[str]) -> int:
    print_help(sys.stdout)
    return 0


VERBS = {
    "run": Verb(
        "run [--once] [--port N]",
        "Start the whole hub on this machine, play one alert from draft to acknowledgement, print addresses and\n"
        "logins, stay up until Ctrl-C. Data stays in .dev/ for the next start. Desk on port N (8000), exchange on\n"
        "the next one, an agency's own desk on the third after it, over TLS. --once: the hub and its story alone, on free ports\n"
        "and in a scratch folder, beside a running hub if there is one; stops afterwards and exits 0 only if every step held.\n"
        "DATABASE_URL and REDIS_URL, each with {login} for the name of a role's login, DATABASE_OWNER_URL for the tables'\n"
        "owner, and EMAIL_URL win when set.",
        _run,
    ),
    "own-desk": Verb(
        "own-desk [--folder PATH] [--port N] [--host NAME] [--listen ADDRESS] [--certificate PEM --key PEM]\n"
        "                 [--exchange-ca PEM] [--exchange-proxy URL] [--ask-every SECONDS] [--once] | --backup FILE | --dump PATH\n"
        "                 | --check-backup BACKUP | --restore BACKUP [--recovery-key-file FILE] [--ledger PATH]\n"
        "                 | --renew-secrets | --manage COMMAND ...",
        "Start the desk of one agency on this machine, for real use: production settings, a database and a broker of\n"
        "its own, TLS. Data in a closed folder (./own-desk).\n"
        "https://NAME:N (localhost, 8443), listening on this machine alone until the first start is over, for which a\n"
        "code is shown. Without a certificate one is made. --exchange-ca: authorities for the exchange's certificate.\n"
        "--exchange-proxy: an HTTP proxy that leads to the exchange, USER:PASSWORD for it in PATH/proxy-login.\n"
        "Mail by the server whose address stands in PATH/mail-url. --once: stop as soon as everything answers.\n"
        "--backup: one file that only the recovery key opens; --check-backup rehearses it, --restore makes a desk of it in an\n"
        "empty folder. --dump: the same as a folder in clear, for a backup tool of your own.\n"
        "--renew-secrets: draws the secrets of a stopped desk's processes anew, as after a theft.\n"
        "--manage: a management command on the running desk, such as --manage verify_ledger. docs/own-desk.md has it all.",
        _own_desk,
    ),
    "test": Verb(
        "test [PYTEST ARGUMENTS]",
        "Run the suite on real PostgreSQL, Valkey, workers, sequencer, SMTP server and Chromium. Without\n"
        "arguments: everything, in parallel. Arguments go to pytest as they are: ./dev test tests/sharing -x\n"
        "--quick: of each file the first test that takes no browser and no processes, in parallel.",
        _test,
    ),
    "retest": Verb(
        "retest",
        "Run what failed in the last run once more, each test alone; exits 0 if all of it may be retried and passes\n"
        "(docs/flaky.md).",
        _retest,
    ),
    "check": Verb(
        "check [NAME ...]",
        "Format, lint, types, import contracts, leaked keys, migrations, translations, deploy settings of every role, every branch of\n"
        "the envelope taken by its tests, lock. All of them, or those named.",
        _check,
    ),
    "reset": Verb("reset", "Remove the demonstration's data from .dev/; the next run starts afresh.", _reset),
    "world": Verb(
        "world",
        "Build the whole demonstration world once: fourteen months, about 150 alerts; takes some minutes. Later starts\n"
        "without data begin with it, in seconds; ./dev run alone builds a small world of the last weeks.",
        _world,
    ),
    "bench": Verb(
        "bench [NAME ...]",
        "Measure. One JSON object a line: name, value, unit, floor, ratio. All benchmarks, or those named.",
        _bench,
    ),
    "evaluate": Verb(
        "evaluate FOLDER | --calibrate",
        "Hold the science core against reference files: substances-*.csv, spectra-*.msp (searched in the shipped\n"
        "library), profiles-*.csv, whichever are there. Each bar with its value, the verdict on the last line; exits 1\n"
        "where a bar is missed or a file is malformed. The shipped files are in substances/data.\n"
        "--calibrate makes substances/data/profile-methods.json again from the shipped profiles.",
        _evaluate,
    ),
    "listings": Verb(
        "listings import FILE --jurisdiction US --as-of DAY --link URL [--write]",
        "Bring a newer text of an instrument into substances/data/control/listings.csv: judged, compared with what is\n"
        "held, structures found for new entries; says what is added, changed and gone. Writes nothing without --write\n"
        "(docs/listings.md).",
        _listings,
    ),
    "drill": Verb(
        "drill [NAME ...]",
        "Search for weaknesses, for minutes to hours: `checks` deletes each check of the envelope, `mutation` changes\n"
        "its code, `fuzz` feeds its parsers, `api` calls every operation; `production` brings the real stack up and plays\n"
        "on it. Installs what it needs at its first use. Without a name: what there is.",
        _drill,
    ),
    "translate": Verb(
        "translate",
        "Gather the texts of pages, mails and answers into hub/locale/, compile them, list what waits for a translation.",
        _translate,
    ),
    "shell-env": Verb(
        "shell-env",
        "Print the running hub's environment as export lines: HUB_URL, EXCHANGE_URL, DATABASE_URL, REDIS_URL,\n"
        'MAIL_DIR, LEDGER_VKEY. Use: eval "$(./dev shell-env)"',
        _shell_env,
    ),
    "accord": Verb(
        "accord ...", "The `accord` command of a partner agency; try ./dev accord --help.", _accord
    ),
    "wheel": Verb(
        "wheel [FOLDER]",
        "Build the `accord` client and the science core as wheels of their own (into dist/): what a partner agency\n"
        "installs. The same sources give the same bytes.",
        _wheel,
    ),
    "release": Verb(
        "release make|sign|verify|bundle FOLDER | keygen NAME",
        "A release that two people sign and an agency verifies without a network (docs/own-desk.md). bundle: source,\n"
        "wheels and bill of materials of the newest commit, for a machine of this kind; make: hashes what lies in a folder;\n"
        "sign, keygen: --key-file KEY; verify [--keys FILE] [--first]: every file, two pinned signatures, the version.",
        _release,
    ),
    "manage": Verb(
        "manage ...",
        "A management command on the running hub's database (or on the stored one, started for it), in the role\n"
        "it needs; HUB_ROLE chooses another. Example: ./dev manage verify_ledger",
        _manage,
    ),
    "help": Verb("help", "Explain every verb, as here.", _help),
}


def print_help(stream: TextIO) -> None:
    print("Accord: ./dev VERB. It makes .venv by itself and needs Python 3.11 to 3.13 only.\n", file=stream)
    for verb in VERBS.values():
        print(f"  ./dev {verb.usage}", file=stream)
        for line in verb.explanation.splitlines():
            print(f"      {line}", file=stream)


def _refuse_arguments(verb: str, arguments: list[str]) -> None:
    if arguments:
        raise DevtoolError(f"./dev {verb} takes no arguments, got: {' '.join(arguments)}")


def _become(command: list[str]) -> int:
    """Replace this process, so that signals and the exit status are the program's own."""
    from devtool.environments import ROOT

    os.chdir(ROOT)
    os.execv(command[0], command)  # noqa: S606
