# SPDX-License-Identifier: Apache-2.0
"""`tests.stages` puts back all that an act did, and plays it where anything else happened before."""

from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Final

import pytest
from django.core.mail import send_mail
from django.db import connection, transaction
from django.test import override_settings
from django.test.utils import CaptureQueriesContext

from peers.models import Agency
from tests import restored_worlds, stages
from tests.desk_calls import ViewsInPlaceOfSockets, the_exchange
from tests.entries import store_entry
from tests.hub.test_speedups import FACTS
from tests.restored_worlds import present_world, restored_world
from tests.speedups import WITHOUT_SPEEDUPS
from tests.stages import Stages, act, patches_are_given

pytestmark = pytest.mark.skipif(WITHOUT_SPEEDUPS, reason="ACCORD_WITHOUT_SPEEDUPS has nothing put back")


@dataclass
class World:
    folder: Path
    row: Agency
    by_name: dict[str, Agency]


@pytest.fixture
def played(
    db: None, monkeypatch: pytest.MonkeyPatch, exchange_as_asked: ViewsInPlaceOfSockets
) -> Generator[list[str]]:
    """The names that acts gave; worlds and stages of other tests stay kept."""
    monkeypatch.setattr(restored_worlds, "_worlds", {})
    monkeypatch.setattr(stages, "_stages", {})
    monkeypatch.setattr(stages, "_given_patches", set())
    with patches_are_given():
        yield []


@dataclass
class OneTest:
    """A test that restores the world and acts upon it."""

    world: World
    stages: Stages
    played: list[str]
    patches: pytest.MonkeyPatch = field(default_factory=pytest.MonkeyPatch)
    hub: SimpleNamespace = field(default_factory=partial(SimpleNamespace, now=0))

    @classmethod
    def begin(cls, folder: Path, played: list[str]) -> "OneTest":
        world = restored_world("a world of these tests", _build, folder)
        return cls(world, Stages(world, folder), played)

    def rename(self, name: str, *given: Agency) -> list[Agency]:
        return self.stages.act(name, partial(self._rename, name, given), *given)

    def _rename(self, name: str, given: tuple[Agency, ...]) -> list[Agency]:
        self.played.append(name)
        self.world.by_name["bravo"].name = f"beside {name}"
        for row in (self.world.row, *given):
            row.name = name
            row.save()
        (self.world.folder / "state").write_text(name)
        transaction.on_commit(partial(self.played.append, "called"))
        the_exchange.asked.append(name)
        return [self.world.row]


def _build(folder: Path) -> World:
    folder.mkdir()
    (folder / "state").write_text("as built")
    row = store_entry("xa-alpha", name="As built", **FACTS)
    return World(folder, row, {"alpha": row, "bravo": store_entry("xb-bravo", name="Bravo", **FACTS)})


@act
def rename_by_act(test: OneTest, *, name: str) -> None:
    test._rename(name, ())


@pytest.fixture
def kept(played: list[str], tmp_path: Path) -> list[str]:
    """Acts of another test, kept: "first" and then "second"."""
    with transaction.atomic():
        other = OneTest.begin(tmp_path / "other", played)
        other.rename("first", Agency.objects.get(pk="xa-alpha"))
        other.rename("second")
        transaction.set_rollback(True)
    played.clear()
    the_exchange.behave()
    return played


def test_all_that_an_act_did_comes_back(kept: list[str], tmp_path: Path) -> None:
    again = OneTest.begin(tmp_path / "again", kept)
    given, waiting = Agency.objects.get(pk="xa-alpha"), len(connection.run_on_commit)
    (value,) = again.rename("first", given)
    assert kept == [], "nothing was played"
    assert value is again.world.row, "the value refers to the living world"
    assert again.world.by_name["alpha"] is again.world.row
    assert again.world.by_name["bravo"].name == "beside first"
    assert {value.name, given.name, Agency.objects.get(pk="xa-alpha").name} == {"first"}
    assert (again.world.folder / "state").read_text() == "first"
    assert the_exchange.asked == ["first"]
    (on_commit,) = connection.run_on_commit[waiting:]
    on_commit[1]()
    assert kept == ["called"]
    again.rename("second")
    assert (kept, again.world.row.name) == (["called"], "second")


def test_another_act_or_another_order_is_played(kept: list[str], tmp_path: Path) -> None:
    again = OneTest.begin(tmp_path / "again", kept)
    again.rename("second")
    again.rename("first", Agency.objects.get(pk="xa-alpha"))
    assert kept == ["second", "first"]


def test_what_a_test_does_to_what_was_put_back_reaches_no_other(kept: list[str], tmp_path: Path) -> None:
    with transaction.atomic():
        spoilt = OneTest.begin(tmp_path / "spoilt", kept)
        spoilt.rename("first", Agency.objects.get(pk="xa-alpha"))
        spoilt.world.row.name = "Spoilt"
        spoilt.world.row.save()
        (spoilt.world.folder / "state").write_text("spoilt")
        transaction.set_rollback(True)
    again = OneTest.begin(tmp_path / "again", kept)
    (value,) = again.rename("first", Agency.objects.get(pk="xa-alpha"))
    assert (kept, value.name, (again.world.folder / "state").read_text()) == ([], "first", "first")


def test_an_act_is_told_its_world_by_name_too_as_a_fixture_is(kept: list[str], tmp_path: Path) -> None:
    with transaction.atomic():
        rename_by_act(OneTest.begin(tmp_path / "one", kept), name="third")
        transaction.set_rollback(True)
    assert kept == ["third"]
    again = OneTest.begin(tmp_path / "again", kept)
    rename_by_act(test=again, name="third")
    assert (kept, again.world.row.name) == (["third"], "third"), "nothing was played again"


def test_of_a_world_that_is_built_upon_another_the_outer_one_is_present(
    played: list[str], tmp_path: Path
) -> None:
    restored_world("outer", lambda folder: restored_world("inner", _build, folder), tmp_path / "built")
    present = present_world()
    assert present is not None and present[0] == "outer"


def test_at_another_moment_an_act_is_played(kept: list[str], tmp_path: Path) -> None:
    with transaction.atomic():
        rename_by_act(OneTest.begin(tmp_path / "one", kept), name="third")
        transaction.set_rollback(True)
    again = OneTest.begin(tmp_path / "again", kept)
    again.hub.now = 1
    rename_by_act(again, name="third")
    assert kept == ["third", "third"]


def test_the_act_longest_unused_is_forgotten(
    kept: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stages, "KEPT_AT_MOST", 2)
    with patches_are_given():
        with transaction.atomic():
            one = OneTest.begin(tmp_path / "one", kept)
            one.rename("first", Agency.objects.get(pk="xa-alpha"))
            one.rename("third")
            transaction.set_rollback(True)
        again = OneTest.begin(tmp_path / "again", kept)
        again.rename("first", Agency.objects.get(pk="xa-alpha"))
        again.rename("second")
    assert kept == ["third", "second"]


def _write_a_row(_: OneTest) -> None:
    store_entry("xc-charlie", name="Another", **FACTS)


def _alter_a_table(_: OneTest) -> None:
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE peers_agency ADD CONSTRAINT another CHECK (name <> '') NOT VALID")


def _be_away(_: OneTest) -> None:
    the_exchange.is_away = True


def _patch(test: OneTest) -> None:
    test.patches.setattr(restored_worlds, "FRESH_SECONDS", 1)


EVENTS: Final[dict[str, Callable[[OneTest], None]]] = {
    "a row was written": _write_a_row,
    "a table was altered": _alter_a_table,
    "the exchange is away": _be_away,
    "something is patched": _patch,
}


@pytest.mark.parametrize("event", EVENTS)
def test_after_anything_else_an_act_is_played_and_not_kept(
    kept: list[str], tmp_path: Path, event: str
) -> None:
    again = OneTest.begin(tmp_path / "again", kept)
    EVENTS[event](again)
    try:
        again.rename("first", Agency.objects.get(pk="xa-alpha"))
        again.rename("third")
    finally:
        again.patches.undo()
    assert kept == ["first", "third"]
    assert len(stages._stages) == 2


def test_under_a_changed_setting_an_act_is_played(kept: list[str], tmp_path: Path) -> None:
    again = OneTest.begin(tmp_path / "again", kept)
    with override_settings(SESSION_COOKIE_AGE=1):
        again.rename("first", Agency.objects.get(pk="xa-alpha"))
    assert kept == ["first"]


def test_under_a_named_setting_an_act_is_put_back_if_it_was_played_under_the_same_value(
    kept: list[str], tmp_path: Path
) -> None:
    for n, played in enumerate((["first"], [])):
        with transaction.atomic(), override_settings(OWN_DESK=True):
            OneTest.begin(tmp_path / str(n), kept).rename("first", Agency.objects.get(pk="xa-alpha"))
            transaction.set_rollback(True)
        assert kept == played
        kept.clear()


def test_an_act_that_sent_mail_is_not_kept(kept: list[str], tmp_path: Path) -> None:
    again = OneTest.begin(tmp_path / "again", kept)
    again.stages.act("mail", lambda: send_mail("Subject", "Text", None, ["alba@laboratory.example"]))
    again.rename("first", Agency.objects.get(pk="xa-alpha"))
    assert kept == ["first"]
    assert len(stages._stages) == 2


def test_while_statements_are_counted_an_act_is_played(kept: list[str], tmp_path: Path) -> None:
    again = OneTest.begin(tmp_path / "again", kept)
    with CaptureQueriesContext(connection):
        again.rename("first", Agency.objects.get(pk="xa-alpha"))
    assert kept == ["first"]


def test_rows_that_other_connections_see_are_played(
    transactional_db: None, kept: list[str], tmp_path: Path
) -> None:
    again = OneTest.begin(tmp_path / "again", kept)
    again.rename("first", Agency.objects.get(pk="xa-alpha"))
    assert kept == ["first", "called"]
