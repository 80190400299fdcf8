# SPDX-License-Identifier: Apache-2.0
"""Entries are handed in together with the object that they prove, or not at all."""

from typing import Any

import pytest
from django.db import connection, transaction

from accord.envelope.encoding import object_digest
from ledger.entries import append_entry
from ledger.errors import EntryExistsError, EntryRefusedError, NotAtomicError
from ledger.models import Entry, PendingEntry
from tests.ledger.bench import NOW, Bench

OD = object_digest("test", b"something")


class UndoneError(Exception):
    """The failure of the caller's transaction."""


@pytest.mark.django_db
def test_an_entry_waits_for_its_leaf() -> None:
    with transaction.atomic():
        entry = append_entry(OD, now=NOW)
    waiting = PendingEntry.objects.get()
    assert (waiting.entry_id, waiting.od, waiting.kind, waiting.agency) == (entry.id, OD, "x", "")
    assert Entry.objects.get() == entry
    assert entry.created_at == NOW


@pytest.mark.django_db
def test_an_entry_is_undone_with_its_transaction() -> None:
    with pytest.raises(UndoneError), transaction.atomic():
        append_entry(OD, now=NOW)
        raise UndoneError
    assert not Entry.objects.exists()
    assert not PendingEntry.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_an_entry_without_a_transaction_is_refused() -> None:
    with pytest.raises(NotAtomicError):
        append_entry(OD, now=NOW)
    assert not Entry.objects.exists()


@pytest.mark.django_db
def test_a_digest_has_one_entry() -> None:
    with transaction.atomic():
        append_entry(OD, now=NOW)
    with pytest.raises(EntryExistsError), transaction.atomic():
        append_entry(OD, now=NOW)
    assert Entry.objects.count() == PendingEntry.objects.count() == 1


@pytest.mark.parametrize("kind", ["keyset", "revoke"])
def test_keysets_and_revocations_name_their_agency(bench: Bench, kind: str) -> None:
    with transaction.atomic():
        append_entry(OD, kind=kind, agency="xa-lab", now=NOW)
    bench.batch()
    assert [(entry.kind, entry.agency) for entry in bench.published[0]] == [(kind, "xa-lab")]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("od", "terms"),
    [
        pytest.param(OD[:-1], {}, id="a short digest"),
        pytest.param(OD[:-1] + "+", {}, id="another alphabet"),
        pytest.param(OD + "\n", {}, id="a line end behind the digest"),
        pytest.param(OD, {"kind": "alert"}, id="an unknown kind"),
        pytest.param(OD, {"kind": "keyset"}, id="a keyset of nobody"),
        pytest.param(OD, {"agency": "xa-lab"}, id="an agency where none belongs"),
        pytest.param(OD, {"kind": "keyset", "agency": ""}, id="an empty agency"),
        pytest.param(OD, {"kind": "keyset", "agency": "XA"}, id="an agency that is none"),
    ],
)
def test_an_entry_of_another_shape_is_refused(od: str, terms: dict[str, Any]) -> None:
    with transaction.atomic(), pytest.raises(EntryRefusedError):
        append_entry(od, now=NOW, **terms)
    assert not Entry.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_handing_in_waits_for_no_other_transaction(bench: Bench) -> None:
    with connection.copy().cursor() as other:
        other.execute("BEGIN")
        other.execute(
            "INSERT INTO ledger_entry (id, od, kind, agency, is_audit, created_at)"
            " VALUES (gen_random_uuid(), %s, 'x', '', false, now())",
            [OD],
        )
        other.execute("SET lock_timeout = '5s'")
        assert bench.log(3)
        assert len(bench.published[0]) == 3
        other.execute("ROLLBACK")
        other.connection.close()
