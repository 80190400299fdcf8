# SPDX-License-Identifier: Apache-2.0
"""`./dev own-desk`: the desk of one agency on one machine, for real use."""

import argparse
import os
import re
import subprocess
import time
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from demo.ticks import Ticks
from devtool.errors import DevtoolError
from devtool.libraries import require_libraries
from devtool.managing import desk_role_for
from devtool.memory import memory_of
from devtool.owndesk.backups import back_up, dump_plainly
from devtool.owndesk.certificates import pem_bundle
from devtool.owndesk.firststart import require_address
from devtool.owndesk.folder import DEFAULT, OwnDeskFolder
from devtool.owndesk.places import running_places
from devtool.owndesk.renewing import renew_secrets
from devtool.owndesk.restoring import check_backup, restore
from devtool.owndesk.supervision import Listening, OwnDesk
from devtool.ports import LOOPBACK, require_free_port
from devtool.programs import management
from devtool.stopping import stay_up, stopped_at_the_end

PORT: Final = 8443
LEAST_SECONDS: Final = 1
MOST_SECONDS: Final = 60
"""The limit of `FOLLOW_SECONDS` in the settings."""
OWNER_ONLY: Final = 0o077
_LABEL: Final = r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
_HOST: Final = re.compile(rf"(?=.{{1,200}}\Z){_LABEL}(\.{_LABEL})*")


def run_own_desk(arguments: list[str]) -> int:
    """Run the verb; return the exit status."""
    began = time.monotonic()
    options = _parser().parse_args(arguments)
    if options.manage:
        return _manage(OwnDeskFolder(options.folder), options.manage)
    if options.renew_secrets:
        return _renew(OwnDeskFolder(options.folder))
    if options.backup or options.dump or options.restore or options.check_backup:
        return _keep_or_bring_back(options)
    require_libraries()
    if (options.certificate is None) != (options.key is None):
        raise DevtoolError("--certificate and --key belong together.", "Name both, or none.")
    listening = Listening(
        _host(options.host),
        options.port,
        require_address(options.listen),
        _absolute(options.certificate),
        _absolute(options.key),
    )
    # Everything written here belongs to this user alone.
    os.umask(OWNER_ONLY)
    ticks = Ticks()
    ticks.line(f"Accord, own desk                   {datetime.now(UTC):%-d %b %Y %H:%M} UTC")
    folder = OwnDeskFolder(options.folder)
    folder.make()
    with folder.locked():
        _require_port(folder, listening)
        desk = OwnDesk(
            folder,
            listening,
            ticks=ticks,
            exchange_ca=pem_bundle(_absolute(options.exchange_ca)),
            exchange_proxy=options.exchange_proxy,
            ask_every=options.ask_every or "",
        )
        if name_before := folder.note_host(listening.host):
            _warn_of_name(ticks, name_before, listening.host)
        with stopped_at_the_end(desk):
            desk.start()
            _say_where(desk)
            ready = f"Ready after {time.monotonic() - began:.1f} s. Memory: {memory_of([os.getpid()])}."
            if options.once:
                ticks.heading(f"{ready} It stops now.")
            else:
                stay_up(desk, f"{ready} Ctrl-C stops everything.")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="./dev own-desk")
    parser.add_argument(
        "--folder", type=Path, default=DEFAULT, help="where the desk keeps its data (./own-desk)"
    )
    parser.add_argument("--port", type=_port, default=PORT, help=f"port of the desk ({PORT})")
    parser.add_argument("--host", default="localhost", help="name under which officers reach it (localhost)")
    parser.add_argument(
        "--listen",
        default=LOOPBACK,
        metavar="ADDRESS",
        help=f"address of this machine to listen on ({LOOPBACK})",
    )
    parser.add_argument(
        "--certificate", type=Path, metavar="PEM", help="certificate for the name, chain after it"
    )
    parser.add_argument("--key", type=Path, metavar="PEM", help="its private key (PKCS#8, not locked)")
    parser.add_argument(
        "--exchange-ca",
        type=Path,
        metavar="PEM",
        help="authorities that the exchange's certificate is checked by",
    )
    parser.add_argument(
        "--exchange-proxy",
        default="",
        metavar="URL",
        help="proxy that leads to the exchange, its USER:PASSWORD in the folder's proxy-login",
    )
    parser.add_argument(
        "--ask-every",
        type=_seconds,
        metavar="SECONDS",
        help="how often the exchange is asked for what came, 1 to 60 (1)",
    )
    _add_backups(parser)
    parser.add_argument("--once", action="store_true", help="start, wait until everything answers, stop")
    parser.add_argument(
        "--manage",
        nargs=argparse.REMAINDER,
        metavar="COMMAND",
        help="run a management command on the running desk",
    )
    return parser


def _add_backups(parser: argparse.ArgumentParser) -> None:
    works = parser.add_mutually_exclusive_group()
    works.add_argument(
        "--backup", type=Path, metavar="FILE", help="write a backup that only the recovery key opens"
    )
    works.add_argument(
        "--dump", type=Path, metavar="PATH", help="write the same into a folder, in clear but for the keys"
    )
    works.add_argument(
        "--restore", type=Path, metavar="BACKUP", help="make a desk of a backup, in an empty folder"
    )
    works.add_argument(
        "--check-backup",
        type=Path,
        metavar="BACKUP",
        help="restore it for a moment, and say what was found",
    )
    works.add_argument(
        "--renew-secrets",
        action="store_true",
        help="draw the passwords and keys of a stopped desk's processes anew; everybody signs in again",
    )
    parser.add_argument(
        "--recovery-key-file",
        default="",
        metavar="FILE",
        help="file of the recovery key, - for standard input (asked for)",
    )
    parser.add_argument(
        "--ledger", type=Path, metavar="PATH", help="a later copy of the desk's ledger/, for --restore"
    )


def _keep_or_bring_back(options: argparse.Namespace) -> int:
    os.umask(OWNER_ONLY)
    ticks, folder = Ticks(), OwnDeskFolder(options.folder)
    if options.backup:
        back_up(folder, options.backup.absolute(), ticks)
    elif options.dump:
        dump_plainly(folder, options.dump.absolute(), ticks)
    elif options.restore:
        restore(
            options.restore.absolute(),
            folder,
            options.recovery_key_file,
            ticks,
            ledger=_absolute(options.ledger),
        )
    else:
        check_backup(options.check_backup.absolute(), options.recovery_key_file, ticks)
    return 0


def _renew(folder: OwnDeskFolder) -> int:
    os.umask(OWNER_ONLY)
    ticks = Ticks()
    renew_secrets(folder, ticks)
    ticks.heading(
        "Renewed: passwords of database and broker, the key of sessions, the pepper of digests, the certificate"
    )
    ticks.line("made here. Ended: every session, every open link, every key for this desk (issue them anew).")
    ticks.line(
        "Not renewed: the key of the desk's log, the mail server's password, the exchange's API key, the ring."
    )
    ticks.line('See docs/own-desk.md, "Making secrets anew". Start the desk, and make a backup.')
    return 0


def _manage(folder: OwnDeskFolder, arguments: list[str]) -> int:
    """Run one command in the role that may run it, at this terminal; return its exit status."""
    role = desk_role_for(arguments[0])
    command, env = management(role, running_places(folder), *arguments)
    return subprocess.run(command, env=env, check=False).returncode


def _port(text: str) -> int:
    if text.isdecimal() and 1 <= int(text) <= 65535:
        return int(text)
    raise argparse.ArgumentTypeError("use a number from 1 to 65535")


def _seconds(text: str) -> str:
    if text.isdecimal() and LEAST_SECONDS <= int(text) <= MOST_SECONDS:
        return text
    raise argparse.ArgumentTypeError(f"use a number from {LEAST_SECONDS} to {MOST_SECONDS}")


def _host(text: str) -> str:
    """Return a name in lower case. Pages could use a number, but passkeys need a name."""
    host = text.lower().rstrip(".")
    if not _HOST.fullmatch(host) or host.rpartition(".")[2].isdecimal():
        raise DevtoolError(
            f"--host {text} is no name of a host.", "Use a name such as desk.agency.example, not an address."
        )
    return host


def _absolute(path: Path | None) -> Path | None:
    return path.absolute() if path is not None else None


def _require_port(folder: OwnDeskFolder, listening: Listening) -> None:
    # A killed desk's processes need a moment to release their port.
    patience_seconds = 10.0 if folder.end_leftovers() else 0.0
    other = PORT + 1 if listening.port == PORT else PORT
    require_free_port(
        listening.port,
        f"./dev own-desk --port {other}",
        patience_seconds=patience_seconds,
        address=listening.address,
    )


def _warn_of_name(ticks: Ticks, before: str, now: str) -> None:
    ticks.heading(f"Another name: this desk was {before}, and is {now} now.")
    ticks.line(
        f"Passkeys were made for {before} and open nothing under {now}; under the old name they serve again."
    )
    ticks.line(
        "Who has no other second factor needs it reset: an officer by an agency admin (Officers), a keeper by"
    )
    ticks.line(
        "another one (--manage reset_factors EMAIL --by EMAIL). Links in mails of before lead to the old name."
    )


def _say_where(desk: OwnDesk) -> None:
    ticks, here, found = desk.ticks, desk.listening, desk.certificate
    ticks.heading(f"Desk         {here.url}   (listens on {here.address})")
    ticks.line(f"Data         {desk.state.path}")
    origin = "made here" if here.certificate is None else str(here.certificate)
    ticks.line(f"Certificate  {origin}, ends {found.ends:%-d %b %Y}; its SHA-256 fingerprint:")
    ticks.line(f"             {found.fingerprint}")
    if found.ends_soon(datetime.now(UTC)):
        ticks.line("             It ends within 30 days. Have a new one issued, then start the desk with it.")
    if (proxy := desk.world.exchange_proxy) is not None:
        login = "with the login in proxy-login" if proxy.login else "without a login"
        ticks.line(f"Proxy        {proxy.address} leads to the exchange, {login}")
    if not desk.mail_url:
        ticks.line(
            f"Mail         none is sent. Write the mail server's address into {desk.state.path}/mail-url"
        )
        ticks.line("             (smtp+tls://USER:PASSWORD@HOST:587, mode 600), then start the desk again.")
    if desk.code is not None:
        _say_code(desk, desk.code)
    if desk.state.locked_ring.exists():
        ticks.heading(
            f"Locked. Somebody has to open it, after each start, at {here.url}/ with the passphrase."
        )
        ticks.line("Before that nobody signs in, and what partners send waits at the exchange.")


def _say_code(desk: OwnDesk, code: str) -> None:
    """Print the code on the console, and nowhere else."""
    ticks, here = desk.ticks, desk.listening
    ticks.heading(f"First start. Open {here.url}/ on this machine and type this code:")
    ticks.heading(f"    {code}")
    if here.host != "localhost":
        there = replace(here, host="localhost").url
        ticks.heading(
            f"Where {here.host} does not lead to this machine yet: {there}/, with one-time codes as second"
        )
        ticks.line("factor, since a passkey counts for one name alone.")
