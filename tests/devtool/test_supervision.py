# SPDX-License-Identifier: Apache-2.0
"""A hub with killed parts recovers by itself, and stops without a trace."""

import io
import itertools
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import pytest

from demo.ticks import Ticks
from devtool.errors import ServiceError
from devtool.ports import free_ports
from devtool.processes import Child, identity, wait_until
from devtool.restarts import STEADY_AFTER_SECONDS
from devtool.statefolder import StateFolder
from devtool.supervision import Hub

_LATER = itertools.count(1000, 2 * STEADY_AFTER_SECONDS)

pytestmark = [pytest.mark.slow, pytest.mark.no_retry]


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Generator[Hub]:
    """A hub for the tests of a worker, in any order."""
    with _started_hub(tmp_path_factory.mktemp("hub")) as started:
        yield started


@contextmanager
def _started_hub(folder: Path) -> Generator[Hub]:
    for parent in (folder, folder.parent, folder.parent.parent):
        parent.chmod(0o711)
    desk_port, exchange_port = free_ports(2)
    with pytest.MonkeyPatch.context() as environment:
        for name in ("DATABASE_URL", "DATABASE_OWNER_URL", "REDIS_URL", "EMAIL_URL"):
            environment.delenv(name, raising=False)
        started = Hub(StateFolder(folder), desk_port, exchange_port, scratch=True, ticks=Ticks(io.StringIO()))
        try:
            started.start_stores()
            started.migrate()
            started.start_processes()
            yield started
        finally:
            pids = [child.pid for child in started.children]
            started.stop()
    wait_until(lambda: not any(map(identity, pids)), "end of every process", timeout_seconds=90)
    assert not (folder / "running.json").exists()


def later() -> float:
    """A time at which every part has run steadily since the last look."""
    return next(_LATER)


def _said(hub: Hub) -> str:
    stream = hub.ticks._stream
    assert isinstance(stream, io.StringIO)
    return stream.getvalue()


def _child(hub: Hub, name: str) -> Child:
    return next(child for child in hub.children if child.name == name)


PARTS = ("desk", "desk-worker", "sequencer", "exchange-beat")
"""A part of each kind; `./dev drill apart` kills each of them."""


@pytest.mark.parametrize("names", [PARTS, ("Valkey",), ("PostgreSQL",)], ids=" ".join)
def test_killed_parts_are_started_again_and_answer(names: tuple[str, ...], hub: Hub) -> None:
    for name in names:
        _child(hub, name).kill()
    assert set(names) <= set(hub.revive(now=later()))
    _wait_until_all_stand(hub)


def _wait_until_all_stand(hub: Hub) -> None:
    """Wait for all parts; a database that goes may end the processes that were just using it, which are started again."""

    def all_stand() -> bool:
        return hub.revive(now=later()) == [] and all(child.alive for child in hub.children)

    try:
        wait_until(all_stand, "every part stands", timeout_seconds=120)
    except ServiceError:
        tails = {child.name: child.tail() for child in hub.children if not child.alive}
        pytest.fail(f"{_said(hub)}\n{tails}")
    hub.wait_until_ready()


def test_what_was_stopped_on_purpose_stays_away_until_it_is_started_again(hub: Hub) -> None:
    hub.stop_some(["mailer", "desk-beat"])
    assert hub.revive(now=later()) == []
    assert not {"mailer", "desk-beat"} & {child.name for child in hub.children}
    hub.start_some(["mailer", "desk-beat"])
    assert all(_child(hub, name).alive for name in ("mailer", "desk-beat"))


def test_what_ends_again_and_again_is_started_again_later_and_never_given_up(hub: Hub) -> None:
    now, said = later(), _said(hub).count("mailer ended")
    for _ in range(7):
        _child(hub, "mailer").kill()
        hub.revive(now=now)
    assert not _child(hub, "mailer").alive
    assert "mailer ended and is started again in 1 s; its log is in" in _said(hub)
    assert _said(hub).count("mailer ended") == said + 2
    assert hub.revive(now=now + 2) == ["mailer"]
    _wait_until_all_stand(hub)


def test_the_running_hub_tells_its_addresses_and_no_secret_of_a_role(hub: Hub) -> None:
    told = (hub.state.path / "running.json").read_text()
    assert hub.world.hub_url in told
    assert not [key for key in hub.secrets.ledger_keys.values() if key in told]
    assert hub.secrets.key_encryption_ring not in told
    assert (hub.state.path / "running.json").stat().st_mode & 0o077 == 0


def test_the_story_finds_addresses_and_none_of_the_hubs_keys(hub: Hub) -> None:
    environment = hub.demo_environment()
    secrets = hub.secrets
    for secret in (
        secrets.key_encryption_ring,
        *secrets.ledger_keys.values(),
        *secrets.api_peppers.values(),
        secrets.desk_secret_key,
    ):
        assert secret not in environment.values()
    assert "HUB_ROLE" not in environment
