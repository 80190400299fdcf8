# SPDX-License-Identifier: Apache-2.0
"""Fields on what a substance is and how that is known."""

from typing import Final

from django.utils.translation import gettext_lazy as _

from accord.document.unusual import OF_ANALYSES
from alerts.document import choices as c
from alerts.document.kinds import (
    CASES,
    HARM,
    LEGAL,
    NEW,
    OFFERED,
    ORDER,
    PEER_REVIEW,
    SEIZURE,
    Field,
    Kind,
    Step,
)

STRUCTURE_CHARS: Final = 2_000
_OF_A_SUBSTANCE: Final = CASES | LEGAL | PEER_REVIEW

SUBSTANCE_ROWS: Final = (
    Field(
        "preferred_name", Step.KNOWN, _("Substance"), _("Pick or type."), "combobox", Kind.LINE,
        _("Substance: use up to 200 characters on one line."), asked_for=_OF_A_SUBSTANCE, max_length=200,
    ),
    Field(
        "identity_state", Step.KNOWN, _("Identity"), _("Unknown is allowed."), "radios", Kind.CHOICE,
        choices=c.IDENTITY_STATES, required_for=NEW | HARM | SEIZURE | ORDER, needed_with=("preferred_name", "structure"),
    ),
    Field(
        "harm_evidence", Step.CASES, _("Harm"), _('"Not known yet" is an answer.'), "radios", Kind.CHOICE,
        choices=c.HARM_EVIDENCE, required_for=NEW | HARM, known_for=NEW | HARM,
    ),
    Field(
        "structure", Step.ANALYSIS, _("Structure"),
        _("Paste SMILES, InChI, a MOL or SDF text, or choose a file. It is drawn at once."),
        "structure", Kind.STRUCTURE,
        _("Structure: it could not be read; paste SMILES, InChI or a MOL text, or empty the field."),
        asked_for=_OF_A_SUBSTANCE, max_length=STRUCTURE_CHARS,
    ),
    Field(
        "inchikey", Step.ANALYSIS, _("InChIKey"), _("If known."), "text", Kind.LINE,
        _("InChIKey: enter 14, 10, 1 letters with hyphens."), asked_for=_OF_A_SUBSTANCE, max_length=27,
    ),
    Field(
        "cas_rn", Step.ANALYSIS, _("CAS number"), _("If known."), "text", Kind.LINE,
        _("CAS number: check digit wrong; compare the source."), asked_for=_OF_A_SUBSTANCE, max_length=12,
    ),
    Field(
        "formula", Step.ANALYSIS, _("Formula"), _("If known."), "text", Kind.LINE,
        _("Formula: write element symbols and counts, such as C8H10N4O2."), max_length=80,
    ),
    Field(
        "inchi", Step.ANALYSIS, _("InChI"), _("If known; key and formula are compared with it."), "text", Kind.LINE,
        _("InChI: copy it whole, from InChI=1 on."), max_length=1_000,
    ),
    Field(
        "iupac_name", Step.ANALYSIS, _("Systematic name"), _("The IUPAC name, if known."), "text", Kind.LINE,
        _("Systematic name: use up to 400 characters on one line."), max_length=400,
    ),
    Field(
        "synonyms", Step.ANALYSIS, _("Other names"), _("One on a line: synonyms, codes, street names."), "lines", Kind.LINES,
        _("Other names: up to 20 lines of up to 200 characters."), default=(), max_length=20,
    ),
    Field(
        "evidence", Step.ANALYSIS, _("Evidence"), _("One line for each analysis: what was done, compared with what, and found."),
        "evidence_rows", Kind.EVIDENCE,
        _("Evidence: choose technique, reference and conclusion in each line, and name an attached file or none."),
        default=(),
        asked_for=OF_ANALYSES, hint_group="analysis", hinted_for=NEW | HARM | SEIZURE,
        max_length=12,
    ),
    Field(
        "alternatives", Step.ANALYSIS, _("Isomers not excluded"),
        _("One on a line: names or InChIKeys of what the analysis cannot tell apart from it."), "lines", Kind.LINES,
        _("Isomers not excluded: up to 20 lines of up to 200 characters."), default=(),
        asked_for=OF_ANALYSES, max_length=20,
    ),
    Field(
        "technique", Step.ANALYSIS, _("Analysed by"), _("Where no line of evidence says it: mark all used."), "checks", Kind.CHOICES,
        choices=c.TECHNIQUES, default=(), asked_for=CASES - ORDER, hint_group="analysis",
        hinted_for=NEW | HARM | SEIZURE,
    ),
    Field(
        "reference", Step.ANALYSIS, _("Compared with"), _("What the result was compared with."), "select", Kind.CHOICE,
        choices=c.REFERENCES, asked_for=CASES - ORDER, hint_group="analysis", hinted_for=NEW | HARM | SEIZURE,
    ),
    Field(
        "screening", Step.ANALYSIS, _("Control status"), _("Computed from structure, name and CAS number with the rules that your agency follows."),
        "screening", Kind.SCREENING, _("Control status: this is computed; leave it out."),
        asked_for=OFFERED, computed=True,
    ),
)  # fmt: skip
