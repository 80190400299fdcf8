# SPDX-License-Identifier: Apache-2.0
"""Registration of reciprocity with alerts: the rows of what came and what was sent."""

from alerts.projections.registry import Projection, register
from reciprocity.contributions import file_received, file_sent, note_received, settle_sent


def register_features() -> None:
    """Register once; raises ValueError the second time."""
    register(
        Projection(
            name="contributions",
            on_filed=file_received,
            on_received=lambda received, document: note_received(received, document.data),
            on_sent=file_sent,
            each_round=(lambda now: settle_sent(),),
        )
    )
