# SPDX-License-Identifier: Apache-2.0
"""Structure on a page: the drawing and its facts, or the sentence why there is none."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from alerts.document.structures import StructureReading, read_typed
from science.structures.drawings import inert_svg
from substances.errors import SubstanceError
from substances.sandbox import sandboxed

if TYPE_CHECKING:
    from alerts.document.choices import Text
    from substances.structures.reading import Structure

WIDTH: Final = 340
HEIGHT: Final = 220
MINUS: Final = "\N{MINUS SIGN}"
STEREO: Final[Mapping[str, "Text"]] = {
    "none": gettext_lazy("no stereocentre"),
    "defined": gettext_lazy("every stereocentre is drawn"),
    "partly": gettext_lazy("some stereocentres are left open"),
    "undefined": gettext_lazy("the stereocentres are left open: any form, or a mixture"),
}
NOTICES: Final[Mapping[str, "Text"]] = {
    "amide_form_chosen": gettext_lazy("The InChI was read with its amide groups in the usual form."),
    "no_inchi": gettext_lazy("No InChI can be computed for this structure."),
    "inchi_not_reproduced": gettext_lazy(
        "Computed anew, the InChI differs from what was pasted; compare the source."
    ),
    "several_organic_components": gettext_lazy(
        "It has more than one organic component; rules look at the largest."
    ),
    "unusually_large": gettext_lazy("It is unusually large for a substance of casework; check it."),
    "name_ignored": gettext_lazy(
        "What stands behind the structure was left aside; a name goes into its own field."
    ),
    "properties_ignored": gettext_lazy("The data fields of the SDF were left aside."),
    "non_standard_inchi": gettext_lazy("The InChI is not a standard one; the standard one is kept."),
    "relative_stereo": gettext_lazy(
        "The source marks its stereo as relative or as a mixture; it is kept and drawn as one form."
    ),
}


@dataclass(frozen=True)
class StructureShown:
    """`facts` are label and text; `problem` is why nothing is shown. All are empty where nothing was typed."""

    svg: SafeString = field(default=SafeString(""), repr=False)
    facts: tuple[tuple["Text", str], ...] = field(default=(), repr=False)
    notices: tuple["Text", ...] = ()
    problem: str = ""

    @property
    def is_empty(self) -> bool:
        return not (self.facts or self.problem)


def shown_structure(text: object) -> StructureShown:
    """Read and draw a typed or received structure; never raises."""
    if not isinstance(text, str) or not text.strip():
        return StructureShown()
    return shown_reading(read_typed(text))


def shown_reading(reading: StructureReading) -> StructureShown:
    """Draw a structure that was read before."""
    structure = reading.structure
    if structure is None:
        return StructureShown(problem=reading.problem)
    return StructureShown(
        drawing_of(structure.smiles, title=_("Structure, %(formula)s") % {"formula": structure.formula}),
        tuple(facts_of(structure)),
        tuple(NOTICES[code] for code in structure.notices if code in NOTICES),
    )


def drawing_of(smiles: str, *, title: str) -> SafeString:
    """Return the drawing; empty where it cannot be made now."""
    try:
        return inert_svg(sandboxed.draw(smiles, width=WIDTH, height=HEIGHT, title=title))
    except SubstanceError:
        return mark_safe("")


def facts_of(structure: "Structure") -> list[tuple["Text", str]]:
    """Return the facts of a structure by itself, with units."""
    facts: list[tuple[Text, str]] = [
        (gettext_lazy("Formula"), structure.formula + _charge(structure.charge)),
        (gettext_lazy("Molar mass"), _("%(mass)s g/mol") % {"mass": f"{structure.avg_mass:.2f}"}),
        (gettext_lazy("Exact mass"), f"{structure.mono_mass:.4f} Da"),
        (gettext_lazy("InChIKey"), structure.inchikey or _("none")),
        (gettext_lazy("Stereo"), str(STEREO[structure.stereo])),
    ]
    if len(structure.components) > 1:
        text = _("%(n)s components; without salt and solvent: %(formula)s") % {
            "n": len(structure.components),
            "formula": structure.parent_formula,
        }
        facts.append((gettext_lazy("Salt"), text))
    if structure.isotopes:
        facts.append((gettext_lazy("Isotopes"), _("labelled atoms are drawn")))
    return facts


def _charge(charge: int) -> str:
    if charge == 0:
        return ""
    size = "" if abs(charge) == 1 else str(abs(charge))
    return f" {size}{'+' if charge > 0 else MINUS}"
