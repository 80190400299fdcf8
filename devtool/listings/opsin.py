# SPDX-License-Identifier: Apache-2.0
"""Read systematic names with OPSIN, while lists are prepared; the product does not run it.

Debian has it as `libopsin-java`. Stereo terms that it cannot place are left out.
"""

import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from devtool.errors import DevtoolError

JARS: Final = Path("/usr/share/java")
MAX_SECS: Final = 600
MAIN: Final = "uk.ac.cam.ch.wwmm.opsin.Cli"


def version() -> str:
    """Return its version, empty where it is not installed."""
    jars = sorted(JARS.glob("opsin-cli-[0-9]*.jar")) if shutil.which("java") else []
    found = re.search(r"opsin-cli-(.+)\.jar", jars[-1].name) if jars else None
    return found[1] if found else ""


def read_names(names: Iterable[str]) -> dict[str, str]:
    """Return the SMILES of every name that is read. Raises DevtoolError where OPSIN is not installed or breaks."""
    asked = [name for name in dict.fromkeys(names) if "\n" not in name]
    if not version():
        raise DevtoolError(
            "OPSIN is not installed.", "Debian: apt-get install libopsin-java, and a Java runtime."
        )
    return {name: smiles for name, smiles in zip(asked, _run(asked), strict=True) if smiles}


def _run(names: list[str]) -> list[str]:
    """Return the SMILES of each name in their order, empty where it cannot be read; `-s` ignores uninterpretable stereo terms."""
    with tempfile.TemporaryDirectory() as folder:
        given, got = Path(folder, "names"), Path(folder, "smiles")
        given.write_text("".join(f"{name}\n" for name in names), encoding="utf-8")
        command = [
            "java",
            "-cp",
            f"{JARS}/opsin-cli.jar:{JARS}/*",
            MAIN,
            "-osmi",
            "-s",
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
