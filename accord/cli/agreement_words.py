# SPDX-License-Identifier: Apache-2.0
"""Versions of agreements at the terminal: terms, who signed them, and whether the text is the one that was signed."""

from __future__ import annotations

from typing import Final

from accord.agreement_texts import TextState
from accord.cli.showing import moment, plain, print_agreement_text
from accord.client.agreement_texts import ReadText

SAID: Final = {
    TextState.NONE: "This version has no text.",
    TextState.HERE: "The text is the one that was signed with these terms.",
    TextState.MISSING: "! The text is missing. It comes after the proposal; until then it cannot be accepted.",
    TextState.DIFFERS: "! The text that came is not the one that was signed. Refuse it, and call the agency that proposed it.",
    TextState.UNREADABLE: "! The text cannot be read. Refuse it, and call the agency that proposed it.",
}


def print_version(read: ReadText) -> None:
    """Print the terms of a version, then its text."""
    version = read.version
    body = version.body
    print(f"{plain(version.ref)}, version {body['ver']}, proposed by {version.statement.iss}")
    print(f"od {version.od}")
    for label, words in (
        ("parties", body["parties"]),
        ("lanes", body["lanes"]),
        ("purposes", body["purposes"]),
        ("survives a suspension", body["survive"]["lanes"]),
        ("accepted by", sorted(version.accepted)),
        ("refused by", sorted(version.refused)),
        ("left by", sorted(version.left)),
    ):
        print(f"{label}: {' '.join(words) or '-'}")
    print(f"up to TLP:{body['tlp']}, from {moment(body['nbf'])} until {moment(version.until)}")
    print()
    print(SAID[read.text.state])
    if read.text.document is not None:
        print()
        print_agreement_text(read.text.document)
