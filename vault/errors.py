# SPDX-License-Identifier: Apache-2.0
"""Errors of the vault. No error carries key material, plaintext or the reason a seal did not open."""

from collections.abc import Collection

from callers.errors import AbsentError, CallerError


class VaultError(CallerError):
    """Base of the vault's errors."""


class VaultClosedError(VaultError):
    """No key-encryption key is in this process: it can neither seal nor open."""


class DeskLockedError(VaultClosedError):
    """Nobody has opened the ring that is locked at rest since the machine started, or it was never made."""


class WrongSecretError(VaultError):
    """No slot of the locked ring opens with the secret typed, or the slot was altered."""


class LockedFileError(VaultError):
    """The file of the locked ring is missing or malformed; the text names what is wrong, never what the file holds."""


class RingMadeError(VaultError):
    """A locked ring is there already; it is never replaced by another one."""


class RingInUseError(VaultError):
    """An old key of the ring is still in use and therefore stays; `altered` names what does not open, and was left."""

    def __init__(self, altered: Collection[str]) -> None:
        super().__init__(", ".join(altered))
        self.altered = tuple(altered)


class RamFolderError(VaultError):
    """The folder of the opened ring is not on a RAM file system."""


class NotNamedError(VaultError, AbsentError):
    """The alert is RED, and its sender has not named this officer: no content is returned, and it answers as absent."""


class KekUnknownError(VaultError):
    """A secret is wrapped under a key-encryption key that is not in this process's ring."""

    def __init__(self, kek: str) -> None:
        super().__init__(f"key-encryption key {kek!r} is not in the ring")
        self.kek = kek


class KekWrongError(VaultError):
    """The ring holds another key under an id under which secrets are wrapped."""

    def __init__(self, kek: str) -> None:
        super().__init__(f"key-encryption key {kek!r} is not the one that wrapped the vault's secrets")
        self.kek = kek


class SealBrokenError(VaultError):
    """Sealed content did not open: it was altered, moved to another place, or sealed under another key."""

    def __init__(self, what: str) -> None:
        super().__init__(f"{what} did not open")
        self.what = what


class SecretMissingError(VaultError):
    """The vault holds no secret for this agency, or the secret of that epoch was erased."""

    def __init__(self, agency_id: str) -> None:
        super().__init__(f"no secret of {agency_id}")
        self.agency_id = agency_id


class SigningKeysMissingError(VaultError):
    """The agency has no complete set of valid signing keys in the vault for this suite."""

    def __init__(self, agency_id: str, suite: str) -> None:
        super().__init__(f"{agency_id} has no valid signing keys of {suite}")
        self.agency_id = agency_id
        self.suite = suite


class CustodyRefusedError(VaultError):
    """The custody of an agency's keys does not allow the act; `custody` says who holds them."""

    def __init__(self, agency_id: str, custody: str) -> None:
        super().__init__(f"{agency_id}: {custody}")
        self.agency_id = agency_id
        self.custody = custody


class RecoveryWaitsError(VaultError):
    """A recovered root waits for its delay to end; any keyset of the old root would cancel it."""

    def __init__(self, agency_id: str, version: int) -> None:
        super().__init__(f"{agency_id}: version {version}")
        self.agency_id = agency_id
        self.version = version


class KeysMovedError(VaultError):
    """The agency's keyset is no longer the version that the change was made from."""


class ChangeWaitsError(VaultError):
    """A keyset of the agency waits for the exchange; the next one can follow only once it is taken or given up."""


class KeyTakenError(VaultError):
    """The exchange has the key registered for another agency or another use, for ever."""

    def __init__(self, kid: str) -> None:
        super().__init__(kid)
        self.kid = kid


class ChangeRefusedError(VaultError):
    """The exchange has refused what the agency's root signed; `code` is its reason."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class NotElsewhereError(VaultError):
    """The keyset in force names keys of this desk, or none that can be sealed to: nothing is handed over."""


class MayBeTakenError(VaultError):
    """The statement may have reached the exchange, which cannot be asked now; it cannot be given up yet."""


_KEYS = frozenset({"private key", "root secret"})


def is_ring_away(error: Exception) -> bool:
    """Tell whether this process lacks the key ring, so that it can open no agency's content."""
    return isinstance(error, VaultClosedError | KekUnknownError | KekWrongError)


def is_vault_away(error: Exception) -> bool:
    """Tell whether an agency's keys are unavailable, as opposed to one broken sealed object."""
    if isinstance(error, SealBrokenError):
        return error.what in _KEYS
    return is_ring_away(error) or isinstance(error, SecretMissingError)
