# SPDX-License-Identifier: Apache-2.0
"""Every sealed column opens in its own row alone: copied to another row, of any agency, it opens nowhere.

The columns are read from the models: a binary column without an entry here fails the build.
"""

from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any, Final

import pytest
from django.apps import apps
from django.db import models

from tests.security.world import SecurityWorld
from vault import hierarchy, services
from vault.errors import SealBrokenError, VaultError
from vault.kek import held_ring
from vault.models import VaultKey
from vault.wrapped_keys import secrets_of

pytestmark = [pytest.mark.django_db, pytest.mark.timeout(600)]
Column = tuple[str, str]
Place = Callable[[Any], tuple[str, str, int]]


def at_its_id(table: str) -> Place:
    return lambda row: (table, str(row.pk), 1)


PLACES: Final[dict[Column, Place]] = {
    # The place that a row's content is sealed to, by table and column.
    ("alert", "card"): lambda row: ("alert", str(row.pk), row.current),
    ("alert", "return_note"): lambda row: ("alert", f"{row.pk}/return", 1),
    ("alertrevision", "sealed"): lambda row: ("alertrevision", str(row.alert_id), row.number),
    ("draftattachment", "sealed"): at_its_id("draftattachment"),
    ("receivedalert", "card"): at_its_id("receivedalert"),
    ("reply", "source"): lambda row: ("reply", f"{row.pk}/source", 1),
    ("reply", "summary"): lambda row: ("reply", f"{row.pk}/summary", 1),
    ("sampleprofile", "sealed"): at_its_id("sampleprofile"),
    ("harmreview", "sealed"): at_its_id("harmreview"),
    ("contribution", "sealed"): lambda row: ("contribution", f"{row.md}/{row.peer_id}", 1),
    ("case", "sealed"): at_its_id("case"),
    ("note", "sealed"): at_its_id("note"),
    ("task", "sealed"): at_its_id("task"),
    ("storedstructure", "sealed"): at_its_id("storedstructure"),
    ("caughtstructure", "sealed"): at_its_id("caughtstructure"),
    ("adoptedrules", "sealed"): at_its_id("adoptedrules"),
    ("agencyrules", "sealed"): lambda row: ("agencyrules", str(row.pk), row.number),
    ("spectraimport", "sealed"): at_its_id("spectraimport"),
    ("libraryspectrum", "sealed"): at_its_id("libraryspectrum"),
    ("callnote", "sealed"): at_its_id("callnote"),
    ("agreementtext", "sealed"): at_its_id("agreementtext"),
    ("onwardrelease", "review"): at_its_id("onwardrelease"),
    ("drafttemplate", "sealed"): at_its_id("drafttemplate"),
    ("pinbook", "sealed"): lambda row: ("pinbook", row.agency_id, row.revision),
}
OTHERWISE: Final[dict[Column, str]] = {
    ("exchangekey", "sealed"): "bound to agency and revision; another agency's row is no key",
    ("case", "number_token"): "equal for equal numbers on purpose; what it leads to is opened and bound",
    ("contribution", "counts_as"): "equal for what counts alike on purpose; it opens nothing",
    ("dailycount", "counts_as"): "as of the items that it counts",
    ("cardtoken", "token"): "equal for equal values on purpose; what it leads to is opened and bound",
    ("withheldalert", "kind"): "equal for equal kinds on purpose; it only groups a list",
    ("libraryspectrum", "token"): "equal for equal spectra on purpose; what it leads to is opened and bound",
    ("vaultsecret", "wrapped"): "bound to agency, epoch and key of the ring, below",
    ("vaultkey", "wrapped"): "bound to agency, epoch, kid and use, below",
    ("drawnkey", "wrapped"): "as a vault key, before it is registered",
    (
        "heldenvelope",
        "slice",
    ): "sealed by its sender; every check of an opening is made again, under the md asked for",
    ("heldblob", "content"): "sealed by its sender; its digest stands in the signed manifest",
    ("proposal", "payload"): "public; what comes back counts by the root's signature over it",
}
MOST_ROWS: Final = 4


def sealed_columns() -> Iterator[tuple[type[models.Model], str]]:
    for label in ("alerts", "casework", "reciprocity", "science", "vault"):
        for model in apps.get_app_config(label).get_models():
            for column in model._meta.concrete_fields:
                if isinstance(column, models.BinaryField):
                    yield model, column.name


def rows_of(model: type[models.Model], column: str) -> list[Any]:
    return list(islice(model._default_manager.exclude(**{column: None}).order_by("pk"), MOST_ROWS))


def agency_of(row: Any) -> str:
    return str(row.agency_id if hasattr(row, "agency_id") else row.alert.agency_id)


def test_every_binary_column_has_its_place() -> None:
    known = {(model._meta.model_name, column) for model, column in sealed_columns()}
    assert known == PLACES.keys() | OTHERWISE.keys()


def test_what_is_sealed_in_one_row_opens_in_no_other(world: SecurityWorld) -> None:
    looked_at = 0
    for model, column in sealed_columns():
        place = PLACES.get((str(model._meta.model_name), column))
        rows = rows_of(model, column) if place else []
        for row in rows:
            assert place is not None
            sealed = bytes(getattr(row, column))
            services.open_row(agency_of(row), *place(row), sealed)
            for other in (each for each in rows if each.pk != row.pk):
                with pytest.raises(VaultError):
                    services.open_row(agency_of(other), *place(other), sealed)
                looked_at += 1
    assert looked_at > MOST_ROWS


def test_columns_of_one_row_do_not_open_as_one_another(world: SecurityWorld) -> None:
    for model, column in sealed_columns():
        table = str(model._meta.model_name)
        place = PLACES.get((table, column))
        if place is None:
            continue
        others = [at for (name, other), at in PLACES.items() if name == table and other != column]
        for row in rows_of(model, column):
            for elsewhere in others:
                with pytest.raises(SealBrokenError):
                    services.open_row(agency_of(row), *elsewhere(row), bytes(getattr(row, column)))
            assert place(row) not in [at(row) for at in others]


def test_a_wrapped_key_or_secret_opens_in_its_own_row_alone(world: SecurityWorld) -> None:
    secrets = list(apps.get_model("vault", "vaultsecret").objects.order_by("pk")[:MOST_ROWS])
    for row in secrets:
        for other in (each for each in secrets if each.pk != row.pk):
            with pytest.raises(SealBrokenError):
                hierarchy.unwrap_secret(other.holder, other.epoch, other.kek, bytes(row.wrapped), held_ring())
    held = VaultKey.objects.order_by("pk")
    keys = list(held[: 2 * MOST_ROWS])
    for key in keys:
        for place in (each for each in keys if each.pk != key.pk):
            secret = secrets_of(place.agency_id, {place.epoch})[place.epoch]
            with pytest.raises(SealBrokenError):
                hierarchy.unwrap_private_key(secret, place.kid, place.use, bytes(key.wrapped))
