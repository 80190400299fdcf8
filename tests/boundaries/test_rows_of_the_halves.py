# SPDX-License-Identifier: Apache-2.0
"""Rows of one half refer to no row of the other, so that each half can have a database of its own."""

from typing import Final

from django.apps import apps
from django.db.migrations.loader import MigrationLoader

EXCHANGE: Final = frozenset({"agencies", "operators", "sharing"})
DESK: Final = frozenset(
    {
        "alerts",
        "casework",
        "desk",
        "notices",
        "officers",
        "peers",
        "reciprocity",
        "science",
        "substances",
        "vault",
    }
)


def _references() -> dict[str, tuple[str, str]]:
    """Each reference between models, with the app that refers and the app referred to."""
    return {
        f"{model._meta.label}.{field.name}": (model._meta.app_label, field.related_model._meta.app_label)
        for model in apps.get_models()
        for field in model._meta.get_fields(include_hidden=True)
        if field.is_relation and not field.auto_created and field.related_model is not None
    }


def test_no_row_of_one_half_refers_to_one_of_the_other() -> None:
    found = _references()
    assert len(found) > 60
    crossing = {
        name
        for name, (of, to) in found.items()
        if (of in DESK and to in EXCHANGE) or (of in EXCHANGE and to in DESK)
    }
    assert not crossing


def test_no_migration_of_one_half_needs_one_of_the_other() -> None:
    needed = {
        (app, needs)
        for (app, _), migration in MigrationLoader(None).disk_migrations.items()
        for needs, _ in migration.dependencies
    }
    crossing = {
        (of, to) for of, to in needed if (of in DESK and to in EXCHANGE) or (of in EXCHANGE and to in DESK)
    }
    assert not crossing


def test_each_half_has_a_table_of_agencies_of_its_own() -> None:
    tables = [apps.get_model(app, "Agency")._meta for app in ("agencies", "peers")]
    assert all(table.managed for table in tables) and len({table.db_table for table in tables}) == 2


def test_every_app_with_rows_belongs_to_one_half_or_to_both() -> None:
    shared = {"callers", "ledger"}
    libraries = {"account", "admin", "auth", "contenttypes", "mfa", "sessions"}
    labels = {model._meta.app_label for model in apps.get_models()}
    assert labels - libraries == (EXCHANGE | DESK | shared) & labels
