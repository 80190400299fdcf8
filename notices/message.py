# SPDX-License-Identifier: Apache-2.0
"""The one form of every mail: urgency, reference, the officer's own agency and what it is to do, link.

Never content, title, sender or marking (one line says RED). The constant form is a promise to officers ("this mail carries no
content") and to agencies: a reader of the mailbox learns that something waits, how soon it wants an act, and nothing else.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from email.message import EmailMessage
from email.policy import SMTP
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext, gettext_lazy, ngettext, override

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
    Occasion.TASK_ASSIGNED: "tasks/",
    Occasion.AGREEMENTS_CHANGED: "agreements/",
    Occasion.ANSWERS_MISSING: "overdue/",
    Occasion.COMMITMENT_DUE: "commitments/",
    Occasion.EMERGENCY: "",
}
"""Page to which a mail about no alert refers, on occasions that have one of their own."""


_LINES: Final[Mapping[Occasion, Promise]] = {
    Occasion.WITHDRAWN: gettext_lazy("Confirm that %(agency)s has stopped using an alert: it was withdrawn."),
    Occasion.REPUDIATED: gettext_lazy(
        "Look again before you act on an alert to %(agency)s: a signature about it no longer counts."
    ),
    Occasion.REAFFIRMED: gettext_lazy(
        "Look again at an alert to %(agency)s: what was in doubt about it was reaffirmed."
    ),
    Occasion.KEY_REVOKED: gettext_lazy(
        "Reaffirm or withdraw what is in doubt: a signing key of %(agency)s was revoked."
    ),
    Occasion.PEER_REFUSED: gettext_lazy(
        "Look at the keys of another agency, which failed a check: %(agency)s sends it nothing and opens nothing of it."
    ),
    Occasion.PEER_TELEPHONE: gettext_lazy(
        "Compare an agency's telephone number, which the exchange has changed: %(agency)s keeps the one from before until you take it."
    ),
    Occasion.POWER_ASKED: gettext_lazy(
        "Look at a change of who may do what at %(agency)s: it waits, and you can stop it."
    ),
    Occasion.POLICY_WEAKENED: gettext_lazy(
        "Look at what has changed: the policy of %(agency)s became weaker."
    ),
    Occasion.REOPENED: gettext_lazy(
        "Look at whom the root of %(agency)s has let in at this desk; if your head did not sign that, call the desk's keeper."
    ),
    Occasion.RELEASE_WAITS: gettext_lazy(
        "Check and send a flash alert of %(agency)s: it waits for a second person."
    ),
    Occasion.UNSENT: gettext_lazy(
        "Phone the recipients of a flash alert of %(agency)s: it has not left, since the exchange does not answer. The numbers stand there."
    ),
    Occasion.CAME_BACK: gettext_lazy(
        "Look at why the exchange did not take what %(agency)s had signed, and do it once more if it still holds."
    ),
    Occasion.CONTROL_CHANGED: gettext_lazy(
        "Look at which substances of %(agency)s are reached: rules that you watch have changed."
    ),
    Occasion.RULE_PUBLISHED: gettext_lazy(
        "Look at an alert to %(agency)s: it brings a change of the law that you watch."
    ),
    Occasion.API_KEY_ENDING: gettext_lazy("Replace an API key of %(agency)s: it ends on %(moment)s."),
    Occasion.API_KEY_ROTATED: gettext_lazy(
        "Look at an API key of %(agency)s, which has replaced itself: if that was not your system, revoke it."
    ),
    Occasion.KEY_ENDING: gettext_lazy("Replace a key of %(agency)s: it ends on %(moment)s."),
    Occasion.ANSWER_DUE: gettext_lazy("Answer a question to %(agency)s by %(moment)s."),
    Occasion.ANSWER_OVERDUE: gettext_lazy("Answer a question to %(agency)s now: it was due on %(moment)s."),
    Occasion.RED_WAITS: gettext_lazy(
        "Tell your colleagues at %(agency)s: a RED item waits for the officers whom it names."
    ),
    Occasion.TASK_ASSIGNED: gettext_lazy(
        "Look at your tasks at %(agency)s: something was given to you, or to a unit that you lead."
    ),
    Occasion.COMMITMENT_DUE: gettext_lazy("Look at the commitments of %(agency)s: one is due by %(moment)s."),
    Occasion.EMERGENCY: gettext_lazy(
        "Look at the alerts of %(agency)s: one was released to further agencies in an emergency."
    ),
    Occasion.AGREEMENTS_CHANGED: gettext_lazy(
        "Look at the agreements of %(agency)s: another agency has proposed or changed something there."
    ),
}
"""What is to be done on occasions whose line needs no more than the agency and a time."""


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
    """End of a key, API key or certificate, or when an answer or a commitment is due, in the officer's zone; set only on those occasions."""
    agency: str = ""
    """Name of the officer's own agency; empty for a keeper, who has none."""
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
        Occasion.RED_WAITS: gettext("WAITS"),
        Occasion.ANSWERS_MISSING: gettext("NO ANSWER"),
        Occasion.TASK_ASSIGNED: gettext("TASKS"),
        Occasion.AGREEMENTS_CHANGED: gettext("AGREEMENTS"),
        Occasion.COMMITMENT_DUE: gettext("COMMITMENTS"),
        Occasion.EMERGENCY: gettext("EMERGENCY"),
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
    """Return what is to be done, verb first, and for which agency."""
    named = {"agency": facts.agency, "moment": facts.ends}
    if facts.occasion == Occasion.ALERT:
        return _alert_line(facts)
    if facts.occasion == Occasion.REPUDIATED and not facts.reference:
        return (
            gettext("Look again at the answers to %(agency)s: a signature under one no longer counts.")
            % named
        )
    if facts.occasion == Occasion.DESK_WARNING:
        return _desk_line(facts.ends)
    if facts.occasion == Occasion.ANSWERS_MISSING:
        return _missing_line(facts)
    return str(_LINES[facts.occasion]) % named


def _desk_line(ends: str) -> str:
    if ends:
        return gettext("The certificate of this desk ends on %(moment)s.") % {"moment": ends}
    return gettext(
        "Something of this desk needs you. Its first page says what, and who does something about it."
    )


def _missing_line(facts: NoticeFacts) -> str:
    words = ngettext(
        "Phone %(count)d agency, which has not answered %(agency)s in time.",
        "Phone %(count)d agencies, which have not answered %(agency)s in time.",
        facts.count,
    )
    return words % {"count": facts.count, "agency": facts.agency}


def _alert_line(facts: NoticeFacts) -> str:
    # The binding time stands in the manifest, which no mail is made of.
    hours = ACKNOWLEDGE_WITHIN_SECS[facts.priority] // 3600
    limit = gettext("1 hour") if hours == 1 else gettext("%(hours)d hours") % {"hours": hours}
    words = {"agency": facts.agency, "speed": facts.priority.upper(), "limit": limit}
    return gettext("Acknowledge an alert to %(agency)s within %(limit)s. Speed: %(speed)s.") % words
