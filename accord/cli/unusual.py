# SPDX-License-Identifier: Apache-2.0
"""Questions before sending: what an alert says that may be right and is seldom meant, as a desk's forms ask its officers."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from accord.cli.asking import confirm
from accord.cli.science import identity_failed
from accord.cli.sciencewords import IDENTITY_FAILED, word_of
from accord.cli.workplace import Workplace
from accord.client.outgoing import AlertToSend
from accord.document.checking import Finding, step
from accord.document.rules import latest_today
from accord.document.unusual import OF_ANALYSES, UNUSUAL, Asked, is_life_safety, unusual
from accord.moments import moment_of

NOT_CARRIED: Final = "confirmed-not-carried"
CODES: Final = (*UNUSUAL, NOT_CARRIED)
_AROUND: Final = {"due_at": "reply_by", "pri": "pri"}
"""Fields of a draft that are members of an order, around its document."""
_SENTENCES: Final[Mapping[str, str]] = {
    "confirmed-without-reference": "confirmed needs a reference; add it or write tentative.",
    "isomers-not-named": "name at least one isomer, so that readers know what it may be.",
    "event-long-ago": "it is over 10 years ago; check the year.",
    "very-many-cases": "over 10,000 cases; check the number.",
    "unit-unusual-for-form": "it is unusual for this physical form; check both.",
    "answer-far-ahead": "it is over 90 days ahead; check the date.",
    "passed-with-warning-signs": "it is pass, and there are red flags; check both.",
    "cases-without-harm": "there are cases; write suspected or more.",
    "flash-without-harm": "flash is danger to life, but no harm and no case is known; say what is, or write urgent.",
    "amount-over-10-t": "it is over 10 t; check the unit.",
}


@dataclass(frozen=True)
class UnusualFinding(Finding):
    """A question, by its code."""

    code: str = ""

    def __str__(self) -> str:
        """Return the place, what to check and the code."""
        return f"{super().__str__()} ({self.code})"


def questions_on(
    alert: Mapping[str, Any], *, pri: str, reply_by: int | None, now: int, at: str = ""
) -> Iterator[UnusualFinding]:
    """Yield what is asked about a document that fits; `at` is where it stands in its file, times are in seconds."""
    answer_by = None if reply_by is None else moment_of(reply_by).date()
    failed = identity_failed(alert) if alert.get("alert_type") in OF_ANALYSES else ()
    unfit = ("identity_state",) if failed else ()
    for code in unusual(Asked(alert, latest_today(now), pri, answer_by, unfit)):
        name = UNUSUAL[code][0]
        pointer = step("", _AROUND[name]) if name in _AROUND else step(at, name)
        yield UnusualFinding(pointer, _SENTENCES[code], code=code)
    if failed:
        why = " ".join(word_of(IDENTITY_FAILED, code) for code in failed)
        remedy = f'the evidence does not carry "confirmed". {why} Write tentative, or add the analysis.'
        yield UnusualFinding(step(at, "identity_state"), remedy, code=NOT_CARRIED)


def require_meant(place: Workplace, order: AlertToSend, despite: Collection[str]) -> None:
    """Name what is unusual, and ask about what is not in `despite`; raise RequestError unless it is meant.

    Where life is in danger nothing is held up.
    """
    found = list(questions_on(order.alert, pri=order.pri, reply_by=order.reply_by, now=place.now))
    for one in found:
        place.warn_of_unusual(str(one), one.pointer, one.code)
    codes: Sequence[str] = [one.code for one in found if one.code not in despite]
    if codes and not is_life_safety(order.pri, order.lane):
        options = " ".join(f"--despite {code}" for code in codes)
        confirm("Is that meant as it stands?", said_yes=False, option=options)
