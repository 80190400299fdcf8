# SPDX-License-Identifier: Apache-2.0
"""Read systematic names with OPSIN, while lists are prepared; nothing of it runs in the product.

Debian has it as `libopsin-java`. Stereo words that it cannot place are left out and the reading is marked.
"""

import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from devtool.errors import DevtoolError

JARS: Final = Path("/usr/share/java")
MAX_SECS: Final = 600
MAIN: Final = "uk.ac.cam.ch.wwmm.opsin.Cli"


@dataclass(frozen=True)
class Reading:
    """The structure a name says. `whole` False: words about stereo were left out."""

    smiles: str
    whole: bool


def version() -> str:
    """Return its version, empty where it is not installed."""
    jars = sorted(JARS.glob("opsin-cli-[0-9]*.jar")) if shutil.which("java") else []
    found = re.search(r"opsin-cli-(.+)\.jar", jars[-1].name) if jars else None
    return found[1] if found else ""


def read_names(names: Iterable[str]) -> dict[str, Reading]:
    """Return every name that is read. Raises DevtoolError where OPSIN is not installed or breaks."""
    asked = [name for name in dict.fromkeys(names) if "\n" not in name]
    if not version():
        raise DevtoolError(
            "OPSIN is not installed.", "Debian: apt-get install libopsin-java, and a Java runtime."
        )
    exact, loose = _run(asked, ()), _run(asked, ("-s",))
    read = {name: Reading(smiles, True) for name, smiles in zip(asked, exact, strict=True) if smiles}
    for name, smiles in zip(asked, loose, strict=True):
        if smiles:
            read.setdefault(name, Reading(smiles, False))
    return read


def _run(names: list[str], options: tuple[str, ...]) -> list[str]:
    with tempfile.TemporaryDirectory() as folder:
        given, got = Path(folder, "names"), Path(folder, "smiles")
        given.write_text("".join(f"{name}\n" for name in names), encoding="utf-8")
        command = [
            "java",
            "-cp",
            f"{JARS}/opsin-cli.jar:{JARS}/*",
            MAIN,
            "-osmi",
            *options,
            str(given),
            str(got),
        ]
        try:
            done = subprocess.run(command, capture_output=True, check=False, timeout=MAX_SECS)
        except subprocess.TimeoutExpired:
            raise DevtoolError(
                f"OPSIN did not answer within {MAX_SECS} s.", "Give fewer rows at a time."
            ) from None
        lines = got.read_text(encoding="utf-8").splitlines() if got.exists() else []
    if done.returncode or len(lines) != len(names):
        raise DevtoolError("OPSIN broke off.", done.stderr.decode(errors="replace")[-300:])
    return lines
