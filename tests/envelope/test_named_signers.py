# SPDX-License-Identifier: Apache-2.0
"""Named signers have no private key and cannot sign."""

import pytest

from accord.envelope.naming import NamedSigners


def test_who_names_signers_cannot_sign() -> None:
    with pytest.raises(NotImplementedError):
        NamedSigners(()).sign_jws("accord-keyset+json", b"{}")
