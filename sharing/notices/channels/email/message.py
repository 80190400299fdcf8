# SPDX-License-Identifier: Apache-2.0
"""Here is the one shape of every mail: urgency, reference, link. Never content, title, sender or marking.

The constant shape is a promise to officers ("this mail carries no content") and to agencies: whoever reads a
mailbox learns that something waits, how fast it wants an answer, and nothing else.
"""

from dataclasses import dataclass
from email.message import EmailMessage
from email.policy import SMTP
from typing import Final

from django.utils.translation import gettext, override

ACKNOWLEDGE_WITHIN: Final = {"flash": 1, "urgent": 24, "routine": 24}
"""Hours, stated in the mail; the binding time stands in the manifest."""


@dataclass(frozen=True)
class NoticeFacts:
    """All that a mail may be made of."""

    address: str
    language: str
    reference: str
    priority: str
    exercise: bool
    withdrawn: bool
    message_id: str


def compose_message(facts: NoticeFacts, *, hub_url: str, sender: str) -> EmailMessage:
    """The mail for one officer, in the officer's language; headers take no text that anybody typed."""
    with override(facts.language or "en"):
        message = EmailMessage(policy=SMTP)
        message["From"] = sender
        message["To"] = facts.address
        message["Subject"] = _subject(facts)
        message["Message-ID"] = facts.message_id
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(_body(facts, hub_url), cte="8bit")
        return message


def _subject(facts: NoticeFacts) -> str:
    words = ["[Accord]"]
    if facts.exercise:
        words.append(gettext("EXERCISE"))
    words.append(facts.priority.upper())
    if facts.withdrawn:
        words.append(gettext("WITHDRAWN"))
    return " ".join([*words, facts.reference])


def _body(facts: NoticeFacts, hub_url: str) -> str:
    hours = ACKNOWLEDGE_WITHIN[facts.priority]
    if facts.withdrawn:
        first = gettext("An alert to your agency was withdrawn. Confirm it.")
    else:
        limit = gettext("1 hour") if hours == 1 else gettext("%(hours)d hours") % {"hours": hours}
        first = gettext("Your agency has an alert. Speed: %(speed)s. Acknowledge in %(limit)s.") % {
            "speed": facts.priority.upper(),
            "limit": limit,
        }
    link = gettext("Open: %(link)s") % {"link": f"{hub_url.rstrip('/')}/a/{facts.reference}"}
    last = gettext("This mail carries no content. Unsure? Type the hub's address.")
    return f"{first}\n{link}\n{last}\n"
