# SPDX-License-Identifier: Apache-2.0
"""Questions to the science core: who may ask, for what reason, and the audit entry before the answer.

- The audit keeps the act, the number of structures asked about, and the reason; never a structure, a name or a spectrum.
- Several structures may be asked about only for a case, whether at once or one after another.
- Input that cannot be read becomes an error with a sentence for people.
"""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction
from django.db.models import IntegerField, Q, Sum
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Cast, Coalesce
from django.utils.translation import gettext as _

from alerts.access import agency_of
from alerts.document.science_sentences import sentence_of
from alerts.errors import ScienceAwayError, ScienceInputError
from alerts.locks import wait_for_lock
from alerts.receiving.opening import OpeningReason, reason_text
from alerts.review.tlp_ceiling import CASE_REASONS
from callers.actors import Actor
from callers.capabilities import Capability, require
from callers.errors import InputError
from ledger.audit import record_event
from ledger.models import AuditEvent
from officers.policy_in_force import policy_of
from peers.models import Agency
from substances.control.faults import RulesRefusedError
from substances.errors import InputRefusedError, WorkerLostError

SUBJECT: Final = "science"
AT_ONCE: Final = 50
"""Limit of structures in one question; more than one only where it names a case."""
AN_HOUR: Final = timedelta(hours=1)
WITHOUT_CASE_AN_HOUR: Final = 30
"""Hourly limit of questions of one officer or API key that name no case."""
ASKED_AN_HOUR: Final = 300
"""Hourly limit of structures, spectra and profiles that one officer or API key asks about, for a case or not."""
PARTS_WITHOUT_CASE: Final = 4
"""Limit of components of one structure, enough for a salt, a solvate or a cut sample. More are several questions in one."""
SCREENED: Final = "substance.screened"
RESEMBLED: Final = "substance.compared"
MATCHED: Final = "spectrum.matched"
PROFILED: Final = "profile.compared"
REFUSED: Final = "science.refused"
ASKED: Final = (SCREENED, RESEMBLED, MATCHED, PROFILED)


@dataclass(frozen=True)
class QueryReason:
    """Reason for a question: one of the reasons for opening an alert, and the case number that one of them needs."""

    reason: str = ""
    reference: str = ""


def record_question(actor: Actor, act: str, why: QueryReason, *, count: int = 1, now: datetime) -> Agency:
    """Audit the question before it is answered; return the asker's agency.

    A refused question is audited too, as refused. Raises NotPermittedError; `InputError` naming `reason`,
    `reference` or `structures`.
    """
    require(actor, Capability.SCIENCE_READ, Capability.SCIENCE_QUERY)
    agency = agency_of(actor)
    try:
        _record(actor, agency, act, why, count, now)
    except InputError as refused:
        _record_refusal(actor, agency, act, count, refused.field, now)
        raise
    return agency


def _record(actor: Actor, agency: Agency, act: str, why: QueryReason, count: int, now: datetime) -> None:
    words = checked_reason(agency, why, count=count)
    with transaction.atomic():
        # Questions asked at the same time are counted one after another, so that the limits hold.
        wait_for_lock(SUBJECT, actor.audit_name)
        _refuse_many(actor, agency, count, for_a_case=_names_a_case(why), now=now)
        record_event(
            act,
            actor=actor.audit_name,
            agency=agency.pk,
            subject=SUBJECT,
            reason=words,
            detail={"count": count},
            now=now,
        )


@transaction.atomic
def _record_refusal(actor: Actor, agency: Agency, act: str, count: int, field: str, now: datetime) -> None:
    """Audit a refusal, after the refused entry was rolled back."""
    record_event(
        REFUSED,
        actor=actor.audit_name,
        agency=agency.pk,
        subject=SUBJECT,
        detail={"asked": act, "count": count, "field": field},
        now=now,
    )


def refuse_mixture(why: QueryReason, components: Collection[str]) -> None:
    """Raise `InputError` for a structure of many components, which equals several questions, where no case is named."""
    if len(set(components)) > PARTS_WITHOUT_CASE and not _names_a_case(why):
        text = _(
            "Case number: a mixture of more than %(most)s components is asked about for a case only; choose it and "
            "give its number."
        )
        raise InputError("reference", text % {"most": PARTS_WITHOUT_CASE})


def _refuse_many(actor: Actor, agency: Agency, count: int, *, for_a_case: bool, now: datetime) -> None:
    """Raise `InputError` where the actor has reached an hourly limit."""
    recent = AuditEvent.objects.filter(
        agency=agency.pk, actor=actor.audit_name, subject=SUBJECT, act__in=ASKED, at__gt=now - AN_HOUR
    )
    count_of = Cast(KeyTextTransform("count", "detail"), IntegerField())
    asked = recent.aggregate(
        all=Coalesce(Sum(count_of), 0),
        without_case=Coalesce(Sum(count_of, filter=~Q(reason__startswith=OpeningReason.CASE_NUMBER)), 0),
    )
    if asked["all"] + count > ASKED_AN_HOUR:
        text = _(
            "Case number: %(most)s questions an hour are the most, for a case too. Ask again in up to an hour."
        )
        raise InputError("reference", text % {"most": ASKED_AN_HOUR})
    if not for_a_case and asked["without_case"] >= WITHOUT_CASE_AN_HOUR:
        text = _(
            "Case number: more than %(most)s questions an hour are asked for a case only; choose it and give its "
            "number."
        )
        raise InputError("reference", text % {"most": WITHOUT_CASE_AN_HOUR})


def _names_a_case(why: QueryReason) -> bool:
    return why.reason == OpeningReason.CASE_NUMBER and bool(why.reference.strip())


def checked_reason(agency: Agency, why: QueryReason, *, count: int = 1) -> str:
    """Return the reason as the audit keeps it; raises `InputError`."""
    if not 1 <= count <= AT_ONCE:
        raise InputError("structures", _("Structures: ask about 1 to %(most)s at once.") % {"most": AT_ONCE})
    if count > 1 and not _names_a_case(why):
        raise InputError(
            "reference",
            _(
                "Case number: several structures at once are asked for a case only; choose it and give its number."
            ),
        )
    needs_case = policy_of(agency).case_number_required
    if needs_case and why.reason in OpeningReason.values and why.reason not in CASE_REASONS:
        raise InputError("reason", _("Reason: your agency asks for a case number here; choose it."))
    return reason_text(why.reason, why.reference)


@contextmanager
def science_errors(place: str = "") -> Iterator[None]:
    """Turn refusals of the science core into errors with a sentence; `place` is put before the field's name.

    Raises ScienceInputError, ScienceAwayError.
    """
    try:
        yield
    except InputRefusedError as refused:
        field = f"{place}.{refused.field}" if place else refused.field
        raise ScienceInputError(field, refused.code, sentence_of(refused)) from None
    except (WorkerLostError, RulesRefusedError):
        # Stored rules that today's reader refuses are not the asker's fault either.
        raise ScienceAwayError from None
