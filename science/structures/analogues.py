# SPDX-License-Identifier: Apache-2.0
"""Substances similar to a given one, asked with a reason: among the structures of the agency's alerts and the reference set.

- Hits are ranked by two fingerprints and by the same clause of the same rule. Control status neither sorts nor filters.
- No row of another agency is ever read.
- An own hit names its alert, and opening that asks for a reason.
- An actor who may not read that alert, as no API key may, learns only that the hit is the agency's own, and how similar it is.
"""

import heapq
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import islice
from typing import Final

from alerts.models import Alert, ReceivedAlert
from alerts.query_audit import RESEMBLED, QueryReason, record_question, science_errors
from callers.actors import Actor
from callers.capabilities import Capability
from science.law.controls import ruleset_for
from science.structures.store import OPENED_AT_MOST, OpenedStructure, open_structures
from substances.sandbox import sandboxed
from substances.sandbox import similarity as sandbox_similarity
from substances.similarity import Candidate, Resemblance
from substances.structures.reading import Structure
from substances.structures.shapes import Mark

HITS_AT_MOST: Final = 12
OFFERED_AT_MOST: Final = 200
"""Limit of the agency's own, by fingerprint; those are ranked together with the reference set."""
CHUNK: Final = 1000
OWN: Final = "own:"
"""Prefix of the keys of the agency's own structures."""
WIDTH, HEIGHT = 260, 180


@dataclass(frozen=True)
class AnalogueShown:
    """Hit of the search. `received` or `sent` is the alert with the structure; neither is set for the reference set.

    For an own hit whose alert the actor may not read, neither is set, and only its similarity is shown.
    """

    analogue: Resemblance
    drawing: str = field(repr=False)
    received: ReceivedAlert | None = None
    sent: Alert | None = None

    @property
    def is_own(self) -> bool:
        return self.analogue.key.startswith(OWN)


@dataclass(frozen=True)
class AnaloguesShown:
    """Query as it was read, and its hits; `looked_at` counts the agency's own structures.

    `ruleset` is the digest of the rules that both were compared by, where they were asked for.
    """

    structure: Structure = field(repr=False)
    drawing: str = field(repr=False)
    hits: tuple[AnalogueShown, ...]
    looked_at: int
    ruleset: str = ""


def find_analogues(
    actor: Actor,
    text: str,
    why: QueryReason,
    *,
    form: str = "auto",
    limit: int = HITS_AT_MOST,
    draws: bool = True,
    now: datetime,
) -> AnaloguesShown:
    """Read a structure and rank similar ones.

    Raises what `record_question` does, ScienceInputError, ScienceAwayError.
    """
    agency = record_question(actor, RESEMBLED, why, now=now)
    with science_errors():
        structure = sandboxed.read_structure(text, form=form)
    rules = ruleset_for(agency.pk)
    found = _ranked(actor, agency.pk, structure, rules.text, limit=limit, draws=draws)
    return replace(found, ruleset=rules.digest)


def analogues_of(actor: Actor, structure: Structure, rules: str, *, limit: int = 3) -> AnaloguesShown:
    """Return the nearest structures for a page whose question was recorded already.

    `rules` is the text of the rule set that the answer was given by.
    """
    return _ranked(actor, actor.agency_id or "", structure, rules, limit=limit, draws=True)


def _ranked(
    actor: Actor, agency_id: str, structure: Structure, rules: str, *, limit: int, draws: bool
) -> AnaloguesShown:
    counted, own = _own_candidates(actor, agency_id, structure)
    with science_errors():
        hits = sandbox_similarity.find_resembling(
            structure.parent_smiles, rules, [one.candidate for one in own], limit=limit
        )
    rows = {one.candidate.key: one.opened for one in own}
    alerts = _alerts_of(actor, [rows[hit.key] for hit in hits if hit.key in rows])
    with science_errors():
        drawing = sandboxed.draw(structure.parent_smiles, width=WIDTH, height=HEIGHT) if draws else ""
        shown = tuple(_shown(hit, rows.get(hit.key), alerts, draws=draws) for hit in hits)
    return AnaloguesShown(structure, drawing, shown, counted)


@dataclass(frozen=True)
class _Own:
    candidate: Candidate
    opened: OpenedStructure


def _own_candidates(actor: Actor, agency_id: str, structure: Structure) -> tuple[int, list[_Own]]:
    """Return how many of the agency's structures were compared, and the most similar of them by fingerprint."""
    # Loads numpy, which the desk does without until the first question.
    from substances.structures.fingerprints import pack, similarities

    with science_errors():
        asked = sandboxed.fingerprints_of(structure.parent_smiles)
    best: list[tuple[float, int, OpenedStructure]] = []
    counted = 0
    opened = open_structures(agency_id, actor=actor, limit=OPENED_AT_MOST)
    for chunk in _chunks(opened):
        readable = [one for one in chunk if one.kept.fingerprint_a and one.kept.fingerprint_b]
        if not readable:
            continue
        packed = [pack([getattr(one.kept, f"fingerprint_{name}") for one in readable]) for name in "ab"]
        scores = similarities(asked, packed[0], packed[1])
        for one, score in zip(readable, scores.tolist(), strict=True):
            counted += 1
            heapq.heappush(best, (score, -counted, one))
            if len(best) > OFFERED_AT_MOST:
                heapq.heappop(best)
    return counted, [
        _Own(_candidate(one), one) for _score, _place, one in sorted(best, key=lambda x: x[:2], reverse=True)
    ]


def _chunks(opened: Iterator[OpenedStructure]) -> Iterator[list[OpenedStructure]]:
    while chunk := list(islice(opened, CHUNK)):
        yield chunk


def _candidate(opened: OpenedStructure) -> Candidate:
    kept = opened.kept
    return Candidate(
        key=f"{OWN}{opened.row.pk}",
        parent=kept.parent,
        fingerprint_a=kept.fingerprint_a,
        fingerprint_b=kept.fingerprint_b,
        name=kept.name,
    )


def _alerts_of(actor: Actor, opened: Sequence[OpenedStructure]) -> Mapping[uuid.UUID, ReceivedAlert | Alert]:
    """Return those alerts of these structures that the actor may read."""
    if Capability.ALERT_READ not in actor.capabilities:
        return {}
    received = [one.alert_id for one in opened if one.is_received]
    sent = [one.alert_id for one in opened if not one.is_received]
    found: dict[uuid.UUID, ReceivedAlert | Alert] = {}
    if received:
        found |= ReceivedAlert.objects.visible_to(actor).select_related("issuer").in_bulk(received)
    if sent:
        found |= Alert.objects.visible_to(actor).in_bulk(sent)
    return found


def _shown(
    hit: Resemblance,
    opened: OpenedStructure | None,
    alerts: Mapping[uuid.UUID, ReceivedAlert | Alert],
    *,
    draws: bool,
) -> AnalogueShown:
    alert = alerts.get(opened.alert_id) if opened else None
    if opened is not None and alert is None:
        return AnalogueShown(_likeness_alone(hit), "")
    return AnalogueShown(
        hit,
        _drawn(hit) if draws else "",
        received=alert if isinstance(alert, ReceivedAlert) else None,
        sent=alert if isinstance(alert, Alert) else None,
    )


def _likeness_alone(hit: Resemblance) -> Resemblance:
    """Return the hit without its identity and without the stored structure's key."""
    return Resemblance(
        key=OWN,
        name="",
        drug_class="",
        source="",
        parent="",
        score=hit.score,
        similarity_a=hit.similarity_a,
        similarity_b=hit.similarity_b,
        same_rules=(),
        same_clauses=(),
        common_query=(),
        common_hit=(),
    )


def _drawn(hit: Resemblance) -> str:
    marks = [Mark(hit.common_hit, "common")] if hit.common_hit else []
    return sandboxed.draw(hit.parent, marks=marks, width=WIDTH, height=HEIGHT)
