# SPDX-License-Identifier: Apache-2.0
"""Facts that bind a reply: marking, sender and recipients of the alert that it answers."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final

from alerts.document.naming import naming_of
from alerts.red_readers import is_red
from alerts.rows.replies import Reply
from callers.markings import LEVELS
from vault.sealed_store import SealedStore, as_json, dataclass_of

if TYPE_CHECKING:
    from alerts.models import ReceivedAlert
    from alerts.receiving.opening import OpenedView

TABLE: Final = "reply"


@dataclass(frozen=True)
class Source:
    """Alert that a reply answers. `holders` are the sender's recipients without the answering agency.

    `reply_to` are the lines that name the sender's officers who may open a reply to a RED one.
    """

    iss: str
    name: str
    md: str
    jti: str
    tlp: str
    handling: tuple[str, ...]
    condition: str
    status: str
    lane: str
    purpose: str
    alert_type: str
    holders: tuple[str, ...]
    title: str = ""
    reply_to: tuple[str, ...] = ()

    @property
    def may_receive(self) -> tuple[str, ...]:
        """Agencies that a reply may go to: the sender and the other recipients; the sender alone where it is RED."""
        if is_red(self.tlp):
            return (self.iss,)
        return tuple(dict.fromkeys((self.iss, *self.holders)))


SOURCES: Final = SealedStore[Source](
    TABLE, lambda source: as_json(asdict(source)), dataclass_of(Source), part="source"
)


def source_of(view: "OpenedView", agency_id: str) -> Source:
    """Return the facts of a received alert that an officer of this agency just opened."""
    received, document = view.received, view.document
    return Source(
        iss=received.issuer_id,
        name=received.issuer.name,
        md=received.md,
        jti=received.jti,
        tlp=received.tlp,
        handling=tuple(document.get("handling") or ()),
        condition=str(document.get("handling_condition") or ""),
        status=received.status,
        lane=received.lane,
        purpose=received.purpose,
        alert_type=str(document.get("alert_type") or ""),
        title=str(document.get("title") or ""),
        reply_to=reply_lines(received, document),
        holders=tuple(sorted(set(view.audience) - {agency_id, received.issuer_id})),
    )


def reply_lines(received: "ReceivedAlert", document: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the lines that name who may open a reply to this RED alert; none where it takes no reply, or is not RED."""
    named = document.get("reply_to") or () if is_red(received.tlp) else ()
    return tuple(naming_of(received.issuer_id, officer) for officer in sorted(set(named)))


def seal_source(reply: Reply, source: Source) -> bytes:
    return SOURCES.seal(reply.agency_id, reply.pk, source)


def open_source(reply: Reply) -> Source:
    """Open the facts of an own reply; they must not be forgotten yet."""
    assert reply.source is not None
    return SOURCES.open(reply.agency_id, reply.pk, reply.source)


def is_looser(tlp: str, than: str) -> bool:
    """Tell whether a marking lets more people read than another; False for an unknown one, which other checks refuse."""
    if tlp not in LEVELS or than not in LEVELS:
        return False
    return LEVELS.index(tlp) < LEVELS.index(than)


def handling_left_out(handling: Sequence[str], source: Source) -> tuple[str, ...]:
    """Return restricting codes of the source that the reply lacks; H0 adds no restriction."""
    return tuple(code for code in source.handling if code != "H0" and code not in handling)
