# SPDX-License-Identifier: Apache-2.0
"""Links with which one person sets a password once: 256 random bits by mail, a keyed digest in the database.

- A newer link of a purpose ends the older ones; a restore of the database ends all.
- Unknown, used, replaced and expired links, and those of officers not in service, are all answered as absent.
- Opening a link does not use it up, since mail servers open links, too.
"""

import secrets
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction

from accord.envelope.encoding import b64u
from callers.digests import keyed_digest
from callers.errors import AbsentError
from ledger.audit import record_event
from ledger.restores import predates_restore
from officers.accountmail import AccountMailError, address_of, hands_links_over, send_account_mail
from officers.accounts import store_password, take_invited_address
from officers.expiring_rows import AccountLink
from officers.identity import note_mailed_password
from officers.models import Officer

LIFETIMES: Final = {
    AccountLink.Purpose.INVITATION: timedelta(hours=72),
    AccountLink.Purpose.RESET: timedelta(hours=1),
}
ACTS: Final = {
    AccountLink.Purpose.INVITATION: "officer.invitation_accepted",
    AccountLink.Purpose.RESET: "officer.password_reset",
}
_LONGEST_TOKEN: Final = 64


@transaction.atomic
def issue_link(
    officer: Officer, purpose: AccountLink.Purpose, *, issued_by: str, now: datetime
) -> tuple[AccountLink, str]:
    """Make a new link of this purpose, which replaces earlier ones; return it and its token, which is stored nowhere."""
    end_links(officer, purpose, now=now)
    token = secrets.token_urlsafe(32)
    link = AccountLink.objects.create(
        digest=digest_of(token, purpose),
        officer=officer,
        purpose=purpose,
        issued_by=issued_by,
        issued_at=now,
        expires_at=now + LIFETIMES[purpose],
    )
    return link, token


def end_links(officer: Officer, purpose: AccountLink.Purpose, *, now: datetime) -> None:
    """End the unused links of this purpose."""
    officer.account_links.filter(purpose=purpose, used_at__isnull=True).update(used_at=now)


def mail_link(link: AccountLink, token: str, *, now: datetime) -> AccountLink:
    """Send the link and store the outcome: `mailed_at`, or else `mail_cause`. Not inside a transaction.

    An own desk without a mail server puts the address into `by_hand`, for whoever asked for the link to hand over.
    """
    if hands_links_over():
        link.by_hand = address_of(AccountLink.Purpose(link.purpose), token)
        return link
    try:
        send_account_mail(link.officer, link.purpose, token)
        link.mailed_at, link.mail_cause = now, ""
    except AccountMailError as failed:
        link.mail_cause = failed.cause.value
    link.save(update_fields=["mailed_at", "mail_cause"])
    return link


def digest_of(token: str, purpose: str) -> str:
    """Return the digest that database and session hold in place of a token. Raises AbsentError for one that is too long."""
    if len(token) > _LONGEST_TOKEN:
        raise AbsentError
    return b64u(keyed_digest("account-link", purpose.encode(), token.encode()))


def find_link(digest: str, purpose: str, *, now: datetime) -> AccountLink:
    """Return the link if it can still be used; raises AbsentError for every cause alike."""
    return _usable(AccountLink.objects.filter(digest=digest, purpose=purpose).first(), now)


def follow_link(digest: str, purpose: str, *, password: str, now: datetime) -> Officer:
    """Set the password and use up the link; all sessions end. Raises AbsentError, InputError (`password`, `email`)."""
    with transaction.atomic():
        link = find_link(digest, purpose, now=now)
        # Lock the officer first, then the links: two links of one officer may be followed at the same time.
        rows_of_officer = Officer.objects.select_related("agency").select_for_update(of=("self",))
        officer = rows_of_officer.get(pk=link.officer_id)
        find_link(digest, purpose, now=now)
        if not officer.is_in_service:
            raise AbsentError
        take_invited_address(officer)
        store_password(officer, password)
        note_mailed_password(officer, now=now)
        for known in AccountLink.Purpose:
            end_links(officer, known, now=now)
        record_event(
            ACTS[AccountLink.Purpose(purpose)],
            actor=officer.audit_name,
            agency=officer.agency_id or "",
            subject=officer.audit_name,
            now=now,
        )
    return officer


def _usable(link: AccountLink | None, now: datetime) -> AccountLink:
    if link is None or link.used_at is not None or now >= link.expires_at or not link.officer.is_in_service:
        raise AbsentError
    if not link.is_bound or predates_restore(link.issued_at):
        raise AbsentError
    return link
