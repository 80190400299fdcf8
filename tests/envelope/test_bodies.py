# SPDX-License-Identifier: Apache-2.0
"""Bodies of statements at the limits of their members: every word of every list, the first and the last number."""

from __future__ import annotations

from typing import Any

import pytest

from accord.envelope.encoding import unb64u
from accord.envelope.errors import (
    MalformedError,
)
from accord.envelope.statements.bodies import KIND_RULES, MAX_KEYS, MAX_PARTIES, MAX_SCOPES
from accord.envelope.statements.form import read_payload
from tests.envelope.good_statements import AGREEMENT, APIKEY, GOOD, RELEASE, good_statement
from tests.envelope.tampering import read, write
from tests.envelope.world import NOW, known_agency

DIGEST = "A" * 43


KEYSET: dict[str, Any] = {
    "ver": 1, "prev": None, "root": [{}, {}], "nroot": "0" * 64, "custody": "agency", "low": "EC1",
    "keys": [{"jwk": {}, "use": "sign", "nbf": 1, "exp": 2, "st": "current", "since": None}],
}  # fmt: skip


POP: dict[str, Any] = {"chal": DIGEST, "enc": [{"kid": DIGEST, "nonce": DIGEST}]}


REVOKE = {"kid": DIGEST, "since": NOW, "code": "stolen"}


BODIES: dict[str, dict[str, Any]] = {
    **{name.split()[0]: body for name, (_, body, _) in GOOD.items()},
    "keyset": KEYSET, "pop": POP, "revoke": REVOKE, "release": RELEASE, "agreement": AGREEMENT,
}  # fmt: skip


LANES = ("enforcement", "public_health", "science", "trade")


PURPOSES = ("investigate", "prevent", "public_health", "regulatory_control", "science")


# The kind, the member, its allowed values, and whether null is allowed.
CLOSED_LISTS: list[tuple[str, str, tuple[str, ...], bool]] = [
    ("retract", "code", ("contaminated", "error", "legal", "mistaken"), False),
    ("confirm", "st", ("impossible", "stopped"), False),
    ("ask", "purpose", PURPOSES, False),
    ("answer", "st", ("extract", "grant", "refuse"), False),
    ("answer", "code", ("court", "other", "policy", "source"), True),
    ("release", "rel", ("none", "originator", "recipients"), False),
    ("release", "purpose", PURPOSES, False),
    ("release", "code", ("ask", "emergency", "rekey"), True),
    ("unrelease", "code", ("condition", "error", "expired", "legal"), False),
    ("agreement", "tlp", ("AMBER", "AMBER+STRICT", "CLEAR", "GREEN", "RED"), False),
    ("agreement", "clocks", ("freeze", "run"), False),
    ("accept", "st", ("accept", "refuse"), False),
    ("keyset", "custody", ("agency", "hub", "hub-own-root"), False),
    ("keyset", "low", ("EC1", "PQ1"), False),
    ("suspend", "why", ("legal", "political", "security"), True),
    ("revoke", "code", ("ended", "error", "lost", "stolen"), False),
]


# The kind, the member, the words of its array.
WORD_LISTS = [
    ("release", "cond", ("contact-first", "no-automated", "no-court", "read-only"), 0),
    ("agreement", "lanes", LANES, 1),
    ("agreement", "purposes", PURPOSES, 1),
    ("suspend", "lanes", LANES, 1),
    ("resume", "lanes", LANES, 1),
]


def check(kind: str, **changes: Any) -> None:
    KIND_RULES[kind].check_body({**BODIES[kind], **changes})


def refuse(kind: str, **changes: Any) -> None:
    with pytest.raises(MalformedError):
        check(kind, **changes)


@pytest.mark.parametrize(("kind", "member", "words", "nullable"), CLOSED_LISTS)
def test_a_word_is_one_of_the_list_and_no_other(
    kind: str, member: str, words: tuple[str, ...], nullable: bool
) -> None:
    for word in words:
        check(kind, **{member: word})
        refuse(kind, **{member: word.swapcase()})
    others: list[Any] = ["", "other?", 1, True, [words[0]], {}]
    for other in others:
        refuse(kind, **{member: other})
    if nullable:
        check(kind, **{member: None})
    else:
        refuse(kind, **{member: None})


@pytest.mark.parametrize(("kind", "member", "words", "least"), WORD_LISTS)
def test_an_array_holds_words_of_the_list_sorted_and_once(
    kind: str, member: str, words: tuple[str, ...], least: int
) -> None:
    check(kind, **{member: list(words)})
    for word in words:
        check(kind, **{member: [word]})
    others: list[Any] = [
        [*words, "zz"],
        [words[1], words[0]],
        [words[0], words[0]],
        words[0],
        None,
        [1],
        [None],
    ]
    for other in others:
        refuse(kind, **{member: other})
    if least:
        refuse(kind, **{member: []})
    else:
        check(kind, **{member: []})


def test_an_acknowledgement_says_why_only_where_there_is_a_why() -> None:
    for code in ("check-failed", "key-missing", "malformed", "policy", None):
        check("ack", st="refused", code=code)
    check("ack", st="opened", code=None)
    refuse("ack", st="opened", code="policy")
    for code in ("check-failed", "key-missing"):
        check("ack", st="unopenable", code=code)
    for code in ("malformed", "policy", None):
        refuse("ack", st="unopenable", code=code)
    refuse("ack", st="read", code=None)
    refuse("ack", st="refused", code="bored")


def test_audiences_hold_one_to_five_hundred_agencies() -> None:
    many = [f"xx-{n:03}" for n in range(501)]
    for kind, changes in (("ask", {}), ("release", {"rn": 500})):
        check(kind, aud=many[:500], **changes)
        refuse(kind, aud=many, **dict.fromkeys(changes, 501))
        refuse(kind, aud=[], **dict.fromkeys(changes, 0))
        check(kind, aud=many[:1], **dict.fromkeys(changes, 1))
        refuse(kind, aud=["XX-000"], **dict.fromkeys(changes, 1))


def test_a_suspension_and_its_end_name_one_to_five_hundred_agencies() -> None:
    many = [f"xx-{n:03}" for n in range(501)]
    for kind in ("suspend", "resume"):
        check(kind, **{"with": many[:500]})
        refuse(kind, **{"with": many})
        refuse(kind, **{"with": []})
        refuse(kind, **{"with": ["XX-000"]})


def test_an_agreement_has_two_to_five_hundred_and_one_parties() -> None:
    many = [f"xx-{n:03}" for n in range(MAX_PARTIES + 1)]
    check("agreement", parties=many[:MAX_PARTIES])
    refuse("agreement", parties=many)
    check("agreement", parties=many[:2])
    refuse("agreement", parties=many[:1])


def row(**changes: Any) -> dict[str, Any]:
    return {**KEYSET["keys"][0], **changes}


def test_a_keyset_holds_one_to_256_keys_of_known_form() -> None:
    check("keyset", keys=[row()] * MAX_KEYS)
    wrong: list[Any] = [
        [], [row()] * (MAX_KEYS + 1), {}, None, [None], [row(x=1)], [row(jwk=[])], [row(st="lost")],
    ]  # fmt: skip
    for keys in wrong:
        refuse("keyset", keys=keys)
    refuse("keyset", root=["a", "b"])


def test_a_proof_of_possession_gives_back_32_octets_each() -> None:
    check("pop", enc=[])
    check("pop", enc=POP["enc"] * MAX_KEYS)
    refuse("pop", enc=POP["enc"] * (MAX_KEYS + 1))
    for chal in ("A" * 22, "A" * 44, None):
        refuse("pop", chal=chal)
    for item in ({"kid": DIGEST}, {"kid": "A", "nonce": DIGEST}, {"kid": DIGEST, "nonce": "A" * 22}, None):
        refuse("pop", enc=[item])
    refuse("pop", enc={})


def test_an_api_key_that_is_issued_has_scopes_and_no_prefix_yet() -> None:
    many = sorted(f"scope:{'a' * (number + 1)}" for number in range(MAX_SCOPES // 2))
    many += sorted(f"scopes:{'a' * (number + 1)}" for number in range(MAX_SCOPES // 2))
    networks = [f"192.0.2.{number}/32" for number in range(100, 121)]
    check("apikey", **APIKEY)
    check("apikey", **{**APIKEY, "networks": [], "scopes": many, "days": 1})
    largest = {
        "networks": networks[:20],
        "client": "c" * 60,
        "days": 90,
        "scopes": [f"{'a' * 20}:{'b' * 20}"],
    }
    check("apikey", **{**APIKEY, **largest})
    wrong: list[dict[str, Any]] = [
        {"prefix": "4f0b7c19d2e8"}, {"scopes": []}, {"scopes": [*many, "z:z"]}, {"networks": networks},
        {"client": ""}, {"client": "c" * 61}, {"scopes": [f"{'a' * 21}:b"]}, {"days": 0}, {"scopes": ["a b"]}, {"networks": ["everywhere"]},
    ]  # fmt: skip
    for changes in wrong:
        refuse("apikey", **{**APIKEY, **changes})


def test_an_entry_may_fill_its_room_to_the_last_character() -> None:
    address = f"{'a' * 64}@{'b' * 63}.{'c' * 63}.{'d' * 61}"
    contacts = [*(f"{number}@b.example" for number in range(4)), address]
    check("entry", telephone="+" + "1" * 39, zone=f"{'A' * 31}/{'B' * 32}", contacts=contacts)
    check("entry", telephone="112", zone="UTC", contacts=[])
    refuse("entry", contacts=[f"{address}d"])
    refuse("entry", contacts=["+@b.example", *contacts])


def test_the_number_of_entries_of_a_release_is_no_truth() -> None:
    payload = read(unb64u(read(good_statement(known_agency("xb-bravo"), "release"))["payload"]))
    payload["body"] |= {"aud": ["xd-delta"], "rn": 1}
    assert read_payload(write(payload), "release").body["rn"] == 1
    payload["body"]["rn"] = True
    with pytest.raises(MalformedError):
        read_payload(write(payload), "release")
