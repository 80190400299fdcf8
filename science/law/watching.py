# SPDX-License-Identifier: Apache-2.0
"""Watching of the law by officers, and the mails to them, which say that something changed, and where.

An officer watches a jurisdiction, a class, both together, or every change. The officer is told of what the agency follows
from now on, once its structures have been judged by it, and of an alert that brings a change.
"""

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.db import transaction
from django.utils.translation import gettext as _

from alerts.models import ReceivedAlert
from callers.capabilities import Capability, require
from callers.errors import AbsentError, InputError
from ledger.audit import record_event
from notices.control_changes import tell_of_change, tell_of_proposal
from officers.models import Officer
from science.law.controls import read_facts, rules_with_digest
from science.law.drug_classes import DRUG_CLASSES, classes_of
from science.rows.structures import JURISDICTION_CHARS, ControlWatch, Reevaluation
from substances.control.faults import RulesRefusedError
from substances.control.listings import read_listings, shipped_listings
from substances.models import ControlKind
from substances.rulefacts import RuleFact
from substances.versions import law_with_digest

WATCHES_AT_MOST: Final = 50
MAX_JURISDICTION_CHARS: Final = JURISDICTION_CHARS


@dataclass(frozen=True)
class Change:
    """Changed rule: its jurisdiction and classes; without a class it concerns all who watch the jurisdiction."""

    jurisdiction: str
    classes: frozenset[str]

    def concerns(self, watch: ControlWatch) -> bool:
        here = watch.jurisdiction in ("", self.jurisdiction)
        return here and (not watch.drug_class or not self.classes or watch.drug_class in self.classes)


def watches_of(officer: Officer) -> list[ControlWatch]:
    """Return the officer's watches."""
    require(officer, Capability.SCIENCE_READ)
    return list(ControlWatch.objects.filter(officer=officer))


def add_watch(officer: Officer, *, jurisdiction: str, drug_class: str, now: datetime) -> ControlWatch:
    """Add a watch; a second one like it changes nothing. Raises `InputError`."""
    require(officer, Capability.SCIENCE_READ)
    place = jurisdiction.strip().upper()
    if (
        len(place) > MAX_JURISDICTION_CHARS
        or not place.replace("-", "A").isascii()
        or not (place or "A").replace("-", "A").isalnum()
    ):
        raise InputError(
            "jurisdiction", _("Jurisdiction: use its code, such as UK or CN, or leave it empty.")
        )
    if drug_class not in {"", *(name for name, _text in DRUG_CLASSES)}:
        raise InputError("drug_class", _("Class: choose one."))
    with transaction.atomic():
        Officer.objects.select_for_update().get(pk=officer.pk)
        if ControlWatch.objects.filter(officer=officer).count() >= WATCHES_AT_MOST:
            raise InputError("jurisdiction", _("You watch as much as can be watched; end one first."))
        watch, is_new = ControlWatch.objects.get_or_create(
            officer=officer, jurisdiction=place, drug_class=drug_class, defaults={"created_at": now}
        )
        if is_new:
            _record("watch.begun", officer, watch.pk, now)
    return watch


@transaction.atomic
def end_watch(officer: Officer, watch_id: uuid.UUID, *, now: datetime) -> None:
    """End a watch; raises AbsentError for one that is not the officer's."""
    require(officer, Capability.SCIENCE_READ)
    if not ControlWatch.objects.filter(officer=officer, pk=watch_id).delete()[0]:
        raise AbsentError
    _record("watch.ended", officer, watch_id, now)


def _record(act: str, officer: Officer, watch_id: uuid.UUID, now: datetime) -> None:
    record_event(
        act, actor=officer.audit_name, agency=officer.agency_id or "", subject=f"watch:{watch_id}", now=now
    )


def tell_watchers(done: Reevaluation, *, now: datetime) -> None:
    """Tell officers of rules and lists that changed for this agency.

    Inside the caller's transaction, once for each re-evaluation.
    """
    changes = {Change(rule.jurisdiction, classes_of(rule)) for rule in changed_rules(done)}
    changes |= {Change(place, frozenset()) for place in changed_lists(done)}
    officers = _officers_who_watch(done.agency_id, changes)
    if officers:
        tell_of_change(officers, done.pk, now=now)


def changed_rules(done: Reevaluation) -> list[RuleFact]:
    """Return the rules, by version, that are in only one of the two sets: added, changed and removed ones."""
    before, after = (_facts(done.agency_id, digest) for digest in (done.rules_before, done.ruleset))
    return [rule for key, rule in {**before, **after}.items() if (key in before) != (key in after)]


def changed_lists(done: Reevaluation) -> set[str]:
    """Return the jurisdictions whose lists name other substances, or other days for them, than before."""
    if done.listings_before == done.listings:
        return set()
    before, after = (_lines(digest) for digest in (done.listings_before, done.listings))
    return set() if before is None or after is None else {place for place, *_rest in before ^ after}


def tell_of_published(received: ReceivedAlert, document: Mapping[str, Any], *, now: datetime) -> None:
    """Tell officers that a received alert brings a change of the law. Inside the caller's transaction."""
    stated = document.get("proposed_rule")
    if not stated:
        return
    change = Change(str(stated.get("jurisdiction") or ""), frozenset())
    officers = _officers_who_watch(received.agency_id, {change})
    if officers:
        tell_of_proposal(officers, received.about, now=now)


def _officers_who_watch(agency_id: str, changes: Iterable[Change]) -> list[Officer]:
    wanted = list(changes)
    rows = ControlWatch.objects.filter(officer__agency_id=agency_id, officer__is_active=True)
    watching = {
        watch.officer_id: watch.officer
        for watch in rows.select_related("officer")
        if any(change.concerns(watch) for change in wanted)
    }
    return [watching[key] for key in sorted(watching)]


def _facts(agency_id: str, digest: str) -> dict[str, RuleFact]:
    text = rules_with_digest(agency_id, digest)
    return {} if text is None else {rule.key: rule for rule in read_facts(text).rules}


def _lines(digest: str) -> set[tuple[str, ...]] | None:
    """Return the lines of the listings with this digest, jurisdiction first; None where that set is not known here."""
    found = shipped_listings()
    if found.digest != digest:
        law = law_with_digest(ControlKind.LISTINGS, digest)
        if law is None:
            return None
        try:
            found = read_listings(law.text)
        except RulesRefusedError:  # written for an older reader
            return None
    return {
        (one.jurisdiction, one.title, one.name, one.grade, str(one.start), one.precision, str(one.end))
        for one in found.listings
    }
