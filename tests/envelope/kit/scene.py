# SPDX-License-Identifier: Apache-2.0
"""The agencies of the kit as a world that seals and makes statements; see agencies.json."""

from __future__ import annotations

from typing import Any

from accord.envelope.keys import EC1
from accord.envelope.private import SigningKey
from tests.envelope.kit.cases import load
from tests.envelope.kit.seeds import (
    AGENCIES,
    ALPHA,
    BRAVO,
    CHARLIE,
    DELTA,
    ECHO,
    ledger_key,
    make_agency,
    private_jwk,
    published,
)
from tests.envelope.world import DAY, NOW, Agency, MemoryDirectory, MemoryLedger, World

# Delta's operational keys are held by a hub; echo accepts and sends nothing below PQ1.
CUSTODY = {DELTA: "hub-own-root"}
LOW = {ECHO: "PQ1"}


def unsigned_agency(agency: str) -> Agency:
    """One of the kit's agencies, without its keyset."""
    return make_agency(agency, custody=CUSTODY.get(agency, "agency"), low=LOW.get(agency, EC1))


def kit_agency(agency: str) -> Agency:
    """One of the kit's agencies, with the keyset of agencies.json."""
    return published(unsigned_agency(agency), load("agencies")["agencies"][agency]["keyset"].encode())


def kit_world(suite: str, to: tuple[str, ...] = (BRAVO, CHARLIE), by: str = ALPHA) -> World:
    """A world in which `by` writes to others, with all agencies of the kit in its directory."""
    everyone = {agency: kit_agency(agency) for agency in AGENCIES}
    ledger = MemoryLedger()
    ledger.key = ledger_key()
    others = [everyone[agency] for agency in to]
    return World(suite, everyone[by], others, MemoryDirectory(*everyone.values()), ledger)


def agencies() -> dict[str, Any]:
    """agencies.json, which is frozen since each ML-DSA-65 signature differs."""
    return {
        "profile": 1,
        "about": "The agencies of the kit with all their keys, private ones too, and the ledger. For tests alone.",
        "ledger": [ledger_key().vkey],
        "ledger_private": ledger_key().to_text(),
        "agencies": {agency: _stored(unsigned_agency(agency).publish()) for agency in AGENCIES},
    }


def _stored(agency: Agency) -> dict[str, Any]:
    return {
        "root": agency.root.fingerprint,
        "keyset": agency.keyset_jws.decode("ascii"),
        "keyset_logged_at": NOW - DAY,
        "custody": agency.custody,
        "low": agency.low,
        "signing": [_seed(key) for key in _signing_keys(agency)],
        "decryption": [private_jwk(key) for key in agency.decryption.values()],
        "root_private": [_seed(key) for key in agency.root._keys],
        "next_root_private": [_seed(key) for key in agency.next_root._keys],
    }


def _signing_keys(agency: Agency) -> list[Any]:
    keys = [key for signer in agency.signing.values() for key in signer._keys]
    return list({key.public.kid: key for key in keys}.values())


def _seed(key: SigningKey) -> dict[str, str]:
    private = private_jwk(key)
    return {"alg": key.public.alg, "seed": private.get("d") or private["priv"]}
