# SPDX-License-Identifier: Apache-2.0
"""Reader of a posted page, in the desk's JSON values. It judges nothing: the desk's check does."""

import datetime as dt
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from django.http import QueryDict
from django.utils import timezone

from alerts.document.choices import UNITS
from alerts.document.fields import FIELDS, Field, Kind
from alerts.document.science_validators import (
    EVIDENCE_MEMBERS,
    RATIO_MEMBERS,
    RATIO_NUMBERS,
    REGION_TEXTS,
    RULE_MEMBERS,
)
from alerts.document.validators import PARTY_MEMBERS, UNKNOWN
from substances.profiles.vectors import BELOW

REASON_PREFIX: Final = "recipient_reasons-"
_WITH_UNIT: Final = re.compile(r"(?P<amount>[\d.,]+)\s*(?P<unit>[^\W\d]+)")


def posted_values(post: QueryDict, entries: Iterable[Field]) -> dict[str, Any]:
    """Return the values of these fields, by name."""
    values = {entry.name: _READERS.get(entry.kind, _text)(post, entry.name) for entry in entries}
    return values | _unit_typed(values)


def shown_on_page(post: QueryDict) -> tuple[Field, ...]:
    """Return the fields that the page showed, as the form says. A page of before the kind was changed loses nothing."""
    shown = set(post.getlist("shown"))
    return tuple(entry for entry in FIELDS.values() if entry.name in shown and not entry.computed)


def _unit_typed(values: Mapping[str, Any]) -> dict[str, str]:
    """Return amount and unit apart where both were typed into the field of the amount: 2 kg."""
    typed = _WITH_UNIT.fullmatch(str(values.get("quantity", "")).strip())
    if typed is None or "unit" not in values:
        return {}
    codes = {str(word).casefold(): code for code, text in UNITS for word in (code, text)}
    unit = codes.get(typed["unit"].casefold())
    return {} if unit is None else {"quantity": typed["amount"], "unit": unit}


def posted_kept(
    post: QueryDict, entries: Iterable[Field], before: Iterable[str], asked: dict[str, str]
) -> list[str]:
    """Return the kept questions: those of this page as ticked now, those of other pages as before.

    `asked` maps the code of each question to its field.
    """
    here = {entry.name for entry in entries}
    elsewhere = [code for code in before if asked.get(code) not in here]
    return elsewhere + [code for code in post.getlist("kept") if asked.get(code) in here]


def posted_number(post: QueryDict, name: str) -> int | None:
    """Return a whole number in one of our forms; None when it is missing or invalid."""
    text = post.get(name, "")
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else None


def _text(post: QueryDict, name: str) -> str:
    return post.get(name, "")


def _several(post: QueryDict, name: str) -> list[str]:
    return post.getlist(name)


def _count(post: QueryDict, name: str) -> str | int:
    typed = post.get(name, "").strip()
    return typed or ("unknown" if post.get(f"{name}-unknown") else "")


def _route(post: QueryDict, name: str) -> list[dict[str, str]]:
    columns = [post.getlist(f"{name}-{part}") for part in ("part", "country", "basis")]
    return [
        {"part": part, "country": country, "basis": basis}
        for part, country, basis in zip(*columns, strict=False)
        if part or country or basis
    ]


def _parties(post: QueryDict, name: str) -> list[dict[str, str]] | str:
    """Return the rows, which override the box "unknown"."""
    columns = [post.getlist(f"{name}-{member}") for member in PARTY_MEMBERS]
    rows = [dict(zip(PARTY_MEMBERS, row, strict=True)) for row in zip(*columns, strict=False)]
    filled = [row for row in rows if row["role"] or row["name"].strip() or row["country"]]
    return filled or (UNKNOWN if post.get(f"{name}-unknown") else [])


def _lines(post: QueryDict, name: str) -> list[str]:
    return [line.strip() for line in post.get(name, "").splitlines() if line.strip()]


def _evidence(post: QueryDict, name: str) -> list[dict[str, str]]:
    columns = [post.getlist(f"{name}-{member}") for member in EVIDENCE_MEMBERS]
    rows = [dict(zip(EVIDENCE_MEMBERS, row, strict=True)) for row in zip(*columns, strict=False)]
    return [row for row in rows if any(value.strip() for value in row.values())]


def _profile(post: QueryDict, name: str) -> dict[str, Any]:
    """Read one value on each line, or one line of them split by commas, in the order of the targets; an empty one is below
    detection.
    """
    values = [line.strip() for line in post.get(f"{name}-values", "").strip("\r\n").splitlines()]
    if len(values) == 1:
        mark = next((mark for mark in ";\t" if mark in values[0]), ",")
        values = [cell.strip() for cell in values[0].split(mark)]
    return {
        "method": post.get(f"{name}-method", ""),
        "version": post.get(f"{name}-version", ""),
        "values": ["" if value.lower() in BELOW else value for value in values],
    }


def _region_evidence(post: QueryDict, name: str) -> dict[str, Any]:
    """Read isotope and standard as one choice, `isotope|standard`, so that neither changes without the other."""
    columns = [post.getlist(f"{name}-{part}") for part in ("scale", *RATIO_NUMBERS)]
    ratios = [
        dict(zip(RATIO_MEMBERS, (*scale.rpartition("|")[::2], value, uncertainty), strict=True))
        for scale, value, uncertainty in zip(*columns, strict=False)
    ]
    return {"ratios": ratios} | {member: post.get(f"{name}-{member}", "") for member in REGION_TEXTS}


def _rule(post: QueryDict, name: str) -> dict[str, str]:
    return {member: post.get(f"{name}-{member}", "") for member in RULE_MEMBERS}


def _moment(post: QueryDict, name: str) -> str:
    """Read the reader's local time from the browser.

    Of an hour that a clock repeats the earlier one counts; of one that it leaves out, the time an hour later, as the page then shows.
    """
    typed = post.get(name, "").strip()
    try:
        local = dt.datetime.fromisoformat(typed)
    except ValueError:
        return typed
    aware = local if local.tzinfo else local.replace(tzinfo=timezone.get_current_timezone())
    return aware.isoformat()


def _reasons(post: QueryDict, name: str) -> dict[str, str]:
    keys = (key for key in post if key.startswith(REASON_PREFIX))
    return {key.removeprefix(REASON_PREFIX): post.get(key, "") for key in keys}


_READERS: Final[dict[Kind, Callable[[QueryDict, str], Any]]] = {
    Kind.CHOICES: _several,
    Kind.AGENCIES: _several,
    Kind.OFFICERS: _several,
    Kind.COUNT: _count,
    Kind.ROUTE: _route,
    Kind.PARTIES: _parties,
    Kind.MOMENT: _moment,
    Kind.REASONS: _reasons,
    Kind.LINES: _lines,
    Kind.EVIDENCE: _evidence,
    Kind.PROFILE: _profile,
    Kind.REGION_EVIDENCE: _region_evidence,
    Kind.PROPOSED_RULE: _rule,
}
