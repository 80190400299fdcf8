# SPDX-License-Identifier: Apache-2.0
"""Lists that stand in two rooms, of which neither may import the other: they have the same members."""

from django.conf import settings

from accord.client import answering
from alerts.agency.model_texts import filling
from alerts.document.choices import HANDLING_CODES


def test_the_command_knows_every_handling_code() -> None:
    assert sorted(answering.HANDLING) == sorted(code for code, _label in HANDLING_CODES)


def test_agreement_models_are_written_in_every_language_of_the_pages() -> None:
    assert sorted(filling.LANGUAGES) == sorted(code for code, _name in settings.LANGUAGES)
