# SPDX-License-Identifier: Apache-2.0
"""The root at a terminal: change to the announced one, or recover by it when the root is lost."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

from accord.cli.asking import confirm
from accord.cli.keys.files import given_root, next_root_passphrase
from accord.cli.keys.words import change_lines
from accord.cli.showing import fingerprint_lines
from accord.cli.workplace import Workplace
from accord.client.ceremony import open_root
from accord.client.client import Client
from accord.client.errors import RequestError, RootsLostError
from accord.client.home import Home, create_next_root
from accord.client.keys.publishing import KeyChange
from accord.envelope.keys import show_fingerprint
from accord.envelope.private import Root
from accord.passphrases import Passphrase

_LOST = "The next root is not here either: no file of it was named (--next-root FILE)."


def change_root(place: Workplace) -> None:
    """Have both roots sign that the announced one takes over, after a new next root is made."""
    path = _next_root_file(place)
    if path is None:
        raise RequestError("Name the file of the announced next root: --next-root FILE")
    root = given_root(place)
    with place.client() as client:
        if _finish(place, client, "change-root"):
            return
        with next_root_passphrase(place) as passphrase:
            next_root = _open_announced(client, path, passphrase)
            question = f"Change the root to {show_fingerprint(next_root.fingerprint)}? The present root ends with it."
            confirm(question, said_yes=place.options.yes)
            with _announced(place, passphrase) as (announce, made):
                change = client.keys.change_root(
                    next_root,
                    announce=announce,
                    root=None if root is None else root.root,
                    wait_secs=place.options.wait,
                )
    _tell(place, change, path, made)


def recover_root(place: Workplace) -> None:
    """Let the announced next root alone take over, after 72 hours in public."""
    path = _next_root_file(place)
    if path is None:
        raise RootsLostError(_LOST)
    with place.client() as client:
        if _finish(place, client, "recover-root"):
            return
        with next_root_passphrase(place) as passphrase:
            next_root = _open_announced(client, path, passphrase)
            question = (
                "Recover the root? The next root takes over 72 hours after this is logged, in public; until then "
                "whoever holds the old root can cancel it."
            )
            confirm(question, said_yes=place.options.yes)
            with _announced(place, passphrase) as (announce, made):
                change = client.keys.recover_root(next_root, announce=announce, wait_secs=place.options.wait)
    _tell(place, change, path, made)


def _finish(place: Workplace, client: Client, kind: str) -> bool:
    """Finish a change that an earlier run signed; it needs no second next root."""
    done = client.keys.resume(wait_secs=place.options.wait)
    if done is None or done.kind != kind:
        return False
    place.tell(done, *change_lines(done))
    return True


def _next_root_file(place: Workplace) -> Path | None:
    """Return the named file, else the one that `accord keygen` wrote into this home, if it is still here."""
    if place.options.next_root:
        return Path(place.options.next_root)
    usual = Home(place.home).next_root_file
    return usual if usual.exists() else None


def _open_announced(client: Client, path: Path, passphrase: Passphrase) -> Root:
    """Open the announced root and compare it before another root is made for it to announce."""
    root = open_root(path, passphrase).root
    if root.fingerprint != client.keys.overview().next_fingerprint:
        raise RootsLostError(f"{path} is not the next root that your agency's keyset announces.")
    return root


@contextmanager
def _announced(place: Workplace, passphrase: Passphrase) -> Iterator[tuple[str, Path | None]]:
    """Yield the fingerprint to announce: the named one, else of a root made now under the same passphrase.

    The new root is deleted if the change fails before anything names it; while the change is kept for sending, it stays.
    """
    if place.options.announce:
        yield place.options.announce, None
        return
    made = create_next_root(place.home, passphrase, now=place.now)
    try:
        yield made.fingerprint, made.root_file
    except BaseException:
        if not Home(place.home).key_change_file.exists():
            made.root_file.unlink(missing_ok=True)
            made.public_file.unlink(missing_ok=True)
        raise


def _tell(place: Workplace, change: KeyChange, path: Path, made: Path | None) -> None:
    lines = [*change_lines(change), *fingerprint_lines("Root fingerprint: ", change.fingerprint)]
    lines += fingerprint_lines("Next root fingerprint: ", change.next_fingerprint)
    if made is not None:
        lines.append(
            f"The new next root: {made}  (same passphrase as {path.name}; move it to another safe place)"
        )
    lines.append("Give the new root fingerprint to the agencies you share with, on paper.")
    place.tell(asdict(change) | {"next_root_file": None if made is None else str(made)}, *lines)
