# SPDX-License-Identifier: Apache-2.0
"""Registration of casework with alerts: what becomes of notes when an alert's content is deleted."""

from alerts.projections.registry import Projection, register
from alerts.receiving.case_references import register_reference
from casework.cases import recorded_reference
from casework.notes import forget_notes


def register_features() -> None:
    """Register once; raises ValueError the second time."""
    register(Projection(name="notes", on_forgotten=forget_notes))
    register_reference(recorded_reference)
