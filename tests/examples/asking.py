# SPDX-License-Identifier: Apache-2.0
"""Requests to the openers, one for each case of the test kit, and the answers that they must give."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from tests.envelope.kit.cases import Case, load, opening_cases

EXAMPLES: Final = Path(__file__).parents[2] / "docs" / "examples"
# Inputs that the openers' first lines leave out: releases, and all that a reader would have to keep.
LEFT_OUT: Final = ("kept", "met", "unreleased", "reaffirms")


def asked(suite: str | None = None) -> list[Case]:
    """The cases that the openers must open or refuse, without releases and without facts that a reader keeps."""
    return [
        case
        for case in opening_cases(suite)
        if not case.topic.startswith("releases") and not any(name in case.given for name in LEFT_OUT)
    ]


def request_of(case: Case) -> dict[str, Any]:
    """Make the request of a case in the form that every opener takes."""
    given = case.given
    kit = load("agencies")
    agencies: dict[str, Any] = given.get("agencies", kit["agencies"])
    held = [] if given.get("keyless") else agencies.get(given["reader"], {}).get("decryption", [])
    public = ("root", "keyset", "keyset_logged_at")
    return {
        "slice": given["slice"],
        "reader": given["reader"],
        "blobs": given.get("blobs", []),
        "now": given["now"],
        "ledger": given.get("ledger", kit["ledger"]),
        "agencies": {name: {part: stored[part] for part in public} for name, stored in agencies.items()},
        "decryption": held,
        "revocations": given.get("revocations", []),
    }


def expected_of(case: Case) -> dict[str, Any]:
    """The answer that an opener must give to the case."""
    if "ok" not in case.expect:
        return case.expect
    said = case.expect["ok"]
    standing = said["standing"] if isinstance(said["standing"], str) else next(iter(said["standing"]))
    return {name: said[name] for name in ("md", "alert", "files", "late")} | {"standing": standing}
