# SPDX-License-Identifier: Apache-2.0
"""The checks of a recipient by name, in the order in which they are made.

The envelope's verification stops at the first check that fails and names its `Failure`; this table tells a person which checks
had held by then, which one failed, and which were not reached. From the first use of a private key on there is one name for
every failure, so that nobody learns which one it was.
"""

from __future__ import annotations

from typing import Final

from accord.client.results import Check
from accord.envelope.errors import Failure

FORM: Final = "form: every member as the protocol lists it"
RECEIPT: Final = "ledger receipt: inclusion under the pinned ledger key"
LOG: Final = "ledger: one tree with the kept checkpoint, no older log time"
KEYSET: Final = "sender's keyset: pinned root, logged"
KEYS: Final = "sender's keys: valid at the log time, not revoked, suite high enough"
SIGNATURES: Final = "manifest: every signature of the sender"
RELEASES: Final = "onward releases: signed, in order, not ended"
PATH: Final = "own entry under the sender's recipient list"
SEALED: Final = "sealed content belongs to this manifest"
OPENING: Final = "opening: own key, signed content, own agency meant, no replay, attachments"

OUTER: Final = (FORM, RECEIPT, LOG, KEYSET, KEYS, SIGNATURES, RELEASES, PATH, SEALED)
ORDER: Final = (*OUTER, OPENING)

STAGES: Final = {
    Failure.RECEIPT_MISSING: RECEIPT,
    Failure.RECEIPT: RECEIPT,
    Failure.PROOF: RECEIPT,
    Failure.NOTE: RECEIPT,
    Failure.LEDGER_TIME: LOG,
    Failure.LEDGER_FORK: LOG,
    Failure.KEYSET_UNKNOWN: KEYSET,
    Failure.KEYSET_ROOT: KEYSET,
    Failure.KEYSET_CHAIN: KEYSET,
    Failure.KEY_UNKNOWN: KEYS,
    Failure.KEY_USE: KEYS,
    Failure.KEY_NOT_VALID_THEN: KEYS,
    Failure.KEY_REVOKED: KEYS,
    Failure.SUITE: KEYS,
    Failure.SUITE_BELOW_LOW: KEYS,
    Failure.SIGNERS: SIGNATURES,
    Failure.ALG: SIGNATURES,
    Failure.SIGNATURE: SIGNATURES,
    Failure.VIA: RELEASES,
    Failure.WITHDRAWN_ACCESS: RELEASES,
    Failure.SUBJECT: RELEASES,
    Failure.PATH: PATH,
    Failure.CIPHERTEXT: SEALED,
    Failure.AAD: SEALED,
}
"""The check that a failure belongs to; any other is one of form."""


def all_held(names: tuple[str, ...] = ORDER, left_out: tuple[str, ...] = ()) -> tuple[Check, ...]:
    """Return the outcome when none of `names` failed; the others, and the `left_out` ones, were not reached."""
    return tuple(Check(name, True if name in names and name not in left_out else None) for name in ORDER)


def failed_at(failed: str, left_out: tuple[str, ...] = ()) -> tuple[Check, ...]:
    """Return the outcome when this check stopped the verification."""
    held = all_held(ORDER[: ORDER.index(failed)], left_out)
    return tuple(Check(check.name, False) if check.name == failed else check for check in held)


def stage_of(failure: Failure) -> str:
    """Return the check that a failure before opening belongs to."""
    return STAGES.get(failure, FORM)
