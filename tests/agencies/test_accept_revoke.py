# SPDX-License-Identifier: Apache-2.0
"""A revocation: the root alone may sign it, it blocks at once and counts from its log time."""

from datetime import timedelta
from pathlib import Path

import pytest

from accord.envelope.errors import Failure, VerificationError
from accord.envelope.private import Root
from accord.envelope.statements.form import parse_statement
from agencies.accession import accept_revoke
from agencies.directory import DatabaseKeyDirectory, published_keyset
from agencies.models import Key, KeyState, Revocation
from callers.actors import ApiClient, SystemActor
from callers.capabilities import Capability
from callers.errors import AbsentError, NotPermittedError
from ledger.models import AuditEvent, Entry
from peers.models import Agency
from tests.agencies.world import DAY, NOW, OwnKeys, log_everything, own_agency, seconds
from tests.builders import client_with

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)
SYSTEM = ApiClient("xa-lab", "case system", "0" * 12, frozenset({Capability.STATEMENT_SUBMIT}))


@pytest.fixture
def entered() -> tuple[Agency, OwnKeys]:
    return own_agency("xa-lab")


def test_a_revocation_is_stored_and_enters_the_ledger(entered: tuple[Agency, OwnKeys]) -> None:
    _, keys = entered
    kid = keys.rows[0].kid
    stored = accept_revoke(SYSTEM, keys.revoke(kid, since=NOW - DAY), now=NOW)
    assert (stored.key_id, stored.since, stored.code) == (kid, seconds(NOW - DAY), "stolen")
    entry = Entry.objects.get(od=stored.od)
    assert (entry.kind, entry.agency) == ("revoke", "xa-lab")
    assert Key.objects.get(pk=kid).st == KeyState.REVOKED
    assert AuditEvent.objects.get(act="key.revoked").subject == kid


def test_the_same_revocation_again_gives_the_same_row(entered: tuple[Agency, OwnKeys]) -> None:
    signed = entered[1].revoke(entered[1].rows[0].kid, since=NOW)
    first = accept_revoke(SYSTEM, signed, now=NOW)
    assert accept_revoke(SYSTEM, signed, now=NOW + 3 * DAY) == first
    assert Revocation.objects.count() == 1


def test_an_id_is_used_once(entered: tuple[Agency, OwnKeys]) -> None:
    keys = entered[1]
    first = keys.revoke(keys.rows[0].kid, since=NOW)
    same_id = parse_statement(first).statement.id
    accept_revoke(SYSTEM, first, now=NOW)
    for kid in (keys.rows[0].kid, keys.rows[1].kid):
        assert refusal(keys.revoke(kid, since=NOW - HOUR, id=same_id)) == Failure.REPLAY
    assert Revocation.objects.count() == 1
    _, others = own_agency("xb-health")
    theirs = ApiClient("xb-health", "case system", "0" * 12, frozenset({Capability.STATEMENT_SUBMIT}))
    # An id belongs to one agency; another agency may use the same.
    accepted = accept_revoke(theirs, others.revoke(others.rows[0].kid, since=NOW, id=same_id), now=NOW)
    assert accepted.agency_id == "xb-health"


def test_an_earlier_since_holds(entered: tuple[Agency, OwnKeys]) -> None:
    kid = entered[1].rows[0].kid
    for since in (NOW - HOUR, NOW - DAY, NOW - 2 * HOUR):
        accept_revoke(SYSTEM, entered[1].revoke(kid, since=since), now=NOW)
    assert Key.objects.get(pk=kid).since == seconds(NOW - DAY)


def test_the_key_is_blocked_before_the_ledger_has_logged_it(
    entered: tuple[Agency, OwnKeys], tmp_path: Path
) -> None:
    kid = entered[1].rows[0].kid
    log_everything(tmp_path, now=NOW)
    accept_revoke(SYSTEM, entered[1].revoke(kid, since=NOW - HOUR), now=NOW)
    directory = DatabaseKeyDirectory(NOW)
    assert kid in directory.suspended_kids("xa-lab")
    assert directory.revocations("xa-lab") == ()


def test_once_logged_the_revocation_is_published_with_its_log_time(
    entered: tuple[Agency, OwnKeys], tmp_path: Path
) -> None:
    _, keys = entered
    kid, signed = keys.rows[0].kid, keys.revoke(keys.rows[0].kid, since=NOW - HOUR)
    accept_revoke(SYSTEM, signed, now=NOW)
    log_everything(tmp_path, now=NOW + HOUR)
    (said,) = DatabaseKeyDirectory(NOW + HOUR).revocations("xa-lab")
    assert (said.kid, said.since, said.log_time) == (kid, seconds(NOW - HOUR), seconds(NOW + HOUR))
    ((statement, receipt),) = published_keyset(
        client_with("xa-lab", "reader"), "xa-lab", now=NOW + HOUR
    ).revokes
    assert statement == signed
    assert receipt["leaf"]["k"] == "revoke"


def test_nobody_but_the_root_revokes(entered: tuple[Agency, OwnKeys]) -> None:
    forged = entered[1].revoke(entered[1].rows[0].kid, since=NOW, signer=Root.generate().signer)
    assert refusal(forged) == Failure.SIGNERS
    assert not Revocation.objects.exists()
    assert AuditEvent.objects.get(act="key.revoke_refused").detail == {"code": "signers-differ"}


def test_an_agency_revokes_its_own_keys_only_and_now(entered: tuple[Agency, OwnKeys]) -> None:
    _, keys = entered
    _, others = own_agency("xb-health")
    assert refusal(keys.revoke(others.rows[0].kid, since=NOW)) == Failure.KEY_UNKNOWN
    assert refusal(others.revoke(others.rows[0].kid, since=NOW)) == Failure.ISSUER
    old = keys.revoke(keys.rows[0].kid, since=NOW - 3 * DAY, now=NOW - 2 * DAY)
    assert refusal(old) == Failure.STALE


def test_who_has_no_keys_in_their_charge_revokes_none(entered: tuple[Agency, OwnKeys]) -> None:
    _, keys = entered
    for role in ("reader", "releaser", "agency_admin"):
        with pytest.raises(NotPermittedError):
            accept_revoke(client_with("xa-lab", role), keys.revoke(keys.rows[0].kid, since=NOW), now=NOW)
    nobody = SystemActor("test", None, frozenset(Capability))
    with pytest.raises(AbsentError):
        accept_revoke(nobody, keys.revoke(keys.rows[0].kid, since=NOW), now=NOW)


def refusal(jws: bytes) -> Failure:
    with pytest.raises(VerificationError) as refused:
        accept_revoke(SYSTEM, jws, now=NOW)
    return refused.value.failure
