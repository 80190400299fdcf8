# SPDX-License-Identifier: Apache-2.0
"""Asking for a new password by mail: one answer and one length of time, whether the account exists or not.

What is done for a known account is done beside the answer, in a thread of its own; a process that ends meanwhile
loses a mail that can be asked for again.
"""

import logging
from datetime import datetime
from threading import Thread

from django.db import connection

from officers.accountlinks import issue_link, mail_link
from officers.login.attempts import ResetSource, count_attempt
from officers.login.backends import bound_officer, normal_email
from officers.models import Officer
from officers.shortlived import AccountLink

log = logging.getLogger(__name__)
MAILER = "password-reset"


def ask_reset(email: str, remote_addr: str, *, now: datetime) -> None:
    """Starts the mail for an active officer who has a password; asked too often, nothing happens."""
    address = normal_email(email)
    if count_attempt(ResetSource(address, remote_addr), now=now) is None:
        Thread(target=_mail_beside, args=(address, now), name=MAILER, daemon=True).start()


def mail_reset(address: str, *, now: datetime) -> AccountLink | None:
    """Sends the link to whom the address belongs; None when nobody's, an invited one's, or of who is not in service."""
    officer = bound_officer(Officer.objects.filter(email=address))
    if officer is None or not officer.has_usable_password():
        return None
    link, token = issue_link(officer, AccountLink.Purpose.RESET, issued_by="system:desk", now=now)
    return mail_link(link, token, now=now)


def _mail_beside(address: str, now: datetime) -> None:
    try:
        link = mail_reset(address, now=now)
        if link is not None and link.mail_cause:
            log.error("the mail of a password reset did not go out", extra={"cause": link.mail_cause})
    finally:
        connection.close()
