# SPDX-License-Identifier: Apache-2.0
"""Rows of the science desk, each sealed where it holds content: structures, the agency's law, spectra, harm reviews."""

from science.rows.harm_reviews import HarmReview  # noqa: F401
from science.rows.library import LibrarySpectrum, SpectraImport  # noqa: F401
from science.rows.structures import (  # noqa: F401
    AdoptedRules,
    AgencyRules,
    CaughtStructure,
    ControlWatch,
    Reevaluation,
    StoredStructure,
)
