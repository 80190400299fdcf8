# SPDX-License-Identifier: Apache-2.0
"""Agreements at the terminal: list them and what is proposed, propose, accept, refuse, leave."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from accord.agreements import SignedVersion, VersionState
from accord.cli.agreement_words import print_version
from accord.cli.asking import confirm
from accord.cli.showing import moment, plain, print_json, print_table
from accord.cli.workplace import Workplace
from accord.client.client import Client
from accord.client.errors import RequestError
from accord.client.results import Stated
from accord.client.saved_alerts import save_opened

_WANTED: Final = {"show": "OD", "propose": "FILE", "accept": "OD", "refuse": "OD", "leave": "REFERENCE"}
_QUESTIONS: Final = {
    "accept": "Accept it? Your agency signs these terms.",
    "refuse": "Refuse it? The proposal is over for all its parties.",
    "leave": "Leave it? Nothing flows under it any more between your agency and the others, at once.",
}
_DONE: Final = {"propose": "Proposed", "accept": "Accepted", "refuse": "Refused", "leave": "Left"}


def agreements(place: Workplace) -> None:
    """List the own agreements, or do what the action says."""
    action, what = place.options.action, place.options.what
    if action is None:
        _list(place)
    elif action == "proposed":
        _list_proposed(place)
    elif what is None:
        raise RequestError(f"Say which: accord agreements {action} {_WANTED[action]}")
    elif action == "show":
        _show(place, what)
    else:
        _state(place, action, what)


def _show(place: Workplace, od: str) -> None:
    with place.client() as client:
        read, own = client.agreement_text(od), client.state().agency
    save = place.options.save
    if save and read.opened is None:
        raise RequestError("There is no text to be saved.")
    written = save_opened(read.opened, Path(save)) if save and read.opened else []
    if place.options.json:
        said = {"text_state": read.text.state.value, "document": read.text.document}
        print_json(_facts(read.version, own, place.clock()) | said)
        return
    print_version(read)
    for path in written:
        print(f"written: {path}")


def _state(place: Workplace, action: str, what: str) -> None:
    if action in _QUESTIONS:
        confirm(_QUESTIONS[action], said_yes=place.options.yes)
    with place.client() as client:
        stated = _stated(client, place, action, what)
    place.tell(stated, f"{_DONE[action]}: {plain(what)}", f"statement {stated.od}")


def _stated(client: Client, place: Workplace, action: str, what: str) -> Stated:
    said: dict[str, Any] = {"officer": place.options.officer, "wait_secs": place.options.wait}
    if action == "propose":
        return client.propose_agreement(_read_terms(what), **said)
    if action == "leave":
        return client.leave_agreement(what, **said)
    return client.answer_agreement(what, st=action, **said)


def _read_terms(path: str) -> dict[str, Any]:
    try:
        terms = json.loads(Path(path).read_text("utf-8"))
    except (OSError, ValueError) as wrong:
        raise RequestError(f"{path}: no JSON file that can be read.") from wrong
    if not isinstance(terms, dict):
        raise RequestError(f"{path}: an object with the terms.")
    return terms


def _list(place: Workplace) -> None:
    with place.client() as client:
        found = client.agreements()
    if place.options.json:
        print_json([asdict(agreement) for agreement in found])
        return
    heads = ("agreement", "title", "parties", "lanes", "purposes", "up to", "until", "signed")
    rows = [
        (
            row.ref,
            row.title,
            " ".join(row.parties),
            " ".join(row.lanes),
            " ".join(row.purposes) or "every",
            f"TLP:{row.ceiling}",
            row.until or "-",
            "by its parties" if row.od else "no: recorded by the operator",
        )
        for row in found
    ]
    print_table(
        heads, rows, empty="Your agency has no agreement yet: propose one, or ask the hub's operator."
    )


def _list_proposed(place: Workplace) -> None:
    with place.client() as client:
        now, own = place.clock(), client.state().agency
        found = [one for one in client.agreement_versions() if one.state(now) == VersionState.PROPOSED]
    if place.options.json:
        print_json([_facts(one, own, now) for one in found])
        return
    rows = [
        (
            one.ref,
            str(one.body["ver"]),
            " ".join(one.body["parties"]),
            " ".join(one.body["lanes"]),
            f"TLP:{one.body['tlp']}",
            moment(one.until),
            "your agency" if one.waits_for(own, now) else "others",
            one.od,
        )
        for one in found
    ]
    heads = ("agreement", "version", "parties", "lanes", "up to", "until", "waits for", "od")
    print_table(heads, rows, empty="Nothing is proposed.")


def _facts(one: SignedVersion, own: str, now: int) -> dict[str, Any]:
    return {
        **one.body,
        "od": one.od,
        "until": one.until,
        "accepted": sorted(one.accepted),
        "waits": one.waits_for(own, now),
    }
