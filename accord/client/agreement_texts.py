# SPDX-License-Identifier: Apache-2.0
"""Sealed texts of agreements: sent behind a proposal, opened to be read, compared with what was signed.

Nothing of them is kept in clear: a text is fetched and opened whenever it is read.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from accord.agreement_texts import KeptText, TextState, VersionText, names_text, text_of, text_terms
from accord.agreements import AGREEMENT, SignedVersion
from accord.client.errors import DocumentError, RefusedError, RequestError
from accord.client.outgoing import AlertToSend
from accord.client.reading import Place, open_envelope
from accord.client.results import Opened
from accord.client.sealing import divide, refuse_left_out, seal_terms
from accord.client.sending import ENVELOPE, forget, spool_envelope
from accord.client.session import Act
from accord.client.spool import JWE, MANIFEST
from accord.document.agreement_texts import agreement_text, check_text
from accord.following.keysets import refresh_keysets, require_pins
from accord.state import InboxRecord, State, SubmissionRecord

TEXT: Final = "text"
"""Kind under which an own text is recorded."""
_MEMBERS: Final = frozenset({"title", "text", "commitments"})


@dataclass(frozen=True)
class ReadText:
    """A version and what is here of its text; `opened` is the envelope that it came in, where it was fetched."""

    version: SignedVersion
    text: VersionText
    opened: Opened | None = None


def texts_among(state: State, records: Sequence[InboxRecord]) -> set[str]:
    """Return the digests of those items that a proposal of their sender names as its text: they are no alerts."""
    bodies = [(said.iss, said.body) for said in state.statements.values() if said.k == AGREEMENT]
    return {
        record.d
        for record in records
        if record.what == ENVELOPE
        and any(iss == record.iss and names_text(body, record.id, record.d) for iss, body in bodies)
    }


def read_text(act: Act, version: SignedVersion) -> ReadText:
    """Open the text of a version. Raises as `open_envelope`, but for a text that the hub does not have."""
    named = version.body["text"]
    if named is None:
        return ReadText(version, VersionText(TextState.NONE))
    try:
        opened = open_envelope(act, Place(named["md"], None), officer=None)
    except RefusedError as closed:
        if closed.status >= 500:
            raise
        other = [
            KeptText(record.iss, record.id, record.d, {})
            for record in act.state.inbox.values()
            if record.what == ENVELOPE
        ]
        return ReadText(version, text_of(version, other))
    manifest = opened.manifest
    kept = KeptText(manifest.iss, manifest.jti, manifest.md, opened.alert)
    return ReadText(version, text_of(version, [kept]), opened)


def read_entered(given: object, parties: Sequence[str]) -> dict[str, Any] | None:
    """Return the document of an entered text; raise RequestError, DocumentError naming each member that does not fit."""
    if given is None:
        return None
    if (
        not isinstance(given, Mapping)
        or not given.keys() <= _MEMBERS
        or not {"title", "text"} <= given.keys()
    ):
        raise RequestError("text: an object with title, text and commitments.")
    rows = given.get("commitments", [])
    if not isinstance(rows, list) or not all(isinstance(row, Mapping) for row in rows):
        raise RequestError("text: commitments is an array of objects.")
    document = agreement_text(given["title"], given["text"], rows)
    found = check_text(document, parties=parties, writing=True)
    if found:
        raise DocumentError("The text", found)
    return document


def spool_text(
    act: Act, document: Mapping[str, Any], body: Mapping[str, Any], until: int
) -> SubmissionRecord:
    """Seal a text for the other parties and put it into the spool; nothing is sent yet.

    Its id is a second later than that of the proposal, so that what is sent again goes in this order. Raises SealingError,
    UnpinnedError, SpoolError, and the errors of fetching keysets.
    """
    others = tuple(party for party in body["parties"] if party != act.agency)
    require_pins(act.memory, others)
    for agency in (act.agency, *others):
        refresh_keysets(act, agency)
    act.changes.write()
    act.require_live_keyset()
    terms = text_terms(body, jti=act.session.new_id(act.now + 1), now=act.now, until=until)
    order = AlertToSend(
        alert=dict(document), to=others, lane=terms.lane, purpose=terms.purpose, tlp=terms.tlp
    )
    plan, recipients = divide(act, order)
    refuse_left_out(plan)
    sealed = seal_terms(act, order, terms, recipients, ())
    record = SubmissionRecord(ENVELOPE, TEXT, sealed.jti, sealed.md, act.now, to=plan.will)
    with act.session.home.spool.draft() as draft:
        draft.write(MANIFEST, sealed.manifest)
        draft.write(JWE, sealed.jwe)
        spool_envelope(act, draft, record)
    return record


def drop_text(act: Act, record: SubmissionRecord) -> None:
    """Drop a text whose proposal the hub refuses."""
    forget(act.session, record)
    act.changes.state.submissions.pop(record.d, None)
