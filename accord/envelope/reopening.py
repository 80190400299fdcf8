# SPDX-License-Identifier: Apache-2.0
"""A reopening: a desk asks its agency's root to let one person in, when nobody there is left who could.

The desk writes the request, the root signs it offline, the same desk takes it once. It goes only between these two: it is no
statement, no exchange takes it, and no ledger holds it. `verify_reopening` is the only entry point for one from outside. Only
the desk knows whether it asked for it and has not taken it before. Source: docs/spec/envelope.md, "Reopening a desk".
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Final

from accord.envelope.encoding import one_of, text
from accord.envelope.errors import Failure, MalformedError, VerificationError
from accord.envelope.jws import JwsSigner, parse_jws
from accord.envelope.keyrule import check_window
from accord.envelope.keys import PublicKey
from accord.envelope.rootforms import RootForm, build_form, read_form, sign_form, verify_form
from accord.envelope.statements.bodies import MAIL_ADDRESS, MAX_ADDRESS
from accord.envelope.vocabulary import TYP_REOPEN

REOPEN: Final = "reopen"
ADMIN, KEY_OFFICER, KEEPER = "agency_admin", "key_officer", "keeper"
ROLES: Final = frozenset({ADMIN, KEY_OFFICER, KEEPER})
NEW, AGAIN = "new", "again"
ACCOUNTS: Final = frozenset({NEW, AGAIN})
MAX_NAME: Final = 120
MAX_REOPENING_BYTES: Final = 16 * 1024

_MEMBERS: Final = frozenset({"desk", "role", "name", "email", "account"})
_JOINERS: Final = "\u200c\u200d"
"""Invisible characters that some scripts need for spelling."""
_DESK: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@dataclass(frozen=True, kw_only=True)
class Reopening(RootForm):
    """A well-formed reopening; its signers are not checked.

    `desk` is the id under which one desk announces itself. `account`: "new" makes one for this person; "again" ends password,
    second factors and sessions of the existing one at this mail address.
    """

    desk: str
    role: str
    name: str
    email: str
    account: str


def build_reopening(
    *,
    iss: str,
    root: Sequence[PublicKey],
    id: str,
    iat: int,
    nonce: bytes,
    desk: str,
    role: str,
    name: str,
    email: str,
    account: str,
) -> bytes:
    """Return the canonical payload for a root to sign; `nonce` is 16 fresh random octets. Raises MalformedError."""
    own = {"desk": desk, "role": role, "name": name, "email": email, "account": account}
    payload = build_form(REOPEN, own, iss=iss, root=root, id=id, iat=iat, nonce=nonce)
    read_reopening(payload)
    return payload


def read_reopening(payload: bytes) -> Reopening:
    """Check every member of a payload, and that it is canonical; raise MalformedError."""
    head, value = read_form(payload, REOPEN, TYP_REOPEN, _MEMBERS, limit=MAX_REOPENING_BYTES)
    return Reopening(
        **asdict(head),
        desk=_matching(value["desk"], _DESK, "reopen desk", most=36),
        role=one_of(value["role"], ROLES, "reopen role"),
        name=_name(value["name"]),
        email=_matching(value["email"], MAIL_ADDRESS, "reopen email", most=MAX_ADDRESS),
        account=one_of(value["account"], ACCOUNTS, "reopen account"),
    )


def sign_reopening(payload: bytes, signer: JwsSigner) -> bytes:
    """Sign a payload as it is; raise MalformedError where it names other signers."""
    return sign_form(read_reopening(payload), payload, TYP_REOPEN, signer)


def verify_reopening(
    data: bytes, *, agency: str, desk: str, root: Sequence[PublicKey], now: int
) -> Reopening:
    """Verify a reopening of this agency's desk, signed by its root in force; raise MalformedError or VerificationError.

    Another agency, another desk, another root and an age of more than a day are refused.
    """
    jws = parse_jws(data, TYP_REOPEN, limit=MAX_REOPENING_BYTES)
    said = read_reopening(jws.payload)
    if said.iss != agency:
        raise VerificationError(Failure.ISSUER)
    verify_form(said, jws, root)
    if said.desk != desk:
        raise VerificationError(Failure.SUBJECT, "desk")
    check_window(said.iat, now)
    return said


def _name(value: object) -> str:
    """Check one line of visible text: no control, no format character but a joiner, no space at either end."""
    name = text(value, "reopen name")
    seen = name.translate(dict.fromkeys(map(ord, _JOINERS)))
    if not seen or len(name) > MAX_NAME or not seen.isprintable() or name != name.strip():
        raise MalformedError("reopen name")
    return name


def _matching(value: object, form: re.Pattern[str], where: str, *, most: int) -> str:
    written = text(value, where)
    if len(written) > most or form.fullmatch(written) is None:
        raise MalformedError(where)
    return written
