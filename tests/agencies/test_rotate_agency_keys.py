# SPDX-License-Identifier: Apache-2.0
"""Keys whose root is in the vault: rotated, retired and revoked, and their root changed and recovered."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from accord.envelope.keys import EC1, ENC, PQ1, SIGN
from accord.envelope.keysets import KeyRow, read_keyset
from accord.envelope.verifying import Ledger
from agencies.directory import DatabaseKeyDirectory
from agencies.models import Key, Keyset, KeyState, KeyUse
from agencies.registry import take_over_recoveries
from callers.errors import AbsentError, InputError, NotPermittedError
from ledger.models import AuditEvent
from ledger.pins import pinned_keys
from officers.models import Officer
from peers.models import Agency
from tests.agencies.sealing import carry, seal
from tests.agencies.world import (
    DAY,
    NOW,
    OPERATOR,
    admit,
    enrol,
    hosted_agency,
    log_everything,
    logged_agencies,
    seconds,
)
from vault import agency_keys, services
from vault.errors import CustodyRefusedError, RecoveryWaitsError
from vault.models import KeyStatement, VaultKey
from vault.wrapped_keys import private_keys

pytestmark = pytest.mark.django_db
LATER = NOW + 40 * DAY
HOUR = timedelta(hours=1)


@pytest.fixture
def lab(tmp_path: Path) -> Agency:
    return logged_agencies(tmp_path, "xa-lab", "xb-health")


@pytest.fixture
def officer(lab: Agency) -> Officer:
    return enrol(lab, "key_officer", "releaser")


def rows_of(statement: KeyStatement) -> dict[str, KeyRow]:
    return {row.kid: row for row in statement.keyset.rows}


def kids_of(agency: str, use: str, st: str = "current") -> set[str]:
    return set(Key.objects.filter(agency=agency, use=use, st=st).values_list("kid", flat=True))


def test_rotation_draws_new_keys_and_the_old_ones_retire_for_thirty_days(
    lab: Agency, officer: Officer
) -> None:
    before = kids_of("xa-lab", SIGN) | kids_of("xa-lab", ENC)
    rotated = agency_keys.rotate_agency_keys(officer, lab, now=LATER)
    rows = rows_of(rotated)
    assert before < rows.keys() and len(rows) == 2 * len(before)
    for kid, row in rows.items():
        expected = (
            ("retiring", seconds(LATER + 30 * DAY))
            if kid in before
            else ("current", seconds(LATER + 365 * DAY))
        )
        assert (row.st, row.exp) == expected
    assert len(private_keys("xa-lab", list(rows))) == len(rows)
    event = AuditEvent.objects.get(act="agency.keys_rotated")
    assert (event.actor, event.agency, event.subject) == (officer.audit_name, "xa-lab", rotated.od)
    assert event.detail == {"version": 2, "uses": ["enc", "sign"]}


@pytest.mark.parametrize("use", [SIGN, ENC])
def test_one_use_may_be_rotated_alone(lab: Agency, officer: Officer, use: str) -> None:
    other = ENC if use == SIGN else SIGN
    kept, replaced = kids_of("xa-lab", other), kids_of("xa-lab", use)
    agency_keys.rotate_agency_keys(officer, lab, uses=[use], now=LATER)
    assert kids_of("xa-lab", other) == kept
    assert kids_of("xa-lab", use, "retiring") == replaced
    assert len(kids_of("xa-lab", use)) == len(replaced)


def test_rotation_may_add_a_suite(tmp_path: Path) -> None:
    agency = hosted_agency("xf-border", suites=[EC1])
    log_everything(tmp_path, now=NOW)
    agency_keys.rotate_agency_keys(enrol(agency, "key_officer"), agency, suites=[PQ1, EC1], now=LATER)
    log_everything(tmp_path, now=LATER)
    for suite in (PQ1, EC1):
        assert "xf-border" in DatabaseKeyDirectory(LATER).recipient_keys(["xf-border"], suite, seconds(LATER))


WRONG: dict[str, dict[str, Any]] = {
    "no use": {"uses": []},
    "an unknown use": {"uses": ["root"]},
    "no suite": {"suites": []},
    "an unknown suite": {"suites": ["PQ2"]},
    "a suite twice": {"suites": ["PQ1", "PQ1"]},
    "encryption below its own lowest suite": {"uses": [ENC], "suites": ["EC1"]},
    "signing below its own lowest suite": {"uses": [SIGN], "suites": ["EC1"]},
}


def test_a_rotation_of_nothing_is_refused(lab: Agency, officer: Officer, subtests: pytest.Subtests) -> None:
    for sentence, terms in WRONG.items():
        with subtests.test(sentence):
            with pytest.raises(InputError) as refused:
                agency_keys.rotate_agency_keys(officer, lab, now=LATER, **terms)
            assert refused.value.field == list(terms)[-1]
            assert Keyset.objects.filter(agency_id=lab.pk).count() == 1


def test_what_was_sealed_before_a_rotation_opens_after_it_and_after_the_overlap(
    lab: Agency, officer: Officer, tmp_path: Path
) -> None:
    health = Agency.objects.get(pk="xb-health")
    carried = carry(seal(officer, ["xb-health"]), tmp_path)
    agency_keys.rotate_agency_keys(enrol(health, "key_officer"), health, now=NOW + HOUR)
    agency_keys.rotate_agency_keys(officer, lab, now=NOW + HOUR)
    log_everything(tmp_path, now=NOW + HOUR)
    reader = enrol(health, "reader")
    for moment in (NOW + 2 * HOUR, NOW + 45 * DAY):
        opened = services.open_envelope(
            reader,
            carried.slice_for("xb-health"),
            reason="on duty",
            blobs=carried.envelope.blobs,
            peers=DatabaseKeyDirectory(moment),
            ledger=Ledger(pinned_keys()),
            now=moment,
        )
        assert opened.alert["title"] == "Blue tablets"


def test_after_a_rotation_the_new_keys_sign_and_are_sealed_to(
    lab: Agency, officer: Officer, tmp_path: Path
) -> None:
    agency_keys.rotate_agency_keys(officer, lab, now=NOW + HOUR)
    log_everything(tmp_path, now=NOW + HOUR)
    after = NOW + 2 * HOUR
    carried = carry(seal(officer, ["xb-health"], now=after), tmp_path, now=after)
    assert set(carried.verified.manifest.signers) == kids_of("xa-lab", SIGN)
    own = next(entry for entry in carried.verified.entries if entry.agency == "xa-lab")
    assert own.kid in kids_of("xa-lab", ENC)


def test_the_next_keyset_says_which_keys_have_ended(lab: Agency, officer: Officer, tmp_path: Path) -> None:
    old = kids_of("xa-lab", SIGN) | kids_of("xa-lab", ENC)
    agency_keys.rotate_agency_keys(officer, lab, now=NOW + DAY)
    log_everything(tmp_path, now=NOW + DAY)
    renewed = agency_keys.renew_agency_keys(officer, lab, now=NOW + 32 * DAY)
    assert {row.kid for row in rows_of(renewed).values() if row.st == "retired"} == old


# Retiring a key.


def test_a_key_that_is_not_the_last_of_its_kind_is_retired(
    lab: Agency, officer: Officer, tmp_path: Path
) -> None:
    kid = Key.objects.get(agency_id=lab.pk, use=ENC, suites__contains=["EC1"]).pk
    retired = agency_keys.retire_agency_key(officer, lab, kid=kid, now=LATER)
    assert (rows_of(retired)[kid].st, rows_of(retired)[kid].exp) == ("retired", seconds(LATER))
    log_everything(tmp_path, now=LATER)
    directory = DatabaseKeyDirectory(LATER)
    assert directory.recipient_keys(["xa-lab"], EC1, seconds(LATER)) == {}
    assert VaultKey.objects.filter(pk=kid).exists()
    with pytest.raises(InputError):
        agency_keys.retire_agency_key(officer, lab, kid=kid, now=LATER)


def test_what_a_retired_key_has_signed_may_still_reach_the_ledger(lab: Agency, officer: Officer) -> None:
    """Intake refuses new submissions signed by it; one taken before counts by the time at which it is logged."""
    old = kids_of("xa-lab", SIGN).pop()
    agency_keys.rotate_agency_keys(officer, lab, uses=[SIGN], now=LATER)
    row = rows_of(agency_keys.retire_agency_key(officer, lab, kid=old, now=LATER + HOUR))[old]
    assert (row.st, row.exp) == ("retired", seconds(LATER + 2 * HOUR))


def test_the_last_key_of_its_kind_is_not_retired(lab: Agency, officer: Officer) -> None:
    for kid in kids_of("xa-lab", SIGN):
        with pytest.raises(InputError):
            agency_keys.retire_agency_key(officer, lab, kid=kid, now=LATER)
    assert Keyset.objects.filter(agency_id=lab.pk).count() == 1


def test_a_key_of_another_agency_is_absent(lab: Agency, officer: Officer) -> None:
    theirs = kids_of("xb-health", ENC).pop()
    with pytest.raises(AbsentError):
        agency_keys.retire_agency_key(officer, lab, kid=theirs, now=LATER)
    with pytest.raises(AbsentError):
        agency_keys.revoke_agency_key(officer, lab, kid=theirs, since=NOW, code="stolen", now=LATER)
    root = Key.objects.filter(agency_id=lab.pk, use=KeyUse.ROOT)[0].pk
    with pytest.raises(AbsentError):
        agency_keys.revoke_agency_key(officer, lab, kid=root, since=NOW, code="stolen", now=LATER)


# Revoking a key.


def test_a_key_is_revoked_by_the_root_and_the_next_keyset_says_so(
    lab: Agency, officer: Officer, tmp_path: Path
) -> None:
    kid = Key.objects.get(agency_id=lab.pk, use=SIGN, alg="Ed25519").pk
    said = agency_keys.revoke_agency_key(officer, lab, kid=kid, since=NOW + DAY, code="stolen", now=LATER)
    log_everything(tmp_path, now=LATER)
    assert (said.kid, said.detail) == (kid, {"code": "stolen", "since": seconds(NOW + DAY)})
    (statement,) = DatabaseKeyDirectory(LATER).revocations("xa-lab")
    assert (statement.kid, statement.since) == (kid, seconds(NOW + DAY))
    rotated = agency_keys.rotate_agency_keys(officer, lab, uses=[SIGN], now=LATER + HOUR)
    assert (rows_of(rotated)[kid].st, rows_of(rotated)[kid].since) == ("revoked", seconds(NOW + DAY))
    said_by = AuditEvent.objects.filter(act="key.revoked").values_list("actor", flat=True)
    assert officer.audit_name in said_by


def test_a_revocation_may_move_earlier_and_never_later(lab: Agency, officer: Officer) -> None:
    kid = kids_of("xa-lab", ENC).pop()

    def revoke(since: Any) -> Any:
        return agency_keys.revoke_agency_key(officer, lab, kid=kid, since=since, code="lost", now=LATER)

    revoke(NOW + 2 * DAY)
    for loosened in (NOW + 3 * DAY, NOW + 2 * DAY):
        with pytest.raises(InputError) as refused:
            revoke(loosened)
        assert refused.value.field == "since"
    revoke(NOW + DAY)
    assert Key.objects.get(pk=kid).since == seconds(NOW + DAY)


@pytest.mark.parametrize(
    ("field", "terms"), [("since", {"since": LATER + timedelta(seconds=1)}), ("code", {"code": "whim"})]
)
def test_a_revocation_in_the_future_or_for_no_reason_is_refused(
    lab: Agency, officer: Officer, field: str, terms: dict[str, Any]
) -> None:
    kid = kids_of("xa-lab", ENC).pop()
    good: dict[str, Any] = {"kid": kid, "since": NOW, "code": "error", "now": LATER}
    with pytest.raises(InputError) as refused:
        agency_keys.revoke_agency_key(officer, lab, **(good | terms))
    assert refused.value.field == field
    assert Key.objects.get(pk=kid).st == KeyState.CURRENT


# Changing the root.


def test_the_root_changes_to_the_announced_one_and_a_new_one_is_announced(
    lab: Agency, officer: Officer, tmp_path: Path
) -> None:
    announced = read_keyset(bytes(Keyset.objects.get(agency_id=lab.pk).jws)).nroot
    for version in (2, 3):
        changed = agency_keys.change_agency_root(officer, lab, now=NOW + version * DAY)
        log_everything(tmp_path, now=NOW + version * DAY)
        lab.refresh_from_db()
        assert (changed.keyset.version, changed.succession) == (version, "changed")
        assert lab.root_fingerprint == changed.keyset.root_fingerprint == announced
        announced = changed.keyset.nroot
    assert agency_keys.renew_agency_keys(officer, lab, now=LATER).keyset.version == 4
    assert AuditEvent.objects.filter(act="agency.root_changed").count() == 2


def test_a_lost_root_is_recovered_after_its_delay(lab: Agency, officer: Officer, tmp_path: Path) -> None:
    before = lab.root_fingerprint
    VaultKey.objects.filter(agency_id=lab.pk, use=KeyUse.ROOT, kid__in=_root_kids(lab)).delete()
    begun = agency_keys.recover_agency_root(officer, lab, now=LATER)
    log_everything(tmp_path, now=LATER)
    assert begun.succession == "recovered"
    with pytest.raises(RecoveryWaitsError):
        agency_keys.renew_agency_keys(officer, lab, now=LATER + DAY)
    lab.refresh_from_db()
    assert lab.root_fingerprint == before
    after = LATER + 3 * DAY
    assert agency_keys.rotate_agency_keys(officer, lab, now=after).keyset.version == 3
    take_over_recoveries(now=after)
    lab.refresh_from_db()
    assert lab.root_fingerprint == begun.keyset.root_fingerprint != before
    log_everything(tmp_path, now=after)
    assert agency_keys.change_agency_root(officer, lab, now=after + DAY).keyset.version == 4


def _root_kids(agency: Agency) -> list[str]:
    return [key.kid for key in read_keyset(bytes(Keyset.objects.get(agency_id=agency.pk).jws)).root]


# Permitted officers.


VERBS: dict[str, Callable[[Any, Agency], Any]] = {
    "rotate": lambda actor, agency: agency_keys.rotate_agency_keys(actor, agency, now=LATER),
    "retire": lambda actor, agency: agency_keys.retire_agency_key(actor, agency, kid="A" * 43, now=LATER),
    "revoke": lambda actor, agency: agency_keys.revoke_agency_key(
        actor, agency, kid="A" * 43, since=NOW, code="lost", now=LATER
    ),
    "change root": lambda actor, agency: agency_keys.change_agency_root(actor, agency, now=LATER),
    "recover root": lambda actor, agency: agency_keys.recover_agency_root(actor, agency, now=LATER),
    "cancel recovery": lambda actor, agency: agency_keys.cancel_root_recovery(actor, agency, now=LATER),
}


def test_a_key_officer_of_the_agency_and_nobody_else(lab: Agency, subtests: pytest.Subtests) -> None:
    for sentence, verb in VERBS.items():
        with subtests.test(sentence):
            for role in ("reader", "releaser", "agency_admin"):
                with pytest.raises(NotPermittedError):
                    verb(enrol(lab, role), lab)
            for stranger in (enrol(Agency.objects.get(pk="xb-health"), "key_officer"), OPERATOR):
                with pytest.raises(AbsentError):
                    verb(stranger, lab)


def test_only_where_the_vault_holds_the_root(lab: Agency) -> None:
    agency = admit("xd-reg", custody="hub-own-root")
    officer = enrol(agency, "key_officer")
    for verb in ("rotate", "change root", "recover root", "cancel recovery"):
        with pytest.raises(CustodyRefusedError):
            VERBS[verb](officer, agency)
