# SPDX-License-Identifier: Apache-2.0
"""The closed body of each kind of statement: no free text and no content, ever.

Each function requires exactly the listed members and raises MalformedError. What a body means in time (a keyset that follows
another, a release within its parent) is checked where it is used.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from accord.envelope.encoding import (
    agency_ids,
    digest,
    integer,
    members,
    one_of,
    sorted_set,
    text,
    timestamp,
    unb64u,
    uuid7,
)
from accord.envelope.errors import MalformedError
from accord.envelope.vocabulary import (
    CUSTODIES,
    KEY_STATES,
    LANES,
    MAX_RECIPIENTS,
    PURPOSES,
    RELS,
    TLPS,
)

ACK_CODES = frozenset({"malformed", "key-missing", "check-failed", "policy"})
UNOPENABLE_CODES = frozenset({"key-missing", "check-failed"})
RETRACT_CODES = frozenset({"error", "contaminated", "mistaken", "legal"})
ANSWER_CODES = frozenset({"court", "source", "policy", "other"})
RELEASE_CODES = frozenset({"ask", "emergency", "rekey"})
UNRELEASE_CODES = frozenset({"error", "expired", "condition", "legal"})
SUSPEND_REASONS = frozenset({"political", "legal", "security"})
REVOKE_CODES = frozenset({"stolen", "lost", "error", "ended"})
CONDITIONS = frozenset({"contact-first", "no-court", "no-automated", "read-only"})
MAX_CONTACTS = 5
_TELEPHONE = re.compile(r"\+?[0-9][0-9 ()./-]{2,38}")
_ZONE = re.compile(r"[A-Za-z][A-Za-z0-9+_-]*(?:/[A-Za-z0-9][A-Za-z0-9+_-]*){0,2}")
MAIL_ADDRESS = re.compile(
    r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
    r"@(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
)
_CLIENT = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._-]{0,59}")
_REF = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9 .-]{0,18}[A-Za-z0-9])?")
_SCOPE = re.compile(r"[a-z]{1,20}:[a-z]{1,20}")
_NETWORK = re.compile(r"[0-9a-f:.]{2,39}/[0-9]{1,3}")
_PREFIX = re.compile(r"[0-9a-f]{12}")
MAX_APIKEY_DAYS = 90
MAX_SCOPES = 32
MAX_NETWORKS = 20
MAX_ZONE = 64
MAX_ADDRESS = 254
MAX_KEYS = 256
MAX_PARTIES = MAX_RECIPIENTS + 1
"""An originator and as many recipients as one envelope can have."""

Body = dict[str, Any]


def _names(*names: str) -> frozenset[str]:
    return frozenset(names)


def _nullable(value: object, allowed: frozenset[str], where: str) -> None:
    if value is not None:
        one_of(value, allowed, where)


def _words(value: object, allowed: frozenset[str], where: str, *, least: int = 0) -> None:
    items = sorted_set(value, where)
    if len(items) < least:
        raise MalformedError(where)
    for item in items:
        one_of(item, allowed, where)


def _agencies(value: object, where: str, *, least: int = 1, most: int = MAX_RECIPIENTS) -> None:
    if not least <= len(agency_ids(value, where)) <= most:
        raise MalformedError(where)


def _ack(body: Body) -> None:
    members(body, _names("st", "code"), "ack")
    state = one_of(body["st"], _names("opened", "refused", "unopenable"), "ack st")
    _nullable(body["code"], ACK_CODES, "ack code")
    if state == "opened" and body["code"] is not None:
        raise MalformedError("ack code of opened")
    if state == "unopenable" and body["code"] not in UNOPENABLE_CODES:
        raise MalformedError("ack code of unopenable")


def _retract(body: Body) -> None:
    members(body, _names("code", "by"), "retract")
    one_of(body["code"], RETRACT_CODES, "retract code")
    if body["by"] is not None:
        uuid7(body["by"], "retract by")


def _confirm(body: Body) -> None:
    members(body, _names("st"), "confirm")
    one_of(body["st"], _names("stopped", "impossible"), "confirm st")


def _ask(body: Body) -> None:
    members(body, _names("aud", "part", "purpose", "due"), "ask")
    _agencies(body["aud"], "ask aud")
    one_of(body["purpose"], PURPOSES, "ask purpose")
    if body["due"] is not None:
        timestamp(body["due"], "ask due")
    if body["part"] is not None:
        _part_numbers(body["part"])


def _part_numbers(value: object) -> None:
    if not isinstance(value, list) or not value:
        raise MalformedError("ask part")
    numbers = [integer(item, "ask part") for item in value]
    if numbers != sorted(set(numbers)):
        raise MalformedError("ask part is not a sorted set")


def _answer(body: Body) -> None:
    members(body, _names("st", "code", "ref"), "answer")
    one_of(body["st"], _names("grant", "refuse", "extract"), "answer st")
    _nullable(body["code"], ANSWER_CODES, "answer code")
    if body["ref"] is not None:
        digest(body["ref"], "answer ref")


def _release(body: Body) -> None:
    names = _names("parent", "aud", "rn", "rr", "rel", "purpose", "cond", "code")
    members(body, names, "release")
    if body["parent"] is not None:
        digest(body["parent"], "release parent")
    _agencies(body["aud"], "release aud")
    if integer(body["rn"], "release rn") != len(body["aud"]):
        raise MalformedError("release rn")
    digest(body["rr"], "release rr")
    one_of(body["rel"], RELS, "release rel")
    one_of(body["purpose"], PURPOSES, "release purpose")
    _words(body["cond"], CONDITIONS, "release cond")
    _nullable(body["code"], RELEASE_CODES, "release code")


def _unrelease(body: Body) -> None:
    members(body, _names("code"), "unrelease")
    one_of(body["code"], UNRELEASE_CODES, "unrelease code")


def _empty(body: Body) -> None:
    members(body, frozenset(), "body")


def _agreement(body: Body) -> None:
    terms = _names("parties", "lanes", "tlp", "purposes", "nbf", "survive", "clocks", "emergency")
    names = terms | _names("ref", "ver", "prev", "text")
    members(body, names, "agreement")
    _matching(body["ref"], _REF, "agreement ref")
    version = integer(body["ver"], "agreement ver", least=1)
    _previous(version, body["prev"], "agreement prev")
    _agencies(body["parties"], "agreement parties", least=2, most=MAX_PARTIES)
    _words(body["lanes"], LANES, "agreement lanes", least=1)
    one_of(body["tlp"], TLPS, "agreement tlp")
    _words(body["purposes"], PURPOSES, "agreement purposes", least=1)
    timestamp(body["nbf"], "agreement nbf")
    survive = members(body["survive"], _names("lanes", "flash"), "agreement survive")
    _words(survive["lanes"], LANES, "agreement survive lanes")
    one_of(body["clocks"], _names("freeze", "run"), "agreement clocks")
    if type(survive["flash"]) is not bool or type(body["emergency"]) is not bool:
        raise MalformedError("agreement flags")
    if body["text"] is not None:
        sealed = members(body["text"], _names("jti", "md"), "agreement text")
        uuid7(sealed["jti"], "agreement text jti")
        digest(sealed["md"], "agreement text md")


def _previous(version: int, previous: object, where: str) -> None:
    if (version == 1) != (previous is None):
        raise MalformedError(where)
    if previous is not None:
        digest(previous, where)


def _accept(body: Body) -> None:
    members(body, _names("st"), "accept")
    one_of(body["st"], _names("accept", "refuse"), "accept st")


def _suspend(body: Body) -> None:
    members(body, _names("lanes", "with", "why"), "suspend")
    _flow(body, "suspend")
    _nullable(body["why"], SUSPEND_REASONS, "suspend why")


def _resume(body: Body) -> None:
    members(body, _names("lanes", "with"), "resume")
    _flow(body, "resume")


def _flow(body: Body, where: str) -> None:
    _words(body["lanes"], LANES, f"{where} lanes", least=1)
    _agencies(body["with"], f"{where} with")


def _keyset(body: Body) -> None:
    members(body, _names("ver", "prev", "root", "nroot", "custody", "low", "keys"), "keyset")
    version = integer(body["ver"], "keyset ver", least=1)
    _previous(version, body["prev"], "keyset prev")
    root = body["root"]
    if not isinstance(root, list) or len(root) != 2 or not all(isinstance(jwk, dict) for jwk in root):
        raise MalformedError("keyset root")
    nroot = text(body["nroot"], "keyset nroot")
    if len(nroot) != 64 or set(nroot) - set("0123456789abcdef"):
        raise MalformedError("keyset nroot")
    one_of(body["custody"], CUSTODIES, "keyset custody")
    one_of(body["low"], _names("EC1", "PQ1"), "keyset low")
    if not isinstance(body["keys"], list) or not 1 <= len(body["keys"]) <= MAX_KEYS:
        raise MalformedError("keyset keys")
    for row in body["keys"]:
        _key_row(row)


def _key_row(value: object) -> None:
    row = members(value, _names("jwk", "use", "nbf", "exp", "st", "since"), "keyset row")
    if not isinstance(row["jwk"], dict):
        raise MalformedError("keyset jwk")
    one_of(row["use"], _names("sign", "enc"), "keyset use")
    begins = timestamp(row["nbf"], "keyset nbf")
    timestamp(row["exp"], "keyset exp", least=begins + 1)
    state = one_of(row["st"], KEY_STATES, "keyset st")
    if (state == "revoked") != (row["since"] is not None):
        raise MalformedError("keyset since")
    if row["since"] is not None:
        timestamp(row["since"], "keyset since")


def _revoke(body: Body) -> None:
    members(body, _names("kid", "since", "code"), "revoke")
    digest(body["kid"], "revoke kid")
    timestamp(body["since"], "revoke since")
    one_of(body["code"], REVOKE_CODES, "revoke code")


def _entry(body: Body) -> None:
    members(body, _names("telephone", "zone", "contacts"), "entry")
    if body["telephone"] is not None:
        _matching(body["telephone"], _TELEPHONE, "entry telephone")
    _matching(body["zone"], _ZONE, "entry zone", most=MAX_ZONE)
    contacts = sorted_set(body["contacts"], "entry contacts")
    if len(contacts) > MAX_CONTACTS:
        raise MalformedError("entry contacts")
    for address in contacts:
        _matching(address, MAIL_ADDRESS, "entry contacts", most=MAX_ADDRESS)


def _apikey(body: Body) -> None:
    members(body, _names("st", "client", "scopes", "networks", "days", "prefix"), "apikey")
    scopes, networks = (sorted_set(body[name], f"apikey {name}") for name in ("scopes", "networks"))
    if one_of(body["st"], _names("issue", "end"), "apikey st") == "end":
        _matching(body["prefix"], _PREFIX, "apikey prefix")
        if scopes or networks or body["client"] is not None or body["days"] is not None:
            raise MalformedError("apikey end")
        return
    if body["prefix"] is not None:
        raise MalformedError("apikey prefix")
    _matching(body["client"], _CLIENT, "apikey client")
    integer(body["days"], "apikey days", least=1, most=MAX_APIKEY_DAYS)
    if not 1 <= len(scopes) <= MAX_SCOPES or len(networks) > MAX_NETWORKS:
        raise MalformedError("apikey scopes or networks")
    for scope in scopes:
        _matching(scope, _SCOPE, "apikey scopes")
    for network in networks:
        _matching(network, _NETWORK, "apikey networks")


def _matching(value: object, form: re.Pattern[str], where: str, *, most: int | None = None) -> None:
    written = text(value, where)
    if (most is not None and len(written) > most) or form.fullmatch(written) is None:
        raise MalformedError(where)


def _pop(body: Body) -> None:
    members(body, _names("chal", "enc"), "pop")
    unb64u(body["chal"], size=32, where="pop chal")
    if not isinstance(body["enc"], list) or len(body["enc"]) > MAX_KEYS:
        raise MalformedError("pop enc")
    for item in body["enc"]:
        members(item, _names("kid", "nonce"), "pop enc")
        digest(item["kid"], "pop kid")
        unb64u(item["nonce"], size=32, where="pop nonce")


MANIFEST = "manifest"


@dataclass(frozen=True)
class KindRule:
    """The profile's rule for one kind: body, subjects (`sub.k`), whether it ends (`exp`)."""

    check_body: Callable[[Body], None]
    subjects: frozenset[str]
    ends: bool = False


_STATEMENTS = _names(
    "ack", "retract", "confirm", "ask", "answer", "release", "unrelease",
    "agreement", "accept", "leave", "suspend", "resume", "keyset", "revoke", "pop", "entry",
    "apikey",
)  # fmt: skip
_ABOUT_MANIFEST, _ABOUT_AGREEMENT, _ABOUT_NOTHING = _names(MANIFEST), _names("agreement"), _names()
KIND_RULES: Mapping[str, KindRule] = {
    "ack": KindRule(_ack, _ABOUT_MANIFEST),
    "retract": KindRule(_retract, _ABOUT_MANIFEST),
    "confirm": KindRule(_confirm, _names("retract")),
    "ask": KindRule(_ask, _ABOUT_MANIFEST),
    "answer": KindRule(_answer, _names("ask")),
    "release": KindRule(_release, _ABOUT_MANIFEST, ends=True),
    "unrelease": KindRule(_unrelease, _names("release")),
    "reaffirm": KindRule(_empty, _ABOUT_MANIFEST | _STATEMENTS),
    "agreement": KindRule(_agreement, _ABOUT_NOTHING, ends=True),
    "accept": KindRule(_accept, _ABOUT_AGREEMENT),
    "leave": KindRule(_empty, _ABOUT_AGREEMENT),
    "suspend": KindRule(_suspend, _ABOUT_NOTHING),
    "resume": KindRule(_resume, _ABOUT_NOTHING),
    "keyset": KindRule(_keyset, _ABOUT_NOTHING, ends=True),
    "revoke": KindRule(_revoke, _ABOUT_NOTHING),
    "pop": KindRule(_pop, _ABOUT_NOTHING),
    "entry": KindRule(_entry, _ABOUT_NOTHING),
    "apikey": KindRule(_apikey, _ABOUT_NOTHING),
}
