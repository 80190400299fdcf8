# SPDX-License-Identifier: Apache-2.0
"""Participating agencies and own agreements: the hub's word, to be read by people.

Nothing of it is verified, and nothing is decided by it: the pin decides whom to trust, the hub's policy to whom one may send.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from accord.calls.answers import AgencyAnswer, require_array, require_object, require_text
from accord.client.session import Act


@dataclass(frozen=True)
class AgencyFacts:
    """An agency as the hub states it. `pinned`: the root shown is one that is trusted here, None without a pin."""

    id: str
    name: str
    kind: str
    country: str
    custody: str
    status: str
    root_fingerprint: str
    duty_phone: str
    pinned: bool | None = None


@dataclass(frozen=True)
class AgreementFacts:
    """An agreement of the own agency as the hub states it; times as the hub writes them.

    An empty `purposes` allows every purpose. `od` is the digest of its proposal, empty for what the operator recorded.
    """

    ref: str
    title: str
    od: str
    parties: tuple[str, ...]
    lanes: tuple[str, ...]
    ceiling: str
    purposes: tuple[str, ...]
    nbf: str
    until: str | None


def list_agencies(act: Act) -> list[AgencyFacts]:
    """Return the participating agencies, each with whether its root is the pinned one, or one that followed it."""
    return [_with_pin(act, agency) for agency in act.session.exchange.agencies()]


def list_agreements(act: Act) -> list[AgreementFacts]:
    """Return the own agreements."""
    return [_agreement(require_object(row, "agreements")) for row in act.session.exchange.agreements()]


def _with_pin(act: Act, agency: AgencyAnswer) -> AgencyFacts:
    pin = act.state.pins.get(agency.id)
    trusted = {keyset.root_fingerprint for keyset in act.directory.chain(agency.id)}
    trusted |= set() if pin is None else {pin.fingerprint}
    return AgencyFacts(
        id=agency.id,
        name=agency.name,
        kind=agency.kind,
        country=agency.country,
        custody=agency.custody,
        status=agency.status,
        root_fingerprint=agency.root_fingerprint,
        duty_phone=agency.duty_phone,
        pinned=None if pin is None else agency.root_fingerprint in trusted,
    )


def _agreement(row: Mapping[str, Any]) -> AgreementFacts:
    until = row.get("until")
    return AgreementFacts(
        ref=require_text(row.get("ref"), "ref"),
        title=require_text(row.get("title"), "title"),
        od=require_text(row.get("od"), "od"),
        parties=_texts(row, "parties"),
        lanes=_texts(row, "lanes"),
        ceiling=require_text(row.get("ceiling"), "ceiling"),
        purposes=_texts(row, "purposes"),
        nbf=require_text(row.get("nbf"), "nbf"),
        until=None if until is None else require_text(until, "until"),
    )


def _texts(row: Mapping[str, Any], name: str) -> tuple[str, ...]:
    return tuple(require_text(item, name) for item in require_array(row.get(name), name))
