# SPDX-License-Identifier: Apache-2.0
"""Keys of an agency that comes from the `accord` command: its key file is opened in memory, compared with its keysets, and kept.

- The operational private keys are kept, old ones too, since they open what was sealed before.
- A root in the file is neither used nor stored.
- Neither the file nor its passphrase is kept, and no secret is in an error.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_variables

from accord.calls.exchange import Exchange
from accord.envelope.errors import EnvelopeError, Failure
from accord.envelope.keys import ENC
from accord.envelope.keysets import Keyset, newest_in_force
from accord.following.follower import DirectoryFollower
from accord.following.keysets import refresh_many
from accord.following.pinned import kept_chain
from accord.keyerrors import KeyFileError, KeyFileVersionError, PassphraseError
from accord.keyfile import open_key_octets
from accord.keyring import KeyRing
from accord.state import StateError, StateFile, StateVersionError
from callers.errors import InputError
from peers.memory import PeerMemory
from vault.exchangekeys import keep_exchange_key
from vault.wrapped_keys import PrivateKey, ensure_secret, keep_private_keys

MAX_KEY_FILE_BYTES: Final = 2 * 1024 * 1024
MAX_STATE_FILE_BYTES: Final = 64 * 1024 * 1024
MOST_MEMORY_KIB: Final = 256 * 1024
"""Limit for one guess of the passphrase; `accord` uses 64 MiB."""


@dataclass(frozen=True)
class OpenedHome:
    """Operational private keys of a home; agency and API key are empty where its state file was not given."""

    keys: tuple[PrivateKey, ...] = field(repr=False)
    has_root: bool
    agency_id: str = ""
    api_key: str = field(default="", repr=False)


@dataclass(frozen=True)
class OwnChain:
    """The agency's own keysets, just verified and not stored yet; `keyset` is the one in force."""

    memory: PeerMemory
    keyset: Keyset
    listed: frozenset[str]
    revoked: frozenset[str]


@sensitive_variables()
def open_home(key_file: bytes, passphrase: str, state_file: bytes) -> OpenedHome:
    """Open a home's key file, and its state file where that is given.

    Raises InputError (`key_file`, `passphrase`, `state_file`).
    """
    if len(key_file) > MAX_KEY_FILE_BYTES:
        raise InputError("key_file", _("Key file: it is too large to be one. Choose the home's keys.accord."))
    ring = _ring(key_file, passphrase)
    if not ring.keys:
        raise InputError(
            "key_file",
            _("Key file: it holds a root alone. A root stays offline; choose the home's keys.accord."),
        )
    has_root = ring.held_root is not None or ring.incoming_root is not None
    keys = tuple({key.public.kid: key for key in ring.keys}.values())
    if not state_file:
        return OpenedHome(keys, has_root)
    if len(state_file) > MAX_STATE_FILE_BYTES:
        raise InputError("state_file", _("State file: it is too large. Choose the home's state.accord."))
    try:
        state = StateFile.of_octets(ring.state_key).decode(state_file)
    except StateVersionError:
        raise InputError("state_file", _("State file: a newer accord wrote it. Update this desk.")) from None
    except StateError:
        raise InputError(
            "state_file",
            _(
                "State file: it is not of the same home as the key file, or was altered. Choose that home's state.accord."
            ),
        ) from None
    return OpenedHome(keys, has_root, state.agency, state.api_key)


@sensitive_variables()
def _ring(key_file: bytes, passphrase: str) -> KeyRing:
    try:
        return open_key_octets(key_file, passphrase, most_memory_kib=MOST_MEMORY_KIB)
    except PassphraseError:
        raise InputError(
            "passphrase",
            _(
                "Passphrase: it does not open this key file. Type it as for the accord command, or choose the other file."
            ),
        ) from None
    except KeyFileVersionError:
        raise InputError("key_file", _("Key file: a newer accord wrote it. Update this desk.")) from None
    except KeyFileError:
        raise InputError(
            "key_file", _("Key file: it is damaged, or no key file. Choose the home's keys.accord.")
        ) from None


def verify_own_chain(agency_id: str, fingerprint: str, exchange: Exchange, *, now: datetime) -> OwnChain:
    """Verify the agency's keysets from the root fingerprint that a person typed; nothing is stored. Not inside a transaction.

    Raises InputError (`fingerprint`), VerificationError where the ledger is not the expected one, ClientError.
    """
    memory = PeerMemory(agency_id, lambda peer: fingerprint if peer == agency_id else "")
    memory.preload([agency_id])
    follower = DirectoryFollower(agency_id, memory, exchange, clock=int(now.timestamp()))
    failed = refresh_many(follower, [agency_id]).get(agency_id)
    if failed is not None:
        raise InputError("fingerprint", _not_verified(failed))
    keyset = newest_in_force(kept_chain(memory, agency_id), follower.now)
    if keyset is None:
        raise InputError(
            "fingerprint",
            _(
                "The exchange has no keyset of this agency in force. Finish its entering by the command first."
            ),
        )
    listed = frozenset(row.kid for one in kept_chain(memory, agency_id) for row in one.rows)
    revoked = frozenset(statement.kid for statement in follower.directory.revocations(agency_id))
    return OwnChain(memory, keyset, listed, revoked)


def _not_verified(failed: EnvelopeError) -> str:
    if getattr(failed, "failure", None) is Failure.KEYSET_ROOT:
        return _(
            "Fingerprint: the agency's keys at the exchange do not come from this root. Compare all 64 digits with the paper; if they are right, do not move in, and call the exchange's operator."
        )
    return _(
        "The agency's keys at the exchange do not verify (%(code)s). Do not move in; call the exchange's operator."
    ) % {"code": failed.code}


def require_current_keys(chain: OwnChain, keys: Sequence[PrivateKey], *, now: datetime) -> None:
    """Raise InputError (`key_file`) unless the private half of each key that may be used now is among these."""
    held, at = {key.public.kid for key in keys}, int(now.timestamp())
    if not held & chain.listed:
        raise InputError(
            "key_file", _("Key file: none of its keys is this agency's. Choose the keys.accord of its home.")
        )
    usable = (row for row in chain.keyset.rows if row.st in ("current", "retiring") and at < row.exp)
    if {row.kid for row in usable} - chain.revoked - held:
        raise InputError(
            "key_file",
            _(
                "Key file: it is older than the agency's keys, some of which it lacks. Choose the newest keys.accord."
            ),
        )


def lost_before(chain: OwnChain, keys: Iterable[PrivateKey]) -> int:
    """Count the agency's former encryption keys that are not among these: what was sealed to them cannot be opened here."""
    held = {key.public.kid for key in keys}
    former = {
        row.kid for one in kept_chain(chain.memory, chain.keyset.agency) for row in one.rows if row.use == ENC
    }
    return len(former - held)


@sensitive_variables()
def keep_moved(
    chain: OwnChain, keys: Sequence[PrivateKey], api_key: str, expires_at: datetime, *, now: datetime
) -> None:
    """Keep keys, API key and verified keysets of the agency, in the caller's transaction."""
    agency_id = chain.keyset.agency
    secret = ensure_secret(agency_id, now=now)
    keep_private_keys(agency_id, secret, [(key, str(key.public.use)) for key in keys])
    keep_exchange_key(agency_id, api_key, expires_at)
    chain.memory.write()
