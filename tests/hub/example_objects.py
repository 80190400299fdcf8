# SPDX-License-Identifier: Apache-2.0
"""Write the signed objects of the API description from the test kit: `python -m tests.hub.example_objects`."""

import json
from pathlib import Path
from typing import Any, Final

from accord.envelope.encoding import canonical, parse_json, unb64u
from accord.envelope.statements.form import parse_statement
from accord.envelope.tree.receipts import Receipt
from tests.envelope.kit.cases import load
from tests.envelope.kit.make_trees import receipt_of
from tests.envelope.world import NOW

FILE: Final = Path("hub") / "example_objects.json"
SOURCE: Final = "tests/vectors/accord, written by tests/hub/example_objects.py"


def example_objects() -> dict[str, Any]:
    """Return the objects by the names that `hub/examples.py` uses."""
    envelope = json.loads(_case("opening", "EC1: an alert with a file")["slice"])
    receipt = envelope["receipts"][0]
    keyset = json.loads(load("keysets")["keysets"]["first"])
    statement = json.loads(_case("statements", "ack opened")["statement"])
    log = [
        {"a": "xa-alpha", "d": _od(keyset), "k": "keyset", "t": NOW + 2},
        {"d": _od(statement), "k": "x", "t": NOW + 3},
    ]
    entry = json.loads(_case("entries", "entry")["statement"])
    log_of_entry = [*log[:1], {"d": _od(entry), "k": "x", "t": NOW + 3}]
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
        "keyset_receipt": receipt_of(0, 2, log=log),
        "statement": statement,
        "statement_receipt": receipt_of(1, 2, log=log),
        "apikey": json.loads(_case("apikeys", "apikey")["statement"]),
        "apikey_end": json.loads(_case("apikeys", "apikey that ends one")["statement"]),
        "entry": entry,
        "entry_receipt": receipt_of(1, 2, log=log_of_entry),
        "challenge": {"chal": challenge["chal"], **_sealed(challenge["jwe"])},
        "credential": _sealed(credential["jwe"]),
        "jwk": {name: part for name, part in challenge["private"].items() if name != "d"},
    }


def _od(signed: dict[str, Any]) -> str:
    return parse_statement(canonical(signed)).od


def _sealed(jwe: dict[str, Any]) -> dict[str, Any]:
    bound: Any = parse_json(unb64u(jwe["aad"]), limit=4096, where="aad")
    return {"kid": bound["kid"], "jwe": jwe}


def _case(topic: str, name: str) -> dict[str, Any]:
    found: dict[str, Any] = next(case["in"] for case in load(topic)["cases"] if case["name"] == name)
    return found


def written() -> str:
    """Return the file's text."""
    return json.dumps(example_objects(), ensure_ascii=False, indent=1) + "\n"


if __name__ == "__main__":
    FILE.write_text(written(), encoding="utf-8")
