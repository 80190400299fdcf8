# SPDX-License-Identifier: Apache-2.0
"""Verdicts of the exchange on recipients: a code and arguments for each, put into words here for the reader.

The verdict is the exchange's alone; `alerts.peers.withheld_recipients` adds what the agency itself has compared and suspended.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from django.db import transaction
from django.utils.translation import gettext as _

from accord.calls.answers import PreviewAnswer
from accord.calls.errors import ClientError
from alerts.errors import ExchangeAwayError
from alerts.exchange_errors import away_error_for
from callers.closed_lists import Tlp
from callers.denials import denial_text
from peers.exchange import exchange_of
from peers.models import Agency, LastVerdicts

REF_AT_MOST = 20
KEPT_FOR: Final = timedelta(days=7)
"""Time for which a last answer is used while the exchange is away; it judges anew when it accepts the envelope."""


@dataclass(frozen=True)
class RecipientVerdict:
    """Line of "who will receive this"; never names an officer. It is equal as long as nothing has changed."""

    agency: str
    name: str
    country: str
    kind: str
    will: bool
    code: str
    text: str
    agreement: str
    lane: str
    ceiling: str
    custody: str
    suite: str
    timezone: str

    def as_json(self) -> dict[str, str | bool]:
        """Return the line as a validated alert keeps it."""
        return asdict(self)


def ask_previews(
    issuer: str, terms: Mapping[str, str], recipients: Collection[str] | None, *, now: datetime
) -> list[PreviewAnswer]:
    """Ask the exchange about each recipient now; `None` asks about the whole directory.

    Not inside a transaction. Raises ExchangeAwayError, also for an answer that cannot be used.
    """
    asked = None if recipients is None else sorted(set(recipients))
    try:
        answers = exchange_of(issuer).previews(terms, asked)
    except ClientError as trouble:
        raise away_error_for(trouble, issuer) from trouble
    if not all(_is_sound(answer) for answer in answers):
        raise ExchangeAwayError(is_answered=True)
    return answers


def last_answers(
    issuer: str, terms: Mapping[str, str], recipients: Collection[str], *, now: datetime
) -> tuple[list[PreviewAnswer], datetime] | None:
    """Return the exchange's last answers about all of these, and the oldest time of them; None if one is missing or too old."""
    row = LastVerdicts.objects.filter(reader=issuer, terms=_named(terms)).first()
    if row is None or not row.is_bound or not set(recipients) <= row.answers.keys():
        return None
    known = [row.answers[recipient] for recipient in sorted(set(recipients))]
    as_of = datetime.fromisoformat(min(one["at"] for one in known))
    if now - as_of > KEPT_FOR:
        return None
    return [PreviewAnswer(one["agency"], one["allowed"], one["code"], one["args"]) for one in known], as_of


@transaction.atomic
def keep_answers(
    issuer: str, terms: Mapping[str, str], answers: Sequence[PreviewAnswer], *, now: datetime
) -> None:
    """Keep the exchange's answers for when it is away; a row that was changed past the program is replaced."""
    at = now.astimezone(UTC).isoformat()
    new = {one.agency: {**asdict(one), "args": dict(one.args), "at": at} for one in answers}
    row = LastVerdicts.objects.select_for_update().filter(reader=issuer, terms=_named(terms)).first()
    if row is not None and not row.is_bound:
        row.delete()
        row = None
    row = row or LastVerdicts(reader=issuer, terms=_named(terms))
    row.answers = {**row.answers, **new}
    row.save()


def _named(terms: Mapping[str, str]) -> str:
    return "|".join(terms[name] for name in sorted(terms))


def verdicts_of(answers: Sequence[PreviewAnswer], terms: Mapping[str, str]) -> list[RecipientVerdict]:
    """Return the answers as lines, by name, with the directory's facts of each agency."""
    agencies = Agency.objects.in_bulk([answer.agency for answer in answers])
    rows = [_verdict(answer, agencies.get(answer.agency), terms) for answer in answers]
    return sorted(rows, key=lambda row: (row.name, row.agency))


def worded(answer: PreviewAnswer, name: str) -> str:
    """Say in the active language why the recipient is denied; a denial of an unknown code gets a general sentence."""
    try:
        return denial_text(answer.code, {**answer.args, "name": name})
    except (KeyError, TypeError, ValueError):
        return _("%(name)s cannot receive it, for a reason that this desk does not know.") % {"name": name}


def _is_sound(answer: PreviewAnswer) -> bool:
    """Tell whether an allowance names an agreement and its highest marking."""
    if not answer.allowed:
        return True
    ref, ceiling = answer.args.get("ref"), answer.args.get("tlp")
    return isinstance(ref, str) and 0 < len(ref) <= REF_AT_MOST and ceiling in Tlp.values


def _verdict(answer: PreviewAnswer, agency: Agency | None, terms: Mapping[str, str]) -> RecipientVerdict:
    name, allowed = agency.name if agency else answer.agency, answer.allowed
    return RecipientVerdict(
        agency=answer.agency,
        name=name,
        country=agency.country if agency else "",
        kind=agency.kind if agency else "",
        will=allowed,
        code=answer.code,
        text="" if allowed else worded(answer, name),
        agreement=str(answer.args["ref"]) if allowed else "",
        lane=terms["lane"],
        ceiling=str(answer.args["tlp"]) if allowed else "",
        custody=agency.custody if agency else "",
        suite=terms["suite"],
        timezone=agency.timezone if agency else "",
    )
