# SPDX-License-Identifier: Apache-2.0
"""Key files at a terminal: make, show the fingerprint, change the passphrase; lists of pins."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

from accord.cli.asking import (
    NEW_PASSPHRASE_FILE,
    NEXT_ROOT_PASSPHRASE_FILE,
    ROOT_PASSPHRASE_FILE,
    choose_passphrase,
    confirm,
    read_passphrase,
)
from accord.cli.showing import fingerprint_lines, print_json
from accord.cli.workplace import Workplace
from accord.client.ceremony import open_root
from accord.client.client import Client
from accord.client.errors import RequestError
from accord.client.home import Home, create_keys, create_next_root, create_operational, create_root
from accord.client.keys.public import read_public_root
from accord.client.outgoing import read_file
from accord.client.pinning import read_fingerprint
from accord.envelope.keys import show_fingerprint
from accord.keyerrors import KeyFileTakenError
from accord.keyfile import KeyFile, read_key_file
from accord.keyring import KeyRing
from accord.passphrases import Passphrase, wiped

MAX_PIN_FILE_BYTES = 256 * 1024


def keygen(place: Workplace) -> None:
    """Make keys: all of them, a root for an offline machine, or only the operational keys."""
    options = place.options
    if options.root:
        _make_root(place)
    elif options.next_root:
        _make_next_root(place)
    elif options.operational:
        _make_operational(place)
    else:
        _make_everything(place)


def fingerprint(place: Workplace) -> None:
    """Print the fingerprint of the root in a file, or of the own agency, in groups of four."""
    named = place.options.file
    if named and named.endswith(".json"):
        public = read_public_root(Path(named))
        _tell_fingerprint(place, public.fingerprint, public.next_root)
        return
    path = Path(named) if named else Home(place.home).key_file
    with wiped(read_passphrase(place.options.passphrase_file, place.environment)) as passphrase:
        ring = read_key_file(path, passphrase)
        if ring.held_root is None and not named and Home(place.home).state_file.exists():
            with Client(place.home, passphrase) as client:
                _tell_fingerprint(place, client.fingerprint, "")
            return
    _tell_fingerprint(place, ring.root.fingerprint, ring.next_root)


def change_passphrase(place: Workplace) -> None:
    """Encrypt a key file under another passphrase."""
    options = place.options
    path = Path(options.file) if options.file else Home(place.home).key_file
    with wiped(read_passphrase(options.passphrase_file, place.environment)) as old:
        opened = KeyFile.open(path, old)
    with (
        wiped(
            choose_passphrase(
                options.new_passphrase_file, place.environment, variable=NEW_PASSPHRASE_FILE, new=True
            )
        ) as new,
        Home(path.parent).changing_keys(),
    ):
        opened.change_passphrase(new)
    opened.close()
    place.tell(
        {"file": str(path)},
        f"{path} opens with the new passphrase only. Older copies still open with the old one: destroy them.",
    )


def pins(place: Workplace) -> None:
    """Print the pins as a list for paper and files, or take in such a list."""
    with place.client() as client:
        if place.options.act == "import":
            _import_pins(place, client)
        else:
            _print_pins(place, client)


def read_pins(path: Path) -> dict[str, str]:
    """Parse lines of an agency id and its fingerprint; raise RequestError for anything else, and for two roots of one agency."""
    try:
        lines = read_file(path, limit=MAX_PIN_FILE_BYTES).decode("utf-8").splitlines()
    except UnicodeDecodeError as exc:
        raise RequestError(f"{path} is not text.") from exc
    found: dict[str, str] = {}
    for number, line in enumerate(lines, start=1):
        words = line.split("#")[0].split(None, 1)
        if words:
            agency, digits = _read_pin(f"{path}, line {number}", words)
            if found.setdefault(agency, digits) != digits:
                raise RequestError(
                    f"{path}, line {number}: names a second root of {agency}; nothing of it was taken."
                )
    return found


def _read_pin(where: str, words: list[str]) -> tuple[str, str]:
    if len(words) != 2:
        raise RequestError(f"{where}: write an agency id and its fingerprint on each line.")
    try:
        return words[0], read_fingerprint(words[0], words[1])
    except RequestError as wrong:
        raise RequestError(f"{where}: {wrong}") from wrong


def given_root(place: Workplace) -> KeyRing | None:
    """Return the root of the file that `--root` names; None for the key file's own."""
    if not getattr(place.options, "root", None):
        return None
    with root_passphrase(place) as passphrase:
        return open_root(Path(place.options.root), passphrase)


@contextmanager
def root_passphrase(place: Workplace) -> Iterator[Passphrase]:
    """Yield the passphrase of the file that `--root` names."""
    with _passphrase_of(place, "root", ROOT_PASSPHRASE_FILE) as passphrase:
        yield passphrase


@contextmanager
def next_root_passphrase(place: Workplace) -> Iterator[Passphrase]:
    """Yield the passphrase of the next root's file."""
    with _passphrase_of(place, "next root", NEXT_ROOT_PASSPHRASE_FILE) as passphrase:
        yield passphrase


@contextmanager
def _passphrase_of(place: Workplace, what: str, variable: str) -> Iterator[Passphrase]:
    option = f"--{what.replace(' ', '-')}-passphrase-file"
    octets = read_passphrase(
        getattr(place.options, option[2:].replace("-", "_"), None),
        place.environment,
        variable=variable,
        option=option,
        prompt=f"Passphrase of the {what}: ",
    )
    with wiped(octets) as passphrase:
        yield passphrase


def _make_everything(place: Workplace) -> None:
    _require_no_keys(place)
    with wiped(choose_passphrase(place.options.passphrase_file, place.environment)) as passphrase:
        made = create_keys(place.home, passphrase, suites=_suites(place), now=place.now)
    place.tell(
        made,
        *fingerprint_lines("Root fingerprint: ", made.fingerprint),
        f"Keys: {made.key_file}",
        f"Next root: {made.next_root_file}  (move it to another safe place)",
        "Give the fingerprint to the hub's administrator on paper, then run: accord enrol",
    )


def _make_operational(place: Workplace) -> None:
    _require_no_keys(place)
    with wiped(choose_passphrase(place.options.passphrase_file, place.environment)) as passphrase:
        made = create_operational(place.home, passphrase, suites=_suites(place), now=place.now)
    place.tell(
        made,
        f"Keys: {made.key_file}  (no root among them)",
        *(f"  {kid}" for kid in made.kids),
        "Go on: 1. accord keygen --root, on a machine without network; bring root.public.json here.",
        "       2. accord keys propose first --agency ID --public root.public.json --out FILE",
        "       3. accord sign FILE --root root.accord --out SIGNED, there; compare the kids above.",
        "       4. accord enrol ID --hub URL --ledger VKEY --keyset SIGNED",
        "Does your agency's keyset stand already: accord enrol ID ... --fingerprint, then accord keys rotate.",
    )


def _make_root(place: Workplace) -> None:
    with wiped(choose_passphrase(place.options.passphrase_file, place.environment)) as passphrase:
        root, successor = create_root(place.home, passphrase, now=place.now)
    place.tell(
        {"root": asdict(root), "next_root": asdict(successor)},
        *fingerprint_lines("Root fingerprint:      ", root.fingerprint),
        *fingerprint_lines("Next root fingerprint: ", successor.fingerprint),
        f"Root: {root.root_file}",
        f"Next root: {successor.root_file}  (move it to another safe place: it is what remains if the root is lost)",
        f"Public half: {root.public_file}  (may leave this machine)",
        "Give the root fingerprint to the hub's administrator on paper. This machine stays without network.",
    )


def _make_next_root(place: Workplace) -> None:
    with wiped(choose_passphrase(place.options.passphrase_file, place.environment)) as passphrase:
        made = create_next_root(place.home, passphrase, now=place.now)
    place.tell(
        made,
        *fingerprint_lines("Fingerprint: ", made.fingerprint),
        f"Next root: {made.root_file}  (move it to another safe place)",
        f"Public half: {made.public_file}",
        "A change of the root announces it: --announce FINGERPRINT",
    )


def _require_no_keys(place: Workplace) -> None:
    """Refuse existing keys before a passphrase is asked for."""
    key_file = Home(place.home).key_file
    if key_file.exists():
        raise KeyFileTakenError(f"{key_file} holds keys already; they are never overwritten.")


def _suites(place: Workplace) -> tuple[str, ...]:
    return ("PQ1", "EC1") if place.options.suite == "both" else (place.options.suite,)


def _tell_fingerprint(place: Workplace, digits: str, next_root: str) -> None:
    lines = fingerprint_lines("Root fingerprint: ", digits)
    if next_root:
        lines += fingerprint_lines("Next root:        ", next_root)
    place.tell({"fingerprint": digits, "next_fingerprint": next_root or None}, *lines)


def _print_pins(place: Workplace, client: Client) -> None:
    listed = client.pins()
    if place.options.json:
        print_json(listed)
        return
    own = client.state().agency
    print(
        f"# Roots as {own} has pinned them. Compare all digits before you take them in: accord pins import FILE"
    )
    width = max(map(len, listed))
    for agency, digits in listed.items():
        print(f"{agency.ljust(width)}  {show_fingerprint(digits)}")


def _import_pins(place: Workplace, client: Client) -> None:
    found = read_pins(Path(place.options.file))
    pinned = client.pins()
    fresh = {agency: digits for agency, digits in found.items() if agency not in pinned}
    lines = "\n".join(
        line
        for agency, digits in sorted(fresh.items())
        for line in fingerprint_lines(f"  {agency}  ", digits)
    )
    if fresh and all(pinned.get(agency, digits) == digits for agency, digits in found.items()):
        question = (
            f"Trust these roots? Compare each with the one on paper.\n{lines}\nAll digits are the same?"
        )
        confirm(question, said_yes=place.options.yes)
    taken = client.import_pins(found)
    place.tell(
        taken,
        f"Pinned: {', '.join(taken.added) or 'nothing new'}",
        *([f"Known already: {', '.join(taken.known)}"] if taken.known else []),
        *([f"Root changed, followed: {', '.join(taken.followed)}"] if taken.followed else []),
    )
