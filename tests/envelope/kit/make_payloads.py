# SPDX-License-Identifier: Apache-2.0
"""Unsigned payloads: allowed and refused manifests, inner payloads and bodies of statements."""

from __future__ import annotations

from typing import Any

from tests.envelope.kit import formulas
from tests.envelope.kit.building import Body, bad, document, good
from tests.envelope.kit.seeds import octets
from tests.envelope.world import DAY, NOW

UNSET = object()
TEN_YEARS, LAST_SECOND = 3653 * DAY, 253_402_300_799
JTI = "0193a5d8-7c31-7fce-819d-6b804eff5a3f"
OTHER_ID = "0193a5d8-0000-7000-8000-000000000001"


def digest(label: str) -> str:
    """A digest made from a label."""
    return formulas.b64u(octets(label))


KID1, KID2 = digest("kid 1"), digest("kid 2")
RED = {"tlp": "RED", "named": 2}
REFERENCE = {"jti": OTHER_ID, "md": digest("other")}


def _with(value: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    """Change members; UNSET removes one."""
    return {name: item for name, item in (value | changes).items() if item is not UNSET}


def _shared(**changes: Any) -> dict[str, Any]:
    return {
        "v": 1, "suite": "PQ1", "kind": "alert", "status": "actual", "iss": "xa-alpha", "jti": JTI,
        "iat": NOW - 10, "exp": NOW + 30 * DAY, "keep": NOW + 365 * DAY, "tlp": "GREEN", "named": 0,
        "rel": "none", "lane": "science", "purpose": "prevent", "pri": "routine", "ack_by": None,
        "reply_by": None, "signers": [KID1, KID2], "re": None,
    } | changes  # fmt: skip


def manifest_members(**changes: Any) -> dict[str, Any]:
    """A manifest's members, with changes."""
    own = {"pd": digest("pd"), "ct": digest("ct"), "rn": 3, "rr": digest("rr"), "att": []}
    return _with(_shared() | own, changes)


def _blob(n: int, **changes: Any) -> dict[str, Any]:
    return {"n": n, "sha256": digest(f"blob {n}"), "len": 172} | changes


_MANIFESTS: dict[str, dict[str, Any]] = {
    "a routine alert in PQ1": {},
    "EC1": {"suite": "EC1", "signers": [KID1]},
    "RED": RED,
    "AMBER+STRICT": {"tlp": "AMBER+STRICT"},
    "an update": {"kind": "update", "re": REFERENCE},
    "both clocks, at keep": {"ack_by": NOW, "reply_by": NOW + 365 * DAY},
    "exp = keep": {"exp": NOW + 365 * DAY},
    "keep ten years after iat": {"keep": NOW - 10 + TEN_YEARS},
    "keep in the last second of 9999": {
        "iat": LAST_SECOND - TEN_YEARS,
        "exp": LAST_SECOND - DAY,
        "keep": LAST_SECOND,
        "ack_by": LAST_SECOND,
    },
    "500 recipients": {"rn": 501},
    "32 attachments": {"att": [_blob(n) for n in range(32)]},
    "attachments of 256 MiB": {"att": [_blob(n, len=2**26) for n in range(4)]},
    "RED to 100": RED | {"rn": 101},
}
_NO_MANIFESTS: dict[str, tuple[str, dict[str, Any]]] = {
    "another version": ("malformed", {"v": 2}),
    "true where 1 is due": ("malformed", {"v": True}),
    "an additional member": ("malformed", {"crit": []}),
    "a missing member": ("malformed", {"pri": UNSET}),
    "an absent clock": ("malformed", {"ack_by": UNSET}),
    "another suite": ("malformed", {"suite": "PQ2"}),
    "another kind": ("malformed", {"kind": "warning"}),
    "another lane": ("malformed", {"lane": "police"}),
    "tlp in lower case": ("malformed", {"tlp": "green"}),
    "TLP:WHITE of an older edition": ("malformed", {"tlp": "WHITE"}),
    "an agency id in capitals": ("malformed", {"iss": "XA-ALPHA"}),
    "a jti of version 4": ("malformed", {"jti": JTI.replace("-7fce", "-4fce")}),
    "exp = iat": ("malformed", {"exp": NOW - 10}),
    "keep a second over ten years after iat": ("malformed", {"keep": NOW - 10 + TEN_YEARS + 1}),
    "keep in the year 10000": (
        "malformed",
        {"iat": LAST_SECOND - DAY, "exp": LAST_SECOND, "keep": LAST_SECOND + 1},
    ),
    "ack_by in the year 10000": (
        "malformed",
        {"iat": LAST_SECOND - DAY, "exp": LAST_SECOND, "keep": LAST_SECOND, "ack_by": LAST_SECOND + 1},
    ),
    "iat in the year 10000": ("malformed", {"iat": LAST_SECOND + 1}),
    "keep = 2^53 - 1": ("malformed", {"keep": 2**53 - 1}),
    "keep before exp": ("malformed", {"keep": NOW + 30 * DAY - 1}),
    "a time as text": ("malformed", {"iat": str(NOW)}),
    "a time before 1970": ("malformed", {"iat": -1}),
    "ack_by = iat": ("malformed", {"ack_by": NOW - 10}),
    "reply_by after keep": ("malformed", {"reply_by": NOW + 365 * DAY + 1}),
    "one signer in PQ1": ("malformed", {"signers": [KID1]}),
    "two signers in EC1": ("malformed", {"suite": "EC1"}),
    "a kid of 42 characters": ("malformed", {"signers": [KID1, KID2[:-1]]}),
    "an alert with re": ("malformed", {"re": REFERENCE}),
    "a reply without re": ("malformed", {"kind": "reply"}),
    "re with an additional member": ("malformed", {"kind": "reply", "re": REFERENCE | {"iss": "xb-bravo"}}),
    "re with a jti of another form": (
        "malformed",
        {"kind": "reply", "re": REFERENCE | {"jti": REFERENCE["jti"].upper()}},
    ),
    "re with an md of 42 characters": ("malformed", {"kind": "reply", "re": REFERENCE | {"md": "A" * 42}}),
    "a pd of 42 characters": ("malformed", {"pd": "A" * 42}),
    "a ct with stray bits": ("malformed", {"ct": "A" * 42 + "B"}),
    "an rr that is null": ("malformed", {"rr": None}),
    "32,001 named officers": ("malformed", RED | {"named": 32_001}),
    "no recipient": ("malformed", {"rn": 1}),
    "501 recipients": ("malformed", {"rn": 502}),
    "33 attachments": ("malformed", {"att": [_blob(n) for n in range(33)]}),
    "attachments that begin at 1": ("malformed", {"att": [_blob(1)]}),
    "an attachment over 64 MiB": ("malformed", {"att": [_blob(0, len=2**26 + 1)]}),
    "attachments over 256 MiB": ("malformed", {"att": [_blob(n, len=2**26) for n in range(4)] + [_blob(4)]}),
    "an attachment below 36 octets": ("malformed", {"att": [_blob(0, len=35)]}),
    "an attachment with its name": ("malformed", {"att": [_blob(0, fn="a.txt")]}),
    "named officers without RED": ("malformed", {"named": 1}),
    "RED without named officers": ("red-rule", RED | {"named": 0}),
    "RED that may be released": ("red-rule", RED | {"rel": "originator"}),
    "RED to 101": ("red-rule", RED | {"rn": 102}),
    "RED in EC1": ("suites-mixed", RED | {"suite": "EC1", "signers": [KID1]}),
    "AMBER+STRICT in EC1": ("suites-mixed", {"tlp": "AMBER+STRICT", "suite": "EC1", "signers": [KID1]}),
}


def manifests() -> Body:
    cases = []
    for name, changes in _MANIFESTS.items():
        payload = formulas.compact(manifest_members(**changes))
        md = formulas.object_digest("accord-manifest+jws", payload.encode())
        cases.append(good(name, "manifest", md, payload=payload))
    for name, (word, changes) in _NO_MANIFESTS.items():
        payload = formulas.compact(manifest_members(**changes))
        cases.append(bad(name, "manifest", word, payload=payload))
    array = formulas.compact(list(manifest_members()))
    cases.append(bad("an array", "manifest", "malformed", payload=array))
    about = "The payload of a manifest, before any signature is looked at: its md, or the refusal."
    return document(about, cases)


def extracts() -> Body:
    whole = {"att": [_blob(0)]}
    original = formulas.compact(manifest_members(**whole))
    md = formulas.object_digest("accord-manifest+jws", original.encode())
    own = {
        "kind": "extract",
        "jti": OTHER_ID,
        "re": {"jti": JTI, "md": md},
        "pd": digest("pd 2"),
        "ct": digest("ct 2"),
    }
    wrong: dict[str, tuple[str, dict[str, Any]]] = {
        "of another envelope": ("subject-differs", {"re": REFERENCE}),
        "a reply": ("subject-differs", {"kind": "reply"}),
        "by another agency": ("issuer-not-entitled", {"iss": "xb-bravo"}),
        "with another status": ("not-an-extract-of-it", {"status": "exercise"}),
        "with the same ciphertext": ("not-an-extract-of-it", {"ct": digest("ct")}),
        "with the same inner JWS": ("not-an-extract-of-it", {"pd": digest("pd")}),
        "under the same jti": ("not-an-extract-of-it", {"jti": JTI}),
        "with a blob of the original": ("not-an-extract-of-it", whole),
    }

    def given(changes: dict[str, Any]) -> dict[str, str]:
        return {"extract": formulas.compact(manifest_members(**(own | changes))), "original": original}

    cases = [good("an extract", "extract", True, **given({}))]
    cases.append(good("a stricter one", "extract", True, **given({"tlp": "AMBER"})))
    cases += [
        bad(name, "extract", word, "intake", **given(changes)) for name, (word, changes) in wrong.items()
    ]
    part = formulas.compact(manifest_members(**own))
    own_md = formulas.object_digest("accord-manifest+jws", part.encode())
    of_part = own | {
        "jti": JTI.replace("7c31", "7c32"),
        "re": {"jti": OTHER_ID, "md": own_md},
        "pd": digest("pd 3"),
        "ct": digest("ct 3"),
    }
    twice = {"extract": formulas.compact(manifest_members(**of_part)), "original": part}
    cases.append(bad("of an extract", "extract", "not-an-extract-of-it", "intake", **twice))
    return document("An extract and its original, both as payloads of manifests.", cases)


def _file(**changes: Any) -> dict[str, Any]:
    return {
        "n": 0, "sha256": digest("blob 0"), "len": 172, "size": 136, "cty": "chemical/x-msp",
        "fn": "spectrum.msp", "k": digest("k"),
    } | changes  # fmt: skip


def inner_text(changes: dict[str, Any], *, size: int = 2048, pad: str | None = None) -> str:
    """An inner payload padded to `size`, with changes."""
    own = {
        "aud": ["xb-bravo", "xc-charlie"], "names": [], "nonce": formulas.b64u(octets("nonce", 16)),
        "alert": {"schema": "accord-alert/1", "title": "\u6e2c\u8a66"}, "att": [], "pad": "",
    }  # fmt: skip
    value = _with(_shared() | own, changes)
    zeros = "0" * (size - len(formulas.compact(value).encode())) if pad is None else pad
    return formulas.compact(value if "pad" in changes else value | {"pad": zeros})


_NAMES = [{"a": "xb-bravo", "o": "of-1"}, {"a": "xc-charlie", "o": "of-2"}]
_INNERS: dict[str, tuple[dict[str, Any], dict[str, int]]] = {
    "a routine alert": ({}, {"aud": 2, "att": 0, "named": 0}),
    "a file": ({"att": [_file()]}, {"aud": 2, "att": 1, "named": 0}),
    "RED with its officers": (RED | {"names": _NAMES}, {"aud": 2, "att": 0, "named": 2}),
    "a name above ASCII": ({"att": [_file(fn="m\u00e4rz \u6e2c.pdf")]}, {"aud": 2, "att": 1, "named": 0}),
    "a media type with a parameter": (
        {"att": [_file(cty="text/plain; charset=utf-8")]}, {"aud": 2, "att": 1, "named": 0},
    ),
}  # fmt: skip
_NO_INNERS: dict[str, dict[str, Any]] = {
    "an additional member": {"x": 1},
    "a missing member": {"nonce": UNSET},
    "a member of the manifest alone": {"pd": digest("pd")},
    "a nonce of 15 octets": {"nonce": formulas.b64u(bytes(15))},
    "no audience": {"aud": []},
    "the issuer in its audience": {"aud": ["xa-alpha", "xb-bravo"]},
    "an audience out of order": {"aud": ["xc-charlie", "xb-bravo"]},
    "an agency twice": {"aud": ["xb-bravo", "xb-bravo"]},
    "an audience that is a text": {"aud": "xb-bravo"},
    "an agency id with a line feed": {"aud": ["xb-bravo\n", "xc-charlie"]},
    "names without RED": {"names": _NAMES},
    "names fewer than named": RED | {"names": _NAMES[:1]},
    "a name of an agency outside": RED | {"names": [_NAMES[0], {"a": "xd-delta", "o": "of-1"}]},
    "names out of order": RED | {"names": _NAMES[::-1]},
    "an alert without schema": {"alert": {"title": "x"}},
    "an alert of another family": {"alert": {"schema": "other/1"}},
    "a schema numbered 0": {"alert": {"schema": "accord-alert/0"}},
    "an alert that is a text": {"alert": "x"},
    "a file name with a slash": {"att": [_file(fn="../x")]},
    "a file name with a backslash": {"att": [_file(fn="a\\b")]},
    "a file name with a control": {"att": [_file(fn="a\u0085b")]},
    "a file name of nothing": {"att": [_file(fn="")]},
    "a file name of 256 octets": {"att": [_file(fn="\u00e9" * 128)]},
    "a media type without slash": {"att": [_file(cty="text")]},
    "a key of 31 octets": {"att": [_file(k=formulas.b64u(bytes(31)))]},
    "a length that is not that of the size": {"att": [_file(len=173)]},
    "a file without its key": {"att": [{name: item for name, item in _file().items() if name != "k"}]},
    "a pad of other characters": {"pad": "1" * 20},
}


def inner() -> Body:
    cases = [
        good(name, "inner", result, payload=inner_text(changes))
        for name, (changes, result) in _INNERS.items()
    ]
    longer = inner_text({"alert": {"schema": "accord-alert/1", "x": "x" * 2000}}, size=4096)
    cases.append(good("the next size", "inner", {"aud": 2, "att": 0, "named": 0}, payload=longer))
    escaped = inner_text({}).replace('"pad":"000000', '"pad":"' + "\\u0030")
    cases.append(good("a zero of pad escaped", "inner", {"aud": 2, "att": 0, "named": 0}, payload=escaped))
    for name, changes in _NO_INNERS.items():
        text = _padded_by_spaces(inner_text(changes, pad=None if "pad" in changes else "0" * 20))
        cases.append(bad(name, "inner", "malformed", "opening", payload=text))
    only_one = RED | {"names": [_NAMES[0], {"a": "xb-bravo", "o": "of-2"}]}
    cases.append(
        bad("RED without an officer for each", "inner", "red-rule", "opening", payload=inner_text(only_one))
    )
    cases += [
        bad("no padding", "inner", "malformed", "opening", payload=inner_text({}, pad="")),
        bad("one octet more than a size", "inner", "malformed", "opening", payload=inner_text({}, size=2049)),
        bad(
            "padded to more than the smallest",
            "inner",
            "malformed",
            "opening",
            payload=inner_text({}, size=4096),
        ),
    ]
    return document("An inner payload, as it stands signed: what it says, or the refusal.", cases)


def _padded_by_spaces(text: str) -> str:
    """Pad with spaces, which strict JSON allows, so that the wrong member is refused and not the length."""
    return text + " " * (2048 - len(text.encode()))
