# SPDX-License-Identifier: Apache-2.0
"""First opening of a received alert, for its card and its tokens; or the reason why it stays closed."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from accord.agreement_texts import KeptText
from accord.envelope.content import OpenedAlert
from accord.envelope.errors import BackendError, EnvelopeError, OpeningError
from accord.following.keysets import LEDGER_FAILURES
from alerts.document.reading import ReadDocument, read_document
from alerts.errors import ContentDeletedError, ExchangeAwayError, NotJudgedError, UnknownSchemaError
from alerts.models import ReceivedAlert
from alerts.peers.directory import VerifiedDirectory
from alerts.projections.registry import wants_file
from alerts.receiving.attachments import opened_files, plain_digests
from alerts.receiving.fetching import Seen, fetch_and_open, is_not_as_signed
from alerts.receiving.held_envelopes import CLOSED, Held
from callers.actors import Actor
from callers.errors import AbsentError, NotBoundError
from vault.errors import is_vault_away
from vault.handing import KEY_ELSEWHERE

INTAKE: Final = "intake"
OF_ONE_ITEM: Final = ("peers_heldstatement", "peers_sentenvelope")
"""Tables in which an altered row concerns one item alone."""


def is_common(error: Exception) -> bool:
    """Tell whether the error keeps every item from being judged.

    Then exchange or keys are away, or the ledger, or what was seen of it before, is another one.
    """
    is_alarm = isinstance(error, EnvelopeError) and getattr(error, "failure", None) in LEDGER_FAILURES
    is_away = isinstance(error, ExchangeAwayError) and not error.is_answered
    is_altered = isinstance(error, NotBoundError) and error.table not in OF_ONE_ITEM
    return is_alarm or is_away or is_altered or isinstance(error, BackendError) or is_vault_away(error)


@dataclass(frozen=True)
class Opening:
    """Outcome of the first opening: the document, or the code of `ack unopenable`; neither while it is closed.

    `is_not_as_signed`: its octets are not those that the originator signed. `is_aside`: an error occurred, and it was set aside.
    `named` are the ids of the agency's own officers whom it names. `is_elsewhere`: it is sealed to a key of the agency that another
    desk has, or had, and that desk may hand over its content key.
    """

    document: ReadDocument | None = None
    ack_code: str | None = None
    named: tuple[str, ...] = ()
    is_not_as_signed: bool = False
    is_aside: bool = False
    is_elsewhere: bool = False

    @property
    def is_settled(self) -> bool:
        return self.is_aside or self.is_elsewhere or self.document is not None or self.ack_code is not None


CLOSED_NOW: Final = Opening()
"""Alert that cannot be judged now; it is here, and may be opened later."""


def open_text(
    actor: Actor,
    md: str,
    peers: VerifiedDirectory,
    *,
    held: Held | None,
    opened_ahead: OpenedAlert | None,
    now: datetime,
) -> KeptText:
    """Open the text of an agreement; raises ContentDeletedError for one that is not given any more, AbsentError for one that cannot
    be used as it is given now, ExchangeAwayError.
    """
    try:
        opened = fetch_and_open(
            actor, md, reason=INTAKE, peers=peers, held=held, opened_ahead=opened_ahead, now=now
        )
    except CLOSED as gone:
        raise ContentDeletedError from gone
    except EnvelopeError as failure:
        if is_common(failure):
            raise
        raise AbsentError from failure
    manifest = opened.manifest
    return KeptText(manifest.iss, manifest.jti, manifest.md, opened.alert)


def open_first(
    actor: Actor,
    received: ReceivedAlert,
    *,
    peers: VerifiedDirectory,
    seen: Seen,
    held: Held | None = None,
    opened_ahead: OpenedAlert | None = None,
    now: datetime,
) -> Opening:
    """Open an alert; one that the exchange keeps closed is no failure, and one that cannot be judged now waits.

    `held` and `opened_ahead` as in `fetch_and_open`. A ledger that does not fit the one seen before raises: then nothing is opened,
    and nothing is final.
    """
    try:
        opened = fetch_and_open(
            actor,
            received.md,
            reason=INTAKE,
            seen=seen,
            peers=peers,
            held=held,
            opened_ahead=opened_ahead,
            now=now,
        )
        named = tuple(name.officer for name in opened.names if name.agency == received.agency_id)
        digests = plain_digests(actor, opened, now=now)
        document = replace(read_document(opened.alert), digests=digests)
        files = {} if received.tlp == "RED" else opened_files(actor, opened, wants_file, now=now)
        return Opening(replace(document, files=files), named=named)
    except (*CLOSED, AbsentError, NotJudgedError):
        return CLOSED_NOW
    except UnknownSchemaError:
        return Opening(ReadDocument({}), named=named)
    except OpeningError as failure:
        if failure.cause_detail == KEY_ELSEWHERE:
            return Opening(is_elsewhere=True)
        return Opening(ack_code=failure.ack_code, is_not_as_signed=is_not_as_signed(failure))
    except ExchangeAwayError as away:
        if not away.is_answered:
            raise
        return CLOSED_NOW
    except EnvelopeError as failure:
        if is_common(failure):
            raise
        return Opening(ack_code="check-failed", is_not_as_signed=is_not_as_signed(failure))
