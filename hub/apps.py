# SPDX-License-Identifier: Apache-2.0
"""Wiring app: checks, grants and the sequencer's command; no models, no rules."""

from django.apps import AppConfig, apps
from django.db.models.signals import post_migrate, pre_migrate


class HubConfig(AppConfig):
    name = "hub"

    def ready(self) -> None:
        """Check each primitive against a known answer in every role: a backend without ML-KEM or ML-DSA does not start."""
        from accord.envelope import selftest
        from hub import checks, grants
        from hub.celery import app

        selftest.run_primitives()
        # Tasks are called from any thread of a web process; without this the calls go to a default broker that is not
        # there.
        app.set_default()
        checks.register()
        # Django signals only for apps with models, and for all of them after the last migration.
        carrier = apps.get_app_config("ledger")
        pre_migrate.connect(grants.refuse_missing_logins, sender=carrier, dispatch_uid="hub.logins")
        post_migrate.connect(grants.apply_after_migrate, sender=carrier, dispatch_uid="hub.grants")
