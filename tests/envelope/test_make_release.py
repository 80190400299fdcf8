# SPDX-License-Identifier: Apache-2.0
"""Releasing a held alert in one step: the exchange accepts the result, and a release that it would refuse is not made."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, replace
from typing import Any

import pytest

from accord.envelope.errors import Failure, OpeningError, SealingError, SealRefusal, VerificationError
from accord.envelope.keyrule import Reaffirmed, Repudiated
from accord.envelope.private import SignerSet, generate_signing_keys
from accord.envelope.releases import MadeRelease
from accord.envelope.reseal import ReleaseTerms, ResealedEntries, make_release
from accord.envelope.statements.form import CheckpointRef, Statement, SubjectRef, parse_statement
from tests.envelope.releasing import DELTA, ECHO, FOXTROT, Chain, Released
from tests.envelope.world import ALERT, DAY, NOW, World, known_agency, uuid7

AUDIENCE = ("xb-bravo", "xc-charlie")


def release_terms(**changes: Any) -> ReleaseTerms:
    usual: dict[str, Any] = {
        "id": uuid7(40),
        "iat": NOW,
        "exp": NOW + 10 * DAY,
        "nonce": bytes(16),
        "purpose": "prevent",
        "rel": "recipients",
    }
    return ReleaseTerms(**(usual | changes))


def make(
    chain: Chain, by: str, /, *to: str, held: bytes | None = None, terms: Any = None, **changes: Any
) -> MadeRelease:
    agency = known_agency(by)
    suite = chain.world.suite
    arguments: dict[str, Any] = {
        "audience": AUDIENCE,
        "terms": terms or release_terms(),
        "issuer": agency.recipient,
        "key": agency.decryption[suite],
        "recipients": [known_agency(name).recipient for name in to],
        "signer": agency.signing[suite],
        "now": NOW,
    }
    verified = chain.verify(held or chain.slices[by], by)
    return make_release(verified, **(arguments | changes))


def as_released(made: MadeRelease) -> Released:
    body = parse_statement(made.jws).statement.body
    return made.jws, ResealedEntries(made.aud, body["rn"], body["rr"], made.entries)


def said(made: MadeRelease) -> Statement:
    return parse_statement(made.jws).statement


def test_each_holder_of_a_chain_releases_in_one_step(chain: Chain) -> None:
    via: list[Released] = []
    holder, held = "xb-bravo", chain.slices["xb-bravo"]
    for to in (DELTA, ECHO, FOXTROT):
        made = make(chain, holder, to, held=held)
        parent = parse_statement(via[-1][0]).od if via else None
        assert (made.aud, made.od, said(made).body["parent"]) == ((to,), said(made).od, parent)
        assert chain.accept(as_released(made), via).od == made.od
        via.append(as_released(made))
        held = chain.slice(to, via)
        assert chain.open(held, to).alert == ALERT
        holder = to
    with pytest.raises(VerificationError) as refused:
        make(chain, FOXTROT, "xg-golf", held=held)
    assert (refused.value.failure, refused.value.detail) == (Failure.VIA, "depth")


def test_every_term_is_said(pq1_chain: Chain) -> None:
    cp = CheckpointRef(7, "A" * 43)
    asked = release_terms(
        cond=["read-only", "contact-first"], code="ask", act="of-1", cp=cp, rel="none", purpose="science"
    )
    made = make(pq1_chain, "xb-bravo", ECHO, DELTA, terms=asked)
    statement, manifest = said(made), pq1_chain.carried.manifest
    assert statement.sub == SubjectRef("manifest", manifest.jti, manifest.md)
    assert (statement.iss, statement.suite, statement.id) == ("xb-bravo", "PQ1", uuid7(40))
    assert (statement.iat, statement.exp, statement.nonce) == (NOW, NOW + 10 * DAY, "A" * 22)
    assert (statement.act, statement.cp) == ("of-1", cp)
    assert dict(statement.body) == {
        "parent": None, "aud": [DELTA, ECHO], "rn": 2, "rr": statement.body["rr"], "rel": "none",
        "purpose": "science", "cond": ["contact-first", "read-only"], "code": "ask",
    }  # fmt: skip
    assert pq1_chain.accept(as_released(made)).od


def test_usual_terms_give_no_further_right(pq1_chain: Chain) -> None:
    plain = ReleaseTerms(id=uuid7(40), iat=NOW, exp=NOW + DAY, nonce=bytes(16), purpose="prevent")
    statement = said(make(pq1_chain, "xb-bravo", DELTA, terms=plain))
    assert (statement.body["rel"], statement.body["cond"], statement.body["code"]) == ("none", [], None)
    assert (statement.act, statement.cp) == (None, None)


def test_originator_releases_and_rekeys(chain: Chain) -> None:
    made = make(chain, "xa-alpha", DELTA)
    assert chain.open(chain.slice(DELTA, [as_released(made)]), DELTA).alert == ALERT
    lost = make(chain, "xa-alpha", "xb-bravo", terms=release_terms(code="rekey"))
    assert chain.open(chain.slice("xb-bravo", [as_released(lost)]), "xb-bravo").alert == ALERT


def test_originator_rekeys_an_agency_that_has_it_by_a_release(chain: Chain) -> None:
    first = make(chain, "xb-bravo", DELTA)
    lost = make(chain, "xa-alpha", DELTA, terms=release_terms(code="rekey"), proof=[said(first)])
    assert said(lost).body["parent"] is None
    via = [as_released(first), as_released(lost)]
    assert chain.accept(via[1], via[:1]).od == lost.od
    assert chain.open(chain.slice(DELTA, via), DELTA).alert == ALERT
    with pytest.raises(VerificationError) as refused:
        make(chain, "xa-alpha", DELTA, terms=release_terms(code="rekey"))
    assert refused.value.failure is Failure.VIA


def test_after_a_rekey_an_agency_releases_by_the_right_it_had(chain: Chain) -> None:
    first = make(chain, "xb-bravo", DELTA)
    lost = make(chain, "xa-alpha", DELTA, terms=release_terms(code="rekey"), proof=[said(first)])
    held = chain.slice(DELTA, [as_released(first), as_released(lost)])
    onward = make(chain, DELTA, ECHO, held=held)
    assert said(onward).body["parent"] == first.od
    assert chain.accept(as_released(onward), [as_released(first)]).od
    bravos = make(chain, "xa-alpha", "xb-bravo", terms=release_terms(code="rekey"))
    held = chain.slice("xb-bravo", [as_released(bravos)])
    again = make(chain, "xb-bravo", DELTA, held=held)
    assert said(again).body["parent"] is None
    assert chain.accept(as_released(again)).od


def refusal(chain: Chain, by: str, /, *to: str, **changes: Any) -> tuple[Failure, str]:
    with pytest.raises(VerificationError) as refused:
        make(chain, by, *to, **changes)
    return refused.value.failure, refused.value.detail


def test_refused_where_the_exchange_would_refuse(pq1_chain: Chain) -> None:
    for changes, to, failure in (
        ({"terms": release_terms(exp=NOW + 366 * DAY)}, DELTA, (Failure.VIA, "exp")),
        ({"terms": release_terms(code="rekey")}, DELTA, (Failure.VIA, "rekey")),
        ({"now": NOW + 30 * DAY}, DELTA, (Failure.EXPIRED, "manifest")),
        ({}, "xc-charlie", (Failure.VIA, "agency has access already")),
        ({}, "xa-alpha", (Failure.VIA, "aud")),
        ({"issuer": known_agency("xc-charlie").recipient}, DELTA, (Failure.ISSUER, "")),
        ({"audience": ("xc-charlie",)}, DELTA, (Failure.VIA, "first issuer is no recipient")),
    ):
        assert refusal(pq1_chain, "xb-bravo", to, **changes) == failure


@pytest.mark.parametrize(("rel", "issuer"), [("none", "xa-alpha"), ("originator", "xb-bravo")])
def test_refused_where_the_manifest_says_so(pq1: World, rel: str, issuer: str) -> None:
    assert refusal(Chain(pq1, rel), issuer, DELTA) == (Failure.VIA, f"rel {rel}")


def test_a_repudiated_alert_is_not_released_until_reaffirmed(pq1_chain: Chain) -> None:
    bravo = known_agency("xb-bravo")
    verified = pq1_chain.verify(pq1_chain.slices["xb-bravo"], "xb-bravo")
    arguments: dict[str, Any] = {
        "audience": AUDIENCE, "terms": release_terms(), "issuer": bravo.recipient, "key": bravo.decryption["PQ1"],
        "recipients": [known_agency(DELTA).recipient], "signer": bravo.signing["PQ1"], "now": NOW,
    }  # fmt: skip
    repudiated = replace(verified, standings=(Repudiated(NOW, NOW - 1, NOW + 1),))
    with pytest.raises(VerificationError) as refused:
        make_release(repudiated, **arguments)
    assert refused.value.failure is Failure.REPUDIATED
    reaffirmed = replace(verified, standings=(Reaffirmed(NOW, NOW - 1, NOW + 1, NOW + 2),))
    assert make_release(reaffirmed, **arguments).od


def test_signed_by_own_current_keys_alone(pq1_chain: Chain) -> None:
    foreign = SignerSet(generate_signing_keys("PQ1"))
    for signer in (foreign, known_agency("xb-bravo").signing["EC1"]):
        with pytest.raises(SealingError) as refused:
            make(pq1_chain, "xb-bravo", DELTA, signer=signer)
        assert refused.value.reason is SealRefusal.SIGNER


def test_opened_by_the_key_of_the_own_entry_alone(pq1_chain: Chain) -> None:
    with pytest.raises(OpeningError) as refused:
        make(pq1_chain, "xb-bravo", DELTA, key=known_agency("xc-charlie").decryption["PQ1"])
    assert refused.value.cause is Failure.KEY_MISSING


def test_unfit_recipients_are_named_reason_by_reason(pq1_chain: Chain) -> None:
    delta, echo, fox = (known_agency(name).recipient for name in (DELTA, ECHO, FOXTROT))
    unpinned = [replace(delta, pinned="0" * 64), replace(fox, pinned="0" * 64)]
    expired = replace(echo, keyset=replace(echo.keyset, exp=NOW))
    with pytest.raises(SealingError) as refused:
        make(pq1_chain, "xb-bravo", recipients=[*unpinned, expired])
    assert (refused.value.reason, refused.value.agencies) == (SealRefusal.PIN, (DELTA, FOXTROT))
    with pytest.raises(SealingError) as refused:
        make(pq1_chain, "xb-bravo", recipients=[delta, delta, echo])
    assert (refused.value.reason, refused.value.agencies) == (SealRefusal.DUPLICATE, (DELTA,))
    with pytest.raises(SealingError) as refused:
        make(pq1_chain, "xb-bravo", recipients=[])
    assert refused.value.reason is SealRefusal.NO_RECIPIENT


def test_five_hundred_are_released_to_at_once(pq1_chain: Chain) -> None:
    delta = known_agency(DELTA).recipient
    for number, reason in ((500, SealRefusal.DUPLICATE), (501, SealRefusal.TOO_MANY)):
        with pytest.raises(SealingError) as refused:
            make(pq1_chain, "xb-bravo", recipients=[delta] * number)
        assert refused.value.reason is reason


def test_nothing_secret_or_long_is_shown_and_nothing_changes() -> None:
    made = MadeRelease("od", "id", ("xd-delta",), b"jws-octets", b"entries-octets")
    resealed = ResealedEntries(("xd-delta",), 1, "rr", b"entries-octets")
    for value, member in ((made, "jws"), (resealed, "rr"), (release_terms(), "exp")):
        assert "octets" not in repr(value)
        assert "nonce" not in repr(value)
        with pytest.raises(FrozenInstanceError):
            setattr(value, member, None)
