# SPDX-License-Identifier: Apache-2.0
"""Recipients of a draft as the exchange's policy decides, and the list from which they are chosen."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final
from urllib.parse import urlencode

from django.utils.functional import Promise
from django.utils.translation import gettext as _

from accord.document.rules import asks
from alerts.document.countries import kind_and_place
from alerts.document.display import choice_text
from alerts.errors import ExchangeAwayError
from alerts.models import Alert
from alerts.peers.withheld_recipients import NEW_IN_CIRCLE
from alerts.review.may_send import ASKED
from alerts.review.preview import Preview, candidates_for, circles_for
from alerts.review.reply_readers import reply_readers
from alerts.review.verdicts import RecipientVerdict
from callers.directory import Custody
from desk.alerts.compose.form import FormField, Option
from officers.models import Officer
from peers.models import Agency

_OF_A_QUESTION: Final = frozenset({"for_attention", "reply_to"})


@dataclass(frozen=True)
class ReachRow:
    """Verdict with the words that the page shows for its codes."""

    verdict: RecipientVerdict
    kind_text: str | Promise
    lane_text: str
    custody_text: str


@dataclass(frozen=True)
class Reach:
    """Verdicts by outcome. `as_of`: the exchange could not be asked, and these are from then; `is_away` without it: none
    are known.
    """

    will: tuple[ReachRow, ...] = ()
    wont: tuple[ReachRow, ...] = ()
    is_away: bool = False
    as_of: datetime | None = None
    asked: str = ""
    """The terms as a query, by which the page that explains policy answers alike."""

    @property
    def new(self) -> tuple[ReachRow, ...]:
        """Agencies of `wont` that are new in a circle, which the page shows apart."""
        return tuple(row for row in self.wont if row.verdict.code == NEW_IN_CIRCLE)

    @property
    def denied(self) -> tuple[ReachRow, ...]:
        """The other agencies of `wont`."""
        return tuple(row for row in self.wont if row.verdict.code != NEW_IN_CIRCLE)

    @property
    def will_names(self) -> str:
        return _names(self.will)

    @property
    def wont_names(self) -> str:
        return _names(self.wont)


def reach_of(preview: Preview | None, chosen: Collection[str] | None = None) -> Reach:
    """Return the verdicts on the chosen agencies (all without `chosen`), those who will receive first; None: nobody could
    be asked.
    """
    if preview is None:
        return Reach(is_away=True)
    rows = [_row(verdict) for verdict in preview.rows if chosen is None or verdict.agency in chosen]
    will = tuple(row for row in rows if row.verdict.will)
    wont = tuple(row for row in rows if not row.verdict.will)
    terms = preview.from_exchange.terms if preview.from_exchange else {}
    asked = urlencode({name: terms[name] for name in ASKED if name in terms})
    return Reach(will, wont, is_away=preview.as_of is not None, as_of=preview.as_of, asked=asked)


def judge_directory(officer: Officer, data: Mapping[str, Any], *, now: datetime) -> Preview | None:
    """Return the verdict on every agency that this officer could address; empty until lane, purpose and TLP are chosen.

    None while the exchange is away.
    """
    try:
        return candidates_for(officer, data, now=now)
    except ExchangeAwayError:
        return None


def members_of(officer: Officer, names: Iterable[str]) -> list[str]:
    """Return the agencies of the ticked circles; a name that is not of this agency's circles adds nobody."""
    ticked = set(names)
    return [agency for name, members in circles_for(officer) if name in ticked for agency in members]


def with_recipients(
    fields: Iterable[FormField],
    officer: Officer,
    alert: Alert,
    judged: Preview | None,
    data: Mapping[str, Any],
) -> list[FormField]:
    """Fill the fields whose choices are agencies or officers.

    Nobody is marked for attention before recipients and a question are there, nor is it asked who may open the answers.
    """
    chosen = list(data.get("recipients") or ())
    offered = tuple(_offered(officer, judged.rows if judged else (), chosen))
    filled = [_filled(field, officer, alert, offered, data) for field in fields]
    return [field for field in filled if field.name not in _OF_A_QUESTION or (field.options and asks(data))]


def _filled(
    field: FormField, officer: Officer, alert: Alert, offered: tuple[Option, ...], data: Mapping[str, Any]
) -> FormField:
    if field.name == "recipients":
        circles = [
            {"name": name, "size": len(members), "members_text": " ".join(members)}
            for name, members in circles_for(officer)
        ]
        return replace(field, options=offered, extra={"circles": circles})
    if field.name == "for_attention":
        marked = data.get(field.name) or ()
        to = tuple(replace(row, chosen=row.value in marked, note="") for row in offered if row.chosen)
        return replace(field, options=to)
    if field.name == "reply_to":
        named = data.get(field.name) or (officer.public_id,)
        rows = reply_readers(alert)
        return replace(
            field, options=tuple(Option(o.public_id, o.display_name, o.public_id in named) for o in rows)
        )
    if field.name == "recipient_reasons":
        return replace(field, rows=tuple(_reason_rows(offered, data.get(field.name) or {})))
    return field


def _offered(officer: Officer, verdicts: Sequence[RecipientVerdict], chosen: list[str]) -> Iterator[Option]:
    """Yield agencies with their verdict where there is one, else by name; an unknown agency that was typed is kept."""
    if verdicts:
        yield from (_option(verdict, verdict.agency in chosen) for verdict in verdicts)
        return
    for agency in Agency.objects.visible_to(officer).exclude(pk=officer.agency_id).order_by("name"):
        note = kind_and_place(agency.kind, agency.country)
        yield Option(agency.pk, agency.name, agency.pk in chosen, note)


def _option(verdict: RecipientVerdict, chosen: bool) -> Option:
    note = verdict.text or kind_and_place(verdict.kind, verdict.country)
    return Option(verdict.agency, verdict.name, chosen, note, is_denied=not verdict.will)


def _reason_rows(offered: tuple[Option, ...], reasons: Mapping[str, str]) -> Iterator[Mapping[str, Any]]:
    for option in offered:
        if option.chosen:
            yield {"agency": option.value, "name": option.text, "reason": reasons.get(option.value, "")}


def _row(verdict: RecipientVerdict) -> ReachRow:
    own_keys = verdict.custody == Custody.AGENCY
    return ReachRow(
        verdict,
        kind_text=kind_and_place(verdict.kind, verdict.country),
        lane_text=choice_text("lane", verdict.lane),
        custody_text=_("keys held by the agency") if own_keys else _("keys held by a desk that others host"),
    )


def _names(rows: tuple[ReachRow, ...]) -> str:
    return "; ".join(row.verdict.name for row in rows)
