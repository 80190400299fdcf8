# SPDX-License-Identifier: Apache-2.0
"""The closed lists that agreement and manifest share: lanes, purposes, markings; and the priority of which some make an
exception.
"""

from typing import Final

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class Lane(TextChoices):
    ENFORCEMENT = "enforcement", _("Enforcement")
    SCIENCE = "science", _("Science")
    PUBLIC_HEALTH = "public_health", _("Public health")
    TRADE = "trade", _("Trade")


class Purpose(TextChoices):
    INVESTIGATE = "investigate", _("Investigate")
    PREVENT = "prevent", _("Prevent")
    PUBLIC_HEALTH = "public_health", _("Public health")
    REGULATORY_CONTROL = "regulatory_control", _("Regulatory control")
    SCIENCE = "science", _("Science")


class Tlp(TextChoices):
    """TLP 2.0 (FIRST), from the loosest to the strictest."""

    CLEAR = "CLEAR", "TLP:CLEAR"
    GREEN = "GREEN", "TLP:GREEN"
    AMBER = "AMBER", "TLP:AMBER"
    AMBER_STRICT = "AMBER+STRICT", "TLP:AMBER+STRICT"
    RED = "RED", "TLP:RED"


FLASH: Final = "flash"
"""Danger to life: the priority of which agreements and clocks make an exception."""

_STRICTNESS: Final = {marking: rank for rank, marking in enumerate(Tlp.values)}


def is_above(tlp: str, ceiling: str) -> bool:
    """Tell whether a marking is stricter than an agreement's ceiling allows."""
    return _STRICTNESS[tlp] > _STRICTNESS[ceiling]
