# SPDX-License-Identifier: Apache-2.0
"""Drug classes by which an officer watches the law, and the classes that a rule is about.

A rule is of the classes that its file declares. One that declares none concerns everybody who watches its
jurisdiction: a needless mail is better than a missing one.
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
    """Return the classes that the rule declares; empty where it declares none."""
    return frozenset(rule.classes)
