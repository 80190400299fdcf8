# SPDX-License-Identifier: Apache-2.0
"""Generator of the test kit, tests/vectors/accord.

    python -m tests.envelope.make_vectors               # what comes out alike on every run
    python -m tests.envelope.make_vectors --freeze TOPIC ...     # what does not; only where there is no file yet

Frozen files hold signatures and encryptions that no run makes again. They are what the profile *is* in
octets: a file that exists is never written over. See tests/vectors/accord/README.md.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any, Final

from tests.envelope.kit import (
    freeze_credentials,
    freeze_further,
    freeze_inner,
    freeze_intake,
    freeze_keysets,
    freeze_opening,
    freeze_releases,
    freeze_reopenings,
    freeze_statements,
    freeze_times,
    make_bodies,
    make_digests,
    make_encodings,
    make_keys,
    make_payloads,
    make_signatures,
    make_trees,
    make_wrapping,
    scene,
)
from tests.envelope.kit.building import Body, render, shrink
from tests.envelope.kit.cases import KIT, Case, given_by
from tests.envelope.kit.operations import outcome

REGENERATED: Final[dict[str, Callable[[], Body]]] = {
    "canonical": make_encodings.canonical,
    "strict_json": make_encodings.strict_json,
    "base64url": make_encodings.base64url,
    "identifiers": make_encodings.identifiers,
    "lengths": make_encodings.lengths,
    "keys": make_keys.keys,
    "seeds": make_keys.seeds,
    "roots": make_keys.roots,
    "key_rule": make_keys.key_rule,
    "digests": make_digests.digests,
    "manifests": make_payloads.manifests,
    "inner": make_payloads.inner,
    "extracts": make_payloads.extracts,
    "statement_payloads": make_bodies.statement_payloads,
    "own_statements": make_bodies.own_statements,
    "merkle": make_trees.merkle,
    "checkpoints": make_trees.checkpoints,
    "handovers": make_trees.handovers,
    "receipts": make_trees.receipts,
    "wrapping": make_wrapping.wrapping,
    "blobs": make_wrapping.blobs,
    "signatures": make_signatures.signatures,
}
FROZEN: Final[dict[str, Callable[[], Body]]] = {
    "agencies": scene.agencies,
    "opening_rules": freeze_opening.opening_rules,
    "opening_inner": freeze_inner.opening_inner,
    "intake": freeze_intake.intake,
    "releases": freeze_releases.releases,
    "keysets": freeze_keysets.keysets,
    "statements": freeze_statements.statements,
    "apikeys": freeze_statements.apikeys,
    "suspensions": freeze_statements.suspensions,
    "agreements": freeze_statements.agreements,
    "entries": freeze_statements.entries,
    "proofs": freeze_statements.proofs,
    "credentials": freeze_credentials.credentials,
    "reopenings": freeze_reopenings.reopenings,
    "keysets_bounds": freeze_keysets.keysets_bounds,
    "keysets_leaves": freeze_keysets.keysets_leaves,
    "keysets_further": freeze_further.keysets_further,
    "statements_further": freeze_further.statements_further,
    "releases_further": freeze_further.releases_further,
    "times": freeze_times.times,
}


def text_of(topic: str) -> str:
    """The text of a regenerated file."""
    return render(shrink(REGENERATED[topic]()))


def frozen_text(topic: str) -> str:
    """The text of a new file to be frozen; raises ValueError if a case gives another result than its maker states."""
    value = FROZEN[topic]()
    if "cases" not in value:
        return render(value)
    return render(shrink(value | {"cases": [_settled(topic, value, case) for case in value["cases"]]}))


def _settled(topic: str, value: Body, case: Body) -> Body:
    """Fill in the reference's result where the maker only says that the case is good."""
    found = outcome(Case(topic, case["name"], case["do"], given_by(value, case), case["expect"]))
    if not _agrees(found, case["expect"]):
        raise ValueError(f"{topic}, {case['name']}: {found} for {case['expect']}")
    return case | {"expect": found}


def _agrees(found: dict[str, Any], expect: dict[str, Any]) -> bool:
    if "ok" not in expect or "ok" not in found:
        return found == expect
    said = expect["ok"]
    parts = isinstance(said, dict) and isinstance(found["ok"], dict)
    return said is None or found == expect or (parts and found["ok"].items() >= said.items())


def main(arguments: list[str]) -> None:
    """Write the regenerated files, or freeze those named after --freeze."""
    if arguments[:1] == ["--freeze"]:
        for topic in arguments[1:]:
            with (KIT / f"{topic}.json").open("x", encoding="utf-8") as file:
                file.write(frozen_text(topic))
        return
    for topic in REGENERATED:
        (KIT / f"{topic}.json").write_text(text_of(topic), "utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
