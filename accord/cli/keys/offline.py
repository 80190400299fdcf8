# SPDX-License-Identifier: Apache-2.0
"""An offline root, at a terminal: propose here, sign there, submit here."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Final

from accord.cli.asking import confirm
from accord.cli.keys.files import given_root, next_root_passphrase
from accord.cli.keys.times import read_past
from accord.cli.keys.words import change_lines, proposed_lines, proposed_question
from accord.cli.workplace import Workplace
from accord.client.ceremony import (
    RootsAtHand,
    examine_proposal,
    open_root,
    previous_place,
    read_proposal,
    read_signed,
    write_proposal,
    write_signed,
)
from accord.client.client import Client
from accord.client.errors import RequestError
from accord.client.home import Home
from accord.client.keys.own_keys import Proposal
from accord.client.keys.public import PublicRoot, read_public_root
from accord.client.keys.rows import SUITES, USES
from accord.state import StateAbsentError


def propose(place: Workplace) -> None:
    """Write the payload for the root to sign, and beside it the previous keyset."""
    out = Path(place.options.out)
    if out.exists():
        raise RequestError(f"{out} stands already; it is not overwritten.")
    with place.client() as client:
        proposal = PROPOSALS[place.options.what](place, client)
    beside = write_proposal(out, proposal.payload, proposal.previous)
    place.tell(
        {"proposal": str(out), "previous": None if beside is None else str(beside), "kind": proposal.kind},
        f"Proposal: {out}" + (f", with {beside.name}" if beside else ""),
        f"Take it to the root within a day: accord sign {out.name} --root root.accord --out SIGNED",
        "Bring the signed file back: "
        + ("accord enrol AGENCY ... --keyset SIGNED" if beside is None else "accord keys submit SIGNED"),
    )


def sign(place: Workplace) -> None:
    """Show in words what is proposed, ask, sign."""
    options = place.options
    out = Path(options.out)
    if out.exists():
        raise RequestError(f"{out} stands already; it is not overwritten.")
    path = Path(options.proposal)
    payload = read_proposal(path)
    roots, previous = _roots_at_hand(place, _given_previous(place, path))
    proposed, signed = examine_proposal(payload, roots, previous=previous, now=place.now)
    if not options.json:
        print("\n".join(proposed_lines(proposed)))
    confirm(proposed_question(proposed), said_yes=options.yes)
    write_signed(out, signed)
    statement = proposed.statement
    place.tell(
        {"signed": str(out), "agency": statement.iss, "k": statement.k, "od": statement.od},
        f"Signed: {out}",
    )


def submit_signed(place: Workplace) -> None:
    """Submit what the root has signed elsewhere."""
    jws = read_signed(Path(place.options.signed))
    with place.client() as client:
        change = client.keys.submit(jws, wait_secs=place.options.wait)
    place.tell(change, *change_lines(change))


def _given_previous(place: Workplace, path: Path) -> bytes | None:
    """Return the previous keyset: the named file, else the one beside the proposal."""
    if place.options.previous:
        return read_proposal(Path(place.options.previous))
    beside = previous_place(path)
    return read_proposal(beside) if beside.exists() else None


def _roots_at_hand(place: Workplace, previous: bytes | None) -> tuple[RootsAtHand, bytes | None]:
    """Return the roots of the named files, else of this home; of a home also the previous keyset, if needed."""
    next_root = None
    if place.options.next_root:
        with next_root_passphrase(place) as passphrase:
            next_root = open_root(Path(place.options.next_root), passphrase).root
    ring = given_root(place)
    if ring is not None:
        return RootsAtHand(ring.root, ring.next_root, next_root), previous
    if next_root is not None and not Home(place.home).key_file.exists():
        return RootsAtHand(next_root=next_root), previous
    with place.client() as client:
        root, announced = client.keys.root_at_hand()
        return RootsAtHand(root, announced, next_root), previous or _kept_previous(client)


def _kept_previous(client: Client) -> bytes | None:
    try:
        return client.keys.standing()
    except StateAbsentError:
        return None


def _renewal(place: Workplace, client: Client) -> Proposal:
    return client.keys.propose_renewal(lowest=place.options.lowest)


def _rotation(place: Workplace, client: Client) -> Proposal:
    use, suite = place.options.use, place.options.suite
    return client.keys.propose_rotation(
        uses=USES if use == "both" else (use,),
        suites=SUITES if suite == "both" else (suite,) if suite else (),
    )


def _retirement(place: Workplace, client: Client) -> Proposal:
    return client.keys.propose_retirement(place.options.kid)


def _revocation(place: Workplace, client: Client) -> Proposal:
    options = place.options
    since = None if options.since is None else read_past(options.since, now=place.now)
    return client.keys.propose_revocation(options.kid, code=options.code, since=since, force=options.force)


def _root_change(place: Workplace, client: Client) -> Proposal:
    return client.keys.propose_root_change(_public(place), announce=place.options.announce)


def _recovery(place: Workplace, client: Client) -> Proposal:
    return client.keys.propose_recovery(_public(place), announce=place.options.announce)


def _first(place: Workplace, client: Client) -> Proposal:
    return client.keys.propose_first(place.options.agency, _public(place), lowest=place.options.lowest)


def _public(place: Workplace) -> PublicRoot:
    return read_public_root(Path(place.options.public))


PROPOSALS: Final[dict[str, Callable[[Workplace, Client], Proposal]]] = {
    "renew": _renewal,
    "rotate": _rotation,
    "retire": _retirement,
    "revoke": _revocation,
    "change-root": _root_change,
    "recover-root": _recovery,
    "first": _first,
}
