# SPDX-License-Identifier: Apache-2.0
"""The vault opens exactly those cases of the envelope's test kit that the kit lets open."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pytest_django import Settings

from accord.envelope.encoding import b64u, unb64u
from accord.envelope.errors import Failure, MalformedError, OpeningError, VerificationError
from accord.envelope.keysets import verify_keyset
from accord.envelope.verifying import Ledger
from agencies.directory import DatabaseKeyDirectory
from agencies.models import Agency as Entry
from agencies.registry import NewKeyset, register_keyset
from callers.actors import SystemActor
from callers.directory import Custody
from ledger.pins import pinned_keys
from tests.agencies.world import NOW as LATER
from tests.agencies.world import OPERATOR, admit, log_everything
from tests.envelope.kit.cases import Case, load, plain_opening_cases
from tests.envelope.kit.seeds import BRAVO, decryption_key_from_jwk
from vault import services
from vault.wrapped_keys import ensure_secret, keep_private_keys

pytestmark = pytest.mark.django_db
WORKER = SystemActor("desk-worker", BRAVO)
CASES = plain_opening_cases(BRAVO)
# The vault opens no RED alert, whatever the envelope says, because the hub could read it.
RED = "RED, named officers"


@pytest.fixture
def kit_agencies(settings: Settings, tmp_path: Path) -> None:
    """The kit's agencies as rows; bravo is hosted, and its keys are in the vault."""
    kit = load("agencies")
    (settings.LEDGER_VKEY,) = kit["ledger"]
    for name, stored in kit["agencies"].items():
        logged_at = datetime.fromtimestamp(stored["keyset_logged_at"], UTC)
        agency = admit(name, fingerprint=stored["root"], now=logged_at)
        jws = stored["keyset"].encode()
        keyset = verify_keyset(jws, pinned=stored["root"], strict=True)
        register_keyset(
            OPERATOR, Entry.objects.get(pk=name), NewKeyset(keyset, jws, keyset.rows), now=logged_at
        )
        if name == BRAVO:
            agency.refresh_from_db()
            agency.custody = Custody.HUB
            agency.save(update_fields=["custody"])
            keys = [decryption_key_from_jwk(jwk) for jwk in stored["decryption"]]
            keep_private_keys(name, ensure_secret(name, now=logged_at), [(key, "enc") for key in keys])
    log_everything(tmp_path, now=logged_at)
    assert logged_at < LATER + timedelta(days=30)


def outcome(case: Case) -> dict[str, Any]:
    blobs = [unb64u(blob) for blob in case.given["blobs"]]
    now = datetime.fromtimestamp(case.given["now"], UTC)
    octets = case.given["slice"].encode()
    try:
        opened = services.open_envelope(
            WORKER,
            octets,
            reason="vectors",
            blobs=blobs,
            peers=DatabaseKeyDirectory(now),
            ledger=Ledger(pinned_keys()),
            now=now,
        )
    except OpeningError as closed:
        return {"stage": "opening", "refused": str(closed.cause)}
    except VerificationError as refused:
        return {"stage": "verifying", "refused": str(refused.failure)}
    except MalformedError as malformed:
        return {"stage": "verifying", "refused": malformed.code}
    files = {
        file.fn: b64u(services.open_attachment(opened, file.n, blob))
        for file, blob in zip(opened.attachments, blobs, strict=True)
    }
    return {"md": opened.manifest.md, "alert": opened.alert, "files": files, "late": opened.late}


def expected(case: Case) -> dict[str, Any]:
    if case.name == RED:
        return {"stage": "verifying", "refused": str(Failure.RED_CUSTODY)}
    if "ok" not in case.expect:
        return case.expect
    return {name: case.expect["ok"][name] for name in ("md", "alert", "files", "late")}


def test_the_vaults_door_makes_of_every_slice_what_the_kit_says(kit_agencies: None) -> None:
    found = {str(case): outcome(case) for case in CASES}
    assert found == {str(case): expected(case) for case in CASES}
    assert len(CASES) > 40
    assert sum("alert" in said for said in found.values()) > 5
