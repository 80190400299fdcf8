# SPDX-License-Identifier: Apache-2.0
"""Reader of the public sets, with checks that every form unknown to the profile is refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from accord.envelope.errors import KeyRefusedError, MalformedError
from accord.envelope.jwe import parse_jwe
from accord.envelope.jws import parse_jws
from accord.envelope.keys import EC1, ENC, PQ1, SIGN, PublicKey
from accord.envelope.vocabulary import TYP_MANIFEST

VECTORS = Path(__file__).parent.parent / "vectors"
COOKBOOK = VECTORS / "rfc7520"
Vector = dict[str, Any]


def load(name: str) -> Any:
    return json.loads((VECTORS / name).read_text("utf-8"))


def cookbook(start: str) -> Vector:
    (path,) = (path for path in COOKBOOK.glob("*.json") if path.name.split(".")[0] == start)
    value = json.loads(path.read_text("utf-8"))
    assert isinstance(value, dict)
    return value


def as_octets(value: Any) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()


def refuses_key(jwk: Vector) -> None:
    """Refuse the key as published, with all its other members, and reduced to its public members."""
    public = {
        name: value
        for name, value in jwk.items()
        if name in ("kty", "crv", "x", "y", "n", "e", "pub", "alg", "k")
    }
    for use in (SIGN, ENC):
        for form in (jwk, public):
            with pytest.raises(KeyRefusedError):
                PublicKey.from_jwk(form, use)


def refuses_jws(output: Vector) -> None:
    """Refuse the compact, General and Flattened form, each by its form, before a key is looked up."""
    forms = [output[name] for name in ("json", "json_flat") if name in output]
    texts = [as_octets(form) for form in forms]
    texts += [output["compact"].encode()] if "compact" in output else []
    assert texts
    for text in texts:
        with pytest.raises(MalformedError):
            parse_jws(text, TYP_MANIFEST, limit=100_000)


def refuses_jwe(output: Vector) -> None:
    """Refuse each form, under either suite, before any key is used."""
    forms = [as_octets(output[name]) for name in ("json", "json_flat") if name in output]
    forms += [output["compact"].encode()] if "compact" in output else []
    assert forms
    for form in forms:
        for suite in (EC1, PQ1):
            with pytest.raises(MalformedError):
                parse_jwe(form, suite, limit=100_000)
