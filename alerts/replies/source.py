# SPDX-License-Identifier: Apache-2.0
"""Here is what a reply is bound by: how the alert that it answers was marked, who sent it and who has it."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final

from alerts.rows.replies import Reply
from callers.markings import LEVELS
from vault import doors

if TYPE_CHECKING:
    from alerts.receiving.opening import OpenedView

TABLE: Final = "reply"
REVISION: Final = 1


@dataclass(frozen=True)
class Source:
    """`holders` are the agencies that the sender addressed, the answering one left out."""

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

    @property
    def may_receive(self) -> tuple[str, ...]:
        """To whom a reply may go: the sender, and whoever has the alert already."""
        return tuple(dict.fromkeys((self.iss, *self.holders)))


def source_of(view: "OpenedView", agency_id: str) -> Source:
    """Of a received alert that was just opened by an officer of this agency."""
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
        holders=tuple(sorted(set(view.audience) - {agency_id, received.issuer_id})),
    )


def seal_source(reply: Reply, source: Source) -> bytes:
    plain = json.dumps(asdict(source), ensure_ascii=False, sort_keys=True).encode()
    return doors.seal_row(reply.agency_id, TABLE, f"{reply.pk}/source", REVISION, plain)


def open_source(reply: Reply) -> Source:
    """Of a reply of ours, to what is not forgotten."""
    assert reply.source is not None
    sealed = bytes(reply.source)
    plain = doors.open_row(reply.agency_id, TABLE, f"{reply.pk}/source", REVISION, sealed)
    return Source(**{name: _member(value) for name, value in json.loads(plain).items()})


def is_looser(tlp: str, than: str) -> bool:
    """Whether a marking lets more people read than another; an unknown one is settled elsewhere."""
    if tlp not in LEVELS or than not in LEVELS:
        return False
    return LEVELS.index(tlp) < LEVELS.index(than)


def handling_left_out(handling: Sequence[str], source: Source) -> tuple[str, ...]:
    """Codes of the source that restrict and are not kept; H0 alone restricts nothing further."""
    return tuple(code for code in source.handling if code != "H0" and code not in handling)


def _member(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value
