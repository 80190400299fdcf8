# SPDX-License-Identifier: Apache-2.0
"""Request of a new password by mail, with one answer and one duration, whether the account exists or not.

- At a desk that sends no mail an agency admin hands the link over.
- The work for a known account is done in a thread of its own; a process that ends meanwhile loses a mail that can be
  asked for again.
"""

import logging
from datetime import datetime
from threading import Thread

from django.db import connection, transaction
from django.utils.translation import gettext as _

from callers.actors import Actor, SystemActor
from callers.errors import InputError
from officers.accountlinks import issue_link, mail_link
from officers.accountmail import hands_links_over
from officers.accounts import lock_to_manage, record_about, refuse_own_account
from officers.expiring_rows import AccountLink
from officers.login.attempts import ResetSource, count_attempt
from officers.login.backends import bound_officer, normal_email
from officers.models import Officer

log = logging.getLogger(__name__)
MAILER = "password-reset"
DESK = SystemActor("desk")
"""Actor where nobody is signed in yet."""


def ask_reset(email: str, remote_addr: str, *, now: datetime) -> None:
    """Start the mail to an active officer with a password; after too many requests do nothing."""
    address = normal_email(email)
    if count_attempt(ResetSource(address, remote_addr), now=now) is None:
        Thread(target=_mail_beside, args=(address, now), name=MAILER, daemon=True).start()


def mail_reset(address: str, *, now: datetime) -> AccountLink | None:
    """Send the link to the officer of the address; return None where there is none in service with a password."""
    officer = bound_officer(Officer.objects.filter(email=address))
    if officer is None or not officer.has_usable_password():
        return None
    with transaction.atomic():
        link, token = issue_link(officer, AccountLink.Purpose.RESET, issued_by=DESK.audit_name, now=now)
        record_about("officer.reset_asked", DESK, officer, now)
    return mail_link(link, token, now=now)


def reset_by_hand(actor: Actor, officer: Officer, *, now: datetime) -> AccountLink:
    """Make a link for a colleague's new password, which the actor hands over (`by_hand`), at a desk that sends no mail.

    Raises as `lock_to_manage`, InputError.
    """
    with transaction.atomic():
        locked = lock_to_manage(actor, officer)
        refuse_own_account(actor, locked)
        if not hands_links_over():
            raise InputError(
                "officer", _("This desk sends mail: the person asks for a new password at sign-in.")
            )
        if not locked.is_in_service or not locked.has_usable_password():
            raise InputError("officer", _("Who has no password yet is invited again instead."))
        link, token = issue_link(locked, AccountLink.Purpose.RESET, issued_by=actor.audit_name, now=now)
        record_about("officer.reset_issued", actor, locked, now)
    return mail_link(link, token, now=now)


def _mail_beside(address: str, now: datetime) -> None:
    try:
        link = mail_reset(address, now=now)
        if link is not None and link.mail_cause:
            log.error("the mail of a password reset did not go out", extra={"cause": link.mail_cause})
    finally:
        connection.close()
