# SPDX-License-Identifier: Apache-2.0
"""Here are the classes by which an officer watches the law, and which of them a rule is about.

A rule is of a class when its own id, title or core names it. One that names none concerns everybody who watches its
jurisdiction: better a mail too many than one that never came.
"""

from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from substances.rulefacts import RuleFact

DRUG_CLASSES: Final[tuple[tuple[str, str | Promise], ...]] = (
    ("fentanyl", _("Fentanyls")),
    ("nitazene", _("Nitazenes")),
    ("cathinone", _("Cathinones")),
    ("cannabinoid", _("Synthetic cannabinoids")),
    ("arylcyclohexylamine", _("Arylcyclohexylamines")),
    ("phenethylamine", _("Phenethylamines")),
    ("tryptamine", _("Tryptamines")),
    ("benzodiazepine", _("Benzodiazepines")),
    ("piperazine", _("Piperazines")),
)
_NAMED_BY: Final = {
    "fentanyl": ("fent", "-frs"),
    "nitazene": ("nita", "benzimidazole"),
    "cathinone": ("cath", "1-propanone", "propan-1-one"),
    "cannabinoid": ("cannabinoid", "scra"),
    "arylcyclohexylamine": ("arylcyclohexyl",),
    "phenethylamine": ("phenethylamine", "phenylethylamine", "amphetamine"),
    "tryptamine": ("tryptamine",),
    "benzodiazepine": ("benzodiazep", "diazepine"),
    "piperazine": ("piperazine",),
}


def classes_of(rule: RuleFact) -> frozenset[str]:
    """The classes that the rule names; empty where it names none."""
    words = f"{rule.id} {rule.title}".lower()
    return frozenset(name for name, parts in _NAMED_BY.items() if any(part in words for part in parts))
