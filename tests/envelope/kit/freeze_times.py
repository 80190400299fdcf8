# SPDX-License-Identifier: Apache-2.0
"""times.json: envelopes with times at the bounds of the profile, and one second beyond them."""

from __future__ import annotations

from typing import Any

from accord.envelope.seal import SealedEnvelope
from tests.envelope.kit.building import Body, bad, document, good
from tests.envelope.kit.freeze_intake import submission
from tests.envelope.kit.make_payloads import JTI, LAST_SECOND, TEN_YEARS
from tests.envelope.kit.slicing import Slices, change_slice, opened, refused, usual
from tests.envelope.tampering import read, signed_again
from tests.envelope.world import NOW, terms

IAT = NOW - 10
_BEYOND: dict[str, dict[str, int]] = {
    "keep a second over ten years after iat": {"keep": IAT + TEN_YEARS + 1},
    "keep in the year 10000": {"keep": LAST_SECOND + 1},
    "exp = keep = 2^53 - 1": {"exp": 2**53 - 1, "keep": 2**53 - 1},
}


def times() -> Body:
    return document(
        "Envelopes by the agencies of agencies.json whose times lie at the bounds of section 2.3 and 5.1, and beyond.",
        _of(usual()),
        now=NOW,
    )


def _of(slices: Slices) -> list[Body]:
    plain, longest = (
        slices.plain,
        slices.seal(terms=terms(jti=JTI, keep=IAT + TEN_YEARS, ack_by=IAT + TEN_YEARS)),
    )
    given = slices.given(plain)
    cases = [
        good("intake: keep ten years after iat", "intake", None, **submission(longest)),
        opened("keep ten years after iat", slices.given(longest)),
    ]
    for name, changes in _BEYOND.items():
        far = signed_again(plain, slices.world.alpha.signing[slices.suite], **changes)
        cases += [
            bad(f"intake: {name}", "intake", "malformed", "intake", **submission(far)),
            refused(name, "malformed", change_slice(given, _in_its_place(slices, far))),
        ]
    return cases


def _in_its_place(slices: Slices, far: SealedEnvelope) -> Any:
    """Put the manifest, with its own receipt, in place of the slice's."""
    receipt = slices.world.ledger.log(far.md).as_json()
    return lambda value: value.update(manifest=read(far.manifest), receipts=[receipt])
