# SPDX-License-Identifier: Apache-2.0
"""Work of the start page that an agency seldom has; whether there is any is asked in one statement."""

from dataclasses import dataclass

from django.db.models import Exists, OuterRef, Q

from alerts.models import AgreementText, WithheldAlert
from alerts.rows.onward import OnwardRelease
from alerts.rows.withheld import WithheldState
from officers.models import Officer
from peers.models import Agency


@dataclass(frozen=True)
class RareWork:
    """Kinds of it that an agency has, whoever may see them."""

    onward: bool = False
    withheld: bool = False
    texts: bool = False


def rare_work(officer: Officer) -> RareWork:
    """Tell which kinds there are at the officer's agency: releases onward that wait, withheld alerts, texts of agreements."""
    own = {"agency": OuterRef("pk")}
    waits = Q(od="") | Q(is_emergency=True, reviewed_at=None)
    found = (
        Agency.objects.filter(pk=officer.agency_id or "")
        .values(
            onward=Exists(OnwardRelease.objects.filter(waits, **own)),
            withheld=Exists(
                WithheldAlert.objects.filter(state__in=(WithheldState.WAITING, WithheldState.CHOSEN), **own)
            ),
            texts=Exists(AgreementText.objects.filter(**own)),
        )
        .first()
    )
    return RareWork(**found) if found else RareWork()
