# SPDX-License-Identifier: Apache-2.0
"""Lanes at the terminal: suspend, resume, suspensions, may-send."""

from __future__ import annotations

from dataclasses import asdict

from accord.calls.answers import PreviewAnswer
from accord.cli.asking import confirm
from accord.cli.showing import moment, plain, print_json, print_table
from accord.cli.workplace import Workplace


def suspend(place: Workplace) -> None:
    """Suspend lanes with other agencies."""
    options = place.options
    lanes, agencies = ", ".join(options.lane), ", ".join(options.agency)
    confirm(
        f"Suspend {lanes} with {agencies}, in every agreement with them? Flow stops both ways; nothing is deleted.",
        said_yes=options.yes,
    )
    with place.client() as client:
        stated = client.suspend(
            options.agency, options.lane, why=options.why, officer=options.officer, wait_secs=options.wait
        )
    place.tell(stated, f"Suspended: {lanes} with {agencies}", f"statement {stated.od}")


def resume(place: Workplace) -> None:
    """Resume lanes that the own agency has suspended."""
    options = place.options
    with place.client() as client:
        stated = client.resume(options.agency, options.lane, officer=options.officer, wait_secs=options.wait)
    lanes, agencies = ", ".join(options.lane), ", ".join(options.agency)
    place.tell(
        stated,
        f"Resumed: {lanes} with {agencies}. What they have suspended stays so.",
        f"statement {stated.od}",
    )


def suspensions(place: Workplace) -> None:
    """List every suspension of a lane between the own agency and another."""
    with place.client() as client:
        found = client.suspensions()
    if place.options.json:
        print_json([asdict(one) for one in found])
        return
    rows = [
        (
            one.lane,
            one.agency,
            one.peer,
            moment(one.since),
            "-" if one.until is None else moment(one.until),
            plain(one.why or "-"),
        )
        for one in found
    ]
    print_table(
        ("lane", "suspended by", "with", "since", "until", "reason"),
        rows,
        empty="No lane is or was suspended between your agency and another, as far as this home knows.",
    )


def may_send(place: Workplace) -> None:
    """Tell whom something with these terms may be sent to now, and why not the others."""
    options = place.options
    with place.client() as client:
        found = client.may_send(
            options.agency, lane=options.lane, purpose=options.purpose, tlp=options.tlp, pri=options.pri
        )
    if options.json:
        print_json([asdict(one) for one in found])
        return
    rows = [(one.agency, "yes" if one.allowed else "no", one.code or "-", _named(one)) for one in found]
    print_table(("agency", "may send", "why not", "about"), rows, empty="No other agency takes part yet.")


def _named(one: PreviewAnswer) -> str:
    """Return what an answer names, as `ref G1; tlp AMBER`."""
    args = (
        (name, value if isinstance(value, str) else ", ".join(value) or "none")
        for name, value in one.args.items()
    )
    return "; ".join(f"{name} {value}" for name, value in args if name != "name") or "-"
