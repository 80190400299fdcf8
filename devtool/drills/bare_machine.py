# SPDX-License-Identifier: Apache-2.0
"""`./dev drill bare-machine`: sign a release of the newest commit, bring it to an empty Debian and start it there, offline.

The machine is a root file system of debootstrap with `python3`, `python3-venv` and the libraries that drawing needs, entered by
chroot in namespaces of its own: its only network is a loopback, its processes end with the step. Both need root. The commands typed
in it are those of docs/own-desk.md ("Without a network"), by an ordinary user.
"""

import argparse
import os
import shutil
import subprocess
import tempfile
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from demo.ticks import StepFailedError, Ticks
from devtool.environments import ROOT
from devtool.errors import DevtoolError
from devtool.libraries import OF_DEBIAN
from devtool.processes import run_to_end
from devtool.release.bundle import SOURCE, VERSION_FILE, WHEELS, make_bundle, version_of_source
from devtool.release.contents import UPGRADES_FROM, Contents, Version, list_files
from devtool.release.signing import make_key, pinned_keys, sign, verify, write_note

SUITE: Final = "trixie"
PACKAGES: Final = ",".join(("python3", "python3-venv", *OF_DEBIAN.values()))
TOOLS: Final = ("debootstrap", "unshare", "chroot", "ip", "git")
SIGNERS: Final = ("first.drill.example", "second.drill.example")
USER: Final = 1000
MEDIUM, NEWER = "/media/release", "/media/newer"
CHECKOUT, UPGRADED, DESK, BACKUP = "/srv/accord", "/srv/accord-new", "/srv/desk", "/srv/backup"
OFFLINE: Final = f"ACCORD_WHEELS={MEDIUM}/{WHEELS}"
ENTER: Final = """
ip link set lo up
mount -t proc proc "$ROOT/proc"
mount -t tmpfs -o mode=1777,nosuid,nodev tmpfs "$ROOT/dev/shm"
eval "$BEFORE"
status=0
chroot --userspec="$USER_ID:$USER_ID" --groups= "$ROOT" /usr/bin/env -i PATH=/usr/local/bin:/usr/bin:/bin \
    HOME=/home/accord LC_ALL=C.UTF-8 /bin/sh -euc "$SCRIPT" || status=$?
exit $status
"""
MAY_NOT_EXECUTE: Final = 'mount --bind "$ROOT/srv" "$ROOT/srv" && mount -o remount,bind,noexec "$ROOT/srv"'


def run(arguments: list[str]) -> int:
    """Run the drill; return 0 if everything held."""
    parser = argparse.ArgumentParser(prog="./dev drill bare-machine")
    parser.add_argument(
        "--debian",
        type=Path,
        metavar="FOLDER",
        help="a root file system made before, copied; else debootstrap makes one",
    )
    options = parser.parse_args(arguments)
    missing = [tool for tool in TOOLS if shutil.which(tool) is None]
    if missing or os.geteuid() != 0:
        raise DevtoolError(
            f"This drill needs root, and: {', '.join(TOOLS)}.",
            f"Missing: {', '.join(missing)}" if missing else "Run it as root.",
        )
    ticks = Ticks()
    ticks.line(f"A bare machine without a network     {datetime.now(UTC):%-d %b %Y %H:%M} UTC")
    with tempfile.TemporaryDirectory(prefix="accord-bare-") as folder:
        try:
            _Drill(ticks, Path(folder)).play(options.debian)
        except StepFailedError:
            return 1
    return 0


class _Drill:
    def __init__(self, ticks: Ticks, folder: Path) -> None:
        self._ticks = ticks
        self._release, self._keys, self._root = folder / "release", folder / "release-keys", folder / "root"
        self._newer = folder / "newer"
        self._key_files = [folder / f"{name}.key" for name in SIGNERS]
        self._folder = folder

    def play(self, debian: Path | None) -> None:
        self._ticks.heading("Where there is a network")
        self._make_release()
        self._make_machine(debian)
        self._ticks.heading("On the bare machine, by an ordinary user")
        self._require_no_network()
        self._install()
        self._refuse()
        self._start_desk()
        self._upgrade()
        self._start_where_nothing_is_executed()

    # --- before -----------------------------------------------------------------------------------------------------

    def _make_release(self) -> None:
        with self._ticks.step("A bundle of the newest commit") as step:
            make_bundle(self._release, say=step.evidence)
            step.evidence(f"{_mb(self._release)} MB, of which {SOURCE} {_mb(self._release / SOURCE)} MB")
        with self._ticks.step("Made a release, signed with two keys drawn for it, verified") as step:
            pins = [make_key(path.stem, path) for path in self._key_files]
            self._keys.write_text("".join(f"{pin}\n" for pin in pins))
            self._sign(self._release)
            contents, signers = verify(self._release, pinned_keys(self._keys), installed=None)
            step.evidence(f"{len(contents.files)} files, signed by {' and '.join(signers)}")
        with self._ticks.step("Another one of the same program under the next version") as step:
            make_bundle(self._newer, say=step.evidence, repository=self._next_version())
            self._sign(self._newer)

    def _sign(self, release: Path) -> None:
        version, today = version_of_source(release / SOURCE), datetime.now(UTC).date()
        write_note(release, Contents(version, today, Version.parse(UPGRADES_FROM), list_files(release)))
        for path in self._key_files:
            sign(release, path)

    def _next_version(self) -> Path:
        """Return a clone whose newest commit states the next version and changes nothing else."""
        clone = self._folder / "clone"
        _must("git", "clone", "--quiet", "--shared", str(ROOT), str(clone))
        now = version_of_source(self._release / SOURCE)
        path = clone / VERSION_FILE
        path.write_text(path.read_text().replace(f'"{now}"', f'"{replace(now, patch=now.patch + 1)}"'))
        named = ("-c", "user.name=drill", "-c", "user.email=drill@drill.example")
        _must("git", "-C", str(clone), *named, "commit", "--quiet", "--all", "--message", "The next version")
        return clone

    def _make_machine(self, debian: Path | None) -> None:
        with self._ticks.step(f"Debian {SUITE} with {PACKAGES.replace(',', ' and ')} alone") as step:
            if debian is not None:
                _must("cp", "-a", str(debian.resolve()), str(self._root))
            else:
                _must("debootstrap", "--variant=minbase", f"--include={PACKAGES}", SUITE, str(self._root))
            step.evidence(f"{_mb(self._root)} MB")
        with self._ticks.step("A user, and the release as it would come on a stick") as step:
            _must("chroot", str(self._root), "useradd", "--create-home", "--uid", str(USER), "accord")
            shutil.copytree(self._release, self._inside(MEDIUM))
            shutil.copytree(self._newer, self._inside(NEWER))
            shutil.copy(self._keys, self._inside("/media/release-keys"))
            for place in (CHECKOUT, UPGRADED, DESK, BACKUP, "/srv/desk-2", "/opt/accord-venv"):
                self._inside(place).mkdir()
                os.chown(self._inside(place), USER, USER)
            step.evidence(f"{_mb(self._root)} MB")

    def _inside(self, path: str) -> Path:
        return self._root / path.lstrip("/")

    # --- on the machine ---------------------------------------------------------------------------------------------

    def _require_no_network(self) -> None:
        with self._ticks.step("Its only network is a loopback") as step:
            told = self._type("cut -d: -f1 -s /proc/net/dev | tr -d ' '; id -u; command -v python3")
            found = [line for line in told.split() if line != "|"]
            # The first line is the table's head.
            _require([line for line in found if "|" not in line][:2] == ["lo", str(USER)], told)
            step.evidence(" ".join(found))

    def _install(self) -> None:
        digest = next(file.sha256 for file in list_files(self._release) if file.path == SOURCE)
        with self._ticks.step("The source is compared and unpacked, the keys are written down"):
            told = self._type(
                f"cd {MEDIUM} && sha256sum {SOURCE}\n"
                f"tar -xf {SOURCE} --strip-components=1 -C {CHECKOUT}\n"
                f"cp /media/release-keys {CHECKOUT}/deploy/release-keys"
            )
            _require(told.split()[0] == digest, told)
        with self._ticks.step("Parts installed from the bundle alone, then all of it verified") as step:
            told = self._type(f"cd {CHECKOUT} && {OFFLINE} ./dev release verify --first {MEDIUM}")
            _require(all(name in told for name in ("Verified.", *SIGNERS)), told)
            for line in told.splitlines():
                step.evidence(line)
            step.evidence(f".venv {_mb(self._inside(CHECKOUT) / '.venv')} MB")

    def _refuse(self) -> None:
        with self._ticks.step("The same version is no upgrade; one octet more in a wheel is refused") as step:
            verifying = f"cd {CHECKOUT} && ./dev release verify"
            step.evidence(self._must_refuse(f"{verifying} {MEDIUM}", "as new or newer"))
            wheel = next(self._inside(f"{MEDIUM}/{WHEELS}").iterdir())
            before = wheel.read_bytes()
            wheel.write_bytes(before + b"\0")
            step.evidence(self._must_refuse(f"{verifying} --first {MEDIUM}", f"{wheel.name} is not the file"))
            wheel.write_bytes(before)

    def _start_desk(self) -> None:
        starting = f"cd {CHECKOUT} && ./dev own-desk --once --folder {DESK}"
        for title in (
            "./dev own-desk --once: it starts, answers, stops",
            "A second time, in the same folder",
        ):
            with self._ticks.step(title) as step:
                step.evidence(_ready(self._type(starting)))
                step.evidence(f"{DESK} {_mb(self._inside(DESK))} MB")

    def _upgrade(self) -> None:
        with self._ticks.step(
            "The folder is copied; the installed checkout verifies the next version, which starts"
        ) as step:
            told = self._type(f"cp -a {DESK}/. {BACKUP} && cd {CHECKOUT} && ./dev release verify {NEWER}")
            _require("It is newer than what is installed here" in told, told)
            told = self._type(
                f"tar -xf {NEWER}/{SOURCE} --strip-components=1 -C {UPGRADED}\n"
                f"cp {CHECKOUT}/deploy/release-keys {UPGRADED}/deploy/release-keys\n"
                f"cd {UPGRADED} && ACCORD_WHEELS={NEWER}/{WHEELS} ./dev own-desk --once --folder {DESK}"
            )
            step.evidence(_ready(told))
        with self._ticks.step("And back: the older one is no upgrade, and starts on the copy") as step:
            step.evidence(
                self._must_refuse(f"cd {UPGRADED} && ./dev release verify {MEDIUM}", "as new or newer")
            )
            told = self._type(
                f"find {DESK} -mindepth 1 -delete && cp -a {BACKUP}/. {DESK}\n"
                f"cd {CHECKOUT} && ./dev own-desk --once --folder {DESK}"
            )
            step.evidence(_ready(told))

    def _start_where_nothing_is_executed(self) -> None:
        """Start it as in a home that is mounted noexec: the checkout may lie there, its environment may not."""
        starting = f"cd {CHECKOUT} && {OFFLINE} sh ./dev own-desk --once --folder /srv/desk-2"
        with self._ticks.step("Where nothing may be executed it says so, and ACCORD_VENV helps") as step:
            for made in (".venv", ".dev"):
                shutil.rmtree(self._inside(CHECKOUT) / made)
            told = self._must_refuse(starting, "mounted noexec", before=MAY_NOT_EXECUTE)
            step.evidence(told)
            elsewhere = starting.replace(OFFLINE, f"{OFFLINE} ACCORD_VENV=/opt/accord-venv")
            step.evidence(_ready(self._type(elsewhere, before=MAY_NOT_EXECUTE)))

    # --- typing -----------------------------------------------------------------------------------------------------

    def _type(self, script: str, *, before: str = "true") -> str:
        """Run lines of a shell in there; return their output."""
        done = self._enter(script, before)
        _require(done.returncode == 0, f"{script}\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
        return done.stdout

    def _must_refuse(self, script: str, reason: str, *, before: str = "true") -> str:
        """Run lines that must end with 1 for a reason; return the first line with that reason."""
        done = self._enter(script, before)
        lines = [line for line in done.stderr.splitlines() if reason in line]
        _require(
            done.returncode == 1 and bool(lines), f"{script}\n{done.stdout[-2000:]}{done.stderr[-2000:]}"
        )
        return lines[0]

    def _enter(self, script: str, before: str) -> subprocess.CompletedProcess[str]:
        """Enter with namespaces for network, mounts and processes, so that nothing of it is left."""
        return run_to_end(
            ["unshare", "--net", "--mount", "--pid", "--fork", "--kill-child", "sh", "-euc", ENTER],
            {
                "PATH": os.environ.get("PATH", os.defpath),
                "LC_ALL": "C.UTF-8",
                "ROOT": str(self._root),
                "SCRIPT": script,
                "BEFORE": before,
                "USER_ID": str(USER),
            },
            cwd=ROOT,
        )


def _ready(told: str) -> str:
    line = next((line.strip() for line in told.splitlines() if line.startswith("Ready after")), "")
    _require(bool(line), told[-2000:])
    return line


def _must(*command: str) -> None:
    done = run_to_end(command, os.environ)
    _require(done.returncode == 0, f"{command[0]}: {(done.stdout + done.stderr)[-1000:]}")


def _mb(path: Path) -> int:
    """Return the disk usage of a file or folder, in megabytes."""
    done = run_to_end(["du", "--summarize", "--block-size=1000000", str(path)], os.environ)
    return int(done.stdout.split()[0])


def _require(holds: bool, otherwise: str) -> None:
    if not holds:
        raise StepFailedError(otherwise)
