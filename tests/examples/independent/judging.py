# SPDX-License-Identifier: Apache-2.0
"""Signers and standing of manifests and statements: the rules that both share (3.5, 5.6 and 5.9 step 3)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from tests.examples.independent import jws
from tests.examples.independent.directory import Agency, Keyset, Row, judge_key
from tests.examples.independent.keys import PublicKey
from tests.examples.independent.refusal import Refused, need
from tests.examples.independent.statements import OWN_DOORS, payload_form, typ_of

HOUR = 3600
Standing = Any


@dataclass
class World:
    """A verifier's knowledge of agencies, and the agencies and keys that an exchange has blocked."""

    agencies: dict[str, Agency]
    now: int
    suspended: set[str] = field(default_factory=set)

    def in_force(self, iss: str, moment: int) -> Keyset:
        """The keyset of an agency in force at a moment; refuses if there is none."""
        keyset = self.agencies[iss].in_force(moment) if iss in self.agencies else None
        if keyset is None:
            raise Refused("keyset-unknown")
        return keyset


def of_signatures(standings: list[Standing]) -> Standing:
    """The standing of an object from those of its signatures: the smallest since, the latest R (3.5)."""
    bad = [standing["repudiated"] for standing in standings if standing != "valid"]
    if not bad:
        return "valid"
    since, revoked_at = min(one["since"] for one in bad), max(one["revoked_at"] for one in bad)
    return {"repudiated": {"since": since, "revoked_at": revoked_at}}


def worst(standings: list[Standing]) -> Standing:
    """The gravest of several objects' standings, which is shown with an envelope (9.5, README)."""

    def gravity(standing: Standing) -> tuple[int, int]:
        if standing == "valid":
            return 0, 0
        ((word, facts),) = standing.items()
        return (2 if word == "repudiated" else 1), -facts["since"]

    return max(standings, key=gravity)


def judge_logged(world: World, said: dict[str, Any], signed: jws.Signed, moment: int) -> Standing:
    """Judge signers, key rule, suite, `low` and signatures of an object logged at `moment`."""
    need(said["signers"] == signed.kids, "signers-differ")
    then = world.in_force(said["iss"], moment)
    agency = world.agencies[said["iss"]]
    newest = agency.in_force(max(world.now, moment)) or then
    rows = [newest.row(kid) for kid in signed.kids]
    standings = [
        judge_key(row, moment, agency.revocations(kid)) for row, kid in zip(rows, signed.kids, strict=True)
    ]
    _suite_and_signatures(said, signed, rows, then)
    return of_signatures(standings)


def judge_submitted(world: World, said: dict[str, Any], signed: jws.Signed) -> None:
    """Make steps 3 and 4 of 5.6, without `exp`."""
    need(said["signers"] == signed.kids, "signers-differ")
    keyset = world.in_force(said["iss"], world.now)
    need(world.now < keyset.exp, "keyset-expired")
    agency = world.agencies[said["iss"]]
    rows = [keyset.row(kid) for kid in signed.kids]
    for row, kid in zip(rows, signed.kids, strict=True):
        need(judge_key(row, world.now, agency.revocations(kid)) == "valid", "key-revoked")
        if row is not None:
            need(row.st in ("current", "retiring"), "key-not-current")
            need(row.exp >= world.now + HOUR, "key-ends-within-the-hour")
        need(kid not in world.suspended, "key-suspended")
    _suite_and_signatures(said, signed, rows, keyset)
    window(said["iat"], world.now)


def window(iat: int, now: int) -> None:
    """Check the window of `iat` at intake: 86,400 seconds back, 300 seconds ahead."""
    need(now - 86_400 <= iat, "iat-too-old")
    need(iat <= now + 300, "iat-in-the-future")


def _suite_and_signatures(
    said: dict[str, Any], signed: jws.Signed, rows: list[Row | None], keyset: Keyset
) -> None:
    keys = [row.key for row in rows if row is not None]
    need(suite_fits(said["suite"], keys), "suites-mixed")
    need(said["suite"] == "PQ1" or keyset.low == "EC1", "suite-below-the-lowest-of-the-agency")
    jws.verify(signed, keys)


def suite_fits(suite: str, keys: list[PublicKey]) -> bool:
    """Tell whether these are the signing keys of one object of the suite."""
    kinds = [key.kind for key in keys]
    return kinds == ["Ed25519", "ML-DSA-65"] if suite == "PQ1" else kinds in (["Ed25519"], ["P-256"])


def statement_form(signed: jws.Signed, octets: int) -> dict[str, Any]:
    """Read the payload of a statement other than keyset, revoke or pop."""
    said = payload_form(signed.payload)
    signed.require_typ(typ_of(said["k"]))
    need(said["k"] not in OWN_DOORS, "wrong-typ")
    need(said["k"] != "release" or octets <= jws.RELEASE_LIMIT, "too-large")
    return said


def check_suite(world: World, said: dict[str, Any], moment: int) -> None:
    """Check that a statement is PQ1 where its issuer could sign so (section 8); a release follows its manifest."""
    if said["k"] == "release" or said["suite"] == "PQ1":
        return
    keyset = world.in_force(said["iss"], moment)
    kinds = {
        row.key.kind
        for row in keyset.rows
        if row.use == "sign" and row.st == "current" and row.nbf <= moment < row.exp
    }
    need(not {"Ed25519", "ML-DSA-65"} <= kinds, "suites-mixed")


def read_statement(world: World, text: str, moment: int) -> tuple[dict[str, Any], str, Standing]:
    """Read a logged statement: payload, od and standing. The issuer's entitlement is not checked."""
    signed = jws.text_submitted(text, jws.STATEMENT_LIMIT)
    said = statement_form(signed, len(text.encode("utf-8", "surrogatepass")))
    standing = judge_logged(world, said, signed, moment)
    check_suite(world, said, moment)
    return said, signed.od(typ_of(said["k"])), standing


def take_statement(world: World, text: str, caller: str) -> tuple[dict[str, Any], str]:
    """Check a statement at intake; return payload and od."""
    signed = jws.text_submitted(text, jws.STATEMENT_LIMIT)
    said = statement_form(signed, len(text.encode("utf-8", "surrogatepass")))
    need(said["iss"] == caller, "issuer-differs")
    judge_submitted(world, said, signed)
    check_suite(world, said, world.now)
    need(said["exp"] is None or world.now < said["exp"], "expired")
    return said, signed.od(typ_of(said["k"]))


def reaffirmed(
    world: World, standing: Standing, iss: str, sub: dict[str, str], words: list[tuple[str, int]]
) -> Standing:
    """The standing of a repudiated object after the logged reaffirms."""
    if standing == "valid":
        return standing
    facts = standing["repudiated"]
    for text, moment in sorted(words, key=lambda word: word[1]):
        if moment >= facts["revoked_at"] and _answers(world, text, moment, iss, sub):
            return {"reaffirmed": {**facts, "reaffirmed_at": moment}}
    return standing


def _answers(world: World, text: str, moment: int, iss: str, sub: dict[str, str]) -> bool:
    try:
        said, _, standing = read_statement(world, text, moment)
    except Refused:
        return False
    return bool(said["k"] == "reaffirm" and said["iss"] == iss and said["sub"] == sub and standing == "valid")
