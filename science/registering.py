# SPDX-License-Identifier: Apache-2.0
"""Registration of the science desk with alerts: its projections, the fields it computes, the rules it adds."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from alerts.document.reading import ReadDocument
from alerts.drafting.registry import ComputedField, register_computed, register_rule
from alerts.models import ReceivedAlert
from alerts.projections.registry import Projection, register
from science.board.harm_reviews import forget_reviews
from science.law.attached_rules import rule_problem
from science.law.reevaluating import REEVALUATE_TASK, waits_for_judging
from science.law.watching import tell_of_published
from science.screening.record import SCREENING, computed_record, still_holds
from science.spectra.evidence import evidence_problem
from science.spectra.library import drop_stale_imports
from science.spectra.received import (
    forget_spectra,
    keep_received_files,
    may_hold_spectra,
    read_received_files,
)
from science.structures.store import forget_structures, keep_received_structure, keep_sent_structure


def register_features() -> None:
    """Register once; raises ValueError the second time."""
    register(
        Projection(
            name="structures",
            on_received=lambda received, document: keep_received_structure(received, document.data),
            on_sent=keep_sent_structure,
            on_forgotten=forget_structures,
            task=REEVALUATE_TASK,
            has_work=waits_for_judging,
        )
    )
    register(
        Projection(
            name="spectra",
            on_received=_keep_spectra,
            on_forgotten=forget_spectra,
            wants_file=may_hold_spectra,
            each_round=(lambda now: drop_stale_imports(now=now), lambda now: read_received_files(now=now)),
        )
    )
    register(Projection(name="changes of the law", on_received=_tell_of_published))
    register(Projection(name="harm reviews", on_forgotten=forget_reviews))
    register_rule("proposed_rule", rule_problem)
    register_rule("evidence", evidence_problem)
    register_computed(ComputedField(SCREENING, _compute, still_holds))


def _keep_spectra(received: ReceivedAlert, document: ReadDocument) -> None:
    keep_received_files(received, document.files, document.data)


def _tell_of_published(received: ReceivedAlert, document: ReadDocument) -> None:
    tell_of_published(received, document.data, now=received.received_at)


def _compute(data: Mapping[str, Any], agency_id: str, on: date) -> dict[str, Any] | None:
    return computed_record(data, agency_id=agency_id, on=on)
