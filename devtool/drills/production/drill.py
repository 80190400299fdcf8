# SPDX-License-Identifier: Apache-2.0
"""`./dev drill production`: build the production stack, start it behind TLS, play on it, inspect it, remove it."""

import argparse
import os
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType

from demo.ticks import Step, StepFailedError, Ticks
from devtool.drills.production.checks import CHECKS, LAST_CHECKS, Check
from devtool.drills.production.engine import Engine, running_engine
from devtool.drills.production.images import HUB, Images, build_hub, choose_images, size_in_mb
from devtool.drills.production.material import Material, make_material
from devtool.drills.production.ownstage import STEPS, OwnStage, own_stage
from devtool.drills.production.stack import Stack
from devtool.environments import ROOT
from devtool.errors import DevtoolError
from devtool.ports import LOOPBACK, free_ports
from hub.roles import HALVES, MIGRATES, SEQUENCES

HOME = ROOT / ".dev" / "production"
STOPPED_WELL = frozenset({0, 143})
KILLED = 137
OUTSIDE = ("demo.story", "devtool.drills.production.outside")
PUBLISHED = (
    *("DESK_PORT", "EXCHANGE_PORT", "OPERATOR_PORT", "OPERATOR_HTTPS_PORT"),
    *(f"{half.upper()}_{port}_PORT" for half in HALVES for port in ("HTTPS", "HTTP")),
)


def run(arguments: list[str]) -> int:
    """Run the drill; return 0 if everything held."""
    parser = argparse.ArgumentParser(prog="./dev drill production")
    parser.add_argument(
        "--images",
        choices=("auto", "pulled", "debian"),
        default="auto",
        help="pulled by their names, or stand-ins made of Debian's packages; auto pulls where it can",
    )
    parser.add_argument(
        "--keep-up", action="store_true", help="leave the stack up until Ctrl-C, to look into it"
    )
    parser.add_argument(
        "--own-desk",
        action="store_true",
        help="in place of the two halves an exchange and an own desk, from its first start to its lock",
    )
    options = parser.parse_args(arguments)
    ticks = Ticks()
    ticks.line(f"Accord in production, for a drill    {datetime.now(UTC):%-d %b %Y %H:%M} UTC")
    with _stoppable(), tempfile.TemporaryDirectory(prefix="accord-drill-") as folder:
        try:
            with running_engine(HOME, Path(folder)) as engine:
                drill = _Drill(engine, ticks, Path(folder))
                if options.own_desk:
                    return drill.play_own_desk(options.images, keep_up=options.keep_up)
                return drill.play(options.images, keep_up=options.keep_up)
        except StepFailedError:
            # The failing step has already reported it.
            return 1
        except KeyboardInterrupt:
            ticks.heading("Stopped before the end.")
            return 130


class _Drill:
    """The steps in their order."""

    def __init__(self, engine: Engine, ticks: Ticks, folder: Path) -> None:
        self._engine = engine
        self._ticks = ticks
        self._folder = folder
        self._began = time.monotonic()

    def play(self, images_wanted: str, *, keep_up: bool) -> int:
        stack, material = self._prepare(images_wanted)
        try:
            self._bring_up(stack, material)
            held = [self._play_outside(stack), self._look_inside(stack, material)]
            if keep_up:
                self._wait(stack)
            held.append(self._stop(stack))
        finally:
            self._take_down(stack)
        return self._conclude(all(held))

    def play_own_desk(self, images_wanted: str, *, keep_up: bool) -> int:
        stack, material = self._prepare(images_wanted)
        stage = own_stage(stack, material)
        try:
            held = self._play_stage(stage)
            if keep_up:
                self._wait(stage.desk)
        finally:
            self._take_down(stack)
        return self._conclude(held)

    def _play_stage(self, stage: OwnStage) -> bool:
        """Play the own desk's steps, each of which depends on the earlier ones."""
        with suppress(StepFailedError):
            for title, play in STEPS:
                with self._step(title) as step:
                    play(stage, step)
            return True
        return False

    def _prepare(self, images_wanted: str) -> tuple[Stack, Material]:
        """Prepare images and secrets, and remove the rests of an earlier drill."""
        with self._step("Engine") as step:
            step.title = self._engine.summary()
        images = self._build(images_wanted)
        with self._step("Secrets drawn, an authority and a certificate made"):
            material = make_material(self._folder)
        stack = Stack(self._engine, {**material.settings(), **images.variables, **_ports()})
        stack.remove()
        return stack, material

    def _build(self, wanted: str) -> Images:
        with self._step("Images of base, database, broker, proxy") as step:
            images = choose_images(self._engine, wanted)
            step.lines.extend(images.said)
        with self._step("An image of each half, by the Dockerfile") as step:
            build_hub(self._engine, images)
            step.evidence(
                ", ".join(f"{half} {size_in_mb(self._engine, tag)} MB" for half, tag in HUB.items())
            )
        return images

    def _bring_up(self, stack: Stack, material: Material) -> None:
        with self._step("Database and broker of each half, mail sink healthy") as step:
            stack.start(*(f"{half}-{store}" for half in HALVES for store in ("db", "redis")), "mail")
            for half in HALVES:
                version = stack.sql(half, "SHOW server_version").split()[0]
                sums, cipher = (
                    stack.sql(half, "SHOW data_checksums"),
                    stack.sql(half, "SHOW password_encryption"),
                )
                step.evidence(f"{half}: PostgreSQL {version}, data checksums {sums}, {cipher}")
        with self._step("Tables, guards and grants, by the owner's login of each half"):
            for role in MIGRATES.values():
                stack.once(role)
        with self._step("Demonstration world, in both databases") as step:
            step.title = stack.once("seed").strip().splitlines()[-1]
        began = time.monotonic()
        with self._step("Every service healthy") as step:
            stack.start()
            services = [one.service for one in stack.containers() if one.is_well]
            step.title = f"{len(services)} containers healthy after {time.monotonic() - began:.0f} s"
            counted = {name: services.count(name) for name in sorted(services)}
            step.evidence(", ".join(f"{name} x {n}" if n > 1 else name for name, n in counted.items()))

    def _play_outside(self, stack: Stack) -> bool:
        """Run the guest, which prints its own steps."""
        self._ticks.heading("From outside, through TLS")
        played = [stack.play("python", "-m", name) for name in OUTSIDE]
        return all(played)

    def _look_inside(self, stack: Stack, material: Material) -> bool:
        self._ticks.heading("Inside")
        held = [self._holds(title, check, stack, material) for title, check in CHECKS]
        self._ticks.heading("The same story again, under the other sequencer, through another desk")
        held.append(stack.play("python", "-m", OUTSIDE[0]))
        self._ticks.heading("Afterwards")
        held += [self._holds(title, check, stack, material) for title, check in LAST_CHECKS]
        return all(held)

    def _holds(self, title: str, check: Check, stack: Stack, material: Material) -> bool:
        with suppress(StepFailedError), self._step(title) as step:
            check(stack, material, step)
            return True
        return False

    def _stop(self, stack: Stack) -> bool:
        """Require that every process ends by itself when asked to, except the one killed on purpose."""
        self._ticks.heading("Stopping")
        with suppress(StepFailedError), self._step("Every service ends by itself") as step:
            stack.must("stop")
            codes = [(one.service, one.exit_code) for one in stack.containers()]
            odd = [f"{name}: {code}" for name, code in codes if code not in STOPPED_WELL]
            if [one for one in odd if one not in {f"{role}: {KILLED}" for role in SEQUENCES.values()}]:
                raise StepFailedError(f"Ended otherwise: {', '.join(odd)}.")
            step.evidence(f"{len(codes)} containers, exit status {sorted({code for _, code in codes})}")
            return True
        return False

    def _take_down(self, stack: Stack) -> None:
        with self._step("Containers, networks, volumes and secrets are gone"):
            if os.geteuid() != 0:
                # Only the containers' user can delete what they wrote.
                with suppress(DevtoolError):
                    stack.once("guest", "find", "/world", "/mail", "-mindepth", "1", "-delete")
            stack.remove()
            left = stack.containers()
            if left:
                raise StepFailedError(f"Left over: {', '.join(one.service for one in left)}.")

    def _conclude(self, held: bool) -> int:
        minutes, seconds = divmod(int(time.monotonic() - self._began), 60)
        self._ticks.heading(
            f"{'Everything held' if held else 'FAILED: see above'}, {minutes} min {seconds} s."
        )
        return 0 if held else 1

    def _wait(self, stack: Stack) -> None:
        self._ticks.heading(
            f"https://{LOOPBACK}:{stack.settings['DESK_HTTPS_PORT']}, authority in {self._folder}"
        )
        self._ticks.line("Ctrl-C goes on.")
        with suppress(KeyboardInterrupt):
            signal.pause()

    @contextmanager
    def _step(self, title: str) -> Generator[Step]:
        """Run a step whose failure reports the developer tool's message."""
        with self._ticks.step(title) as step:
            try:
                yield step
            except DevtoolError as error:
                raise StepFailedError(error.what, error.remedy) from error


def _ports() -> dict[str, str]:
    """Return the published ports: free ones, on loopback only."""
    ports = dict(zip(PUBLISHED, map(str, free_ports(len(PUBLISHED))), strict=True))
    return {"DESK_PROXY_ADDRESS": LOOPBACK, "EXCHANGE_PROXY_ADDRESS": LOOPBACK, **ports}


@contextmanager
def _stoppable() -> Generator[None]:
    """Let SIGTERM and SIGHUP end the drill as Ctrl-C does, removing everything."""

    def stop(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before: dict[int, Callable[..., object] | int | None] = {
        number: signal.signal(number, stop) for number in (signal.SIGTERM, signal.SIGHUP)
    }
    try:
        sys.stdout.flush()
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
