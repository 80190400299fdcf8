# SPDX-License-Identifier: Apache-2.0
"""The real password hash, with a count of its computations."""

from typing import ClassVar

from django.contrib.auth.hashers import Argon2PasswordHasher


class CountingHasher(Argon2PasswordHasher):
    """argon2id; each hash raises `computed` by one."""

    computed: ClassVar[int] = 0

    def encode(self, password: str, salt: str) -> str:
        CountingHasher.computed += 1
        return super().encode(password, salt)

    def verify(self, password: str, encoded: str) -> bool:
        CountingHasher.computed += 1
        return super().verify(password, encoded)
