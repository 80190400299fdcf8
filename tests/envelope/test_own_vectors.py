# SPDX-License-Identifier: Apache-2.0
"""Our own vectors, kept for the life of the profile: what opened once opens for ever, and nothing else."""

import json
from pathlib import Path
from typing import Any

import pytest

from accord.envelope.blobs import measure_blob
from accord.envelope.content import OpenedAlert
from accord.envelope.encoding import unb64u
from accord.envelope.errors import MalformedError, OpeningError, VerificationError
from accord.envelope.keysets import Keyset, Revocation, verify_keyset
from accord.envelope.private import DecryptionKey
from accord.envelope.reading import open_alert
from accord.envelope.tree.notes import VerifierKey
from accord.envelope.unseal import open_attachment
from accord.envelope.verifying import Ledger, verify_slice

VECTORS = json.loads((Path(__file__).parent.parent / "vectors" / "envelope_v1.json").read_text("utf-8"))


class Directory:
    """The keysets of the vectors."""

    def __init__(self) -> None:
        self._keysets = {
            agency: verify_keyset(
                stored["keyset"].encode(),
                pinned=stored["root"],
                strict=True,
                log_time=stored["keyset_logged_at"],
            )
            for agency, stored in VECTORS["agencies"].items()
        }

    def keyset(self, agency: str) -> Keyset | None:
        return self._keysets.get(agency)

    def keyset_logged_before(self, agency: str, log_time: int) -> Keyset | None:
        return self._keysets.get(agency)

    def revocations(self, agency: str) -> list[Revocation]:
        return []


def keys_of(agency: str) -> dict[str, DecryptionKey]:
    stored = VECTORS["agencies"][agency]["private"]
    keys = [DecryptionKey.from_bytes(item["alg"], unb64u(item["stored"])) for item in stored]
    return {key.public.kid: key for key in keys}


def outcome(case: dict[str, Any]) -> dict[str, Any]:
    """What a reader makes of a case, as the vectors state it."""
    blobs = [unb64u(blob) for blob in case["blobs"]]
    ledger = Ledger(keys=[VerifierKey.parse(VECTORS["ledger"])])
    try:
        verified = verify_slice(
            case["slice"].encode(),
            reader=case["reader"],
            directory=Directory(),
            ledger=ledger,
            now=VECTORS["now"],
        )
    except VerificationError as refused:
        return {"verifying": str(refused.failure)}
    except MalformedError:
        return {"verifying": "malformed"}
    try:
        opened = open_alert(
            verified,
            keys=keys_of(case["reader"]),
            blobs=[measure_blob(blob) for blob in blobs],
            seen=lambda iss, jti: None,
            now=VECTORS["now"],
        )
    except OpeningError as closed:
        return {"opening": str(closed.cause)}
    return {"alert": opened.alert, "files": files_of(opened, blobs)}


def files_of(opened: OpenedAlert, blobs: list[bytes]) -> dict[str, bytes]:
    return {
        file.fn: open_attachment(file, opened.manifest.jti, blob)
        for file, blob in zip(opened.attachments, blobs, strict=True)
    }


@pytest.mark.parametrize("case", VECTORS["cases"], ids=lambda case: f"{case['suite']} {case['name']}")
def test_reader_makes_of_it(case: dict[str, Any]) -> None:
    expected = case["expect"]
    if "files" in expected:
        expected = expected | {"files": {name: unb64u(file) for name, file in expected["files"].items()}}
    assert outcome(case) == expected
