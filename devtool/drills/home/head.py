# SPDX-License-Identifier: Apache-2.0
"""The head of an agency, on a machine without a network: makes the root and signs what the desk proposes, by `accord`."""

import json
import os
import secrets
import sys
from pathlib import Path

from demo.ticks import StepFailedError
from devtool.environments import ROOT
from devtool.processes import run_to_end


class Head:
    """With a folder of the head's own, as on a stick."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.fingerprint = self.next_fingerprint = ""
        self._folder, self._passphrase = folder, folder / "passphrase"
        self._passphrase.touch(mode=0o600)
        self._passphrase.write_text(f"{secrets.token_urlsafe(24)}\n")

    def make_root(self) -> None:
        """The root and the one after it; their public halves lie beside them, their fingerprints go onto paper."""
        made = json.loads(self._accord("keygen", "--root", "--json"))
        self.fingerprint, self.next_fingerprint = (
            str(made[name]["fingerprint"]) for name in ("root", "next_root")
        )

    @property
    def card(self) -> Path:
        """The public half of the root, as a file."""
        return self._folder / "root.public.json"

    def sign(self, proposal: Path) -> Path:
        """What the desk proposed, signed."""
        signed = proposal.with_suffix(".signed")
        root = self._folder / "root.accord"
        self._accord(
            *("sign", str(proposal), "--root", str(root), "--root-passphrase-file", str(self._passphrase)),
            *("--out", str(signed), "--yes"),
        )
        return signed

    def _accord(self, *words: str) -> str:
        command = [
            *(sys.executable, "-m", "accord", *words),
            *("--home", str(self._folder), "--passphrase-file", str(self._passphrase)),
        ]
        done = run_to_end(command, {**os.environ, "PYTHONPATH": str(ROOT)}, cwd=self._folder)
        if done.returncode:
            raise StepFailedError(f"accord {words[0]}: {(done.stdout + done.stderr).strip()[-500:]}")
        return done.stdout
