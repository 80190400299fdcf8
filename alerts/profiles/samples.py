# SPDX-License-Identifier: Apache-2.0
"""Profiles of samples that an agency holds, sealed, and comparison with them.

- A comparison opens only the agency's own rows. Samples of other agencies are compared for the reader; only the agency's own
  are ever used in an answer.
- A profile of another method, version or length is "not comparable" and has no number.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from alerts.document.fields import FIELDS
from alerts.document.validators import is_acceptable
from alerts.models import Alert, ReceivedAlert
from alerts.projections.cards import Card, open_alert_cards, open_received_cards
from alerts.replies.kinds import PROFILE_QUERY
from alerts.rows.replies import SampleProfile
from officers.models import Officer
from vault.sealed_store import REVISION, SealedStore, as_json

if TYPE_CHECKING:
    from substances.profiles.comparing import Comparison
    from substances.profiles.vectors import Profile

PROFILES: Final = SealedStore[Any]("sampleprofile", as_json, json.loads)
COMPARED_AT_MOST: Final = 20_000
SHOWN_AT_MOST: Final = 25


@dataclass(frozen=True)
class Lead:
    """Matching sample, with the result of the comparison; one of `alert` and `received` is its alert."""

    comparison: "Comparison"
    card: Card
    alert: Alert | None = None
    received: ReceivedAlert | None = None

    @property
    def is_own(self) -> bool:
        return self.alert is not None


@dataclass(frozen=True)
class Leads:
    """Matches, best first. `reasons` are codes of why others were not comparable, with their number."""

    rows: tuple[Lead, ...] = ()
    compared: int = 0
    not_comparable: int = 0
    reasons: tuple[tuple[str, int], ...] = ()
    expected_false_links: float = 0.0


def profile_in(document: Mapping[str, Any]) -> "Profile | None":
    """Return the profile of a document or a draft; None without one, or with an unreadable one."""
    value = document.get("profile")
    if not value or not is_acceptable(FIELDS["profile"], value):
        return None
    from substances.errors import InputRefusedError
    from substances.profiles.vectors import read_profile

    numbers = [None if number is None else float(number) for number in value["values"]]
    try:
        return read_profile({"method": value["method"], "version": value["version"], "values": numbers})
    except InputRefusedError:
        return None


def keep_profile(
    agency_id: str,
    document: Mapping[str, Any],
    *,
    alert: Alert | None = None,
    received: ReceivedAlert | None = None,
    now: datetime,
) -> None:
    """Keep the profile of a sample, once; a question about a profile is no sample."""
    value = document.get("profile")
    if (
        not value
        or document.get("alert_type") == PROFILE_QUERY
        or not is_acceptable(FIELDS["profile"], value)
    ):
        return
    if SampleProfile.objects.filter(alert=alert, received=received).exists():
        return
    row = SampleProfile(agency_id=agency_id, alert=alert, received=received, stored_at=now)
    row.sealed = PROFILES.seal(agency_id, row.pk, value)
    row.save(force_insert=True)


def compare_with_held(
    officer: Officer,
    query: "Profile",
    *,
    own_only: bool = False,
    leave_out: Alert | ReceivedAlert | None = None,
) -> Leads:
    """Return matching samples of the officer's agency: linked and possible ones, best first."""
    from substances.profiles.comparing import compare

    compared, reasons, leads = 0, dict[str, int](), []
    for row, profile in _held(officer, own_only=own_only, leave_out=leave_out):
        found = compare(query, profile)
        if found.verdict == "not_comparable":
            for reason in found.reasons:
                reasons[reason] = reasons.get(reason, 0) + 1
            continue
        compared += 1
        if found.verdict != "not_linked":
            leads.append((found, row))
    leads.sort(key=lambda lead: -(lead[0].score or 0.0))
    best = leads[:SHOWN_AT_MOST]
    rate = next((found.false_link_rate or 0.0 for found, _row in best), 0.0)
    return Leads(
        rows=_with_cards(officer, best),
        compared=compared,
        not_comparable=sum(reasons.values()),
        reasons=tuple(sorted(reasons.items())),
        expected_false_links=compared * rate,
    )


def comparison_member(found: "Comparison", query: "Profile") -> dict[str, Any]:
    """Return the comparison as an answer states it; numbers as decimal texts, none where the two are not comparable."""
    named = {"method": query.method, "version": query.version, "verdict": found.verdict}
    if found.verdict == "not_comparable":
        return named | dict.fromkeys(("pairs", "score", "threshold", "log10_lr", "false_link_rate"))
    numbers = {
        name: f"{value:.4f}" for name in ("score", "threshold", "log10_lr", "false_link_rate")
        if (value := getattr(found, name)) is not None
    }  # fmt: skip
    return named | numbers | {"pairs": found.pairs_behind}


def _held(
    officer: Officer, *, own_only: bool, leave_out: Alert | ReceivedAlert | None
) -> list[tuple[SampleProfile, "Profile"]]:
    """Return the agency's valid profiles, opened; a row that does not open is skipped."""
    rows = SampleProfile.objects.visible_to(officer).standing().select_related("alert", "received__issuer")
    if own_only:
        rows = rows.filter(received=None)
    if isinstance(leave_out, Alert):
        rows = rows.exclude(alert=leave_out)
    elif leave_out is not None:
        rows = rows.exclude(received=leave_out)
    held = list(rows.order_by("-stored_at", "-id")[:COMPARED_AT_MOST])
    sealed = [(row.pk, REVISION, row.sealed) for row in held]
    opened = PROFILES.open_many(officer.agency_id or "", sealed)
    read = [(row, profile_in({"profile": value})) for row, value in zip(held, opened, strict=True) if value]
    return [(row, profile) for row, profile in read if profile is not None]


def _with_cards(officer: Officer, best: Sequence[tuple["Comparison", SampleProfile]]) -> tuple[Lead, ...]:
    agency = officer.agency_id or ""
    own = open_alert_cards(agency, [row.alert for _found, row in best if isinstance(row.alert, Alert)])
    received = open_received_cards(
        agency, [row.received for _found, row in best if isinstance(row.received, ReceivedAlert)]
    )
    cards = own | received
    return tuple(
        Lead(
            found,
            cards.get(str(row.alert_id or row.received_id), Card()),
            alert=row.alert if isinstance(row.alert, Alert) else None,
            received=row.received if isinstance(row.received, ReceivedAlert) else None,
        )
        for found, row in best
    )
