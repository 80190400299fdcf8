# SPDX-License-Identifier: Apache-2.0
"""Errors of key files: one family, each text a sentence that names the remedy."""

from __future__ import annotations


class KeyFileError(Exception):
    """Base: the key file cannot be used. The text is a sentence that names the remedy."""


class KeyFileAbsentError(KeyFileError):
    """The key file does not exist."""


class KeyFileTakenError(KeyFileError):
    """A key file exists already; keys are never overwritten."""


class KeyFileDamagedError(KeyFileError):
    """The file is truncated, altered or not a key file."""


class KeyFileKindError(KeyFileDamagedError):
    """The file is intact, but of another kind than was asked for."""


class KeyFileVersionError(KeyFileError):
    """A newer program wrote the file."""


class KeyFileBusyError(KeyFileError):
    """Another program is changing these keys now."""


class PassphraseError(KeyFileError):
    """The passphrase does not open the file (or the file was altered: the two cannot be told apart)."""


class WeakPassphraseError(KeyFileError):
    """A new passphrase is too short."""


class RootElsewhereError(KeyFileError):
    """The root is needed, and this key file does not hold it."""

    def __init__(self) -> None:
        super().__init__(
            "This key file does not hold the root. Name the file that does (--root FILE), or let the root sign "
            "where it is kept: accord keys propose, accord sign, accord keys submit."
        )
