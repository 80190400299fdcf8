# SPDX-License-Identifier: Apache-2.0
"""Section 8: the payload of each kind of statement, and the parties that may make it."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from tests.examples.independent.encoding import (
    FINGERPRINT,
    OFFICER,
    UUID7,
    agencies,
    agency,
    array,
    closed,
    integer,
    kid,
    matching,
    one_of,
    parse,
    sorted_set,
    time,
    unbase64,
)
from tests.examples.independent.forms import LANES, PURPOSES, RELS, SUITES, TLPS
from tests.examples.independent.jws import STATEMENT_LIMIT
from tests.examples.independent.keys import register, root_keys
from tests.examples.independent.refusal import need

MEMBERS = ("v", "suite", "iss", "iat", "k", "id", "exp", "nonce", "signers", "sub", "act", "cp", "body")
ENDING = ("release", "agreement", "keyset")
OWN_DOORS = ("keyset", "revoke", "pop")
TELEPHONE = re.compile(r"\+?[0-9][0-9 ()./-]{2,38}")
ZONE = re.compile(r"[A-Za-z][A-Za-z0-9+_-]*(?:/[A-Za-z0-9][A-Za-z0-9+_-]*){0,2}")
ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
ADDRESS = re.compile(rf"{ATOM}(?:\.{ATOM})*@(?:{LABEL}\.)+{LABEL}")
REF = re.compile(r"[A-Za-z0-9]([A-Za-z0-9 .-]{0,18}[A-Za-z0-9])?")
CLIENT = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._-]{0,59}")
SCOPE = re.compile(r"[a-z]{1,20}:[a-z]{1,20}")
NETWORK = re.compile(r"[0-9a-f:.]{2,39}/[0-9]{1,3}")
PREFIX = re.compile(r"[0-9a-f]{12}")
Body = dict[str, Any]


def _words(value: Any, words: tuple[str, ...]) -> str:
    need(value is not None)
    return str(one_of(value, words))


def _or_null(value: Any, check: Callable[[Any], Any]) -> None:
    if value is not None:
        check(value)


def _set_of(value: Any, words: tuple[str, ...], least: int) -> None:
    for item in sorted_set(value, least, len(words)):
        _words(item, words)


def _ack(body: Body, said: Body) -> None:
    closed(body, ("st", "code"))
    st = _words(body["st"], ("opened", "refused", "unopenable"))
    code = one_of(body["code"], (None, "malformed", "key-missing", "check-failed", "policy"))
    if st == "opened":
        need(code is None and said["act"] is not None)
    if st == "unopenable":
        need(said["act"] is None and code in ("key-missing", "check-failed"))


def _retract(body: Body, said: Body) -> None:
    closed(body, ("code", "by"))
    _words(body["code"], ("error", "contaminated", "mistaken", "legal"))
    _or_null(body["by"], lambda value: matching(value, UUID7))


def _confirm(body: Body, said: Body) -> None:
    closed(body, ("st",))
    _words(body["st"], ("stopped", "impossible"))


def _ask(body: Body, said: Body) -> None:
    closed(body, ("aud", "part", "purpose", "due"))
    agencies(body["aud"])
    if body["part"] is not None:
        parts = [integer(part) for part in array(body["part"], 1, STATEMENT_LIMIT)]
        need(parts == sorted(set(parts)))
    _words(body["purpose"], PURPOSES)
    _or_null(body["due"], time)


def _answer(body: Body, said: Body) -> None:
    closed(body, ("st", "code", "ref"))
    _words(body["st"], ("grant", "refuse", "extract"))
    one_of(body["code"], (None, "court", "source", "policy", "other"))
    _or_null(body["ref"], kid)


def _release(body: Body, said: Body) -> None:
    closed(body, ("parent", "aud", "rn", "rr", "rel", "purpose", "cond", "code"))
    _or_null(body["parent"], kid)
    aud = agencies(body["aud"])
    integer(body["rn"], len(aud), len(aud))
    kid(body["rr"])
    _words(body["rel"], RELS)
    _words(body["purpose"], PURPOSES)
    _set_of(body["cond"], ("contact-first", "no-court", "no-automated", "read-only"), 0)
    one_of(body["code"], (None, "ask", "emergency", "rekey"))


def _unrelease(body: Body, said: Body) -> None:
    closed(body, ("code",))
    _words(body["code"], ("error", "expired", "condition", "legal"))


def _nothing(body: Body, said: Body) -> None:
    closed(body, ())


def _agreement(body: Body, said: Body) -> None:
    members = (
        "ref",
        "ver",
        "prev",
        "parties",
        "lanes",
        "tlp",
        "purposes",
        "nbf",
        "survive",
        "clocks",
        "emergency",
        "text",
    )
    closed(body, members)
    matching(body["ref"], REF)
    _versions(body)
    agencies(body["parties"], 2, 501)
    _set_of(body["lanes"], LANES, 1)
    _words(body["tlp"], TLPS)
    _set_of(body["purposes"], PURPOSES, 1)
    time(body["nbf"], 0, said["exp"] - 1)
    survive = closed(body["survive"], ("lanes", "flash"))
    _set_of(survive["lanes"], LANES, 0)
    _words(body["clocks"], ("freeze", "run"))
    need(isinstance(survive["flash"], bool) and isinstance(body["emergency"], bool))
    if body["text"] is not None:
        text = closed(body["text"], ("jti", "md"))
        matching(text["jti"], UUID7)
        kid(text["md"])


def _versions(body: Body) -> None:
    ver = integer(body["ver"], 1)
    need((body["prev"] is None) == (ver == 1))
    _or_null(body["prev"], kid)


def _accept(body: Body, said: Body) -> None:
    closed(body, ("st",))
    _words(body["st"], ("accept", "refuse"))


def _suspend(body: Body, said: Body) -> None:
    closed(body, ("lanes", "with", "why"))
    _set_of(body["lanes"], LANES, 1)
    agencies(body["with"])
    _or_null(body["why"], lambda value: _words(value, ("political", "legal", "security")))


def _resume(body: Body, said: Body) -> None:
    closed(body, ("lanes", "with"))
    _set_of(body["lanes"], LANES, 1)
    agencies(body["with"])


def _keyset(body: Body, said: Body) -> None:
    closed(body, ("ver", "prev", "root", "nroot", "custody", "low", "keys"))
    need(said["suite"] == "PQ1")
    _versions(body)
    root_keys(body["root"])
    matching(body["nroot"], FINGERPRINT)
    _words(body["custody"], ("agency", "hub-own-root", "hub"))
    _words(body["low"], SUITES)
    for row in array(body["keys"], 1, 256):
        closed(row, ("jwk", "use", "nbf", "exp", "st", "since"))
        _words(row["use"], ("sign", "enc"))
        time(row["exp"], time(row["nbf"]) + 1)
        revoked = _words(row["st"], ("current", "retiring", "retired", "revoked")) == "revoked"
        need(revoked == (row["since"] is not None))
        _or_null(row["since"], time)
        register(row["jwk"], row["use"])


def _revoke(body: Body, said: Body) -> None:
    closed(body, ("kid", "since", "code"))
    need(said["suite"] == "PQ1")
    kid(body["kid"])
    time(body["since"], 0, said["iat"])
    _words(body["code"], ("stolen", "lost", "error", "ended"))


def _pop(body: Body, said: Body) -> None:
    closed(body, ("chal", "enc"))
    kid(body["chal"])
    for item in array(body["enc"], 0, 256):
        closed(item, ("kid", "nonce"))
        kid(item["kid"])
        unbase64(item["nonce"], 32)


def _entry(body: Body, said: Body) -> None:
    closed(body, ("telephone", "zone", "contacts"))
    _or_null(body["telephone"], lambda value: matching(value, TELEPHONE))
    need(len(matching(body["zone"], ZONE)) <= 64)
    for contact in sorted_set(body["contacts"], 0, 5):
        need(len(matching(contact, ADDRESS)) <= 254)


def _apikey(body: Body, said: Body) -> None:
    closed(body, ("st", "client", "scopes", "networks", "days", "prefix"))
    if _words(body["st"], ("issue", "end")) == "end":
        matching(body["prefix"], PREFIX)
        need(body["client"] is None and body["days"] is None)
        need(sorted_set(body["scopes"], 0, 0) == sorted_set(body["networks"], 0, 0) == [])
        return
    need(body["prefix"] is None)
    matching(body["client"], CLIENT)
    integer(body["days"], 1, 90)
    for scope in sorted_set(body["scopes"], 1, 32):
        matching(scope, SCOPE)
    for network in sorted_set(body["networks"], 0, 20):
        matching(network, NETWORK)


_BODIES: dict[str, tuple[Callable[[Body, Body], None], tuple[str, ...]]] = {
    "ack": (_ack, ("manifest",)),
    "retract": (_retract, ("manifest",)),
    "confirm": (_confirm, ("retract",)),
    "ask": (_ask, ("manifest",)),
    "answer": (_answer, ("ask",)),
    "release": (_release, ("manifest",)),
    "unrelease": (_unrelease, ("release",)),
    "agreement": (_agreement, ()),
    "accept": (_accept, ("agreement",)),
    "leave": (_nothing, ("agreement",)),
    "suspend": (_suspend, ()),
    "resume": (_resume, ()),
    "keyset": (_keyset, ()),
    "revoke": (_revoke, ()),
    "pop": (_pop, ()),
    "entry": (_entry, ()),
    "apikey": (_apikey, ()),
}
_BODIES["reaffirm"] = (_nothing, ("manifest", *_BODIES))


def typ_of(k: str) -> str:
    """`typ` of a statement of kind `k`."""
    return f"accord-{k}+jws"


def payload_form(payload: bytes, expected: str | None = None) -> Body:
    """Read the payload of a statement, of the expected kind where one is given."""
    value = parse(payload, STATEMENT_LIMIT)
    need(isinstance(value, dict))
    if expected is not None and value.get("k") in tuple(_BODIES):
        need(value["k"] == expected, "wrong-typ")
    said = closed(value, MEMBERS)
    integer(said["v"], 1, 1)
    _words(said["suite"], SUITES)
    agency(said["iss"])
    iat = time(said["iat"])
    check, subjects = _BODIES[_words(said["k"], tuple(_BODIES))]
    matching(said["id"], UUID7)
    if said["k"] in ENDING:
        time(said["exp"], iat + 1)
    else:
        need(said["exp"] is None)
    unbase64(said["nonce"], 16)
    signers = [kid(item) for item in array(said["signers"], 1, 16)]
    need(len(set(signers)) == len(signers))
    _subject(said["sub"], subjects)
    _or_null(said["act"], lambda value: matching(value, OFFICER))
    if said["cp"] is not None:
        integer(closed(said["cp"], ("n", "root"))["n"])
        kid(said["cp"]["root"])
    need(isinstance(said["body"], dict))
    check(said["body"], said)
    return said


def _subject(value: Any, kinds: tuple[str, ...]) -> None:
    if not kinds:
        need(value is None)
        return
    sub = closed(value, ("k", "id", "d"))
    _words(sub["k"], kinds)
    matching(sub["id"], UUID7)
    kid(sub["d"])


def check_entitled(said: Body, subject: dict[str, Any] | None) -> None:
    """Check the issuer's entitlement; `subject` holds the facts: k, id, d, iss, manifest_iss, holders, parties."""
    iss, k = said["iss"], said["k"]
    if k == "agreement":
        need(iss in said["body"]["parties"], "issuer-not-entitled")
        return
    if k in ("suspend", "resume"):
        need(iss not in said["body"]["with"], "issuer-not-entitled")
        return
    if subject is None:
        return
    need(all(said["sub"][name] == subject[name] for name in ("k", "id", "d")), "subject-differs")
    if k in ("ack", "confirm", "ask"):
        entitled = iss in subject["holders"]
    elif k == "release":
        entitled = iss == subject["manifest_iss"] or iss in subject["holders"]
    elif k in ("retract", "reaffirm"):
        entitled = iss == subject["iss"]
    elif k == "answer":
        entitled = iss == subject["manifest_iss"]
    elif k == "unrelease":
        entitled = iss in (subject["iss"], subject["manifest_iss"])
    else:
        entitled = iss in subject["parties"]
    need(entitled, "issuer-not-entitled")
