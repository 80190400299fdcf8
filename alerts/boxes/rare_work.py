# SPDX-License-Identifier: Apache-2.0
"""Work of the start page that an agency seldom has; whether there is any is asked in one statement."""

from dataclasses import dataclass

from django.db.models import Exists, F, OuterRef, Q

from accord.agreements import ACCEPT, AGREEMENT
from alerts.models import AgreementText, WithheldAlert
from alerts.rows.onward import OnwardRelease
from alerts.rows.withheld import WithheldState
from officers.models import Officer
from peers.models import Agency, HeldStatement


@dataclass(frozen=True)
class RareWork:
    """Kinds of it that an agency has, whoever may see them."""

    onward: bool = False
    withheld: bool = False
    texts: bool = False
    proposals: bool = False


def rare_work(officer: Officer) -> RareWork:
    """Tell which kinds there are at the officer's agency: releases onward that wait, withheld alerts, texts of agreements, agreements
    that others propose and the agency has not answered.
    """
    own = {"agency": OuterRef("pk")}
    waits = Q(od="") | Q(is_emergency=True, reviewed_at=None)
    about = {"reader": OuterRef("reader"), "sub_d": OuterRef("od")}
    answered = HeldStatement.objects.filter(iss=OuterRef("reader"), k=ACCEPT, **about)
    # Only what is about nothing else can be a proposal, which finds it by index.
    proposed = HeldStatement.objects.filter(reader=OuterRef("pk"), sub_d="", k=AGREEMENT)
    found = (
        Agency.objects.filter(pk=officer.agency_id or "")
        .values(
            onward=Exists(OnwardRelease.objects.filter(waits, **own)),
            withheld=Exists(
                WithheldAlert.objects.filter(state__in=(WithheldState.WAITING, WithheldState.CHOSEN), **own)
            ),
            texts=Exists(AgreementText.objects.filter(**own)),
            proposals=Exists(proposed.exclude(iss=F("reader")).exclude(Exists(answered))),
        )
        .first()
    )
    return RareWork(**found) if found else RareWork()
