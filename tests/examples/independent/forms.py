# SPDX-License-Identifier: Apache-2.0
"""The payloads of an envelope: manifest (5.1) and inner payload (5.4); an extract and its original (9.6)."""

from __future__ import annotations

import re
from typing import Any

from tests.examples.independent.encoding import (
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
    time,
    unbase64,
)
from tests.examples.independent.refusal import need
from tests.examples.independent.sealing import blob_length

SUITES = ("PQ1", "EC1")
TLPS = ("RED", "AMBER+STRICT", "AMBER", "GREEN", "CLEAR")
RELS = ("none", "originator", "recipients")
LANES = ("enforcement", "science", "public_health", "trade")
PURPOSES = ("investigate", "prevent", "public_health", "regulatory_control", "science")
KINDS = ("alert", "update", "reply", "outcome", "extract")
SIZES = (2048, 4096, 8192, 16384, 32768, 65536)
PAYLOAD_LIMIT = 131_072
TEN_YEARS = 315_619_200

SHARED = (
    *("v", "suite", "kind", "status", "iss", "jti", "iat", "exp", "keep", "tlp", "named", "rel"),
    *("lane", "purpose", "pri", "ack_by", "reply_by", "signers", "att", "re"),
)
ALONE = ("pd", "ct", "rn", "rr")
INNER_ALONE = ("aud", "names", "nonce", "alert", "pad")
_COMMON = ("n", "sha256", "len")
_SCHEMA = re.compile(r"accord-alert/[1-9][0-9]{0,5}")
_CTY = re.compile(r"[!-~]+/[!-~]([ -~]*[!-~])?")
_FN = re.compile(r"[^\x00-\x1f\x7f-\x9f/\\]+")


def manifest(payload: bytes) -> dict[str, Any]:
    """Read the payload of a manifest."""
    said = closed(parse(payload, PAYLOAD_LIMIT), (*SHARED, *ALONE))
    _shared(said)
    kid(said["pd"])
    kid(said["ct"])
    kid(said["rr"])
    integer(said["rn"], 2, 501)
    _attachments(said["att"], _COMMON)
    _marking(said)
    need(said["tlp"] != "RED" or said["rn"] <= 101, "red-rule")
    return said


def _shared(said: dict[str, Any]) -> None:
    integer(said["v"], 1, 1)
    for name, words in (
        ("suite", SUITES),
        ("kind", KINDS),
        ("status", ("actual", "exercise", "test")),
        ("tlp", TLPS),
        ("rel", RELS),
        ("lane", LANES),
        ("purpose", PURPOSES),
        ("pri", ("routine", "urgent", "flash")),
    ):
        one_of(said[name], words)
        need(said[name] is not None)
    agency(said["iss"])
    matching(said["jti"], UUID7)
    iat = time(said["iat"])
    exp = time(said["exp"], iat + 1)
    keep = time(said["keep"], exp, iat + TEN_YEARS)
    for name in ("ack_by", "reply_by"):
        if said[name] is not None:
            time(said[name], iat + 1, keep)
    integer(said["named"], 0, 32_000)
    need(said["tlp"] == "RED" or said["named"] == 0)
    number = 2 if said["suite"] == "PQ1" else 1
    signers = [kid(item) for item in array(said["signers"], number, number)]
    need(len(set(signers)) == number)
    _about(said["kind"], said["re"])


def _about(kind: str, about: Any) -> None:
    if kind == "alert":
        need(about is None)
        return
    about = closed(about, ("jti", "md"))
    matching(about["jti"], UUID7)
    kid(about["md"])


def _marking(said: dict[str, Any]) -> None:
    if said["tlp"] in ("RED", "AMBER+STRICT"):
        need(said["suite"] == "PQ1", "suites-mixed")
    if said["tlp"] == "RED":
        need(said["rel"] == "none" and said["named"] >= 1, "red-rule")


def _attachments(value: Any, names: tuple[str, ...]) -> None:
    total = 0
    for place, item in enumerate(array(value, 0, 32)):
        att = closed(item, names)
        integer(att["n"], place, place)
        kid(att["sha256"])
        total += integer(att["len"], 36, 67_108_864)
    need(total <= 268_435_456)


def inner(payload: bytes) -> dict[str, Any]:
    """Read the inner payload."""
    said = closed(parse(payload, PAYLOAD_LIMIT), (*SHARED, *INNER_ALONE))
    _shared(said)
    _attachments(said["att"], (*_COMMON, "size", "cty", "fn", "k"))
    for att in said["att"]:
        attachment(att)
    aud = agencies(said["aud"])
    need(said["iss"] not in aud)
    unbase64(said["nonce"], 16)
    need(isinstance(said["alert"], dict))
    matching(said["alert"].get("schema"), _SCHEMA)
    _pad(payload, said["pad"])
    _names(said["names"], aud, said["named"])
    _marking(said)
    if said["tlp"] == "RED":
        need({name["a"] for name in said["names"]} == set(aud), "red-rule")
    return said


def attachment(value: Any) -> dict[str, Any]:
    """Check a member of `att` of the inner payload."""
    att = closed(value, (*_COMMON, "size", "cty", "fn", "k"))
    size = integer(att["size"], 0, 67_108_864)
    need(att["len"] == blob_length(size))
    need(len(matching(att["cty"], _CTY)) <= 127)
    need(len(matching(att["fn"], _FN).encode("utf-8")) <= 255)
    unbase64(att["k"], 32)
    return att


def _pad(payload: bytes, pad: Any) -> None:
    need(isinstance(pad, str) and not pad.strip("0"))
    need(len(payload) in SIZES)
    rest = len(payload) - len(pad)
    need(len(payload) == next(size for size in SIZES if rest <= size))


def _names(value: Any, aud: list[str], number: int) -> None:
    pairs = []
    for item in array(value, number, number):
        name = closed(item, ("a", "o"))
        need(agency(name["a"]) in aud)
        pairs.append((name["a"], matching(name["o"], OFFICER)))
    need(pairs == sorted(set(pairs)))


def same(outer: dict[str, Any], said: dict[str, Any]) -> bool:
    """Tell whether every shared member of manifest and inner payload is equal."""
    cut = [{name: att[name] for name in _COMMON} for att in said["att"]]
    return cut == outer["att"] and all(said[name] == outer[name] for name in SHARED if name != "att")


def check_extract(extract: dict[str, Any], original: dict[str, Any], md: str) -> None:
    """Check section 9.6 for the payloads of two manifests; `md` is that of the original."""
    need(
        extract["kind"] == "extract" and extract["re"] == {"jti": original["jti"], "md": md},
        "subject-differs",
    )
    need(extract["iss"] == original["iss"], "issuer-not-entitled")
    word = "not-an-extract-of-it"
    need(original["kind"] != "extract" and extract["status"] == original["status"], word)
    need(all(extract[name] != original[name] for name in ("jti", "pd", "ct")), word)
    before = {att["sha256"] for att in original["att"]}
    need(not any(att["sha256"] in before for att in extract["att"]), word)
