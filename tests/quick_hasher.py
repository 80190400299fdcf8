# SPDX-License-Identifier: Apache-2.0
"""The real password hash at its smallest cost, for this process: no test is about guessing. Started processes hash in full."""

from django.contrib.auth.hashers import Argon2PasswordHasher


class QuickArgon2(Argon2PasswordHasher):
    time_cost = 1
    memory_cost = 8
    parallelism = 1
