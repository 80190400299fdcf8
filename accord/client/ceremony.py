# SPDX-License-Identifier: Apache-2.0
"""Ceremony of a root that stays offline: read a proposal, say what it means, refuse what breaks a rule, sign.

A proposal is the canonical payload of an unsigned `keyset` or `revoke`, made by an own home (`Client.keys`) or by the desk of
an agency whose other keys the hub holds. It may also be a desk's request to let a person in, a `reopen`, which goes back to
that desk alone; or a list of fingerprints, for partners. Nothing here needs a network. What is signed

- is canonical, octet for octet what was shown, of the root at hand (at a change of both, at a recovery of the next one), within
  its window, and not ended;
- breaks none of the rules by which the hub and every reader judge a keyset, against the previous keyset where that is given:
  nothing dropped, nothing loosened, no other next root under the same root.

A person has to decide what no rule can know: whether the keys it adds are the agency's own, and whether the person it lets in
is the right one. `Proposed` names each.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from accord.client.errors import ProposalError, RequestError
from accord.client.outgoing import read_file
from accord.document.places import reason_of
from accord.envelope.encoding import MAX_STATEMENT_BYTES, canonical, parse_object
from accord.envelope.errors import EnvelopeError
from accord.envelope.fingerprints import FINGERPRINTS, FingerprintList, read_list, sign_list
from accord.envelope.jws import JwsSigner, add_signatures, parse_jws, verify_jws
from accord.envelope.keyrule import check_window
from accord.envelope.keys import SIGN, PublicKey, root_fingerprint
from accord.envelope.keysets import CHANGED, RECOVERED, SAME, KeyRow, Keyset, read_keyset, verify_keyset
from accord.envelope.private import Root, SignerSet
from accord.envelope.reopening import REOPEN, Reopening, read_reopening, sign_reopening
from accord.envelope.statements.checks import verify_revoke
from accord.envelope.statements.form import Statement, parse_statement, read_payload, sign_statement
from accord.envelope.vocabulary import statement_typ
from accord.keyfile import read_key_file
from accord.keyring import KeyRing
from accord.passphrases import Passphrase
from accord.privatefiles import FileTakenError, PrivateFileError, write_private

KINDS: Final = frozenset({"keyset", "revoke", REOPEN, FINGERPRINTS})


@dataclass(frozen=True)
class RowChange:
    """A key that the keyset states otherwise than the previous one: `before` and `after`."""

    before: KeyRow
    after: KeyRow


@dataclass(frozen=True)
class ProposedKeyset:
    """A keyset to sign, and its differences from the previous one, where that is known.

    `succession`: "same", "changed" (both roots sign) or "recovered" (the next root alone, after 72 hours). `added` are all its
    keys where `previous` is None.
    """

    statement: Statement
    payload: bytes
    keyset: Keyset
    succession: str
    previous: Keyset | None
    added: tuple[KeyRow, ...]
    changed: tuple[RowChange, ...]


@dataclass(frozen=True)
class ProposedRevoke:
    """A revocation to sign; `row` is the key where the previous keyset is known."""

    statement: Statement
    payload: bytes
    row: KeyRow | None


@dataclass(frozen=True)
class ProposedReopening:
    """A person whom a desk is asked to let in."""

    statement: Reopening
    payload: bytes


@dataclass(frozen=True)
class ProposedList:
    """Fingerprints that an agency vouches for."""

    statement: FingerprintList
    payload: bytes


Proposed = ProposedKeyset | ProposedRevoke | ProposedReopening | ProposedList
Said = Statement | Reopening | FingerprintList


@dataclass(frozen=True)
class RootsAtHand:
    """The roots that could sign: the present one, with the fingerprint it announced ("" for unknown), the next one."""

    root: Root | None = None
    announced: str = ""
    next_root: Root | None = None


def open_root(path: Path, passphrase: Passphrase) -> KeyRing:
    """Return the ring of a file that holds a root; raise RootElsewhereError, KeyFileError and its subclasses."""
    ring = read_key_file(path, passphrase)
    _ = ring.root
    return ring


def read_proposal(path: Path) -> bytes:
    """Return the octets of a proposal or of the previous keyset; raise RequestError."""
    return read_file(path, limit=MAX_STATEMENT_BYTES)


def read_signed(path: Path) -> bytes:
    """Return the octets of what a root has signed elsewhere; raise RequestError, ProposalError."""
    content = read_file(path, limit=MAX_STATEMENT_BYTES)
    try:
        parse_statement(content)
    except EnvelopeError as exc:
        raise ProposalError(
            f"{path} is nothing that a root has signed ({reason_of(content, exc)}): name what accord sign wrote, or bring "
            "it over once more. Nothing was sent."
        ) from exc
    return content


def examine_proposal(
    payload: bytes, roots: RootsAtHand, *, previous: bytes | None, now: int
) -> tuple[Proposed, bytes]:
    """Check a proposal and sign it; return its meaning and the signed octets, to be released only after a yes.

    `previous` is the previous keyset (the JWS); without it the rules of succession cannot be checked. Raises ProposalError, and
    then nothing was signed.

    A keyset that a desk holding the present root has signed is a proposal too: the next root, whose file is at hand, signs
    beside it.
    """
    half = _half_signed(payload)
    payload = payload if half is None else half.payload
    statement = _read_canonical(payload)
    signer, succession = (
        _signer_of(statement, roots) if half is None else _second_half(half, statement, roots, previous)
    )
    _require_window(statement, now)
    before = None if previous is None else _read_previous(previous, statement, roots, succession)
    if isinstance(statement, Reopening):
        return ProposedReopening(statement, payload), sign_reopening(payload, signer)
    if isinstance(statement, FingerprintList):
        return ProposedList(statement, payload), sign_list(payload, signer)
    if statement.k == "revoke":
        return _examine_revoke(statement, payload, signer, before)
    return _examine_keyset(statement, payload, signer, succession, roots, before)


def write_signed(path: Path, jws: bytes) -> None:
    """Write the signed octets, readable by their owner; raise RequestError where the file exists already."""
    try:
        write_private(path, jws, overwrite=False)
    except FileTakenError as exc:
        raise RequestError(f"{path} stands already; it is not overwritten.") from exc
    except PrivateFileError as exc:
        raise RequestError(str(exc)) from exc


def write_proposal(path: Path, payload: bytes, previous: bytes | None) -> Path | None:
    """Write a proposal, and beside it the previous keyset; return the path of the second. Raises RequestError."""
    beside = previous_place(path)
    if previous is not None and beside.exists():
        raise RequestError(f"{beside} stands already; it is not overwritten.")
    write_signed(path, payload)
    if previous is None:
        return None
    write_signed(beside, previous)
    return beside


def previous_place(path: Path) -> Path:
    """Return the path of the previous keyset, beside its proposal."""
    return path.with_name(path.name + ".previous")


def _read_canonical(payload: bytes) -> Said:
    try:
        value = parse_object(payload, limit=MAX_STATEMENT_BYTES, where="proposal")
        kind = value.get("k")
        if canonical(value) != payload:
            raise ProposalError(
                "The proposal is not in its canonical form: it was changed on its way. Fetch it once more."
            )
        if kind not in KINDS:
            raise ProposalError(
                "The root signs keysets, revocations, reopenings and fingerprints only; this proposal is something else."
            )
        own_forms: dict[str, Callable[[bytes], Said]] = {REOPEN: read_reopening, FINGERPRINTS: read_list}
        read = own_forms.get(str(kind))
        return read(payload) if read else read_payload(payload, str(kind))
    except EnvelopeError as exc:
        raise ProposalError(
            f"This is nothing that a root could sign ({reason_of(payload, exc)}): name the file that was proposed to you, "
            "or fetch it once more; it is not mended by hand."
        ) from exc


def _signer_of(statement: Said, roots: RootsAtHand) -> tuple[JwsSigner, str]:
    """Return the signer; the signers that the proposal names must be exactly those of the roots at hand."""
    candidates: list[tuple[SignerSet, str]] = []
    if roots.root is not None:
        candidates.append((roots.root.signer, SAME))
    if roots.next_root is not None and statement.k == "keyset":
        candidates.append((roots.next_root.signer, RECOVERED))
    if roots.root is not None and roots.next_root is not None and statement.k == "keyset":
        candidates.append((roots.root.change_signer(roots.next_root), CHANGED))
    for signer, succession in candidates:
        if tuple(key.kid for key in signer.signers) == statement.signers:
            return signer, succession
    raise ProposalError(_other_root(statement, roots))


@dataclass(frozen=True)
class _HalfSigned:
    """A keyset signed by one root, for the next one to sign beside it: a `JwsSigner` of both, once `rest` is known."""

    data: bytes
    payload: bytes
    kids: tuple[str, ...]
    first: tuple[PublicKey, ...] = ()
    rest: SignerSet | None = None

    @property
    def signers(self) -> tuple[PublicKey, ...]:
        return (*self.first, *(self.rest.signers if self.rest else ()))

    def sign_jws(self, typ: str, payload: bytes) -> bytes:
        assert self.rest is not None and payload == self.payload
        return add_signatures(self.data, self.rest.sign_jws(typ, payload))


def _half_signed(data: bytes) -> _HalfSigned | None:
    """Parse what one of two roots has signed; None for a proposal that nobody or both have signed."""
    try:
        jws = parse_jws(data.strip(), statement_typ("keyset"), limit=MAX_STATEMENT_BYTES)
        if jws.kids == read_payload(jws.payload, "keyset").signers:
            return None
    except EnvelopeError:
        return None
    return _HalfSigned(data.strip(), jws.payload, jws.kids)


def _second_half(
    half: _HalfSigned, statement: Said, roots: RootsAtHand, previous: bytes | None
) -> tuple[_HalfSigned, str]:
    """Return the signer beside the present root: the next root, which the previous keyset announces."""
    if previous is None:
        raise ProposalError("A change of the root is signed only beside the keyset before: --previous FILE")
    if roots.next_root is None:
        raise ProposalError(
            "The present root has signed this already; the next one is to sign: --next-root FILE"
        )
    before = read_keyset(previous)
    whole = replace(half, first=before.root, rest=roots.next_root.signer)
    if half.kids != tuple(key.kid for key in before.root) or statement.signers != tuple(
        key.kid for key in whole.signers
    ):
        raise ProposalError(_other_root(statement, roots))
    return whole, CHANGED


def _other_root(statement: Said, roots: RootsAtHand) -> str:
    own = {key.kid for root in (roots.root, roots.next_root) if root is not None for key in root.public}
    if own & set(statement.signers):
        return (
            "The proposal needs another root beside this one: at a change of the root both sign. Name both files: "
            "--root FILE --next-root FILE"
        )
    return (
        "The proposal is for another root than the one at hand; it is not signed. Compare: accord fingerprint"
    )


def _require_window(statement: Said, now: int) -> None:
    try:
        check_window(statement.iat, now)
    except EnvelopeError as exc:
        raise ProposalError(
            "The proposal is not of this day: it was made more than 24 hours ago, or lies in the future. Have it made "
            "anew, and compare this machine's clock."
        ) from exc
    if isinstance(statement, Statement) and statement.exp is not None and statement.exp <= now:
        raise ProposalError("The keyset proposed has ended already. Have it made anew.")


def _read_previous(previous: bytes, statement: Said, roots: RootsAtHand, succession: str) -> Keyset:
    """Return the previous keyset, which this agency's root must have signed; at a recovery it must announce the next root."""
    try:
        keyset = _verify_alone(previous)
    except EnvelopeError as exc:
        raise ProposalError(
            f"The keyset before it does not hold ({reason_of(previous, exc)}); the proposal is not signed."
        ) from exc
    if succession == RECOVERED or roots.root is None:
        if roots.next_root is None or keyset.nroot != roots.next_root.fingerprint:
            raise ProposalError(
                "The keyset before does not announce this next root; the proposal is not signed."
            )
    elif keyset.root_fingerprint != roots.root.fingerprint:
        raise ProposalError(
            "The keyset before is of another root than the one at hand; the proposal is not signed."
        )
    if keyset.agency != statement.iss:
        raise ProposalError("The keyset before is of another agency than the proposal; it is not signed.")
    return keyset


def _verify_alone(data: bytes) -> Keyset:
    """Verify a keyset that was in force by its own root; the root before it, which signed a change too, is not at hand."""
    jws, keyset = parse_statement(data).jws, read_keyset(data)
    if len(jws.signatures) == len(keyset.root):
        return verify_keyset(data, pinned=keyset.root_fingerprint)
    verify_jws(replace(jws, signatures=jws.signatures[-len(keyset.root) :]), keyset.root)
    return keyset


def _examine_revoke(
    statement: Statement, payload: bytes, signer: JwsSigner, previous: Keyset | None
) -> tuple[ProposedRevoke, bytes]:
    jws = sign_statement(payload, signer)
    row = None
    if previous is not None:
        try:
            verify_revoke(jws, previous)
        except EnvelopeError as exc:
            raise ProposalError(f"The revocation breaks a rule ({exc}); it is not signed.") from exc
        row = previous.row(statement.body["kid"])
    return ProposedRevoke(statement, payload, row), jws


def _examine_keyset(
    statement: Statement,
    payload: bytes,
    signer: JwsSigner,
    succession: str,
    roots: RootsAtHand,
    previous: Keyset | None,
) -> tuple[ProposedKeyset, bytes]:
    _require_announced(statement, succession, roots, previous)
    jws = sign_statement(payload, signer)
    # Judged as by the hub and every reader, before anybody is asked.
    try:
        keyset = _judge(jws, succession, signer, previous)
    except EnvelopeError as exc:
        raise ProposalError(f"The keyset breaks a rule of succession ({exc}); it is not signed.") from exc
    if previous is None:
        return ProposedKeyset(statement, payload, keyset, succession, None, keyset.rows, ()), jws
    before = {row.kid: row for row in previous.rows}
    added = tuple(row for row in keyset.rows if row.kid not in before)
    changed = tuple(
        RowChange(before[row.kid], row) for row in keyset.rows if row.kid in before and row != before[row.kid]
    )
    return ProposedKeyset(statement, payload, keyset, succession, previous, added, changed), jws


def _judge(jws: bytes, succession: str, signer: JwsSigner, previous: Keyset | None) -> Keyset:
    new = signer.signers[-2:]
    pinned = root_fingerprint(new)
    if previous is not None:
        return verify_keyset(jws, pinned=pinned, previous=previous, strict=True)
    if succession == CHANGED:
        raise ProposalError("A change of the root is signed only beside the keyset before: --previous FILE")
    return verify_keyset(jws, pinned=pinned)


def _require_announced(
    statement: Statement, succession: str, roots: RootsAtHand, previous: Keyset | None
) -> None:
    """Check the announced next root by the root's own file, where the previous keyset is missing.

    A root that leaves, or is in force, must never be announced: a thief of it could recover with it later.
    """
    body_root = root_fingerprint([PublicKey.from_jwk(jwk, SIGN) for jwk in statement.body["root"]])
    nroot = statement.body["nroot"]
    next_root = None if roots.next_root is None else roots.next_root.fingerprint
    known = roots.announced
    if succession == SAME and known and nroot != known:
        raise ProposalError(
            "The keyset names another next root than the one made with this root; it is not signed."
        )
    if succession == CHANGED and ((known and next_root != known) or body_root != next_root):
        raise ProposalError("The new root is not the announced next root; the proposal is not signed.")
    if nroot == body_root:
        raise ProposalError("The keyset announces its own root as the next one; it is not signed.")
    outgoing = {root.fingerprint for root in (roots.root,) if root is not None}
    if nroot in outgoing | ({previous.root_fingerprint} if previous is not None else set()):
        raise ProposalError("The keyset announces the root that goes as the next one; it is not signed.")
