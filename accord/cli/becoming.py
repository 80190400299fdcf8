# SPDX-License-Identifier: Apache-2.0
"""Becoming a partner: keys, enrolment, pins."""

from __future__ import annotations

from pathlib import Path

from accord.cli.asking import choose_passphrase, read_api_key
from accord.cli.showing import moment, print_json, print_table
from accord.cli.workplace import Workplace
from accord.client.client import Client
from accord.client.errors import RequestError
from accord.client.home import Home, create_keys
from accord.client.outgoing import read_file
from accord.envelope.keys import show_fingerprint
from accord.keyfile import KeyFileTakenError

MAX_PIN_FILE_BYTES = 256 * 1024


def keygen(place: Workplace) -> None:
    """Make the keys and print the fingerprint."""
    if Home(place.home).key_file.exists():
        raise KeyFileTakenError(
            f"{Home(place.home).key_file} holds keys already; they are never overwritten."
        )
    suites = ("PQ1", "EC1") if place.options.suite == "both" else (place.options.suite,)
    passphrase = choose_passphrase(place.options.passphrase_file, place.environment)
    made = create_keys(place.home, passphrase, suites=suites, now=place.now)
    place.tell(
        made,
        f"Root fingerprint: {show_fingerprint(made.fingerprint)}",
        f"Keys: {made.key_file}",
        f"Next root: {made.next_root_file}  (move it to another safe place)",
        "Give the fingerprint to the hub's administrator on paper, then run: accord enrol",
    )


def enrol(place: Workplace) -> None:
    """Prove the keys, publish the keyset, verify its receipt."""
    options = place.options
    with place.client() as client:
        done = client.enrol(
            options.agency,
            hub=options.hub,
            ledger_vkey=options.ledger,
            api_key=read_api_key(options.api_key_file, place.environment),
            lowest=options.lowest,
            wait_secs=options.wait,
        )
    place.tell(
        done,
        f"{done.agency} is enrolled: keyset version {done.version}, logged {moment(done.log_time)}.",
        f"Root fingerprint: {show_fingerprint(done.fingerprint)}",
        "Next, pin the agencies you share with: accord pin AGENCY FINGERPRINT",
    )


def pin(place: Workplace) -> None:
    """Pin one root, every line of a file, or list the pins."""
    options = place.options
    with place.client() as client:
        if options.file:
            for agency, fingerprint in _read_pins(Path(options.file)):
                client.pin(agency, fingerprint, replace=options.replace)
        elif options.agency:
            if not options.fingerprint:
                raise RequestError("Give the fingerprint from paper: accord pin AGENCY FINGERPRINT")
            client.pin(options.agency, "".join(options.fingerprint), replace=options.replace)
        _list_pins(place, client)


def _list_pins(place: Workplace, client: Client) -> None:
    pins = client.pins()
    if place.options.json:
        print_json(pins)
        return
    rows = [(agency, show_fingerprint(fingerprint)) for agency, fingerprint in pins.items()]
    print_table(("agency", "root fingerprint"), rows, empty="No root is pinned.")


def _read_pins(path: Path) -> list[tuple[str, str]]:
    try:
        lines = read_file(path, limit=MAX_PIN_FILE_BYTES).decode("utf-8").splitlines()
    except UnicodeDecodeError as exc:
        raise RequestError(f"{path} is not text.") from exc
    kept = [line.split("#")[0].split(None, 1) for line in lines if line.split("#")[0].strip()]
    if any(len(parts) != 2 for parts in kept):
        raise RequestError(f"{path}: write an agency id and its fingerprint on each line.")
    return [(agency, fingerprint) for agency, fingerprint in kept]
