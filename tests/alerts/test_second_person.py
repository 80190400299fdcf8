# SPDX-License-Identifier: Apache-2.0
"""Nobody takes an alert from draft to sent alone: savers, last submitter and the issuer of a key that saved count as writers."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection

from alerts.drafting.drafts import create_draft, save_revision
from alerts.errors import SecondPersonNeededError
from alerts.models import Alert
from alerts.review.second_person import who_could_release
from alerts.review.validation import return_alert, submit_alert, validate_alert
from alerts.sending.release import confirm_second_look, release_alert
from alerts.states import AlertState
from callers.actors import ApiClient
from callers.capabilities import Capability, Role
from callers.errors import NotBoundError
from officers.accounts import enrol_officer
from officers.deciding import agree_to_change
from officers.deskkeys import issue_key, releasers_of_drafts, revoke_key, rotate_key
from officers.errors import NobodyToReleaseError
from officers.models import AgencyPolicy, DeskKey, Officer, PowerChange
from tests.alerts.conftest import GOOD, Desks
from tests.bound_rows import rewrite
from tests.role_logins import under_login_of


def everything(desks: Desks, *roles: Role) -> Officer:
    """An officer who writes, releases and manages, or has these roles."""
    return desks.hub.make_officer(
        desks.lab.agency, *(roles or (Role.AUTHOR, Role.RELEASER, Role.AGENCY_ADMIN))
    )


def issued(desks: Desks, admin: Officer, client: str = "lims") -> DeskKey:
    key, _text = issue_key(
        admin, desks.lab.agency, client=client, scopes=[Capability.DRAFT_WRITE], lifetime=timedelta(days=30),
        now=desks.hub.now,
    )  # fmt: skip
    return key


def drafted(desks: Desks, key: DeskKey, **changes: Any) -> Alert:
    """Let a system write a draft with this key."""
    client = ApiClient(desks.lab.id, key.client, key.prefix, frozenset({Capability.DRAFT_WRITE}))
    data = {**GOOD, "recipients": [desks.health.id], **changes}
    return create_draft(client, data=data, now=desks.hub.now)


def submitted_by(desks: Desks, officer: Officer, alert: Alert) -> Alert:
    return submit_alert(officer, alert, revision=alert.current, now=desks.hub.now)


class TestWriters:
    def test_who_submits_the_draft_of_a_colleague_does_not_check_or_send_it(self, desks: Desks) -> None:
        both, alert = everything(desks), desks.draft()
        submitted_by(desks, both, alert)
        with pytest.raises(SecondPersonNeededError):
            validate_alert(both, alert, revision=1, now=desks.hub.now)
        validate_alert(desks.lab.releaser, alert, revision=1, now=desks.hub.now)
        with pytest.raises(SecondPersonNeededError):
            release_alert(both, alert, revision=1, now=desks.hub.now)
        assert release_alert(desks.lab.releaser, alert, revision=1, now=desks.hub.now).state == "released"

    def test_only_the_last_who_submitted_counts(self, desks: Desks) -> None:
        both, alert = everything(desks), desks.draft()
        submitted_by(desks, both, alert)
        return_alert(desks.lab.releaser, alert, reason="Say where.", now=desks.hub.now)
        submitted_by(desks, desks.lab.author, alert)
        assert validate_alert(both, alert, revision=1, now=desks.hub.now).state == AlertState.VALIDATED

    def test_who_issued_the_key_wrote_what_the_key_saved(self, desks: Desks) -> None:
        admin = everything(desks)
        alert = drafted(desks, issued(desks, admin))
        submitted_by(desks, desks.lab.author, alert)
        with pytest.raises(SecondPersonNeededError):
            validate_alert(admin, alert, revision=1, now=desks.hub.now)

    @pytest.mark.parametrize("saved_with", ["the first key", "the newest key"])
    def test_so_did_everybody_who_rotated_it(self, desks: Desks, saved_with: str) -> None:
        issuer, first_rotator, second_rotator = everything(desks), everything(desks), everything(desks)
        first = issued(desks, issuer)
        now, week = desks.hub.now, timedelta(days=7)
        second, _text = rotate_key(first_rotator, first, overlap=week, now=now)
        third, _text = rotate_key(second_rotator, second, overlap=week, now=now)
        alert = drafted(desks, first if saved_with == "the first key" else third)
        submitted_by(desks, desks.lab.author, alert)
        for admin in (issuer, first_rotator, second_rotator):
            with pytest.raises(SecondPersonNeededError):
                validate_alert(admin, alert, revision=1, now=now)

    def test_keys_of_one_name_count_together_whatever_ended_in_between(self, desks: Desks) -> None:
        """An admin who revokes a colleague's key and issues one of the same name still counts as a writer."""
        admin, colleague = everything(desks), everything(desks)
        revoke_key(colleague, issued(desks, admin), now=desks.hub.now)
        alert = drafted(desks, issued(desks, colleague))
        submitted_by(desks, desks.lab.author, alert)
        for officer in (admin, colleague):
            with pytest.raises(SecondPersonNeededError):
                validate_alert(officer, alert, revision=1, now=desks.hub.now)
        assert (
            validate_alert(desks.lab.releaser, alert, revision=1, now=desks.hub.now).state
            == AlertState.VALIDATED
        )

    def test_a_draft_of_a_key_is_not_sent_by_one_officer(self, desks: Desks) -> None:
        """One officer issues the key, drafts with it, submits, checks and sends."""
        alone = everything(desks)
        alert = drafted(desks, issued(desks, alone))
        submitted_by(desks, alone, alert)
        with pytest.raises(SecondPersonNeededError):
            validate_alert(alone, alert, revision=1, now=desks.hub.now)
        with pytest.raises(SecondPersonNeededError):
            confirm_second_look_of(desks, alone, alert)


def confirm_second_look_of(desks: Desks, officer: Officer, alert: Alert) -> None:
    """Give the second look to an alert marked as sent by the exception for flash alerts."""
    Alert.objects.filter(pk=alert.pk).update(
        state=AlertState.RELEASED, released_at=desks.hub.now, md="x" * 43, second_look_by=desks.hub.now
    )
    confirm_second_look(officer, alert, now=desks.hub.now)


class TestFlashAlone:
    def test_without_four_eyes_too_a_second_look_is_due_where_nobody_else_has_looked(
        self, desks: Desks
    ) -> None:
        rewrite(AgencyPolicy.objects.filter(pk=desks.lab.id), flash_single_releaser=True, four_eyes=False)
        alone = everything(desks)
        alert = desks.draft(author=alone, pri="flash")
        submitted_by(desks, alone, alert)
        validate_alert(alone, alert, revision=1, now=desks.hub.now)
        sent = release_alert(alone, alert, revision=1, now=desks.hub.now)
        assert sent.second_look_by == desks.hub.now + timedelta(hours=24)

    def test_who_submitted_it_is_no_second_look(self, desks: Desks) -> None:
        rewrite(AgencyPolicy.objects.filter(pk=desks.lab.id), flash_single_releaser=True)
        alone, alert = everything(desks), desks.draft(pri="flash")
        submitted_by(desks, alone, alert)
        validate_alert(alone, alert, revision=1, now=desks.hub.now)
        release_alert(alone, alert, revision=1, now=desks.hub.now)
        with pytest.raises(SecondPersonNeededError):
            confirm_second_look(alone, alert, now=desks.hub.now)


class TestSayingItBefore:
    def test_who_could_release_is_known_before_it_is_submitted(self, desks: Desks) -> None:
        both, alert = everything(desks), desks.draft()
        assert set(who_could_release(alert, submitter=desks.lab.author)) == {desks.lab.releaser, both}
        assert who_could_release(alert, submitter=both) == [desks.lab.releaser]

    def test_what_nobody_could_release_is_not_submitted(self, desks: Desks) -> None:
        Officer.objects.filter(pk=desks.lab.releaser.pk).update(is_active=False)
        alone = everything(desks)
        alert = desks.draft()
        assert who_could_release(alert, submitter=alone) == []
        with pytest.raises(NobodyToReleaseError):
            submitted_by(desks, alone, alert)
        assert submitted_by(desks, desks.lab.author, alert).state == AlertState.SUBMITTED

    def test_who_may_not_see_so_strict_an_alert_could_not_release_it(self, desks: Desks) -> None:
        rewrite(AgencyPolicy.objects.filter(pk=desks.lab.id), role_ceilings={"releaser": "CLEAR"})
        with pytest.raises(NobodyToReleaseError):
            submitted_by(desks, desks.lab.author, desks.draft(tlp="GREEN"))

    def test_without_four_eyes_somebody_else_checks_all_the_same(self, desks: Desks) -> None:
        rewrite(AgencyPolicy.objects.filter(pk=desks.lab.id), four_eyes=False)
        Officer.objects.filter(pk=desks.lab.releaser.pk).update(is_active=False)
        alone = everything(desks)
        alert = desks.draft(author=alone)
        with pytest.raises(NobodyToReleaseError):
            submitted_by(desks, alone, alert)
        checker = everything(desks, Role.RELEASER)
        alert.agency.refresh_from_db()
        assert set(who_could_release(alert, submitter=alone)) == {alone, checker}

    def test_a_flash_alert_may_go_out_by_one_where_policy_says_so(self, desks: Desks) -> None:
        rewrite(AgencyPolicy.objects.filter(pk=desks.lab.id), flash_single_releaser=True)
        Officer.objects.filter(pk=desks.lab.releaser.pk).update(is_active=False)
        alone = everything(desks)
        assert submitted_by(desks, alone, desks.draft(author=alone, pri="flash")).state == "submitted"

    def test_no_key_writes_drafts_that_nobody_could_release(self, desks: Desks) -> None:
        Officer.objects.filter(pk=desks.lab.releaser.pk).update(is_active=False)
        alone = everything(desks)
        assert releasers_of_drafts(alone, desks.lab.agency) == []
        with pytest.raises(NobodyToReleaseError):
            issued(desks, alone)
        plain = everything(desks, Role.AGENCY_ADMIN)
        key = issued(desks, plain)
        assert releasers_of_drafts(plain, desks.lab.agency) == [alone]
        with pytest.raises(NobodyToReleaseError):
            rotate_key(alone, key, overlap=timedelta(0), now=desks.hub.now)
        key.refresh_from_db()
        assert key.expires_at == desks.hub.now + timedelta(days=30)

    def test_a_key_that_writes_no_drafts_asks_for_nobody(self, desks: Desks) -> None:
        Officer.objects.filter(pk=desks.lab.releaser.pk).update(is_active=False)
        key, _text = issue_key(
            everything(desks), desks.lab.agency, client="reader", scopes=[Capability.SCIENCE_QUERY],
            lifetime=timedelta(days=30), now=desks.hub.now,
        )  # fmt: skip
        assert key.client == "reader"


def test_whoever_picks_up_a_system_s_draft_and_saves_it_has_written_it(desks: Desks) -> None:
    admin, both = everything(desks, Role.AGENCY_ADMIN), everything(desks)
    alert = drafted(desks, issued(desks, admin))
    save_revision(both, alert, data={"title": "Changed by both"}, base=1, now=desks.hub.now)
    submit_alert(desks.lab.author, alert, revision=2, now=desks.hub.now)
    with pytest.raises(SecondPersonNeededError):
        validate_alert(both, alert, revision=2, now=desks.hub.now)


class TestPuppets:
    """An admin who releases invites a person: until somebody else has confirmed the person, the two count as one."""

    @pytest.fixture
    def admin(self, desks: Desks) -> Officer:
        return everything(desks)

    def invited(self, desks: Desks, admin: Officer, role: Role, outcome: str = "waiting") -> Officer:
        person = everything(desks, role)
        PowerChange.objects.create(
            agency=desks.lab.agency, kind="identity", cause="invited", officer=person, asked_by=admin,
            asked_at=desks.hub.now, outcome=outcome,
        )  # fmt: skip
        return person

    def test_the_admin_does_not_send_what_his_author_wrote(self, desks: Desks, admin: Officer) -> None:
        puppet = self.invited(desks, admin, Role.AUTHOR)
        alert = desks.draft(author=puppet)
        assert who_could_release(alert, submitter=puppet) == [desks.lab.releaser]
        submitted_by(desks, puppet, alert)
        with pytest.raises(SecondPersonNeededError):
            validate_alert(admin, alert, revision=1, now=desks.hub.now)
        validate_alert(desks.lab.releaser, alert, revision=1, now=desks.hub.now)
        with pytest.raises(SecondPersonNeededError):
            release_alert(admin, alert, revision=1, now=desks.hub.now)

    def test_his_releaser_does_not_send_what_the_admin_wrote(self, desks: Desks, admin: Officer) -> None:
        puppet = self.invited(desks, admin, Role.RELEASER)
        alert = submitted_by(desks, admin, desks.draft(author=admin))
        with pytest.raises(SecondPersonNeededError):
            validate_alert(puppet, alert, revision=1, now=desks.hub.now)

    def test_his_releaser_does_not_send_what_his_author_wrote(self, desks: Desks, admin: Officer) -> None:
        author, releaser = (self.invited(desks, admin, role) for role in (Role.AUTHOR, Role.RELEASER))
        alert = submitted_by(desks, author, desks.draft(author=author))
        with pytest.raises(SecondPersonNeededError):
            validate_alert(releaser, alert, revision=1, now=desks.hub.now)

    def test_where_nobody_else_is_left_nothing_is_submitted_and_no_key_issued(
        self, desks: Desks, admin: Officer
    ) -> None:
        Officer.objects.filter(pk=desks.lab.releaser.pk).update(is_active=False)
        puppet = self.invited(desks, admin, Role.AUTHOR)
        with pytest.raises(NobodyToReleaseError):
            submitted_by(desks, puppet, desks.draft(author=puppet))
        with pytest.raises(NobodyToReleaseError):
            issued(desks, self.invited(desks, admin, Role.AGENCY_ADMIN))

    def test_a_confirmed_person_is_a_person(self, desks: Desks, admin: Officer) -> None:
        author = self.invited(desks, admin, Role.AUTHOR, outcome="agreed")
        alert = submitted_by(desks, author, desks.draft(author=author))
        assert validate_alert(admin, alert, revision=1, now=desks.hub.now).state == AlertState.VALIDATED

    def test_the_whole_way_from_the_invitation_on(self, desks: Desks, admin: Officer) -> None:
        """The admin invites an author, a second admin agrees to the role, and they count as one until a releaser confirms."""
        desks.released()
        second, now = everything(desks, Role.AGENCY_ADMIN), desks.hub.now
        address = "pia.ulm@xa-lab.example"
        author = enrol_officer(
            admin, desks.lab.agency, email=address, full_name="Pia Ulm", roles=["author"], now=now
        )
        asked = PowerChange.objects.filter(officer=author, outcome="waiting")
        agree_to_change(second, asked.get(kind="roles").pk, now=now)
        author.refresh_from_db()
        alert = submitted_by(desks, author, desks.draft(author=author))
        with pytest.raises(SecondPersonNeededError):
            validate_alert(admin, alert, revision=1, now=now)
        agree_to_change(desks.lab.releaser, asked.get(kind="identity").pk, now=now)
        assert validate_alert(admin, alert, revision=1, now=now).state == AlertState.VALIDATED


POLICY_BY_SQL = {
    "four eyes off": "four_eyes = false",
    "flash by one": "flash_single_releaser = true",
}


@pytest.mark.parametrize("what", POLICY_BY_SQL)
def test_a_policy_loosened_by_sql_lets_nobody_send_alone(desks: Desks, what: str) -> None:
    both, alert = everything(desks), desks.draft(pri="flash")
    submitted_by(desks, both, alert)
    validate_alert(desks.lab.releaser, alert, revision=1, now=desks.hub.now)
    with under_login_of("desk"), connection.cursor() as cursor:
        cursor.execute(f"UPDATE officers_agencypolicy SET {POLICY_BY_SQL[what]}")  # noqa: S608
    with pytest.raises(NotBoundError):
        release_alert(both, Alert.objects.get(pk=alert.pk), revision=1, now=desks.hub.now)
    assert Alert.objects.get(pk=alert.pk).state == AlertState.VALIDATED
