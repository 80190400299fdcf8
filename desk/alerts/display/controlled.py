# SPDX-License-Identifier: Apache-2.0
"""Section "Where controlled" of a page: the status for a day, compared with what the alert itself states."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final

from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accord.document.rules import read_day
from alerts.access import today_of
from alerts.document.fields import FIELDS, is_asked
from alerts.models import Alert
from callers import clock
from officers.models import Officer
from science.answers.screening import ScreeningShown, show_screening
from science.answers.words import STANDINGS, VERDICTS
from science.law.places import place_name
from science.law.replaying import Replay, Replayed, replay_document
from science.screening.draft_audit import DRAFTS_AN_HOUR, record_draft_screening
from science.screening.record import is_empty, query_of

if TYPE_CHECKING:
    from alerts.document.choices import Text

DAY_PARAMETER: Final = "on"
FIRST_DAY: Final = dt.date(1961, 1, 1)
"""Nothing is asked for days before the first of the conventions."""
YEARS_AHEAD: Final = 10
DIGEST_CHARS: Final = 10

SENTENCES: Final[Mapping[Replay, tuple[str, "Text"]]] = {
    Replay.NO_RECORD: (
        "quiet",
        gettext_lazy("The alert itself states no control status; this is what this desk computes."),
    ),
    Replay.SAME: (
        "ok",
        gettext_lazy(
            "Replayed, same: this desk computed what the signed alert states, with the same rule set."
        ),
    ),
    Replay.SAME_BY_ITS_RULES: (
        "ok",
        gettext_lazy(
            "Replayed with the rule set that the signed alert names, same. This desk uses a newer one by now: where "
            "controlled is said by that one."
        ),
    ),
    Replay.OTHER_LAW: (
        "warn",
        gettext_lazy(
            "Other rule set here: the one that the signed alert names is not on this desk, so its answer cannot be "
            "computed again. Below is what this desk's rules say."
        ),
    ),
    Replay.DIFFERS: (
        "danger",
        gettext_lazy(
            "Replayed, not the same: by the very rules that the signed alert names, this desk comes to another answer. "
            "Call the sender before you rely on either."
        ),
    ),
    Replay.OTHER_ENGINE: (
        "danger",
        gettext_lazy(
            "Replayed, not the same: by the rules that the signed alert names, this desk comes to another answer. The "
            "alert says that another version of the engine made it. Call the sender before you rely on either."
        ),
    ),
    Replay.OTHER_DAY: (
        "warn",
        gettext_lazy(
            "The signed alert states the control status of another day than its own. This desk computed the same for that "
            "day; below is the status on the day of the alert."
        ),
    ),
    Replay.NOTHING_TO_ASK: (
        "danger",
        gettext_lazy(
            "The signed alert states a control status and names no substance that it could be computed of. Call the "
            "sender before you rely on it."
        ),
    ),
    Replay.LOST: (
        "warn",
        gettext_lazy(
            "The control status could not be computed just now. Load the page again in a moment; all else on it holds."
        ),
    ),
}


@dataclass(frozen=True)
class ControlledShown:
    """Content of the section. `stated` is what the signed alert says, place by place and rule by rule.

    Where the replay differs from what is signed, `text` stands in the section; else it is a matter of the proof.
    """

    tone: str
    text: "Text"
    day: dt.date
    shown: ScreeningShown | None = field(default=None, repr=False)
    stated: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    stated_on: dt.date | None = None
    own_day: dt.date | None = None
    ruleset: str = ""
    problem: str = ""
    has_form: bool = True
    today: dt.date | None = None
    note: "Text" = ""

    @property
    def is_of_proof(self) -> bool:
        return self.has_form and self.tone in {"ok", "quiet"}

    @property
    def is_of_an_older_alert(self) -> bool:
        """Tell whether the day shown is the alert's and lies back by more than a change of zone."""
        if self.today is None or self.is_of_another_day or self.shown is None:
            return False
        return (self.today - self.day).days > 1

    @property
    def is_of_another_day(self) -> bool:
        return bool(self.problem) or self.own_day not in (None, self.day)


def controlled_on_page(
    request: HttpRequest, document: Mapping[str, Any], *, agency_id: str, sent_on: dt.date
) -> ControlledShown | None:
    """Return the section of a sent or received alert, for the day in the address or its own; None where nothing can be asked."""
    says_nothing = is_empty(query_of(document)) and not document.get("screening")
    if says_nothing or not is_asked(FIELDS["screening"], document):
        return None
    typed = request.GET.get(DAY_PARAMETER, "")
    asked = read_day(typed)
    if asked is not None and not FIRST_DAY <= asked <= sent_on.replace(
        day=1, month=1, year=sent_on.year + YEARS_AHEAD
    ):
        asked = None
    replayed = replay_document(document, agency_id=agency_id, sent_on=sent_on, asked=asked)
    problem = _("Day: enter one from 1961 on.") if typed and asked is None else ""
    today = timezone.localdate(clock.now())
    return replace(_shown(replayed, document, problem), today=today)


def controlled_in_preview(
    data: Mapping[str, Any], officer: Officer, alert: Alert, *, revision: int, now: dt.datetime
) -> ControlledShown | None:
    """Return the section of a draft as it will be in the signed alert; None where nothing can be asked.

    It is computed here, and audited: a draft stores none before it is submitted.
    """
    if is_empty(query_of(data)) or not is_asked(FIELDS["screening"], data):
        return None
    record = data.get("screening")
    # What a submission computed is part of the text that is checked.
    if not record_draft_screening(officer, alert, revision=revision, now=now) and not record:
        return _not_shown(today_of(officer, now))
    stated_on = read_day(record["on"]) if record else None
    day = stated_on or today_of(officer, now)
    replayed = replay_document({**data, "screening": None}, agency_id=alert.agency_id, sent_on=day)
    text: Text = SENTENCES[replayed.state][1]
    if replayed.screening is not None:
        text = _(
            "Computed by this desk's rules. The signed alert carries this answer and the rule set, so that readers can "
            "replay it."
        )
    shown = _shown(replayed, data, "")
    tone = "quiet" if replayed.screening else "warn"
    return replace(shown, tone=tone, text=text, stated=(), stated_on=stated_on, ruleset="", has_form=False)


def _not_shown(day: dt.date) -> ControlledShown:
    text = _(
        "You were shown the control status of %(most)s versions of drafts within the hour, which is the most. It is "
        "computed all the same when the alert is submitted."
    )
    return ControlledShown(tone="warn", text=text % {"most": DRAFTS_AN_HOUR}, day=day, has_form=False)


def _shown(replayed: Replayed, document: Mapping[str, Any], problem: str) -> ControlledShown:
    tone, text = SENTENCES[replayed.state]
    record = document.get("screening")
    return ControlledShown(
        tone=tone,
        text=text,
        day=replayed.day,
        shown=None if replayed.screening is None else show_screening(replayed.screening),
        stated=tuple(_stated(record)) if record else (),
        stated_on=replayed.stated_on,
        own_day=replayed.own_day,
        ruleset=replayed.ruleset[:DIGEST_CHARS],
        problem=problem,
        note=_note(document),
    )


def _note(document: Mapping[str, Any]) -> "Text":
    """Return a caution for readers where the status is that of one structure only."""
    if document.get("identity_state") == "isomer_group" and document.get("structure"):
        return _(
            "The identity is an isomer group: this is the status of the structure that is drawn. Its isomers may have "
            "another."
        )
    if document.get("identity_state") == "tentative" and document.get("structure"):
        return _("The identity is tentative, and so is this status.")
    return ""


def _stated(record: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return the signed record in words; codes that this hub does not know stay codes."""
    rows = [
        (place_name(place), str(STANDINGS.get(standing, standing)))
        for place, standing in record["standings"].items()
    ]
    rows += [(rule, str(VERDICTS.get(verdict, verdict))) for rule, verdict in record["verdicts"].items()]
    if record["listings"]:
        rows.append((_("Listed by name"), "; ".join(record["listings"])))
    if record["precursors"]:
        rows.append((_("Precursor"), "; ".join(record["precursors"])))
    return rows
