# SPDX-License-Identifier: Apache-2.0
"""After a restore, nothing from the backup lets anybody in, and each agency reviews it before sign-in opens."""

from datetime import timedelta

import pytest
from django.db import connection

from callers.actors import SystemActor
from callers.errors import AbsentError, InputError, NotPermittedError
from ledger.models import AuditEvent, Restore
from ledger.restores import DELETED, note_deleted, predates_restore, record_restore
from officers.accountlinks import digest_of, find_link, issue_link
from officers.accounts import change_roles, enrol_keeper, enrol_officer
from officers.deciding import apply_due_change
from officers.expiring_rows import AccountLink
from officers.invitations import invited_of
from officers.login.attempts import FactorSource
from officers.login.errors import ProofRefusedError
from officers.login.factors import (
    add_totp,
    check_code,
    draw_totp_secret,
    factors_of,
    first_recovery_codes,
    renew_recovery_codes,
)
from officers.models import Officer, PowerChange, RestoreReview
from officers.powers import told_of
from officers.restores import SECTIONS, agencies_in_review, closed_sign_in, restore_in_review, review_restore
from officers.session_rows import Proof
from peers.models import Agency
from tests.agencies.world import DAY, NOW, OPERATOR, PASSWORD, admit, enrol
from tests.entries import have_released
from tests.pages.one_time_codes import code_of

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)
LATER = NOW + HOUR
AGENCIES = ["xa-lab"]


@pytest.fixture
def agency() -> Agency:
    return admit("xa-lab")


@pytest.fixture
def admin(agency: Agency) -> Officer:
    first = enrol_officer(
        OPERATOR,
        agency,
        email="ada@xa-lab.example",
        full_name="Ada Admin",
        roles=["agency_admin"],
        password=PASSWORD,
        now=NOW,
    )
    return Officer.objects.select_related("agency").get(pk=first.pk)


@pytest.fixture
def reader(agency: Agency, admin: Officer) -> Officer:
    return enrol(agency, "reader", password=PASSWORD)


def restore(*, deleted: bool = True) -> Restore:
    row = record_restore(AGENCIES, backup_at=NOW + timedelta(minutes=30), now=LATER)
    if deleted:
        for part in DELETED:
            note_deleted(part, row, now=LATER)
    return row


def test_without_a_restore_nothing_is_closed_and_nothing_to_go_through(
    agency: Agency, admin: Officer, reader: Officer
) -> None:
    assert closed_sign_in(admin) is None
    assert closed_sign_in(reader) is None
    with pytest.raises(InputError, match="Nothing waits"):
        review_restore(admin, restored_at=LATER, confirmed=SECTIONS, now=LATER)


def test_until_an_admin_has_gone_through_it_only_admins_sign_in(admin: Officer, reader: Officer) -> None:
    row = restore()
    closed = closed_sign_in(reader)
    assert closed is not None
    assert (closed.restore, closed.admins, closed.is_admin) == (row, (admin,), False)
    assert closed_sign_in(admin) is None
    review_restore(admin, restored_at=LATER, confirmed=SECTIONS, now=LATER + HOUR)
    assert closed_sign_in(reader) is None
    record_restore(AGENCIES, backup_at=None, now=LATER + DAY)
    assert closed_sign_in(reader) is not None
    with pytest.raises(InputError) as refused:
        review_restore(admin, restored_at=LATER, confirmed=SECTIONS, now=LATER + DAY)
    assert refused.value.field == "restored_at"


def test_nobody_of_an_agency_signs_in_before_what_is_past_its_time_is_deleted(
    admin: Officer, reader: Officer
) -> None:
    row = restore(deleted=False)
    note_deleted("contents_deleted_at", row, now=LATER)
    closed = closed_sign_in(admin)
    assert closed is not None
    assert closed.is_admin
    note_deleted("cards_deleted_at", row, now=LATER)
    assert closed_sign_in(admin) is None
    assert closed_sign_in(reader) is not None


def test_operators_and_agencies_that_came_later_are_not_closed(admin: Officer) -> None:
    restore(deleted=False)
    operator = enrol_keeper(OPERATOR, email="noor@hub.example", full_name="Noor", password=PASSWORD, now=NOW)
    late = enrol(admit("xb-new", now=LATER + HOUR), "agency_admin", now=LATER + HOUR)
    assert closed_sign_in(operator) is None
    assert closed_sign_in(late) is None
    assert [row.pk for row in agencies_in_review()] == ["xa-lab"]


def test_each_section_is_confirmed_by_itself(admin: Officer) -> None:
    restore()
    for left_out in SECTIONS:
        with pytest.raises(InputError) as refused:
            review_restore(admin, restored_at=LATER, confirmed=set(SECTIONS) - {left_out}, now=LATER)
        assert refused.value.field == left_out
    assert not RestoreReview.objects.exists()


def test_only_an_admin_goes_through_it_and_for_the_own_agency(admin: Officer, reader: Officer) -> None:
    restore()
    stranger = enrol(admit("xb-other"), "reader", password=PASSWORD)
    with pytest.raises(NotPermittedError):
        review_restore(reader, restored_at=LATER, confirmed=SECTIONS, now=LATER)
    review_restore(admin, restored_at=LATER, confirmed=SECTIONS, now=LATER)
    assert closed_sign_in(stranger) is not None
    with pytest.raises(InputError, match="Nothing waits"):
        review_restore(admin, restored_at=LATER, confirmed=SECTIONS, now=LATER)


def test_restore_and_review_stand_in_the_audit_of_the_agency_and_the_restore_in_the_hubs(
    admin: Officer,
) -> None:
    restore()
    review_restore(admin, restored_at=LATER, confirmed=SECTIONS, now=LATER + HOUR)
    of_agency = AuditEvent.objects.filter(agency="xa-lab", subject="database").order_by("seq")
    assert [(event.act, event.actor) for event in of_agency] == [
        ("database.restored", "system:sequencer"),
        ("restore.reviewed", admin.audit_name),
    ]
    assert of_agency[0].detail == {"backup": (NOW + timedelta(minutes=30)).isoformat()}
    assert AuditEvent.objects.filter(agency="", act="database.restored").count() == 1


@pytest.mark.parametrize("forged", ["written by hand", "kept from an earlier restore"])
def test_a_review_that_no_admin_gave_opens_nothing(admin: Officer, reader: Officer, forged: str) -> None:
    restore()
    if forged == "written by hand":
        row = RestoreReview(agency=admin.agency, restored_at=LATER, reviewed_by=admin, reviewed_at=LATER)
        RestoreReview.objects.bulk_create([row])
    else:
        review_restore(admin, restored_at=LATER, confirmed=SECTIONS, now=LATER)
        record_restore(AGENCIES, backup_at=None, now=LATER + DAY)
        with connection.cursor() as cursor:
            cursor.execute("UPDATE officers_restorereview SET restored_at = %s", [LATER + DAY])
    assert closed_sign_in(reader) is not None


def test_recovery_codes_of_before_open_nothing_and_new_ones_do(reader: Officer) -> None:
    codes = _second_factor(reader)
    restore()
    assert factors_of(reader).codes_left == 0
    with pytest.raises(ProofRefusedError):
        check_code(reader, codes[0], source=FactorSource(reader.pk), now=LATER)
    fresh = renew_recovery_codes(reader, now=LATER + HOUR)
    assert check_code(reader, fresh[0], source=FactorSource(reader.pk), now=LATER + HOUR) is Proof.RECOVERY
    assert factors_of(reader).codes_left == 9


def test_whoever_sets_up_another_factor_is_given_new_codes(reader: Officer) -> None:
    _second_factor(reader)
    assert first_recovery_codes(reader, now=NOW) == []
    restore()
    assert len(first_recovery_codes(reader, now=LATER + HOUR)) == 10
    assert factors_of(reader).codes_left == 10


def test_a_code_of_the_telephone_serves_on(reader: Officer) -> None:
    secret = draw_totp_secret()
    add_totp(reader, secret=secret, code=code_of(secret, NOW), now=NOW)
    restore()
    assert check_code(reader, code_of(secret, LATER), source=FactorSource(reader.pk), now=LATER) is Proof.CODE


@pytest.mark.parametrize("purpose", AccountLink.Purpose.values)
def test_mailed_links_of_before_lead_nowhere(reader: Officer, purpose: str) -> None:
    soon = LATER - timedelta(minutes=1)
    _link, token = issue_link(reader, AccountLink.Purpose(purpose), issued_by="system:desk", now=soon)
    find_link(digest_of(token, purpose), purpose, now=LATER)
    restore()
    with pytest.raises(AbsentError):
        find_link(digest_of(token, purpose), purpose, now=LATER)


def test_an_invitation_of_before_is_shown_as_over(admin: Officer) -> None:
    invited = enrol(admin.agency, "reader")  # type: ignore[arg-type]
    issue_link(invited, AccountLink.Purpose.INVITATION, issued_by="x", now=NOW)
    assert not invited_of([invited], now=LATER)[invited.public_id].is_over
    restore()
    assert invited_of([invited], now=LATER)[invited.public_id].is_over


def test_a_change_of_power_of_before_applies_by_itself_only_after_the_review(
    admin: Officer, reader: Officer
) -> None:
    change = _asked_for(admin, reader)
    restore()
    told, due = told_of(change, now=LATER), NOW + 3 * DAY
    assert apply_due_change(change.pk, told_at=NOW, told=told, now=due) is None
    review_restore(admin, restored_at=LATER, confirmed=SECTIONS, now=LATER)
    assert apply_due_change(change.pk, told_at=NOW, told=told, now=due) is not None


def test_a_change_that_is_asked_for_after_the_restore_has_its_own_time(
    admin: Officer, reader: Officer
) -> None:
    restore()
    change = _asked_for(admin, reader, now=LATER + HOUR)
    told = told_of(change, now=LATER)
    assert apply_due_change(change.pk, told_at=LATER + HOUR, told=told, now=LATER + 3 * DAY) is not None


def test_an_agency_without_an_admin_gets_one_from_the_operator(agency: Agency) -> None:
    gone = enrol(agency, "reader", password=PASSWORD)
    Officer.objects.filter(agency=agency, roles__contains=["agency_admin"]).delete()
    restore()
    closed = closed_sign_in(gone)
    assert closed is not None
    assert closed.admins == ()
    admin = enrol_officer(
        OPERATOR,
        agency,
        email="new@xa-lab.example",
        full_name="Nadia New",
        roles=["agency_admin"],
        password=PASSWORD,
        now=LATER,
    )
    assert closed_sign_in(admin) is None
    review_restore(admin, restored_at=LATER, confirmed=SECTIONS, now=LATER)
    assert closed_sign_in(gone) is None


def test_the_moment_of_the_restore_itself_is_before_it() -> None:
    restore()
    assert predates_restore(LATER)
    assert not predates_restore(LATER + timedelta(microseconds=1))
    assert restore_in_review(admit("xc-same", now=LATER)) is not None


def _second_factor(officer: Officer) -> list[str]:
    secret = draw_totp_secret()
    return add_totp(officer, secret=secret, code=code_of(secret, NOW), now=NOW)


def _asked_for(admin: Officer, reader: Officer, *, now: object = NOW) -> PowerChange:
    """Ask for a second role, which waits for its time."""
    have_released("xa-lab", now=NOW)
    change_roles(Officer.objects.get(pk=admin.pk), reader, ["reader", "releaser"], now=now)  # type: ignore[arg-type]
    return PowerChange.objects.get(outcome="waiting", kind="roles")


def test_a_process_of_the_hub_goes_through_nothing(agency: Agency) -> None:
    restore()
    with pytest.raises(NotPermittedError):
        review_restore(SystemActor("desk", "xa-lab"), restored_at=LATER, confirmed=SECTIONS, now=LATER)  # type: ignore[arg-type]
