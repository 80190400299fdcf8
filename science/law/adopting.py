# SPDX-License-Identifier: Apache-2.0
"""Adoption of rules that an authority published in a signed alert, for the officer's own agency; and setting them aside.

The hub's own rules and those of other agencies stay as they are. Adopted rules are kept sealed with the address of the alert
that brought them; afterwards the agency's structures are judged by them.
"""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final

from django.db import transaction
from django.utils.translation import gettext as _

from alerts.access import agency_of
from alerts.errors import RulesDamagedError
from alerts.locks import wait_for_lock
from alerts.models import Alert, ReceivedAlert
from callers.capabilities import Capability, require
from callers.errors import AbsentError, InputError
from callers.rows import one_of
from callers.task_calls import call_task
from ledger.audit import record_event
from officers.ceilings import ceiling_of
from officers.models import Officer
from science.law.adopted_rules import Adopted, open_adopted, seal_adopted
from science.law.controls import hub_rules, keep_ruleset, overlaid, ruleset_for
from science.law.previewing import AT_ONCE, Preview, preview_caught
from science.law.published import FIELD, Published
from science.law.reevaluating import REEVALUATE_TASK, note_baseline
from science.law.rule_checks import RuleCheck, check_rule_file
from science.rows.structures import AdoptedRules, AgencyRules
from substances.control.diffs import Difference
from substances.control.safe import difference_of_rules
from substances.rulefacts import RuleFile

LOCK: Final = "accord adopting"

Basis = tuple[int, str]
"""Number of the agency's newest set, and digest of the hub's."""


@dataclass(frozen=True)
class Proposal:
    """Effect of adopting. `after` is the resulting set; there is none without a sound file."""

    published: Published
    check: RuleCheck | None = field(repr=False)
    after: RuleFile | None = field(default=None, repr=False)
    difference: Difference | None = field(default=None, repr=False)
    preview: Preview | None = field(default=None, repr=False)
    adopted: AdoptedRules | None = None

    @property
    def can_be_adopted(self) -> bool:
        return self.after is not None and not self.published.doubt and self.adopted is None


def propose(officer: Officer, published: Published, *, now: datetime) -> Proposal:
    """Check the file, merge it with what the agency follows, and preview what it would newly catch. Changes nothing.

    Only the newest AT_ONCE structures are previewed; all are judged once the rules are adopted.
    """
    require(officer, Capability.SCIENCE_READ)
    agency = agency_of(officer)
    adopted = _followed(officer, published.md)
    if published.data is None:
        return Proposal(published, None, adopted=adopted)
    check, after = _checked(agency.pk, published)
    if after is None or adopted is not None:
        return Proposal(published, check, adopted=adopted)
    current = ruleset_for(agency.pk)
    coming = replace(current, text=after.text, digest=after.digest)
    return Proposal(
        published,
        check,
        after,
        difference_of_rules(current.text, after.text),
        preview_caught(agency.pk, coming, after.rules, actor=officer, at_most=AT_ONCE, now=now),
    )


def rules_followed(officer: Officer, md: str, document: Mapping[str, Any]) -> AdoptedRules | None:
    """Return the rules of an opened alert where the agency follows them now; no query for an alert without any."""
    return _followed(officer, md) if (document.get(FIELD) or {}).get("file") else None


def _followed(officer: Officer, md: str) -> AdoptedRules | None:
    return AdoptedRules.objects.visible_to(officer).in_use().filter(md=md).first()


def adopt_rules(officer: Officer, published: Published, *, now: datetime) -> AdoptedRules:
    """Follow these rules from now on, from their effective date. A second call changes nothing.

    Raises NotPermittedError; `InputError` where the alert or its file may not be relied on.
    """
    require(officer, Capability.SCIENCE_MANAGE)
    agency = agency_of(officer)
    if published.doubt:
        raise InputError("alert", published.doubt)
    standing, basis = _in_use(agency.pk, published), _basis(agency.pk)
    if standing is not None:
        return standing
    check, after = _checked(agency.pk, published)
    if after is None:
        raise InputError("file", _("File: it has faults; nothing was adopted."))
    return _adopt(officer, published, check, after, basis, now)


@transaction.atomic
def _adopt(
    officer: Officer, published: Published, check: RuleCheck, after: RuleFile, basis: Basis, now: datetime
) -> AdoptedRules:
    """Save the set that was made before; it must still follow from the same rules."""
    agency_id = str(officer.agency_id)
    wait_for_lock(LOCK, agency_id)
    standing = _in_use(agency_id, published)
    if standing is not None:
        return standing
    _check_unchanged(agency_id, basis)
    note_baseline(agency_id, now=now)
    row = _row(officer, published, check, now)
    keep_ruleset(agency_id, after, now=now)
    _record("rule.adopted", officer, row, now)
    call_task(REEVALUATE_TASK)
    return row


def stop_following_rules(officer: Officer, adopted_id: uuid.UUID, *, now: datetime) -> AdoptedRules:
    """Stop following these rules; what was signed by them stays as it was. A second call changes nothing."""
    require(officer, Capability.SCIENCE_MANAGE)
    agency = agency_of(officer)
    row, basis = _one_adopted(officer, adopted_id), _basis(agency.pk)
    if row.set_aside_at is not None:
        return row
    after = _without(agency.pk, row)
    if after is not None and after.faults:
        raise InputError(
            "rules", _("The other adopted rules do not fit without this one; set those aside first.")
        )
    return _set_aside(officer, adopted_id, after, basis, now)


@transaction.atomic
def _set_aside(
    officer: Officer, adopted_id: uuid.UUID, after: RuleFile | None, basis: Basis, now: datetime
) -> AdoptedRules:
    """Save the set that was made before; it must still follow from the same rules."""
    agency_id = str(officer.agency_id)
    wait_for_lock(LOCK, agency_id)
    row = _one_adopted(officer, adopted_id)
    if row.set_aside_at is not None:
        return row
    _check_unchanged(agency_id, basis)
    row.set_aside_at, row.set_aside_by = now, officer
    row.save(update_fields=["set_aside_at", "set_aside_by"])
    if after is not None:
        keep_ruleset(agency_id, after, now=now)
    _record("rule.set_aside", officer, row, now)
    call_task(REEVALUATE_TASK)
    return row


def _without(agency_id: str, row: AdoptedRules) -> RuleFile | None:
    """Return the set without these rules; None where others are damaged too: it is made when the last of them goes."""
    try:
        return overlaid(agency_id, without=row)
    except RulesDamagedError:
        return None


def list_adopted(officer: Officer) -> list[tuple[AdoptedRules, Adopted]]:
    """Return every rule file that the agency follows or has followed, newest first, opened as far as possible.

    The agency's verdicts rest on them, so every officer sees the rules; the alert that brought them is named only to officers
    who may see it.
    """
    rows = AdoptedRules.objects.visible_to(officer).select_related(
        "issuer", "received", "alert", "adopted_by", "set_aside_by"
    )
    found = list(rows)
    opened = open_adopted(found)
    return [(_named_to(officer, row), content) for row, content in zip(found, opened, strict=True)]


def _named_to(officer: Officer, row: AdoptedRules) -> AdoptedRules:
    """Return the row, in memory without the alert that brought it if the officer may not see that alert."""
    source = row.received or row.alert
    row.is_withdrawn = source is not None and source.withdrawn_at is not None
    if ceiling_of(officer) is None:
        return row
    own = Alert.objects.visible_to(officer).filter(adopted=row)
    received = ReceivedAlert.objects.visible_to(officer).filter(adopted=row)
    if not own.exists() and not received.exists():
        row.received, row.alert, row.md, row.reference = None, None, "", ""
    return row


def _one_adopted(officer: Officer, adopted_id: uuid.UUID) -> AdoptedRules:
    row = one_of(AdoptedRules.objects.visible_to(officer).filter(pk=adopted_id))
    if row is None:
        raise AbsentError
    return row


def _in_use(agency_id: str, published: Published) -> AdoptedRules | None:
    return AdoptedRules.objects.filter(agency_id=agency_id, md=published.md).in_use().first()


def _basis(agency_id: str) -> Basis:
    """Return what a set is made from: read before it is made, outside any lock, and compared under the lock."""
    newest = AgencyRules.objects.filter(agency_id=agency_id).order_by("-number").first()
    return newest.number if newest else 0, hub_rules().digest


def _check_unchanged(agency_id: str, basis: Basis) -> None:
    if _basis(agency_id) != basis:
        raise InputError("rules", _("The rules changed in the meantime; look again and repeat it."))


def _checked(agency_id: str, published: Published) -> tuple[RuleCheck, RuleFile | None]:
    """Return the check of the file by itself, and the set that would follow from it, if any."""
    check = check_rule_file(
        published.data or b"",
        jurisdiction=published.jurisdiction,
        effective=published.effective,
        needs_examples=True,
    )
    if not check.is_sound:
        return check, None
    after = overlaid(agency_id, more=check.text)
    if after.faults:
        return replace(check, faults=after.faults), None
    return check, after


def _row(officer: Officer, published: Published, check: RuleCheck, now: datetime) -> AdoptedRules:
    row = AdoptedRules(
        agency_id=officer.agency_id or "",
        issuer=published.issuer,
        received=published.received,
        alert=published.alert,
        md=published.md,
        reference=published.reference,
        adopted_at=now,
        adopted_by=officer,
    )
    rules = check.file.rules
    content = Adopted(
        text=check.text,
        jurisdiction=published.jurisdiction,
        effective=published.effective.isoformat(),
        rule_ids=tuple(dict.fromkeys(rule.id for rule in rules)),
        titles=tuple(dict.fromkeys(rule.title for rule in rules)),
        digest=check.file.digest,
    )
    row.sealed = seal_adopted(row, content)
    row.save(force_insert=True)
    return row


def _record(act: str, officer: Officer, row: AdoptedRules, now: datetime) -> None:
    record_event(
        act,
        actor=officer.audit_name,
        agency=row.agency_id,
        subject=row.md,
        detail={"rules": str(row.pk)},
        now=now,
    )
