# SPDX-License-Identifier: Apache-2.0
"""The one form of every mail: urgency, reference, link. Never content, title, sender or marking (one line says RED).

The constant form is a promise to officers ("this mail carries no content") and to agencies: a reader of the mailbox
learns that something waits, how soon it wants an answer, and nothing else.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from email.message import EmailMessage
from email.policy import SMTP
from typing import Final

from django.utils.translation import gettext, ngettext, override

from accord.envelope.vocabulary import ACKNOWLEDGE_WITHIN_SECS
from notices.states import (
    API_KEY_OCCASIONS,
    HANDED_IN_OCCASIONS,
    KEY_OCCASIONS,
    PEER_OCCASIONS,
    POWER_OCCASIONS,
    Occasion,
)

_PLACES: Final[Mapping[Occasion, str]] = {
    Occasion.REOPENED: "",
    Occasion.RELEASE_WAITS: "queue/",
    Occasion.CONTROL_CHANGED: "science/caught/",
    Occasion.RED_WAITS: "inbox/",
    Occasion.DESK_WARNING: "",
}
"""Page to which a mail about no alert refers, on occasions that have one of their own."""


@dataclass(frozen=True)
class NoticeFacts:
    """All facts that a mail may contain; `reference` is empty where no alert is named, `priority` where nothing is urgent."""

    address: str
    language: str
    occasion: Occasion
    message_id: str
    reference: str = ""
    priority: str = ""
    exercise: bool = False
    ends: str = ""
    """End of a key, API key or certificate, or when an answer is due, in the officer's zone; set only on those occasions."""
    count: int = 0
    """Agencies that have not answered in time; set only on that occasion."""


def compose_message(facts: NoticeFacts, *, hub_url: str, sender: str) -> EmailMessage:
    """Compose the mail for one officer, in the officer's language; headers contain no text that anybody typed."""
    with override(facts.language or "en"):
        message = EmailMessage(policy=SMTP)
        message["From"] = sender
        message["To"] = facts.address
        message["Subject"] = _subject(facts)
        message["Message-ID"] = facts.message_id
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(_body(facts, hub_url), cte="8bit")
        return message


def words_of(facts: NoticeFacts) -> tuple[str, str]:
    """Return subject and first line in the active language, for a notice in a browser, which says no more than a mail."""
    return _subject(facts), _first_line(facts)


def _subject(facts: NoticeFacts) -> str:
    words = [gettext("EXERCISE") if facts.exercise else "", facts.priority.upper(), _word_of(facts.occasion)]
    return " ".join(["[Accord]", *filter(None, [*words, facts.reference])])


def _word_of(occasion: Occasion) -> str:
    """Return the occasion's word in the subject; empty for a new alert."""
    return {
        Occasion.WITHDRAWN: gettext("WITHDRAWN"),
        Occasion.REPUDIATED: gettext("IN DOUBT"),
        Occasion.REAFFIRMED: gettext("REAFFIRMED"),
        Occasion.KEY_REVOKED: gettext("KEYS"),
        Occasion.KEY_ENDING: gettext("KEYS"),
        Occasion.API_KEY_ENDING: gettext("API KEYS"),
        Occasion.API_KEY_ROTATED: gettext("API KEYS"),
        Occasion.PEER_REFUSED: gettext("KEYS"),
        Occasion.PEER_TELEPHONE: gettext("TELEPHONE"),
        Occasion.POWER_ASKED: gettext("POWERS"),
        Occasion.POLICY_WEAKENED: gettext("POLICY"),
        Occasion.REOPENED: gettext("POWERS"),
        Occasion.RELEASE_WAITS: gettext("TO RELEASE"),
        Occasion.UNSENT: gettext("NOT SENT"),
        Occasion.CAME_BACK: gettext("CAME BACK"),
        Occasion.CONTROL_CHANGED: gettext("LAW"),
        Occasion.RULE_PUBLISHED: gettext("LAW"),
        Occasion.DESK_WARNING: gettext("DESK"),
        Occasion.ANSWER_DUE: gettext("TO ANSWER"),
        Occasion.ANSWER_OVERDUE: gettext("ANSWER OVERDUE"),
        Occasion.RED_WAITS: gettext("TO ANSWER"),
        Occasion.ANSWERS_MISSING: gettext("NO ANSWER"),
    }.get(occasion, "")


def _body(facts: NoticeFacts, hub_url: str) -> str:
    link = gettext("Open: %(link)s") % {"link": f"{hub_url.rstrip('/')}/{_place_of(facts)}"}
    last = gettext("This mail carries no content. Unsure? Type the desk's address.")
    return "\n".join([_first_line(facts), link, last]) + "\n"


def _place_of(facts: NoticeFacts) -> str:
    if facts.reference:
        return f"a/{facts.reference}"
    if facts.occasion in _PLACES:
        return _PLACES[facts.occasion]
    if facts.occasion in PEER_OCCASIONS:
        return "peers/"
    if facts.occasion in POWER_OCCASIONS:
        return "policy/" if facts.occasion == Occasion.POLICY_WEAKENED else "powers/"
    if facts.occasion in API_KEY_OCCASIONS:
        return "api-keys/"
    if facts.occasion in HANDED_IN_OCCASIONS:
        return "outbox/waiting/"
    return "keys/" if facts.occasion in KEY_OCCASIONS else "outbox/"


def _first_line(facts: NoticeFacts) -> str:
    if facts.occasion == Occasion.ALERT:
        return _alert_line(facts.priority)
    if facts.occasion == Occasion.REPUDIATED and not facts.reference:
        return gettext("A signature under an answer to your agency no longer counts. Look again.")
    if facts.occasion == Occasion.DESK_WARNING:
        return _desk_line(facts.ends)
    if facts.occasion == Occasion.ANSWERS_MISSING:
        return _missing_line(facts.count)
    return {
        Occasion.WITHDRAWN: gettext("An alert to your agency was withdrawn. Confirm it."),
        Occasion.REPUDIATED: gettext(
            "A signature about an alert to your agency no longer counts. Look again before you act on it."
        ),
        Occasion.REAFFIRMED: gettext(
            "What was in doubt about an alert to your agency was reaffirmed. Look again."
        ),
        Occasion.KEY_REVOKED: gettext(
            "A signing key of your agency was revoked. Look at what it put in doubt: reaffirm or withdraw it."
        ),
        Occasion.PEER_REFUSED: gettext(
            "The keys of another agency failed a check. Nothing goes to it and nothing of it opens. Look at it."
        ),
        Occasion.PEER_TELEPHONE: gettext(
            "The exchange says another telephone number of an agency. The one from before counts until you take it."
        ),
        Occasion.POWER_ASKED: gettext(
            "A change of who may do what in your agency waits. Look at it: you can stop it."
        ),
        Occasion.POLICY_WEAKENED: gettext("Your agency's policy became weaker. Look at what has changed."),
        Occasion.REOPENED: gettext(
            "Your agency's root has let somebody in at this desk. Look at whom; if your head did not sign that, call the desk's keeper."
        ),
        Occasion.RELEASE_WAITS: gettext(
            "A flash alert of your agency waits for a second person. Check it and send it."
        ),
        Occasion.UNSENT: gettext(
            "A flash alert of your agency has not left: the exchange does not answer. Phone the recipients; the numbers stand there."
        ),
        Occasion.CAME_BACK: gettext(
            "The exchange did not take what your agency had signed. Look at why, and do it once more if it still holds."
        ),
        Occasion.CONTROL_CHANGED: gettext(
            "Rules that you watch have changed. Look at which of your agency's substances they reach."
        ),
        Occasion.RULE_PUBLISHED: gettext(
            "An alert to your agency brings a change of the law that you watch."
        ),
        Occasion.API_KEY_ENDING: gettext("An API key of your agency ends on %(moment)s.")
        % {"moment": facts.ends},
        Occasion.API_KEY_ROTATED: gettext(
            "An API key of your agency has replaced itself. Was it your system? If not, revoke it."
        ),
        Occasion.KEY_ENDING: gettext("A key of your agency ends on %(moment)s.") % {"moment": facts.ends},
        Occasion.ANSWER_DUE: gettext("Your agency owes an answer. Answer until %(moment)s.")
        % {"moment": facts.ends},
        Occasion.ANSWER_OVERDUE: gettext("Your agency owes an answer. It was due on %(moment)s. Answer now.")
        % {"moment": facts.ends},
        Occasion.RED_WAITS: gettext("A RED item waits for its named officers."),
    }[facts.occasion]


def _desk_line(ends: str) -> str:
    if ends:
        return gettext("The certificate of this desk ends on %(moment)s.") % {"moment": ends}
    return gettext(
        "Something of this desk needs you. Its first page says what, and who does something about it."
    )


def _missing_line(count: int) -> str:
    words = ngettext(
        "%(count)d agency has not answered your agency in time.",
        "%(count)d agencies have not answered your agency in time.",
        count,
    )
    return words % {"count": count}


def _alert_line(priority: str) -> str:
    # The binding time stands in the manifest, which no mail is made of.
    hours = ACKNOWLEDGE_WITHIN_SECS[priority] // 3600
    limit = gettext("1 hour") if hours == 1 else gettext("%(hours)d hours") % {"hours": hours}
    words = {"speed": priority.upper(), "limit": limit}
    return gettext("Your agency has an alert. Speed: %(speed)s. Acknowledge in %(limit)s.") % words
