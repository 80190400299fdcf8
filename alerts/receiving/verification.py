# SPDX-License-Identifier: Apache-2.0
"""State of an alert's proof for its page: verified, waiting for the receipt, failed, or opened elsewhere.

Before witnesses exist, log time is the hub's own word; the sentences say what was checked, not more.
"""

import datetime as dt
from dataclasses import dataclass
from enum import StrEnum

from django.utils.translation import gettext as _

from accord.envelope.content import OpenedAlert
from accord.envelope.keyrule import Repudiated
from accord.envelope.keys import EC1
from accord.moments import moment_of
from alerts.models import AwaitedEnvelope, ReceivedAlert
from alerts.receiving.signature_state import SignatureFacts, SignatureState
from alerts.sending.sending_stopped import gone_text
from callers.timezones import moment_text
from vault.handing import is_gone


class Proof(StrEnum):
    VERIFIED = "verified"
    REPUDIATED = "repudiated"
    REAFFIRMED = "reaffirmed"
    PENDING = "pending"
    FAILED = "failed"


@dataclass(frozen=True)
class Verification:
    """State of the proof. `text` is the page's sentence; `index` the log entry, `logged_at` its time as the hub states it."""

    state: Proof
    text: str
    signer: str
    suite: str = ""
    index: int | None = None
    logged_at: dt.datetime | None = None


def verified(received: ReceivedAlert, opened: OpenedAlert, standing: SignatureFacts) -> Verification:
    """Return the state where every check held; a signature in doubt by a revocation is never shown as simply valid."""
    state, text = Proof.VERIFIED, _verified_text(received, opened)
    if standing.state is not SignatureState.VALID:
        state, text = Proof(standing.state.value), standing.text
    return Verification(
        state, text, received.issuer.name, opened.manifest.suite, received.log_index, received.logged_at
    )


def pending(signer: str) -> Verification:
    """Return the state without a receipt: the content stays closed."""
    text = _(
        "Not verified yet. The log receipt usually takes a second. The content stays closed until then; "
        "this page checks again."
    )
    return Verification(Proof.PENDING, text, signer)


def failed(received: ReceivedAlert) -> Verification:
    """Return the state after a failed check: one sentence for every cause, and one more if the alert is asked for again."""
    text = failed_text(received)
    if AwaitedEnvelope.objects.filter(agency=received.agency_id, md=received.md).exists():
        text += " " + _("It was changed on its way and is asked for again; you are told if it opens.")
    return Verification(Proof.FAILED, text, received.issuer.name, received.suite)


def failed_text(received: ReceivedAlert) -> str:
    """Say why an alert stays closed: a check failed, whatever it was; or this desk has the keys no more, or never had them."""
    if is_gone(received.agency_id):
        return gone_text()
    if received.is_elsewhere:
        return _(
            "This alert is sealed to keys of your agency that another desk has: read it there. No check of it failed. "
            "Reference %(reference)s."
        ) % {"reference": received.reference}
    return _(
        "Do not rely on this alert. A check failed; the content stays closed. Call %(name)s on the directory "
        "number. Reference %(reference)s."
    ) % {"name": received.issuer.name, "reference": received.reference}


def own_failed_text() -> str:
    """Say why what an agency itself has sent stays closed after a failed check."""
    return _(
        "Do not rely on this alert. A check failed; the content stays closed. Call whoever runs this desk."
    )


def _verified_text(received: ReceivedAlert, opened: OpenedAlert) -> str:
    words = {
        "name": received.issuer.name,
        "index": received.log_index,
        "time": moment_text(received.logged_at),
    }
    if opened.manifest.suite == EC1:
        return (
            _(
                "Verified. %(name)s signed this with its key. Nothing has changed since. It is log entry "
                "%(index)d, %(time)s. Not post-quantum."
            )
            % words
        )
    return (
        _(
            "Verified. %(name)s signed this with both its keys. Nothing has changed since. It is log entry "
            "%(index)d, %(time)s."
        )
        % words
    )


def repudiated_retract_text(received: ReceivedAlert, standing: Repudiated) -> str:
    """Say that a withdrawal does not count, because its key is now revoked for that time."""
    return _(
        "A withdrawal of this does not count. It was logged at %(logged)s, signed with a key that %(name)s "
        "revoked at %(revoked)s for everything since %(since)s. Call %(name)s before you act on it."
    ) % _repudiation(received, standing)


def answer_doubt_text(standing: SignatureFacts, name: str) -> str:
    """Say to an originator that an acknowledgement does not count, because its key is void for that time."""
    if standing.logged_at is None or standing.since is None or standing.revoked_at is None:
        return _("An acknowledgement by %(name)s came and does not count. Call %(name)s.") % {"name": name}
    return _(
        "An acknowledgement does not count. It was logged at %(logged)s, signed with a key that %(name)s "
        "revoked at %(revoked)s for everything since %(since)s. Call %(name)s."
    ) % {
        "name": name,
        "logged": moment_text(standing.logged_at),
        "revoked": moment_text(standing.revoked_at),
        "since": moment_text(standing.since),
    }


def failed_retract_text(received: ReceivedAlert) -> str:
    """Say that a withdrawal does not count, because a check of it failed."""
    return _(
        "A withdrawal of this came and does not count: a check of it failed. Call %(name)s on the directory "
        "number before you act on it."
    ) % {"name": received.issuer.name}


def _repudiation(received: ReceivedAlert, standing: Repudiated) -> dict[str, str]:
    times = {"since": standing.since, "revoked": standing.revoked_at, "logged": standing.log_time}
    words = {name: moment_text(moment_of(at)) for name, at in times.items()}
    return words | {"name": received.issuer.name}
