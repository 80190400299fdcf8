# SPDX-License-Identifier: Apache-2.0
"""Present standing of a signature for a page: in force, repudiated, reaffirmed or refused, with every time.

It is never stored: each display judges again, against the newest keysets and the signer's statements since.
"""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from django.utils import formats
from django.utils.translation import gettext as _

from accord.envelope.keyrule import Reaffirmed, Repudiated, Valid
from accord.envelope.worth import Refused, Worth
from accord.moments import moment_or_none
from alerts.models import ReceivedAlert
from alerts.peers.directory import VerifiedDirectory
from alerts.receiving.signature_judging import judge_signed
from callers.timezones import moment_text


class SignatureState(StrEnum):
    VALID = "valid"
    REPUDIATED = "repudiated"
    REAFFIRMED = "reaffirmed"
    REFUSED = "refused"


@dataclass(frozen=True)
class SignatureFacts:
    """Standing of a signature. `since`: from when the key is void; `revoked_at`: when the log learned it; empty if it counts.

    `text` is the sentence for the page, empty where nothing is wrong. All times are the log's, said in the reader's zone.
    """

    state: SignatureState = SignatureState.VALID
    text: str = ""
    logged_at: dt.datetime | None = None
    since: dt.datetime | None = None
    revoked_at: dt.datetime | None = None
    reaffirmed_at: dt.datetime | None = None

    @property
    def counts(self) -> bool:
        """Tell whether it may be relied on: in force, or reaffirmed by its signer."""
        return self.state in (SignatureState.VALID, SignatureState.REAFFIRMED)

    @property
    def short(self) -> str:
        """Short text for one cell of a list, with both times."""
        words = _times(self)
        if self.state is SignatureState.REPUDIATED:
            return _("In doubt: logged %(logged)s, key not valid since %(since)s") % words
        if self.state is SignatureState.REAFFIRMED:
            return _("Reaffirmed on %(reaffirmed)s") % words
        return _("Refused: logged after its key was revoked") if self.state is SignatureState.REFUSED else ""


def utc_text(at: dt.datetime) -> str:
    """Return a time for sentences: 4 Dec 2026 14:02, without the zone."""
    return formats.date_format(at.astimezone(dt.UTC), _("j M Y H:i"))


def signature_facts_of(worth: Worth, name: str, *, own: bool = False) -> SignatureFacts:
    """Return the standing of a judged signature of the agency called `name`; `own` words it for that agency itself."""
    if isinstance(worth, Valid):
        return SignatureFacts()
    facts = SignatureFacts(
        state=_STATES[type(worth)],
        logged_at=moment_or_none(worth.log_time),
        since=moment_or_none(getattr(worth, "since", None)),
        revoked_at=moment_or_none(getattr(worth, "revoked_at", None)),
        reaffirmed_at=moment_or_none(getattr(worth, "reaffirmed_at", None)),
    )
    text = _own_text(facts) if own else _text(facts)
    return SignatureFacts(**{**vars(facts), "text": text % (_times(facts) | {"name": name})})


_STATES = {
    Repudiated: SignatureState.REPUDIATED,
    Reaffirmed: SignatureState.REAFFIRMED,
    Refused: SignatureState.REFUSED,
}


def judge_received(
    rows: Iterable[ReceivedAlert], *, peers: VerifiedDirectory | None = None, now: dt.datetime
) -> None:
    """Set, in memory, the `standing` of each row. `peers`: the caller's directory, if it is the reader of all rows."""
    received = list(rows)
    for agency_id in {row.agency_id for row in received}:
        own = [row for row in received if row.agency_id == agency_id]
        worth = judge_signed(peers or VerifiedDirectory(agency_id, now), [row.signed for row in own])
        for row in own:
            row.standing = signature_facts_of(worth[row.md], row.issuer.name)


def _text(facts: SignatureFacts) -> str:
    if facts.state is SignatureState.REPUDIATED:
        return _(
            "In doubt. This was logged at %(logged)s, signed with a key that %(name)s revoked at %(revoked)s "
            "for everything since %(since)s. Call %(name)s before you rely on it."
        )
    if facts.state is SignatureState.REAFFIRMED:
        return _(
            "Reaffirmed by %(name)s on %(reaffirmed)s. It was logged at %(logged)s, signed with a key that "
            "%(name)s revoked at %(revoked)s for everything since %(since)s, and %(name)s stands by it."
        )
    return _(
        "Refused. This was logged at %(logged)s, when its key no longer counted. Call %(name)s on the "
        "directory number."
    )


def _own_text(facts: SignatureFacts) -> str:
    if facts.state is SignatureState.REPUDIATED:
        return _(
            "In doubt. This was logged at %(logged)s, signed with a key that your agency revoked at %(revoked)s "
            "for everything since %(since)s. Reaffirm it if it is yours, else withdraw it."
        )
    if facts.state is SignatureState.REAFFIRMED:
        return _(
            "Reaffirmed on %(reaffirmed)s. It was logged at %(logged)s, signed with a key that your agency "
            "revoked at %(revoked)s for everything since %(since)s."
        )
    return _("Refused by every recipient. It was logged at %(logged)s, when its key no longer counted.")


def _times(facts: SignatureFacts) -> dict[str, str]:
    named = {
        "logged": facts.logged_at,
        "since": facts.since,
        "revoked": facts.revoked_at,
        "reaffirmed": facts.reaffirmed_at,
    }
    return {name: moment_text(at) for name, at in named.items() if at is not None}
