# SPDX-License-Identifier: Apache-2.0
"""Terms of the directory: kinds of agency, custody of its keys, and status."""

import re
from typing import Final

from django.core.validators import RegexValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

AGENCY_ID_FORM: Final = re.compile(r"\A[a-z]{2}-[a-z0-9]{2,20}\Z")
AGENCY_ID = RegexValidator(AGENCY_ID_FORM.pattern, _("Agency id: use a country code, a hyphen, a name."))

NO_COUNTRY: Final = "XX"
"""Country of a body that belongs to none: ISO 3166-1 leaves the code to its users, and WIPO's ST.3 has it for organisations."""
WITHOUT_COUNTRY: Final = "xx-"
"""Beginning of the id of a body that belongs to no country."""


class AgencyKind(models.TextChoices):
    LABORATORY = "laboratory", _("Laboratory")
    PUBLIC_HEALTH = "public_health", _("Public health")
    CUSTOMS = "customs", _("Customs")
    REGULATOR = "regulator", _("Regulator")
    DRUG_ENFORCEMENT = "drug_enforcement", _("Drug enforcement")
    POLICE = "police", _("Police")
    PROSECUTOR = "prosecutor", _("Prosecutor")
    INTERNATIONAL = "international", _("International organisation")
    FOCAL_POINT = "focal_point", _("Focal point")
    POSTAL_OPERATOR = "postal_operator", _("Postal operator")
    DRUG_CHECKING = "drug_checking", _("Drug-checking service")


class Custody(models.TextChoices):
    """Holder of an agency's private keys (envelope profile, "Keys")."""

    AGENCY = "agency", _("Keys held by the agency")
    HUB_OWN_ROOT = "hub-own-root", _("Operational keys held by its desk, root with the agency's head")
    HUB = "hub", _("Its desk can act as this agency")


class AgencyStatus(models.TextChoices):
    ENTERING = "entering", _("Entering")
    ACTIVE = "active", _("Active")
    SUSPENDED = "suspended", _("Suspended at the exchange")


def kind_and_country(kind: str, country: str) -> str:
    """Return what a body is and where, for people: "Customs, XA"; an unknown kind as it is, a missing part left out.

    `country`: a code, or the name of the country where the caller knows it.
    """
    words = str(dict(AgencyKind.choices).get(kind, kind))
    return ", ".join(part for part in (words, "" if country == NO_COUNTRY else country) if part)
