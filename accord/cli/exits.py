# SPDX-License-Identifier: Apache-2.0
"""Exit codes by class of trouble, and the one table that gives each error its code."""

from __future__ import annotations

from typing import Final

from accord.cli.science import CoreLostError, PartsMissingError
from accord.client import errors as client
from accord.envelope import errors as envelope
from accord.keyerrors import KeyFileError
from accord.privatefiles import PrivateFileError
from accord.state import StateError

OK: Final = 0
FAULT: Final = 1
USAGE: Final = 2
NO_ANSWER: Final = 3
REFUSED: Final = 4
NOT_VERIFIED: Final = 5
NOT_OPENED: Final = 6
KEYS: Final = 7
LOCAL: Final = 8
NOT_YET: Final = 9
NOT_OURS: Final = 10
NOT_DELIVERED: Final = 11
KEPT: Final = 12
STOPPED: Final = 130

MEANINGS: Final = {
    OK: "done",
    FAULT: "a fault of accord or of a library it uses",
    USAGE: "the command or the document is not right",
    NO_ANSWER: "the hub gave no answer",
    REFUSED: "refused, by the hub or before sealing; nothing was sent",
    NOT_VERIFIED: "a check failed; nothing of it was used",
    NOT_OPENED: "it cannot be opened, or not for this officer",
    KEYS: "key file or passphrase",
    LOCAL: "local state or disk",
    NOT_YET: "accepted, but no receipt within the time",
    NOT_OURS: "ALARM: what the hub lists as sent by you, and what was sent from here, differ",
    NOT_DELIVERED: "the program of accord watch --exec did not take an item",
    KEPT: "not taken, and not judged either; it is kept and can be sent again",
    STOPPED: "stopped by Ctrl-C",
}

CODES: Final[dict[type[BaseException], int]] = {
    client.RequestError: USAGE,
    client.NotEveryoneError: REFUSED,
    client.HubAddressError: USAGE,
    client.ProxyAddressError: USAGE,
    client.UnreachableError: NO_ANSWER,
    client.RefusedError: REFUSED,
    client.AnswerError: NOT_VERIFIED,
    client.OtherVersionError: NOT_VERIFIED,
    client.LedgerAlarmError: NOT_VERIFIED,
    client.UnpinnedError: NOT_VERIFIED,
    client.PinChangedError: NOT_VERIFIED,
    client.NotEntitledError: NOT_OPENED,
    client.NotToAnswerError: REFUSED,
    client.NotLoggedYetError: NOT_YET,
    client.KeysetEndedError: REFUSED,
    client.HeldElsewhereError: REFUSED,
    client.GivenBackError: REFUSED,
    client.KeyChangeOvertakenError: REFUSED,
    client.ProposalError: NOT_VERIFIED,
    client.RootsChangedError: NOT_VERIFIED,
    client.SpoolError: LOCAL,
    client.DiskError: LOCAL,
    client.WatchedAlreadyError: LOCAL,
    client.ItemUnreadableError: NOT_OPENED,
    client.WatchStoppedError: NOT_OPENED,
    client.OutlivedError: REFUSED,
    client.DeliveryError: NOT_DELIVERED,
    client.StrangerError: NOT_OURS,
    client.UnsafePathError: LOCAL,
    PartsMissingError: LOCAL,
    CoreLostError: FAULT,
    envelope.SealingError: REFUSED,
    envelope.OpeningError: NOT_OPENED,
    envelope.BackendError: FAULT,
    envelope.EnvelopeError: NOT_VERIFIED,
    KeyFileError: KEYS,
    StateError: LOCAL,
    PrivateFileError: LOCAL,
}


def code_of(error: BaseException) -> int | None:
    """Return the exit code of an error's most specific class, or None for an unforeseen one."""
    if isinstance(error, client.RefusedError) and error.is_kept:
        return KEPT
    for kind in type(error).__mro__:
        if kind in CODES:
            return CODES[kind]
    return None
