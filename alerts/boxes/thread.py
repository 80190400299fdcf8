# SPDX-License-Identifier: Apache-2.0
"""The thread of an alert: every version, reply and signed statement since it was sent, in the order of the log.

Each agency sees what was said to it and what it said itself; the sender sees every answer. Only an officer's own agency
sees the officer's name.
"""

import datetime as dt
import uuid
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from django.utils.translation import gettext as _

from accord.envelope.reaffirming import REAFFIRM
from accord.envelope.releases import RELEASE, UNRELEASE
from accord.envelope.worth import has_force
from accord.moments import moment_of
from alerts.models import Alert, ReceivedAlert
from alerts.peers.directory import VerifiedDirectory
from alerts.receiving.signature_judging import judge_statements
from alerts.replies.display import ReplyInThread, replies_told
from alerts.replies.thread_rows import RepliesHeld, read_replies
from alerts.sending.withdrawal import WITHDRAWAL_CODES
from officers.models import Officer
from peers.models import Agency, HeldStatement

ENTRIES_AT_MOST: Final = 600


@dataclass(frozen=True)
class ThreadEntry:
    """Entry of a thread. `at` is the log's time, or the hub's while the log has no entry for it yet (`index` None).

    `officer` is filled for the reader's own agency only. `counts` is false where the signing key was revoked for that time.
    For a reply, `alert` or `received` is the row that its page shows.
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
    rows: Sequence[Alert | ReceivedAlert] = (),
    held: RepliesHeld | None = None,
    names: Mapping[str, str] | None = None,
    now: dt.datetime,
) -> list[ThreadEntry]:
    """Return everything said about these versions (their number by address) that has reached the officer's agency.

    Where the caller has read them already: `rows` are the versions, `held` the replies to them, `names` agencies' names by id.
    """
    replies = replies_told(held or read_replies(officer, versions, now=now), versions)
    envelopes = _envelopes(officer, [*versions, *replies], rows)
    statements = _statements_about(officer, [row.md for row in envelopes if row.md in versions])
    told = _Told(officer, versions, envelopes, statements, names or {}, now)
    entries = [
        told.of_reply(row, replies[row.md]) if row.md in replies else told.of_envelope(row)
        for row in envelopes
    ]
    entries += [told.of_statement(row) for row in statements]
    return sorted(entries, key=lambda entry: (entry.at, entry.index or 0))


@dataclass(frozen=True)
class _Sent:
    """Envelope in the thread: its issuer, when it was sent or taken in, and its place in the ledger."""

    md: str
    iss: str
    at: dt.datetime
    index: int | None


def _envelopes(officer: Officer, mds: Collection[str], read: Sequence[Alert | ReceivedAlert]) -> list[_Sent]:
    """Return those of the envelopes that the agency sent or received and that the officer may see; asks for those not yet read."""
    found = list(read)
    if missing := set(mds) - {row.md for row in read}:
        found += Alert.objects.visible_to(officer).filter(md__in=missing, released_at__isnull=False)
        found += ReceivedAlert.objects.visible_to(officer).filter(md__in=missing)
    return [_sent(row) for row in found]


def _sent(row: Alert | ReceivedAlert) -> _Sent:
    if isinstance(row, ReceivedAlert):
        return _Sent(row.md, row.issuer_id, row.logged_at, row.log_index)
    assert row.released_at is not None
    return _Sent(row.md, row.agency_id, row.logged_at or row.released_at, row.log_index)


def _statements_about(officer: Officer, mds: Collection[str]) -> list[HeldStatement]:
    """Return statements about the versions, and statements that answer those."""
    visible = HeldStatement.objects.visible_to(officer).order_by("held_since", "od")
    about = {row.od: row for row in visible.filter(sub_d__in=mds)[:ENTRIES_AT_MOST]}
    answers = visible.filter(sub_d__in=list(about))[:ENTRIES_AT_MOST] if about else ()
    return list((about | {row.od: row for row in answers}).values())


def _names(officer: Officer, ids: Collection[str], read: Mapping[str, str]) -> dict[str, str]:
    """Return names of agencies by id; asks the database only for those that are neither the officer's own nor in `read`."""
    known = dict(read) | ({officer.agency.pk: officer.agency.name} if officer.agency else {})
    others = set(ids) - known.keys()
    return known | (dict(Agency.objects.filter(pk__in=others).values_list("pk", "name")) if others else {})


class _Told:
    """Facts that every entry needs, read once."""

    def __init__(
        self,
        officer: Officer,
        versions: Mapping[str, int],
        envelopes: Sequence[_Sent],
        statements: Sequence[HeldStatement],
        names: Mapping[str, str],
        now: dt.datetime,
    ) -> None:
        self.own, self.versions = officer.agency_id, versions
        ids = {row.iss for row in envelopes} | {row.iss for row in statements}
        self.names = _names(officer, ids, names)
        self.officers = _own_officers(officer, statements)
        peers = VerifiedDirectory(officer.agency_id or "", now)
        self.worth = judge_statements(peers, statements) if statements else {}
        self.about = {row.od: row.sub_d for row in statements}

    def of_envelope(self, row: _Sent) -> ThreadEntry:
        version = self.versions[row.md]
        text = _("sent it") if version == 1 else _("sent version %(n)d") % {"n": version}
        return self._entry("sent", row, "", text, version)

    def of_reply(self, row: _Sent, reply: ReplyInThread) -> ThreadEntry:
        entry = self._entry("reply", row, "", reply.text, reply.version)
        return replace(entry, counts=reply.counts, alert=reply.alert, received=reply.received)

    def of_statement(self, row: HeldStatement) -> ThreadEntry:
        officer = self.officers.get(row.act, "") if row.iss == self.own else ""
        place = row.place
        at = row.held_since if place is None else moment_of(place[1])
        said = _Sent(row.od, row.iss, at, place[0] if place else None)
        if not row.is_bound:
            text = _("This was changed past the program; it counts for nothing.")
            return replace(self._entry(row.k, said, "", text, self._version(row.sub_d)), counts=False)
        return self._entry(row.k, said, officer, statement_text(row), self._version(row.sub_d))

    def _version(self, d: str) -> int:
        """Return the version that a statement is about, directly or through the statement that it answers."""
        while d not in self.versions and d in self.about:
            d = self.about[d]
        return self.versions.get(d, 0)

    def _entry(self, what: str, row: _Sent, officer: str, text: str, version: int) -> ThreadEntry:
        name = self.names.get(row.iss, row.iss)
        return ThreadEntry(
            what, row.at, row.index, row.iss, name, officer, text, version, has_force(self.worth.get(row.md))
        )


def _own_officers(officer: Officer, statements: Iterable[HeldStatement]) -> dict[str, str]:
    acts = {row.act for row in statements if row.act and row.iss == officer.agency_id}
    if not acts:
        return {}
    rows = Officer.objects.filter(agency_id=officer.agency_id, public_id__in=acts)
    return {row.public_id: row.display_name for row in rows}


def statement_text(row: HeldStatement) -> str:
    """Return what a statement says, in words that follow the agency's name."""
    body: Mapping[str, Any] = row.body
    if row.k == "ack":
        return _ack_text(body)
    if row.k == "retract":
        code = str(body.get("code"))
        return _("withdrew it: %(why)s") % {"why": dict(WITHDRAWAL_CODES).get(code, code)}
    if row.k == "confirm":
        stopped = body.get("st") == "stopped"
        return _("confirmed that it stopped using it") if stopped else _("could not stop its use")
    words = {
        REAFFIRM: _("stands by what it signed"),
        RELEASE: _("released it onward"),
        UNRELEASE: _("ended a release"),
    }
    return words.get(row.k, row.k)


def _ack_text(body: Mapping[str, Any]) -> str:
    if body.get("st") == "unopenable":
        return _("could not open it")
    if body.get("st") == "refused":
        return {
            "policy": _("did not accept it: its rules do not let it use this"),
            "malformed": _("did not accept it: not usable as it stands"),
        }.get(str(body.get("code")), _("did not accept it"))
    return _("acknowledged it")
