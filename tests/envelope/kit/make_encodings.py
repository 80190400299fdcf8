# SPDX-License-Identifier: Apache-2.0
"""Encodings: canonical JSON, texts that the strict parser refuses, base64url, identifiers, lengths."""

from __future__ import annotations

from tests.envelope.kit import formulas
from tests.envelope.kit.building import Body, bad, document, good

MAX = 2**53 - 1

_CANONICAL = {
    "members are sorted": ('{"b": 1,\n "a" :2, "B":3}', '{"B":3,"a":2,"b":1}'),
    "members at every depth": ('{"z":{"b":[{"d":1,"c":2}],"a":{}}}', '{"z":{"a":{},"b":[{"c":2,"d":1}]}}'),
    "short escapes": (r'"\u0008\u0009\u000a\u000c\u000d\u0022\u005c"', r'"\b\t\n\f\r\"\\"'),
    "other controls in lower case": (r'"\u0000\u001F\u000B"', r'"\u0000\u001f\u000b"'),
    "solidus and DEL stand as themselves": (r'"\/\u007f"', '"/\x7f"'),
    "above ASCII stands as itself": (r'"\u20AC\u00e9\u2028\ufeff"', '"\u20ac\u00e9\u2028\ufeff"'),
    "a surrogate pair is one character": (r'"\ud83d\uDE00"', '"\U0001f600"'),
    "no normalisation": (r'"e\u0301 \u00e9"', '"e\u0301 \u00e9"'),
    "integers": (f"[0,-1,{MAX},-{MAX}]", f"[0,-1,{MAX},-{MAX}]"),
    "words": ("[ true , false , null ]", "[true,false,null]"),
    "empty": ('{"a":[],"b":{},"c":"","":0}', '{"":0,"a":[],"b":{},"c":""}'),
}
_REFUSED: dict[str, bytes] = {
    "a member twice": b'{"a":1,"a":1}',
    "a member twice after unescaping": b'{"a":1,"\\u0061":2}',
    "a member twice deep inside": b'[{"b":{"a":1,"a":2}}]',
    "a fraction": b"1.0",
    "an exponent": b"1e2",
    "NaN": b"NaN",
    "Infinity": b"[Infinity]",
    "minus Infinity": b"-Infinity",
    "minus zero": b"-0",
    "an integer of 2^53": b"9007199254740992",
    "an integer of -2^53": b"-9007199254740992",
    "a very long integer": b"1" * 400,
    "a leading zero": b"01",
    "a plus sign": b"+1",
    "a lone high surrogate": b'"\\ud83d"',
    "a lone low surrogate": b'"\\uDE00"',
    "surrogates the wrong way round": b'"\\ude00\\ud83d"',
    "a lone surrogate in a member name": b'{"\\ud800":1}',
    "a surrogate as UTF-8": b'"\xed\xa0\x80"',
    "invalid UTF-8": b'"\xff"',
    "UTF-8 longer than needed": b'"\xc0\xaf"',
    "a byte order mark": b"\xef\xbb\xbf{}",
    "a second value": b"{}{}",
    "something after the value": b"{} x",
    "a comma at the end": b"[1,]",
    "a comment": b"{}//",
    "single quotes": b"{'a':1}",
    "a bare control in a string": b'"a\x01"',
    "a bare line feed in a string": b'"a\n"',
    "an unknown escape": b'"\\x41"',
    "nothing": b"",
    "white space alone": b" \n",
    "other white space": b"\x0b{}",
    "UTF-16": '{"a":1}'.encode("utf-16-le"),
}


def canonical() -> Body:
    cases = [good(name, "canonical", text, json=given) for name, (given, text) in _CANONICAL.items()]
    cases.append(bad("a member name outside ASCII", "canonical", "malformed", json='{"\u00e9":1}'))
    return document("canonical(x): the value of the JSON text `json`, written canonical.", cases)


def strict_json() -> Body:
    deep, deeper = b"[" * 16 + b"]" * 16, b'{"a":' * 16 + b"[]" + b"}" * 16
    cases = [
        good("white space around the value", "parse", {"a": [1]}, octets=_b(b' \r\n{\t"a": [1] }\n')),
        good("depth 16", "parse", _nested(16), octets=_b(deep)),
        good("brackets in a string are no depth", "parse", "[" * 40, octets=_b(b'"' + b"[" * 40 + b'"')),
        good("names that differ in case", "parse", {"a": 1, "A": 2}, octets=_b(b'{"a":1,"A":2}')),
        good("a whole surrogate pair", "parse", "\U0001f600", octets=_b(b'"\\ud83d\\ude00"')),
        good("the greatest integer", "parse", MAX, octets=_b(str(MAX).encode())),
        good("exactly the limit", "parse", "aaa", octets=_b(b'"aaa"'), limit=5),
        bad("depth 17", "parse", "too-large", octets=_b(deeper)),
        bad("one octet over the limit", "parse", "too-large", octets=_b(b'"aaaa"'), limit=5),
    ]
    cases += [bad(name, "parse", "malformed", octets=_b(octets)) for name, octets in _REFUSED.items()]
    about = "The octets `octets` (base64url), read as JSON under a limit of `limit` octets (1,024 if none)."
    return document(about, cases)


def _b(octets: bytes) -> str:
    return formulas.b64u(octets)


def _nested(depth: int) -> list[object]:
    value: list[object] = []
    for _ in range(depth - 1):
        value = [value]
    return value


def base64url() -> Body:
    sizes = [
        good(f"{n} octets", "base64url", bytes(range(n)).hex(), text=_b(bytes(range(n)))) for n in range(5)
    ]
    texts = {
        "padding": "AA==",
        "characters of the other alphabet": "+/8",
        "a length of 4n + 1": "AAAAA",
        "stray bits in the last of two": "AB",
        "stray bits in the last of three": "AAB",
        "a space": "AA AA",
        "a line feed at the end": "AAAA\n",
        "a character outside ASCII": "AAA\u00e9",
        "a full-width letter": "\uff21AAA",
    }
    cases = [*sizes, good("both special characters", "base64url", "fbff", text="-_8")]
    cases += [bad(name, "base64url", "malformed", text=text) for name, text in texts.items()]
    cases.append(good("32 octets", "base64url", bytes(32).hex(), text="A" * 43, size=32))
    cases.append(bad("31 octets where 32 are due", "base64url", "malformed", text=_b(bytes(31)), size=32))
    return document("One spelling per value: `text` to octets (hexadecimal), `size` octets if given.", cases)


_UUID = "0193a5d8-7c31-7fce-819d-6b804eff5a3f"
_IDENTIFIERS: dict[str, tuple[list[str], list[str]]] = {
    "agency": (
        ["xa-al", "zz-" + "9" * 20],
        ["xa-a", "zz-" + "9" * 21, "XA-alpha", "xa_alpha", "x-alpha", "xa-alph\u0430", "xa-alpha\n", ""],
    ),
    "uuid7": (
        [_UUID],
        [
            _UUID.upper(),
            _UUID.replace("-7fce", "-4fce"),
            _UUID.replace("-81", "-c1"),
            "{" + _UUID + "}",
            _UUID[:-1],
        ],
    ),
    "officer": (["o", "A-z_9" * 12 + "abcd"], ["", "A-z_9" * 12 + "abcde", "of 1", "of.1", "\u00f6"]),
    "digest": (["A" * 42 + "8"], ["A" * 42 + "9", "A" * 42, "A" * 44, "A" * 42 + "="]),
}


def identifiers() -> Body:
    cases = []
    for kind, (fit, unfit) in _IDENTIFIERS.items():
        cases += [good(f"{kind} {n}", "identifier", text, kind=kind, text=text) for n, text in enumerate(fit)]
        cases += [
            bad(f"no {kind} {n}", "identifier", "malformed", kind=kind, text=text)
            for n, text in enumerate(unfit)
        ]
    return document("Agency ids, UUIDs of version 7, officer ids and digests.", cases)


_LENGTHS = (2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 63, 64, 65, 100, 127, 129, 255, 1000, 1023, 1025, 4097, 65_537)
_SIZES = (0, 1, 8, 100, 1000, 65_536, 1_000_000, 16_777_217, 64_487_379)


def lengths() -> Body:
    cases = [good(f"Padme of {n}", "padme", formulas.padme(n), length=n) for n in (*_LENGTHS, 67_108_836)]
    cases += [good(f"blob of {n}", "blob-length", formulas.padme(n + 8) + 28, size=n) for n in _SIZES]
    return document("Padme(`length`), and the length of the blob of an attachment of `size` octets.", cases)
