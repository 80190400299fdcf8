# SPDX-License-Identifier: Apache-2.0
"""`./dev run`: start a hub on this machine, play one alert on it, then keep it up until told to stop."""

import json
import sys
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

from demo.ticks import Ticks
from devtool import statefolder
from devtool.environments import ROOT
from devtool.errors import DevtoolError
from devtool.homedesk import HomeDesk, home_desk
from devtool.libraries import require_libraries
from devtool.ports import free_ports, require_free_port
from devtool.postgres import end_leftover
from devtool.processes import run_to_end
from devtool.statefolder import StateFolder
from devtool.stopping import stay_up, stopped_at_the_end
from devtool.supervision import Hub
from devtool.worldsnapshot import begin_with_snapshot

AHub = TypeVar("AHub", bound=Hub)
DESK_PORT = 8000
PORTS = 5
"""Desk, exchange, operator, an agency's own desk, and its TLS proxy to the exchange, one after the other."""


def run_hub(*, once: bool, port: int | None) -> int:
    """Run the verb; return the exit status."""
    require_libraries()
    ticks = Ticks()
    ticks.line(f"Accord demonstration             suite PQ1  {datetime.now(UTC):%-d %b %Y %H:%M} UTC")
    if once:
        with scratch_hub(ticks) as hub:
            return play_story(hub)
    desk_port = DESK_PORT if port is None else port
    state = StateFolder(statefolder.DEFAULT)
    with state.locked():
        # A killed hub's processes need a moment to release their ports.
        patience_seconds = 10.0 if state.end_leftovers() else 0.0
        for wanted in range(desk_port, desk_port + PORTS):
            option = f"./dev run --port {9000 if desk_port != 9000 else 9100}"
            require_free_port(wanted, option, patience_seconds=patience_seconds)
        begin_with_snapshot(state, ticks)
        ports = (desk_port, desk_port + 1)
        started = Hub(state, *ports, scratch=False, ticks=ticks, operator_port=desk_port + 2)
        with stopped_at_the_end(started):
            _start(started)
            status = play_story(started)
            if status == 0:
                with home_desk(started, desk_port + 3, ticks) as home:
                    home.bring()
                    home.play_story()
                    _say_where(started)
                    _say_where_home(home)
                    stay_up(started, beside=[home.desk])
            return status


@contextmanager
def scratch_hub(ticks: Ticks) -> Generator[Hub]:
    """Yield a hub of its own on free ports and in a temporary folder, up and seeded; remove it afterwards."""
    with scratch_hub_of(Hub, ticks) as hub:
        yield hub


@contextmanager
def scratch_hub_of(
    kind: type[AHub], ticks: Ticks, *, has_operator: bool = False, is_durable: bool = False
) -> Generator[AHub]:
    """Yield a scratch hub of another kind, optionally with an operator's process, or with stores that survive a kill."""
    with tempfile.TemporaryDirectory(prefix="accord-once-", ignore_cleanup_errors=True) as folder:
        # A database server that may not run as root must be able to enter this folder.
        Path(folder).chmod(0o711)
        desk_port, exchange_port, operator_port = free_ports(3)
        hub = kind(
            StateFolder(Path(folder)),
            desk_port,
            exchange_port,
            scratch=not is_durable,
            ticks=ticks,
            operator_port=operator_port if has_operator else None,
        )
        with stopped_at_the_end(hub):
            _start(hub)
            yield hub


def _start(hub: Hub) -> None:
    hub.start_stores()
    hub.prepare()
    hub.start_processes()


def play_story(hub: Hub) -> int:
    """Play the story, which prints its own steps."""
    sys.stdout.flush()
    story = [sys.executable, "-m", "demo.story"]
    return run_to_end(story, hub.demo_environment(), capture=False, cwd=ROOT).returncode


def _say_where(hub: Hub) -> None:
    ticks = hub.ticks
    ticks.heading(f"Desk      {hub.world.hub_url}")
    ticks.line(f"Exchange  {hub.world.exchange_url}   (API description: {hub.world.hub_url}/api/docs/)")
    ticks.line(f"Operator  {hub.world.operator_url}")
    ticks.line(
        f"          make a passkey, once and within four hours: {hub.invite_operator('Demonstration')}"
    )
    ticks.line(f"Mails     {hub.state.mail}")
    logins = hub.state.demo / "logins.json"
    if logins.exists():
        ticks.heading("Logins (invented people; the passwords were made for this installation)")
        ticks.line("  Second factors are not demanded here (MFA_DEMANDED=no); set one up under Signing in.")
        for login in json.loads(logins.read_text()):
            roles = ", ".join(login.get("roles", []))
            ticks.line(f"  {login['email']:<28} {login['password']:<26} {roles}")


def _say_where_home(home: HomeDesk) -> None:
    ticks, desk = home.desk.ticks, home.desk
    ticks.heading(f"Own desk  {desk.listening.url}   (certificate made here: {desk.certificate.path})")
    ticks.line(
        f"  Passwords, passphrase: {home.folder / 'written-down.json'}; one-time codes: *.telephone beside it"
    )
    for address, role in home.people():
        ticks.line(f"  {address:<28} {role}")
    ticks.heading("Ctrl-C stops everything.")


def reset() -> int:
    """Remove the demonstration's data."""
    state = StateFolder(statefolder.DEFAULT)
    if state.in_use:
        raise DevtoolError("A hub is running here; its data stays.", "Stop it first, then try again.")
    state.end_leftovers()
    end_leftover(state.pg)
    removed = state.remove_data()
    print(f"Removed from {state.path}: {', '.join(removed)}." if removed else "Nothing to remove.")
    print("The next ./dev run starts afresh.")
    return 0
