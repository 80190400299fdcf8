# SPDX-License-Identifier: Apache-2.0
"""Bundle with all that a machine without a network needs for one commit: source, wheels, bill of materials, a text."""

import os
import platform
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from devtool.environments import ROOT
from devtool.errors import DevtoolError
from devtool.processes import run_to_end
from devtool.release.contents import Version
from devtool.release.sbom import SPEC_VERSION, bill_of_materials, packages_of, pins_here

SOURCE: Final = "source.tar"
WHEELS: Final = "wheels"
BILL: Final = "sbom.cdx.json"
INSTALLING: Final = "INSTALL.txt"
LOCKS: Final = ("requirements.txt", "requirements-embedded.txt")
VERSION_FILE: Final = "accord/version.py"
TOP: Final = "accord-hub"
"""The folder in the archive of the source; the same in each version, so that a path does not reveal it."""
_VERSION_LINE: Final = "VERSION: Final = "


def make_bundle(folder: Path, *, say: Callable[[str], None] = print, repository: Path = ROOT) -> None:
    """Write it into a folder that is empty or absent; raise DevtoolError."""
    if folder.is_symlink() or (folder.exists() and (not folder.is_dir() or any(folder.iterdir()))):
        raise DevtoolError(f"{folder} is not empty.", "Name an empty folder, or one that is not there.")
    commit, made = _commit(repository)
    if _git(repository, "status", "--porcelain", "--untracked-files=no"):
        say("Changes that are not committed are left out.")
    folder.mkdir(parents=True, exist_ok=True)
    archive_source(commit, folder / SOURCE, repository)
    version = version_of_source(folder / SOURCE)
    say(f"{SOURCE}: {commit[:12]}, version {version}")
    with tempfile.TemporaryDirectory(prefix="accord-bundle-") as scratch:
        locks = extract_locks(folder / SOURCE, Path(scratch))
        download_wheels(locks, folder / WHEELS)
        packages = packages_of(pins_here(locks), folder / WHEELS)
    say(f"{WHEELS}: {len(packages)}, each with a pinned hash, for {machine()}")
    (folder / BILL).write_text(bill_of_materials(str(version), made, packages), encoding="utf-8")
    say(f"{BILL}: CycloneDX, {len(packages)} packages")
    (folder / INSTALLING).write_text(_installing(version, commit), encoding="utf-8")
    say(f"{INSTALLING}: how it is installed. Images of containers are not in it.")


def machine() -> str:
    """Return the platform that the wheels are for."""
    return f"{platform.system()} {platform.machine()}, Python {sys.version_info[0]}.{sys.version_info[1]}"


def archive_source(commit: str, path: Path, repository: Path = ROOT) -> None:
    """Write the files of a commit as a tar without other facts: the same commit gives the same octets."""
    # Neither this user's umask nor a git setting may affect it.
    _git(
        repository,
        *("-c", "tar.umask=0022", "-c", "core.autocrlf=false", "archive", "--format=tar"),
        *(f"--prefix={TOP}/", "-o", str(path.absolute()), commit),
    )


def version_of_source(source: Path) -> Version:
    """Return the version that the source in an archive states; raise DevtoolError."""
    lines = _members(source, VERSION_FILE)[0].decode(errors="replace").splitlines()
    stated = next((line.removeprefix(_VERSION_LINE) for line in lines if line.startswith(_VERSION_LINE)), "")
    return Version.parse(stated.strip('"'))


def extract_locks(source: Path, folder: Path) -> list[Path]:
    """Extract the pins of that very source as files; raise DevtoolError."""
    for name, octets in zip(LOCKS, _members(source, *LOCKS), strict=True):
        (folder / name).write_bytes(octets)
    return [folder / name for name in LOCKS]


def download_wheels(locks: list[Path], folder: Path) -> None:
    """Have pip download each pinned wheel for this machine, refusing others; raise DevtoolError."""
    named = [word for lock in locks for word in ("-r", str(lock))]
    done = run_to_end(
        [
            *(
                sys.executable,
                "-m",
                "pip",
                "download",
                "--disable-pip-version-check",
                "--no-input",
                "--quiet",
            ),
            *("--require-hashes", "--only-binary=:all:", "--dest", str(folder), *named),
        ],
        os.environ,
    )
    if done.returncode:
        raise DevtoolError(
            f"The wheels could not be brought: {done.stderr.strip()[-600:]}",
            "This step needs the package index, on a machine of the kind that it is for.",
        )


def _commit(repository: Path) -> tuple[str, datetime]:
    commit, seconds = _git(repository, "log", "-1", "--format=%H %ct").split()
    return commit, datetime.fromtimestamp(int(seconds), UTC)


def _members(source: Path, *names: str) -> list[bytes]:
    """Return files of the project from the archive of its source; raise DevtoolError."""
    octets = []
    try:
        with tarfile.open(source) as archive:
            for name in names:
                file = archive.extractfile(f"{TOP}/{name}")
                if file is None:
                    raise KeyError(name)
                octets.append(file.read())
    except (KeyError, tarfile.TarError):
        raise DevtoolError(
            f"{source.name} is no source of this project.", "Make the bundle in a checkout of it."
        ) from None
    return octets


def _git(repository: Path, *arguments: str) -> str:
    try:
        done = subprocess.run(
            ["git", "-C", str(repository), *arguments], capture_output=True, text=True, check=False
        )
    except FileNotFoundError:
        raise DevtoolError("A bundle is made with git, which is not here.", "Install git.") from None
    if done.returncode:
        raise DevtoolError(
            f"git: {done.stderr.strip()}", "A bundle is made in a git checkout, of its newest commit."
        )
    return done.stdout.strip()


def _installing(version: Version, commit: str) -> str:
    return f"""Accord {version}, for a machine without a network
Commit {commit}; the wheels are for {machine()}.

  {SOURCE}      the program
  {WHEELS}/         what it is made of beside Python, each file pinned by its hash in the source
  {BILL}   the same as a bill of materials (CycloneDX {SPEC_VERSION})
  release.note    what two people signed: each file of this folder; without it this is no release

There is no image of a container in it, neither Python nor an operating system. The machine needs Python with venv, of the
version above, three libraries for drawing structures (Debian: python3, python3-venv, libexpat1, libxext6, libxrender1), and
about 1 GB of disk.

An upgrade of an installed desk: docs/own-desk.md, "Upgrading". In the installed checkout: ./dev release verify FOLDER

The first installation, where nothing is installed that could verify it:

 1. sha256sum {SOURCE}
    Compare it with what two people who hold release keys tell you, each on a way of its own.
 2. mkdir -p /srv/accord && tar -xf {SOURCE} --strip-components=1 -C /srv/accord
 3. Write their verifier keys into /srv/accord/deploy/release-keys, one a line.
 4. cd /srv/accord && ACCORD_WHEELS=THIS_FOLDER/{WHEELS} ./dev release verify --first THIS_FOLDER
    It installs the parts from this folder alone, each by its pinned hash, then verifies all of the folder.
 5. ./dev own-desk --host desk.agency.example

Steps 2 to 5 are an ordinary user's, who owns /srv/accord. Where nothing may be executed in it (mounted noexec), type
ACCORD_VENV=/another/folder sh ./dev ... in place of ./dev, in steps 4 and 5 and at every start.
"""
