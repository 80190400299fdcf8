# SPDX-License-Identifier: Apache-2.0
"""The head of an agency, on a machine without a network: makes the root and signs what a desk proposes, by `accord`."""

import json
import os
import secrets
import subprocess
import sys
from pathlib import Path

from demo.ticks import StepFailedError

ROOT = Path(__file__).resolve().parent.parent


class Head:
    """A head with a folder of its own, as on a memory stick."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._folder, self._passphrase = folder, folder / "passphrase"

    def make_root(self) -> None:
        """Make the root and its successor; their public halves and the paper with their fingerprints lie beside them."""
        self._passphrase.touch(mode=0o600)
        self._passphrase.write_text(f"{secrets.token_urlsafe(24)}\n")
        (self._folder / "paper.json").write_text(self._accord("keygen", "--root", "--json"))

    @property
    def fingerprint(self) -> str:
        return self._on_paper("root")

    @property
    def next_fingerprint(self) -> str:
        return self._on_paper("next_root")

    @property
    def card(self) -> Path:
        """The public half of the root, as a file."""
        return self._folder / "root.public.json"

    def sign(self, proposal: Path) -> Path:
        """Sign what the desk proposed; return the signed file."""
        signed, root = proposal.with_suffix(".signed"), self._folder / "root.accord"
        signed.unlink(missing_ok=True)
        self._accord(
            *("sign", str(proposal), "--root", str(root), "--root-passphrase-file", str(self._passphrase)),
            *("--out", str(signed), "--yes"),
        )
        return signed

    def sign_as_next(self, half: Path, previous: Path) -> Path:
        """Sign, as the next root, a file that the desk holding the previous root has signed; return the signed file."""
        signed, root = half.with_suffix(".signed"), self._folder / "root.accord"
        self._accord(
            *("sign", str(half), "--previous", str(previous), "--out", str(signed), "--yes"),
            *("--next-root", str(root), "--next-root-passphrase-file", str(self._passphrase)),
        )
        return signed

    def _on_paper(self, name: str) -> str:
        return str(json.loads((self._folder / "paper.json").read_text())[name]["fingerprint"])

    def _accord(self, *words: str) -> str:
        command = [
            *(sys.executable, "-m", "accord", *words),
            *("--home", str(self._folder), "--passphrase-file", str(self._passphrase)),
        ]
        done = subprocess.run(  # noqa: S603
            command,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            cwd=self._folder,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise StepFailedError(f"accord {words[0]}: {(done.stdout + done.stderr).strip()[-500:]}")
        return done.stdout
