# SPDX-License-Identifier: Apache-2.0
"""What was said about an alert since it was sent: every version, reply and signed statement, in the order of the log.

Each agency sees what was said to it and what it said itself; the sender sees every answer. The names of officers
are known to their own agency only.
"""

import datetime as dt
import uuid
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from django.utils.translation import gettext as _

from accord.envelope.keyrule import Repudiated
from accord.envelope.reaffirming import REAFFIRM
from accord.moments import moment_of
from alerts.science.replies.thread_rows import RepliesHeld, read_replies
from alerts.science.replies.told import ReplyTold, replies_told
from alerts.withdrawal import WITHDRAWAL_CODES
from ledger.proofs import log_places
from officers.models import Officer
from peers.models import Agency
from sharing.models import Envelope, Statement
from sharing.signatures import Refused, Worth, judge_signed, signed_statements

ENTRIES_AT_MOST: Final = 600


@dataclass(frozen=True)
class ThreadEntry:
    """`at` is the log's time, or the hub's while the log has no entry for it yet (`index` None).

    `officer` is named for the reader's own agency only. `counts` is false where the key it was signed with was
    revoked for that time. Of a reply `alert` or `received` is the row that its page shows.
    """

    what: str
    at: dt.datetime
    index: int | None
    agency: str
    name: str
    officer: str
    text: str
    version: int
    counts: bool = True
    alert: uuid.UUID | None = None
    received: uuid.UUID | None = None


def read_thread(
    officer: Officer,
    versions: Mapping[str, int],
    *,
    held: RepliesHeld | None = None,
    names: Mapping[str, str] | None = None,
    now: dt.datetime,
) -> list[ThreadEntry]:
    """Everything said about these versions (their number by address) that has reached the officer's agency.

    `held` are the replies to them, `names` those of agencies by id, where they are read already.
    """
    replies = replies_told(held or read_replies(officer, versions, now=now), versions)
    mds = [*versions, *replies]
    envelopes = list(
        Envelope.objects.visible_to(officer).filter(pk__in=mds).only("md", "iss_id", "kind", "received_at")
    )
    statements = _statements_about(officer, [row.md for row in envelopes if row.md in versions])
    told = _Told(officer, versions, envelopes, statements, names or {}, now)
    entries = [
        told.of_reply(row, replies[row.md]) if row.md in replies else told.of_envelope(row)
        for row in envelopes
    ]
    entries += [told.of_statement(row) for row in statements]
    return sorted(entries, key=lambda entry: (entry.at, entry.index or 0))


def _statements_about(officer: Officer, mds: Collection[str]) -> list[Statement]:
    """About the versions, and the answers to those; a reaffirm is every holder's."""
    visible = Statement.objects.visible_to(officer).defer("jws").order_by("received_at", "od")
    issued = Envelope.objects.filter(pk__in=mds).values("iss_id")
    said = Statement.objects.filter(k=REAFFIRM, sub_d__in=mds, iss_id__in=issued).defer("jws")
    both = visible.filter(sub_d__in=mds)[:ENTRIES_AT_MOST].union(said.order_by(), all=True)
    about = {row.od: row for row in both}
    answers = visible.filter(sub_d__in=list(about))[:ENTRIES_AT_MOST] if about else ()
    return list((about | {row.od: row for row in answers}).values())


def _names(officer: Officer, ids: Collection[str], read: Mapping[str, str]) -> dict[str, str]:
    """Of agencies; the officer's own is known, and so are those `read` already."""
    known = dict(read) | ({officer.agency.pk: officer.agency.name} if officer.agency else {})
    others = set(ids) - known.keys()
    return known | (dict(Agency.objects.filter(pk__in=others).values_list("pk", "name")) if others else {})


class _Told:
    """The facts that every entry needs, read once."""

    def __init__(
        self,
        officer: Officer,
        versions: Mapping[str, int],
        envelopes: Sequence[Envelope],
        statements: Sequence[Statement],
        names: Mapping[str, str],
        now: dt.datetime,
    ) -> None:
        self.own, self.versions = officer.agency_id, versions
        self.places = log_places([*(row.md for row in envelopes), *(row.od for row in statements)])
        ids = {row.iss_id for row in envelopes} | {row.iss_id for row in statements}
        self.names = _names(officer, ids, names)
        self.officers = _own_officers(officer, statements)
        signed = signed_statements(statements, self.places)
        self.worth = judge_signed(signed, now=now) if signed else {}
        self.about = {row.od: row.sub_d for row in statements}

    def of_envelope(self, row: Envelope) -> ThreadEntry:
        version = self.versions[row.md]
        text = _("sent it") if version == 1 else _("sent version %(n)d") % {"n": version}
        return self._entry("sent", row.md, row.iss_id, row.received_at, "", text, version)

    def of_reply(self, row: Envelope, reply: ReplyTold) -> ThreadEntry:
        entry = self._entry("reply", row.md, row.iss_id, row.received_at, "", reply.text, reply.version)
        return replace(entry, counts=reply.counts, alert=reply.alert, received=reply.received)

    def of_statement(self, row: Statement) -> ThreadEntry:
        officer = self.officers.get(row.act, "") if row.iss_id == self.own else ""
        return self._entry(
            row.k, row.od, row.iss_id, row.received_at, officer, statement_text(row), self._version(row.sub_d)
        )

    def _version(self, d: str) -> int:
        """Of what a statement is about, or of what the statement it answers is about."""
        while d not in self.versions and d in self.about:
            d = self.about[d]
        return self.versions.get(d, 0)

    def _entry(
        self, what: str, d: str, iss: str, received_at: dt.datetime, officer: str, text: str, version: int
    ) -> ThreadEntry:
        index, logged = self.places.get(d, (None, None))
        at = received_at if logged is None else moment_of(logged)
        name, counts = self.names.get(iss, iss), _counts(self.worth.get(d))
        return ThreadEntry(what, at, index, iss, name, officer, text, version, counts)


def _own_officers(officer: Officer, statements: Iterable[Statement]) -> dict[str, str]:
    acts = {row.act for row in statements if row.act and row.iss_id == officer.agency_id}
    if not acts:
        return {}
    rows = Officer.objects.filter(agency_id=officer.agency_id, public_id__in=acts)
    return {row.public_id: row.display_name for row in rows}


def _counts(worth: Worth | None) -> bool:
    return not isinstance(worth, Refused | Repudiated)


def statement_text(row: Statement) -> str:
    """What a statement says, in words that follow the name of who said it."""
    body: Mapping[str, Any] = row.body
    if row.k == "ack":
        return _ack_text(body)
    if row.k == "retract":
        code = str(body.get("code"))
        return _("withdrew it: %(why)s") % {"why": dict(WITHDRAWAL_CODES).get(code, code)}
    if row.k == "confirm":
        stopped = body.get("st") == "stopped"
        return _("confirmed that it stopped using it") if stopped else _("could not stop its use")
    return _("stands by what it signed") if row.k == REAFFIRM else row.k


def _ack_text(body: Mapping[str, Any]) -> str:
    if body.get("st") == "unopenable":
        return _("could not open it")
    if body.get("st") == "refused":
        return {
            "policy": _("did not accept it: its rules do not let it use this"),
            "malformed": _("did not accept it: not usable as it stands"),
        }.get(str(body.get("code")), _("did not accept it"))
    return _("acknowledged it")
