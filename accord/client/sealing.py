# SPDX-License-Identifier: Apache-2.0
"""Sealing: an order becomes a folder of sealed parts, its files read and sealed piece by piece.

Needs no network: it uses the stored keysets. Nothing here sends; `accord.client.sending.submit_sealed` later sends a folder
sealed by `seal_offline`, octet for octet.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from accord.client.errors import RequestError, UnsafePathError
from accord.client.fitting import require_fit
from accord.client.outgoing import AlertToSend, FileToAttach, open_to_seal, size_of
from accord.client.progress import SEALING, Meter
from accord.client.results import Plan, SealedFolder
from accord.client.session import Act
from accord.client.spool import JWE, MANIFEST, Draft
from accord.envelope.blobs import seal_stream
from accord.envelope.content import Attachment, AttachmentKey
from accord.envelope.errors import SealingError, SealRefusal
from accord.envelope.manifest import Terms
from accord.envelope.seal import (
    LeftOut,
    Recipient,
    SealedEnvelope,
    plan_recipients,
    refuse_unfit_files,
    seal,
)
from accord.following.keysets import require_pins
from accord.privatefiles import PrivateFileError, make_private_folder


def require_sendable(act: Act, order: AlertToSend) -> None:
    """Refuse an order that could not be sent, before any file is read and any keyset fetched.

    Raises RequestError, DocumentError, SealingError (attachments), UnpinnedError naming everyone without a pin.
    """
    require_fit(order, now=act.now)
    if act.agency in order.to:
        raise RequestError("to: your own agency has an entry anyway; leave it out.")
    refuse_unfit_files((item.filename, item.media_type, size_of(item)) for item in order.attachments)
    require_pins(act.memory, order.to)


def divide(act: Act, order: AlertToSend) -> tuple[Plan, list[Recipient]]:
    """Divide the recipients by whether the stored keysets let them be sealed to now."""
    known = {agency: act.directory.recipient(agency) for agency in order.to}
    recipients = [recipient for recipient in known.values() if recipient is not None]
    unknown = [LeftOut(agency, SealRefusal.NOT_LOGGED) for agency in order.to if known[agency] is None]
    planned = plan_recipients(order.suite, order.tlp, recipients, now=act.now)
    left_out = tuple(sorted((*planned.left_out, *unknown), key=lambda item: item.agency))
    will = list(planned.will)
    return Plan(tuple(recipient.agency for recipient in will), left_out), will


def refuse_left_out(plan: Plan) -> None:
    """Raise SealingError naming every recipient that cannot receive: nobody is left out silently."""
    if plan.left_out:
        reason = plan.left_out[0].reason
        raise SealingError(reason, agencies=[item.agency for item in plan.left_out])


def seal_into(
    act: Act, order: AlertToSend, recipients: Sequence[Recipient], draft: Draft, *, jti: str | None = None
) -> SealedEnvelope:
    """Seal into a draft, which holds the result's blobs. Raises SealingError, RequestError, PrivateFileError."""
    terms = order.terms(jti or act.session.new_id(act.now), now=act.now)
    files = _seal_files(act, order.attachments, terms.jti, draft)
    return _write(draft, seal_terms(act, order, terms, recipients, files))


def seal_terms(
    act: Act,
    order: AlertToSend,
    terms: Terms,
    recipients: Sequence[Recipient],
    files: Sequence[AttachmentKey],
) -> SealedEnvelope:
    """Sign and seal under these terms; the files were sealed before for their jti."""
    originator = act.directory.recipient(act.agency)
    if originator is None:
        raise SealingError(SealRefusal.NOT_LOGGED, agencies=(act.agency,))
    return seal(
        terms,
        order.alert,
        suite=order.suite,
        originator=originator,
        recipients=recipients,
        signer=act.signer(order.suite),
        nonce=os.urandom(16),
        now=act.now,
        names=order.names,
        files=files,
        confirm_ec1=order.confirm_ec1,
    )


def seal_offline(act: Act, order: AlertToSend, folder: Path, *, leave_out: bool) -> SealedFolder:
    """Seal into a new folder offline, with the stored keysets; send nothing.

    Raises as `divide` and `seal_into`, and UnsafePathError where the folder exists already.
    """
    require_sendable(act, order)
    plan, recipients = divide(act, order)
    if not leave_out:
        refuse_left_out(plan)
    reduced = order.without([item.agency for item in plan.left_out])
    if folder.exists():
        raise UnsafePathError(f"{folder} exists already; nothing was overwritten.")
    draft = Draft(folder.with_name(f".{folder.name}.{os.urandom(4).hex()}"))
    try:
        make_private_folder(draft.folder)
        sealed = seal_into(act, reduced, recipients, draft)
        os.rename(draft.folder, folder)
    except (PrivateFileError, OSError) as exc:
        raise UnsafePathError(f"{folder} cannot be written: {exc}") from exc
    finally:
        draft.remove()
    return SealedFolder(act.agency, sealed.jti, sealed.md, plan.will, plan.left_out, folder)


def _seal_files(
    act: Act, attachments: Sequence[Attachment | FileToAttach], jti: str, draft: Draft
) -> list[AttachmentKey]:
    total = sum(size_of(item) for item in attachments)
    meter = Meter(act.session.progress, SEALING, total)
    return [_seal_file(n, item, jti, draft, meter) for n, item in enumerate(attachments)]


def _seal_file(
    n: int, item: Attachment | FileToAttach, jti: str, draft: Draft, meter: Meter
) -> AttachmentKey:
    size = size_of(item)
    with open_to_seal(item) as source, draft.blob(n) as sink:
        key, facts = seal_stream(source, size, sink, jti, n, moved=meter)
    return AttachmentKey(n, facts.sha256, facts.len, size, item.media_type, item.filename, key)


def _write(draft: Draft, sealed: SealedEnvelope) -> SealedEnvelope:
    draft.write(MANIFEST, sealed.manifest)
    draft.write(JWE, sealed.jwe)
    return sealed
