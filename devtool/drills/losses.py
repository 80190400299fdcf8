# SPDX-License-Identifier: Apache-2.0
"""`./dev drill losses`: lose what has no copy, one item after the other, and see how the hub goes on.

A hub of its own, as `./dev run --once` has it, loses the state folder of each log, then each pepper, then the key-encryption
key. Each time the result is compared with docs/operations.md, "Backups".
"""

import argparse
import os
import shutil
from collections.abc import Callable
from dataclasses import replace

from accord.client.errors import RefusedError
from demo.cast import Cast
from demo.ticks import StepFailedError, Ticks
from devtool.drills.partners import PARTNERS, Partners, go_through_restore
from devtool.processes import Child, wait_until
from devtool.running import scratch_hub
from devtool.secretstore import Secrets, draw_secrets
from devtool.supervision import Hub
from hub.roles import DESK, EXCHANGE, HALVES, SEQUENCES

OPENERS = ("desk", "desk-worker")
REFUSED_WITHIN_SECONDS = 60
OPERATOR = "Drill"
"""The operator who hands out keys for coming back; nobody opens the link."""
HOSTED_ADMINS = {"xa-lab": "sunniva", "xb-health": "wirin"}
"""By agency, the login of the admin who replaces the desk's own key."""


def run(arguments: list[str]) -> int:
    """Run the drill; return 0 if all of it held."""
    argparse.ArgumentParser(prog="./dev drill losses").parse_args(arguments)
    ticks = Ticks()
    ticks.line("Accord loses what has no copy")
    with scratch_hub(ticks) as hub:
        os.environ.update(hub.demo_environment())
        _Drill(hub, Cast(), ticks).play()
    return 0


class _Drill:
    def __init__(self, hub: Hub, cast: Cast, ticks: Ticks) -> None:
        self._hub, self._cast, self._ticks = hub, cast, ticks
        self._partners = Partners(cast)

    def play(self) -> None:
        for half in HALVES:
            self._lose_state_folder(half)
        self._lose_pepper_of_exchange()
        self._lose_pepper_of_desk()
        self._lose_ring()
        with self._ticks.step("The logs of both halves are sound") as step:
            step.evidence(self._hub.verify_ledgers())

    def _lose_state_folder(self, half: str) -> None:
        self._ticks.heading(f"The state folder of the {half}'s log")
        self._go_on("before")
        with self._ticks.step("Lost, written afresh from the ledger") as step:
            self._hub.stop_processes()
            shutil.rmtree(self._hub.state.ledgers[half])
            self._hub.state.make()
            step.evidence(self._hub.manage(SEQUENCES[half], "adopt_ledger", "--yes").strip())
        self._hub.start_processes()
        if half == DESK:
            with self._ticks.step("Admins go through it as after a restore"):
                for login in HOSTED_ADMINS.values():
                    go_through_restore(self._cast, login)
        self._go_on("after the state folder was lost")

    def _lose_pepper_of_exchange(self) -> None:
        self._ticks.heading("API_PEPPER of the exchange")
        self._change(self._with_another_pepper(EXCHANGE))
        self._hub.start_processes()
        with self._ticks.step("Every API key has ended") as step:
            step.evidence(_refusal_to(lambda: self._partners.send("with a key that has ended")))
        with self._ticks.step("Partners and the desk come back by the exchange's operator"):
            self._hub.invite_operator(OPERATOR)
            for agency in PARTNERS:
                self._partners.come_back(agency, self._return_key(agency))
            for agency, login in HOSTED_ADMINS.items():
                admin = self._cast.officer(login)
                admin.post("/exchange-keys/own/replace", {"return_key": self._return_key(agency)})
        self._go_on("after the exchange's pepper was lost")

    def _lose_pepper_of_desk(self) -> None:
        self._ticks.heading("API_PEPPER of the desk")
        login = next(iter(HOSTED_ADMINS.values()))
        signed_in = self._cast.officer(login)
        self._change(self._with_another_pepper(DESK))
        self._hub.start_processes()
        with self._ticks.step("Every session has ended; officers sign in again") as step:
            step.evidence(_refusal_to(lambda: signed_in.get("/api-keys")))
            self._cast.officer(login)
        self._go_on("after the desk's pepper was lost")

    def _with_another_pepper(self, half: str) -> Secrets:
        kept = self._hub.secrets
        return replace(kept, api_peppers={**kept.api_peppers, half: draw_secrets().api_peppers[half]})

    def _return_key(self, agency: str) -> str:
        return self._hub.manage("operator", "issue_return_key", agency, "accord", "--by", OPERATOR).strip()

    def _lose_ring(self) -> None:
        self._ticks.heading("ACCORD_KEK")
        self._change(replace(self._hub.secrets, key_encryption_ring=draw_secrets().key_encryption_ring))
        self._hub.start_processes(without=OPENERS)
        for child in (part.child for part in self._hub.make_parts()):
            if child.name in OPENERS:
                with self._ticks.step(f"The {child.name} does not start") as step:
                    step.evidence(_refusal_of(child))
        self._go_on("between agencies that hold their own keys")

    def _change(self, secrets: Secrets) -> None:
        with self._ticks.step("Lost: another takes its place"):
            self._hub.stop_processes()
            self._hub.secrets = secrets

    def _go_on(self, title: str) -> None:
        with self._ticks.step("Partners with their own keys send and read, nothing twice"):
            self._partners.send(title)
            self._partners.require_shown()


def _refusal_to(use: Callable[[], object]) -> str:
    """Return the exchange's or the desk's answer to what must be refused."""
    try:
        use()
    except RefusedError as refused:
        return str(refused)
    except StepFailedError as refused:
        return refused.what
    raise StepFailedError("What was made under the pepper from before was taken.")


def _refusal_of(child: Child) -> str:
    """Return a process's message before it ended by itself."""
    child.start()
    try:
        wait_until(lambda: not child.alive, child.name, timeout_seconds=REFUSED_WITHIN_SECONDS)
    finally:
        child.kill()
    said = [line for line in child.tail(40).splitlines() if "ACCORD_KEK" in line]
    if not said:
        raise StepFailedError(f"{child.name} ended without naming the ring:\n{child.tail()}")
    return said[-1]
