# SPDX-License-Identifier: Apache-2.0
"""Account mail of the desk: an invitation, a password reset. One form, no content, sent while the caller waits.

- An invitation to an address that has an account already is explained in the same way to the mailbox's owner, and to
  nobody else.
- There is no queue: whoever asked learns at once that a mail was not sent, and why.
- The desk has an SMTP login of its own and cannot send what the worker sends.
- Not inside a transaction: the server may take seconds.
"""

import smtplib
from email.message import EmailMessage
from email.policy import SMTP
from typing import Final

from django.conf import settings
from django.core.mail import get_connection
from django.db.models import TextChoices
from django.utils.translation import gettext, override
from django.utils.translation import gettext_lazy as _

from callers.errors import CallerError
from officers.expiring_rows import AccountLink
from officers.models import Officer

SERVER_WAITS_SECONDS: Final = 10
PLACES: Final = {AccountLink.Purpose.INVITATION: "welcome", AccountLink.Purpose.RESET: "reset"}
"""Path of a link of each purpose, before its token."""


class Cause(TextChoices):
    """Reason why a mail was not sent."""

    NO_SERVER = "no-server", _("This desk has no mail server for account mail; call whoever runs it.")
    AWAY = "away", _("The mail server does not answer; try again in a few minutes.")
    ADDRESS = "address", _("The mail server refuses this address; check it for a typing error.")
    REFUSED = "refused", _("The mail server refuses this mail; call whoever runs this desk.")


class AccountMailError(CallerError):
    """The mail was not sent; `cause` is one of `Cause`."""

    def __init__(self, cause: Cause) -> None:
        super().__init__(cause.value)
        self.cause = cause


def hands_links_over() -> bool:
    """Tell whether this desk sends no mail, so that links are handed over by people: an own desk without a mail server."""
    return settings.OWN_DESK and settings.EMAIL_BACKEND.endswith(".dummy.EmailBackend")


def send_account_mail(officer: Officer, purpose: str, token: str) -> None:
    """Send a person the link of this purpose, in the person's language; raises AccountMailError."""
    _deliver(compose_account_mail(officer, AccountLink.Purpose(purpose), token))


def compose_account_mail(officer: Officer, purpose: AccountLink.Purpose, token: str) -> EmailMessage:
    """Compose the mail: urgency word, one sentence, the link; no name, no agency, nothing that anybody typed but the address."""
    with override(officer.effective_language or "en"):
        message = EmailMessage(policy=SMTP)
        message["From"] = settings.MAIL_FROM
        message["To"] = officer.address
        message["Subject"] = f"[Accord] {_word_of(purpose)}"
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(_met_body() if _meets_account(officer) else _body(purpose, token), cte="8bit")
        return message


def _meets_account(officer: Officer) -> bool:
    """Tell whether the invited address has an account already, in this agency or in another."""
    return Officer.objects.filter(email=officer.invited_email).exists()


def _met_body() -> str:
    """Return the text for an address that has an account already; it has no link, since an address serves one account."""
    first = gettext(
        "Somebody invited this address to this desk. You have an account here already: it stays as it is."
    )
    remedy = gettext("Whoever invited you was not told. If you expected it, have another address invited.")
    link = gettext("Open: %(link)s") % {"link": f"{settings.HUB_URL.rstrip('/')}/"}
    last = gettext("This mail carries no content. Unsure? Type the desk's address.")
    return f"{first}\n{remedy}\n{link}\n{last}\n"


def _word_of(purpose: AccountLink.Purpose) -> str:
    return gettext("INVITATION") if purpose == AccountLink.Purpose.INVITATION else gettext("PASSWORD")


def _body(purpose: AccountLink.Purpose, token: str) -> str:
    first = {
        AccountLink.Purpose.INVITATION: gettext(
            "You are invited to this desk. Choose a password in 72 hours."
        ),
        AccountLink.Purpose.RESET: gettext(
            "Somebody asked for a new password for your account. Choose it in 1 hour, or leave it."
        ),
    }[purpose]
    link = gettext("Open: %(link)s") % {"link": address_of(purpose, token)}
    last = gettext("This mail carries no content. Unsure? Type the desk's address.")
    return f"{first}\n{link}\n{last}\n"


def address_of(purpose: AccountLink.Purpose, token: str) -> str:
    """Return the address of a link of this purpose."""
    return f"{settings.HUB_URL.rstrip('/')}/{PLACES[purpose]}/{token}/"


def _deliver(message: EmailMessage) -> None:
    backend = get_connection(fail_silently=False, timeout=SERVER_WAITS_SECONDS)
    try:
        backend.open()
        server = getattr(backend, "connection", None)
        if not isinstance(server, smtplib.SMTP):
            raise AccountMailError(Cause.NO_SERVER)
        server.send_message(message)
    except smtplib.SMTPRecipientsRefused:
        raise AccountMailError(Cause.ADDRESS) from None
    except (smtplib.SMTPDataError, smtplib.SMTPSenderRefused, smtplib.SMTPAuthenticationError):
        raise AccountMailError(Cause.REFUSED) from None
    except (smtplib.SMTPException, OSError):
        raise AccountMailError(Cause.AWAY) from None
    finally:
        backend.close()
