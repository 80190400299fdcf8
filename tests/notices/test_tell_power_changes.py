# SPDX-License-Identifier: Apache-2.0
"""Every officer who could stop a change of power hears of it by mail; its time runs from the first mail that was accepted."""

from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import call_command
from django.db import transaction

from alerts.agency.power_changes import apply_due_changes, waiting_for
from callers.capabilities import Capability, Role
from ledger.restores import record_restore
from notices.models import Notification
from notices.power_changes import tell_power_changes
from notices.sending import send_notifications
from notices.sweeping import sweep_notices
from officers.accounts import change_roles, disable_officer
from officers.models import Officer, PowerChange
from peers.models import Agency
from tests.bound_rows import rewrite
from tests.builders import HeldAgency, Hub
from tests.entries import have_released
from tests.mail_server import MailServer
from tests.role_logins import under_login_of
from tests.stolen_vault_keys import as_recipient

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def hub(hosted: tuple[Hub, Agency]) -> Hub:
    return hosted[0]


@pytest.fixture
def alpha(hosted: tuple[Hub, Agency], hub: Hub) -> HeldAgency:
    """An agency that has released, with a reader and a releaser."""
    agency = as_recipient(hosted[1])
    have_released(agency.id, now=hub.now)
    for name, role in (("Rea Reader", Role.READER), ("Benno Ashgrove", Role.RELEASER)):
        hub.make_officer(agency, role, name=name)
    return agency


@pytest.fixture
def admin(hub: Hub, alpha: HeldAgency) -> Officer:
    return hub.make_officer(alpha, Role.AGENCY_ADMIN, name="Ada Admin")


def named(name: str) -> Officer:
    return Officer.objects.get(full_name=name)


def send(hub: Hub) -> None:
    sweep_notices(now=hub.now)
    with under_login_of("mailer"):
        send_notifications(clock=lambda: hub.now, jitter=lambda: 0.5)


def test_it_is_told_without_content_to_whoever_may_stop_it(
    hub: Hub, alpha: HeldAgency, admin: Officer, mail_server: MailServer
) -> None:
    change_roles(admin, named("Rea Reader"), ["reader", "author"], now=hub.now)
    send(hub)
    send(hub)
    (mail,) = mail_server.mails
    assert mail.recipients == (named("Benno Ashgrove").email,)
    assert mail.message["Subject"] == "[Accord] POWERS"
    assert mail.message.get_content().splitlines() == [
        f"Look at a change of who may do what at {alpha.row.name}: it waits, and you can stop it.",
        "Open: http://testserver/powers/",
        "This mail carries no content. Unsure? Type the desk's address.",
    ]


def test_its_time_runs_from_the_first_mail_that_a_server_took(
    hub: Hub, alpha: HeldAgency, admin: Officer, mail_server: MailServer
) -> None:
    reader = named("Rea Reader")
    change_roles(admin, reader, ["reader", "author"], now=hub.now)
    with mail_server.down():
        send(hub)
    hub.later(days=3)
    assert apply_due_changes(now=hub.now) == 0, "nobody has been told"
    assert waiting_for(reader, now=hub.now)[0].waits_for_notice
    send(hub)
    told_at = hub.now
    hub.later(hours=24, seconds=-1)
    assert apply_due_changes(now=hub.now) == 0
    assert waiting_for(reader, now=hub.now)[0].until == told_at + timedelta(hours=24)
    hub.later(seconds=1)
    with under_login_of("desk-worker"):
        assert apply_due_changes(now=hub.now) == 1
    assert named("Rea Reader").roles == ["reader", "author"]


def test_after_a_restore_its_time_runs_from_the_restore(
    hub: Hub, alpha: HeldAgency, admin: Officer, mail_server: MailServer
) -> None:
    """The officer who stopped it after the backup finds it waiting again, and needs time to stop it again."""
    reader = named("Rea Reader")
    change_roles(admin, reader, ["reader", "author"], now=hub.now)
    send(hub)
    hub.later(hours=23)
    with transaction.atomic():
        record_restore((), backup_at=None, now=hub.now)
    assert waiting_for(reader, now=hub.now)[0].until == hub.now + timedelta(hours=24)


def test_one_that_cannot_be_applied_stops_no_other(
    hub: Hub, alpha: HeldAgency, admin: Officer, mail_server: MailServer
) -> None:
    people = [hub.make_officer(alpha, Role.READER, name=f"Reader {letter}") for letter in "AB"]
    for person in people:
        change_roles(admin, person, ["author"], now=hub.now)
    send(hub)
    PowerChange.objects.filter(officer=people[0]).update(changes={"roles": ["agency_admin"]})
    hub.later(hours=24)
    assert apply_due_changes(now=hub.now) == 1
    assert [named(person.full_name).roles for person in people] == [[], ["author"]]


def test_what_is_decided_is_not_told_any_more(
    hub: Hub, alpha: HeldAgency, admin: Officer, mail_server: MailServer
) -> None:
    change_roles(admin, named("Rea Reader"), ["reader", "author"], now=hub.now)
    with under_login_of("mailer"):
        tell_power_changes(now=hub.now)
    change_roles(admin, named("Rea Reader"), ["reader"], now=hub.now)
    send(hub)
    assert not mail_server.mails
    assert Notification.objects.get().cause == "settled"


def test_somebody_without_witnesses_is_told_alone(
    hub: Hub, alpha: HeldAgency, admin: Officer, mail_server: MailServer
) -> None:
    """A change in an agency of one person goes on a day later."""
    rewrite(Officer.objects.exclude(pk=admin.pk), is_active=False)
    reader = hub.make_officer(alpha, Role.READER, name="Nia Olm")
    change_roles(admin, reader, ["author"], now=hub.now)
    send(hub)
    assert [mail.recipients for mail in mail_server.mails] == [(reader.email,)]


def test_its_time_does_not_run_from_a_mail_to_somebody_who_was_disabled(
    hub: Hub, alpha: HeldAgency, admin: Officer, mail_server: MailServer
) -> None:
    """One admin disables the other and asks: an officer who is left hears of it, and has a day from then on."""
    other = hub.make_officer(alpha, Role.AGENCY_ADMIN, name="Bea Admin")
    disable_officer(admin, named("Benno Ashgrove"), now=hub.now)
    change_roles(admin, named("Rea Reader"), ["reader", "author"], now=hub.now)
    tell_power_changes(now=hub.now)
    disable_officer(admin, other, now=hub.now)
    send_notifications(clock=lambda: hub.now, jitter=lambda: 0.5)
    assert [mail.recipients for mail in mail_server.mails] == [(other.email,)]
    hub.later(hours=23)
    send(hub)
    assert mail_server.mails[-1].recipients == (named("Rea Reader").email,)
    hub.later(hours=24, seconds=-1)
    assert apply_due_changes(now=hub.now) == 0
    hub.later(seconds=1)
    assert apply_due_changes(now=hub.now) == 1


def test_a_reset_on_the_machine_is_told_to_everybody_and_gives_power_after_three_days(
    hub: Hub, alpha: HeldAgency, admin: Officer, mail_server: MailServer
) -> None:
    operator = Officer(email="noor@hub.example", full_name="Noor", roles=[Role.KEEPER], joined_at=hub.now)
    operator.save()
    said = StringIO()
    call_command("reset_factors", admin.email, "--by", operator.email, stdout=said)
    assert "no powers until" in said.getvalue()
    change = PowerChange.objects.get()
    hub.now = change.asked_at
    assert Capability.OFFICER_MANAGE not in named("Ada Admin").capabilities
    send(hub)
    told = {address for mail in mail_server.mails for address in mail.recipients}
    assert told == {named("Rea Reader").email, named("Benno Ashgrove").email}
    hub.later(hours=72, seconds=-1)
    assert apply_due_changes(now=hub.now) == 0
    hub.later(seconds=1)
    assert apply_due_changes(now=hub.now) == 1
    assert Capability.OFFICER_MANAGE in named("Ada Admin").capabilities
