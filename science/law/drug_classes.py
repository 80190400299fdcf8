# SPDX-License-Identifier: Apache-2.0
"""Here are the classes by which an officer watches the law, and which of them a rule is about.

A rule is of the classes that its file declares. One that declares none concerns everybody who watches its
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


def classes_of(rule: RuleFact) -> frozenset[str]:
    """The classes that the rule declares; empty where it declares none."""
    return frozenset(rule.classes)
