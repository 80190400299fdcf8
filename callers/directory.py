# SPDX-License-Identifier: Apache-2.0
"""Terms of the directory: kinds of agency, custody of its keys, and status."""

import re
from typing import Final

from django.core.validators import RegexValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

AGENCY_ID_FORM: Final = re.compile(r"\A[a-z]{2}-[a-z0-9]{2,20}\Z")
AGENCY_ID = RegexValidator(AGENCY_ID_FORM.pattern, _("Agency id: use a country code, a hyphen, a name."))


class AgencyKind(models.TextChoices):
    LABORATORY = "laboratory", _("Laboratory")
    PUBLIC_HEALTH = "public_health", _("Public health")
    CUSTOMS = "customs", _("Customs")
    REGULATOR = "regulator", _("Regulator")
    DRUG_ENFORCEMENT = "drug_enforcement", _("Drug enforcement")
    POLICE = "police", _("Police")
    PROSECUTOR = "prosecutor", _("Prosecutor")


class Custody(models.TextChoices):
    """Holder of an agency's private keys (envelope profile, "Keys")."""

    AGENCY = "agency", _("Keys held by the agency")
    HUB_OWN_ROOT = "hub-own-root", _("Operational keys held by its desk, root with the agency's head")
    HUB = "hub", _("Its desk can act as this agency")


class AgencyStatus(models.TextChoices):
    ENTERING = "entering", _("Entering")
    ACTIVE = "active", _("Active")
    SUSPENDED = "suspended", _("Suspended on this hub")
