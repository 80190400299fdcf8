# SPDX-License-Identifier: Apache-2.0
"""Work of the start page that an agency seldom has; whether there is any is asked in one statement."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Exists, F, OuterRef, Q

from accord.agreements import ACCEPT, AGREEMENT
from accord.suspensions import RESUME, SUSPEND
from alerts.agency.lanes import CHANGES_SHOWN_FOR
from alerts.boxes.overdue import ANSWERS_MISSED_FOR
from alerts.models import AgreementText, WithheldAlert
from alerts.rows.onward import OnwardRelease
from alerts.rows.withheld import WithheldState
from officers.models import Officer
from peers.models import Agency, HeldStatement, SentEnvelope


@dataclass(frozen=True)
class RareWork:
    """Kinds of it that an agency has, whoever may see them."""

    onward: bool = False
    withheld: bool = False
    texts: bool = False
    proposals: bool = False
    lanes: bool = False
    questions: bool = False


def rare_work(officer: Officer, *, now: datetime) -> RareWork:
    """Tell which kinds there are at the officer's agency: releases onward that wait, withheld alerts, texts of agreements, agreements
    that others propose and the agency has not answered, lanes that others have lately suspended or resumed, questions of the agency
    whose time has lately passed.
    """
    own = {"agency": OuterRef("pk")}
    waits = Q(od="") | Q(is_emergency=True, reviewed_at=None)
    about = {"reader": OuterRef("reader"), "sub_d": OuterRef("od")}
    answered = HeldStatement.objects.filter(iss=OuterRef("reader"), k=ACCEPT, **about)
    # Only what is about nothing else can be of agreements and lanes, which finds it by index.
    of_others = HeldStatement.objects.filter(reader=OuterRef("pk"), sub_d="").exclude(iss=F("reader"))
    lately = of_others.filter(k__in=(SUSPEND, RESUME), held_since__gt=now - CHANGES_SHOWN_FOR)
    found = (
        Agency.objects.filter(pk=officer.agency_id or "")
        .values(
            onward=Exists(OnwardRelease.objects.filter(waits, **own)),
            withheld=Exists(
                WithheldAlert.objects.filter(state__in=(WithheldState.WAITING, WithheldState.CHOSEN), **own)
            ),
            texts=Exists(AgreementText.objects.filter(**own)),
            proposals=Exists(of_others.filter(k=AGREEMENT).exclude(Exists(answered))),
            lanes=Exists(lately),
            questions=Exists(
                SentEnvelope.objects.filter(
                    reader=OuterRef("pk"), reply_by__lte=now, reply_by__gt=now - ANSWERS_MISSED_FOR
                )
            ),
        )
        .first()
    )
    return RareWork(**found) if found else RareWork()
