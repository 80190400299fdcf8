# SPDX-License-Identifier: Apache-2.0
"""Becoming a partner at the terminal: enrolment, the API key, pins."""

from __future__ import annotations

from pathlib import Path

from accord.cli.asking import read_api_key, read_secret_file
from accord.cli.keys.files import given_root, read_pins
from accord.cli.showing import fingerprint_lines, moment, print_json, print_table
from accord.cli.workplace import Workplace
from accord.client.ceremony import read_signed
from accord.client.client import Client
from accord.client.enrolment import OwnRoot
from accord.client.errors import RequestError
from accord.client.pinning import read_fingerprint
from accord.envelope.keys import show_fingerprint


def enrol(place: Workplace) -> None:
    """Prove the keys, publish the keyset, verify its receipt."""
    options = place.options
    with place.client() as client:
        done = client.enrol(
            options.agency,
            hub=options.hub,
            ledger_vkey=options.ledger,
            api_key=read_api_key(options.api_key_file, place.environment),
            own=_own_root(place),
            lowest=options.lowest,
            wait_secs=options.wait,
        )
    place.tell(
        done,
        f"{done.agency} is enrolled: keyset version {done.version}, logged {moment(done.log_time)}.",
        *fingerprint_lines("Root fingerprint: ", done.fingerprint),
        "Next, pin the agencies you share with: accord pin AGENCY FINGERPRINT",
    )


def api_key(place: Workplace) -> None:
    """Tell which API key this home uses, or have it replaced; print its text only on request."""
    with place.client() as client:
        if place.options.rotate:
            client.rotate_api_key()
        elif place.options.return_key_file:
            client.come_back(read_secret_file(Path(place.options.return_key_file)))
        text, facts = client.state().api_key, client.api_key()
    if place.options.show:
        place.tell({"key": text}, text)
        return
    ends = "its end is not known here" if facts.until is None else f"it ends {moment(facts.until)}"
    place.tell(facts, f"API key {facts.prefix}: {ends}.")


def pin(place: Workplace) -> None:
    """Pin one root, every line of a file, or list the pins."""
    options = place.options
    with place.client() as client:
        if options.file:
            for agency, fingerprint in read_pins(Path(options.file)).items():
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


def _own_root(place: Workplace) -> OwnRoot | None:
    """Return the root's location, if the command line gives it; else it is in the key file."""
    options = place.options
    if options.keyset:
        return OwnRoot(signed=read_signed(Path(options.keyset)))
    if options.fingerprint:
        return OwnRoot(fingerprint=read_fingerprint(options.agency, options.fingerprint))
    ring = given_root(place)
    return None if ring is None else OwnRoot(root=ring.root, next_root=ring.next_root)
