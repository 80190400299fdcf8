# SPDX-License-Identifier: Apache-2.0
from django.apps import AppConfig


class VaultConfig(AppConfig):
    name = "vault"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Take the key ring out of the environment; a process that can open envelopes first opens a known one."""
        from django.conf import settings

        from accord.envelope import selftest_opening
        from callers import binding
        from peers import exchange
        from vault import exchangekeys, kek, rowmacs

        kek.take_from_environment(settings.HUB_ROLE, development=settings.DEVELOPMENT)
        binding.use_maker(rowmacs.RingMacs())
        exchange.use_credentials(exchangekeys.HeldExchangeKeys())
        if settings.HUB_ROLE in kek.HOLDERS:
            selftest_opening.run_seal_and_open()
