# SPDX-License-Identifier: Apache-2.0
"""Takes the signed objects that the API description shows from the test kit: `python -m tests.hub.example_objects`."""

import json
from pathlib import Path
from typing import Any, Final

from accord.envelope.encoding import b64u, parse_json, sha256, unb64u
from accord.envelope.tree.receipts import Receipt
from tests.envelope.kit.cases import load

FILE: Final = Path("hub") / "example_objects.json"
SOURCE: Final = "tests/vectors/accord, written by tests/hub/example_objects.py"


def example_objects() -> dict[str, Any]:
    """The objects by the names that `hub/examples.py` uses."""
    envelope = json.loads(_case("opening", "EC1: an alert with a file")["slice"])
    receipt, of_keyset = envelope["receipts"][0], _case("receipts", "a keyset")["receipt"]
    keyset = json.loads(load("keysets")["keysets"]["first"])
    statement = json.loads(_case("statements", "ack opened")["statement"])
    challenge, credential = _case("proofs", "X25519"), _case("credentials", "X25519")
    return {
        "source": SOURCE,
        "md": receipt["leaf"]["d"],
        "slice": envelope,
        "receipt": receipt,
        "proof": Receipt.parse(receipt).tlog_proof(),
        "checkpoint": _case("checkpoints", "a checkpoint")["note"],
        "keyset": keyset,
        "keyset_payload": json.loads(unb64u(keyset["payload"])),
        "keyset_receipt": of_keyset,
        "statement": statement,
        "statement_od": b64u(sha256(unb64u(statement["payload"]))),
        "challenge": {"chal": challenge["chal"], **_sealed(challenge["jwe"])},
        "credential": _sealed(credential["jwe"]),
        "jwk": {name: part for name, part in challenge["private"].items() if name != "d"},
    }


def _sealed(jwe: dict[str, Any]) -> dict[str, Any]:
    bound: Any = parse_json(unb64u(jwe["aad"]), limit=4096, where="aad")
    return {"kid": bound["kid"], "jwe": jwe}


def _case(topic: str, name: str) -> dict[str, Any]:
    found: dict[str, Any] = next(case["in"] for case in load(topic)["cases"] if case["name"] == name)
    return found


def written() -> str:
    """The file's text."""
    return json.dumps(example_objects(), ensure_ascii=False, indent=1) + "\n"


if __name__ == "__main__":
    FILE.write_text(written(), encoding="utf-8")
