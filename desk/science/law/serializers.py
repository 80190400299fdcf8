# SPDX-License-Identifier: Apache-2.0
"""The law in JSON: rules and lists, new hits, standings over time, a published change."""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any, Final

from rest_framework import serializers as s

from science.law.adopting import Proposal
from science.law.drug_classes import DRUG_CLASSES
from science.law.newly_caught import CaughtBy, CaughtLine
from science.law.rule_words import PHASES
from science.law.rulebook import Rulebook, RuleRow
from science.law.timelines import TimelineShown
from science.law.watching import MAX_JURISDICTION_CHARS
from science.rows.structures import Reevaluation
from substances.control.listings import EXTENTS
from substances.control.results import STANDINGS
from substances.rulefacts import RuleFact

REACHES: Final = ("in", "parent", "review", "listed")


class TimeOut(s.Serializer[Any]):
    """A span from `start` until the day before `end`."""

    start = s.DateField()
    end = s.DateField(allow_null=True)
    basis = s.CharField()


class RuleOut(s.Serializer[Any]):
    """A rule in the version of the day. `adopted` is the id of its adoption, null for a rule of the hub's."""

    id = s.CharField()
    jurisdiction = s.CharField()
    title = s.CharField()
    phase = s.ChoiceField(list(PHASES))
    in_force = TimeOut(many=True)
    instrument = s.CharField()
    effect = s.CharField()
    summary = s.CharField()
    confidence = s.CharField()
    text_seen = s.CharField()
    encoded_in_part = s.BooleanField()
    open_textured = s.BooleanField()
    adopted = s.UUIDField(allow_null=True)


class RuleInFullOut(RuleOut):
    """A rule with its reading, its clauses and its other versions."""

    interpretation = s.ListField(child=s.CharField())
    clauses = s.ListField(child=s.CharField())
    exclusions = s.ListField(child=s.CharField())
    versions = s.ListField(child=TimeOut(many=True))


class ListOut(s.Serializer[Any]):
    """An instrument and the extent of its known lists: `complete` to the day `until`, `partial`, or `none`."""

    jurisdiction = s.CharField()
    title = s.CharField()
    extent = s.ChoiceField(EXTENTS)
    until = s.DateField(allow_null=True)
    entries = s.IntegerField()
    link = s.CharField(allow_blank=True)


class AdoptedOut(s.Serializer[Any]):
    """Rules that the agency adopted; `received` or `alert` is the signed alert that brought them.

    `damaged`: the row did not open, and only its origin is known.
    """

    id = s.UUIDField()
    rules = s.ListField(child=s.CharField())
    jurisdiction = s.CharField(allow_blank=True)
    effective = s.DateField(allow_null=True)
    damaged = s.BooleanField()
    issuer = s.CharField()
    received = s.UUIDField(allow_null=True)
    alert = s.UUIDField(allow_null=True)
    md = s.CharField()
    adopted_at = s.DateTimeField()
    set_aside_at = s.DateTimeField(allow_null=True)


class ProgressOut(s.Serializer[Any]):
    """Progress in judging the agency's structures by the law that it follows now."""

    total = s.IntegerField()
    done = s.IntegerField()
    caught = s.IntegerField()
    started_at = s.DateTimeField()
    finished_at = s.DateTimeField(allow_null=True)


class RulesOut(s.Serializer[Any]):
    """The rules. `ruleset` and `listings` are digests; alerts name the first. `behind`: adopted rules do not fit newer ones."""

    on = s.DateField()
    ruleset = s.CharField()
    listings = s.CharField()
    behind = s.BooleanField()
    rules = RuleOut(many=True)
    lists = ListOut(many=True)
    adopted = AdoptedOut(many=True)
    progress = ProgressOut(allow_null=True)


class CaughtByOut(s.Serializer[Any]):
    """A new hit. `rule` is null for a listing by name. `is_law`: `start` has come; before it the status is "not yet"."""

    jurisdiction = s.CharField()
    verdict = s.ChoiceField(REACHES)
    rule = s.CharField(allow_null=True)
    title = s.CharField()
    effect = s.CharField(allow_blank=True)
    start = s.DateField(allow_null=True)
    is_law = s.BooleanField()


class CaughtOut(s.Serializer[Any]):
    """A substance of the alert that `received` or `alert` names, and its new hits.

    `by_name`: the alert states no structure; a list names its substance by name or CAS number.
    """

    structure = s.UUIDField()
    by_name = s.BooleanField()
    received = s.UUIDField(allow_null=True)
    alert = s.UUIDField(allow_null=True)
    caught_at = s.DateTimeField(allow_null=True)
    by = CaughtByOut(many=True)


class CaughtListOut(s.Serializer[Any]):
    """Substances with new hits; give `next` as `before` for older ones."""

    items = CaughtOut(many=True)
    next = s.UUIDField(allow_null=True)
    progress = ProgressOut(allow_null=True)


class WatchIn(s.Serializer[Any]):
    """A watch; an empty field means every jurisdiction or every class."""

    jurisdiction = s.CharField(
        required=False, default="", allow_blank=True, max_length=MAX_JURISDICTION_CHARS
    )
    drug_class = s.ChoiceField(DRUG_CLASSES, required=False, default="", allow_blank=True)


class WatchOut(s.Serializer[Any]):
    id = s.UUIDField()
    jurisdiction = s.CharField(allow_blank=True)
    drug_class = s.CharField(allow_blank=True)


class WatchesOut(s.Serializer[Any]):
    items = WatchOut(many=True)


class SpanOut(s.Serializer[Any]):
    start = s.DateField(allow_null=True)
    end = s.DateField(allow_null=True)
    standing = s.ChoiceField(STANDINGS)
    by = s.CharField(allow_blank=True)
    title = s.CharField(allow_blank=True)


class PlaceOverTimeOut(s.Serializer[Any]):
    jurisdiction = s.CharField()
    spans = SpanOut(many=True)


class TimelineOut(s.Serializer[Any]):
    ruleset = s.CharField()
    items = PlaceOverTimeOut(many=True)


class FaultOut(s.Serializer[Any]):
    """A fault of the file: its path, its code, and the sentence."""

    path = s.CharField(allow_blank=True)
    code = s.CharField()
    text = s.CharField()


class ExampleOut(s.Serializer[Any]):
    rule = s.CharField()
    expected = s.CharField()
    found = s.CharField()
    holds = s.BooleanField()


class RuleProposalOut(s.Serializer[Any]):
    """A published change: its file's rules, the differences, and how many substances would be newly caught.

    `adopted` is the id under which the agency already follows it. `doubt` says why the alert cannot be relied on.
    """

    jurisdiction = s.CharField()
    effective = s.DateField()
    has_file = s.BooleanField()
    doubt = s.CharField(allow_blank=True)
    faults = FaultOut(many=True)
    rules = s.ListField(child=s.CharField())
    examples = ExampleOut(many=True)
    added = s.ListField(child=s.CharField())
    removed = s.ListField(child=s.CharField())
    changed = s.ListField(child=s.CharField())
    looked_at = s.IntegerField(help_text="The newest of the agency's; the rest is judged after adopting.")
    stored = s.IntegerField(help_text="How many of the agency's there are to look at.")
    newly_caught = s.IntegerField()
    caught = CaughtOut(many=True)
    adopted = s.UUIDField(allow_null=True)


def rule_out(row: RuleRow) -> dict[str, Any]:
    fact = row.fact
    names = ("id", "jurisdiction", "title", "instrument", "effect", "summary", "confidence", "text_seen")
    return {
        **{name: getattr(fact, name) for name in names},
        "phase": row.phase,
        "in_force": _times(fact),
        "encoded_in_part": fact.is_partial,
        "open_textured": fact.is_open_textured,
        "adopted": str(row.adopted.pk) if row.adopted else None,
    }


def rule_in_full_out(row: RuleRow) -> dict[str, Any]:
    named = {name: list(getattr(row.fact, name)) for name in ("interpretation", "clauses", "exclusions")}
    return {**rule_out(row), **named, "versions": [_times(fact) for fact in row.versions]}


def rulebook_out(book: Rulebook, on: date, progress: Reevaluation | None) -> dict[str, Any]:
    return {
        "on": on.isoformat(),
        "ruleset": book.effective.digest,
        "listings": book.effective.listings.digest,
        "behind": book.effective.is_behind,
        "rules": [rule_out(row) for row in book.rules],
        "lists": [
            {
                "jurisdiction": row.jurisdiction,
                "title": row.title,
                "extent": row.extent,
                "until": row.until.isoformat() if row.until else None,
                "entries": row.count,
                "link": row.link,
            }
            for row in book.lists
        ],
        "adopted": [
            {
                "id": str(row.pk),
                "rules": list(content.rule_ids),
                "jurisdiction": content.jurisdiction,
                "effective": content.effective or None,
                "damaged": content.is_damaged,
                "issuer": row.issuer_id,
                "received": _id(row.received_id),
                "alert": _id(row.alert_id),
                "md": row.md,
                "adopted_at": row.adopted_at,
                "set_aside_at": row.set_aside_at,
            }
            for row, content in book.adopted
        ],
        "progress": progress_out(progress),
    }


def progress_out(progress: Reevaluation | None) -> Mapping[str, Any] | None:
    return None if progress is None else ProgressOut(progress).data


def caught_out(line: CaughtLine, today: date) -> dict[str, Any]:
    row = line.structure
    return {
        "structure": str(row.pk),
        "by_name": line.is_by_name,
        "received": _id(row.received_id),
        "alert": _id(row.alert_id),
        "caught_at": line.row.caught_at,
        "by": _by(line.by, today),
    }


def timeline_out(shown: TimelineShown) -> dict[str, Any]:
    names = ("start", "end", "standing", "by", "title")
    return {
        "ruleset": shown.ruleset,
        "items": [
            {
                "jurisdiction": place.code,
                "spans": [{name: getattr(span, name) for name in names} for span in place.spans],
            }
            for place in shown.places
        ],
    }


def proposal_out(proposal: Proposal, today: date) -> dict[str, Any]:
    published, check, preview = proposal.published, proposal.check, proposal.preview
    difference = proposal.difference
    return {
        "jurisdiction": published.jurisdiction,
        "effective": published.effective,
        "has_file": published.data is not None,
        "doubt": published.doubt,
        "faults": [
            {"path": fault.path, "code": fault.code, "text": text}
            for fault, (_path, text) in zip(check.faults, check.problems, strict=True)
        ]
        if check
        else [],
        "rules": [rule.id for rule in check.file.rules] if check else [],
        "examples": [
            {"rule": run.rule_id, "expected": run.expected, "found": run.found, "holds": run.holds}
            for run in (check.file.examples if check else ())
        ],
        "added": list(difference.added) if difference else [],
        "removed": list(difference.removed) if difference else [],
        "changed": [item.name for item in difference.changed] if difference else [],
        "looked_at": preview.looked_at if preview else 0,
        "stored": preview.stored if preview else 0,
        "newly_caught": preview.count if preview else 0,
        "caught": [
            {
                "structure": str(one.opened.row.pk),
                "by_name": one.opened.kept.is_named_only,
                "received": _id(one.opened.row.received_id),
                "alert": _id(one.opened.row.alert_id),
                "caught_at": None,
                "by": _by(one.by, today),
            }
            for one in (preview.shown if preview else ())
        ],
        "adopted": str(proposal.adopted.pk) if proposal.adopted else None,
    }


def _by(found: Iterable[CaughtBy], today: date) -> list[dict[str, Any]]:
    return [
        {
            "jurisdiction": one.jurisdiction,
            "verdict": one.verdict,
            "rule": one.rule_id or None,
            "title": one.title,
            "effect": one.effect,
            "start": one.start,
            "is_law": one.is_law_on(today),
        }
        for one in found
    ]


def _times(fact: RuleFact) -> list[dict[str, Any]]:
    return [{"start": time.start, "end": time.end, "basis": time.basis} for time in fact.in_force]


def _id(key: object) -> str | None:
    return None if key is None else str(key)
