# SPDX-License-Identifier: Apache-2.0
"""One parser under libFuzzer, in a process of its own: `python -m devtool.drills.fuzz_child NAME INPUTS SEED FOLDER`.

The parent reads `FOLDER/report.json`, written after the last input. libFuzzer ends the process at a crash and at a hang
and leaves the input in FOLDER.
"""

import gc
import json
import os
import sys
import time
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["accord"]):
    from devtool.drills.fuzz_targets import TARGETS, Target

from devtool.drills.json_mutator import mutate_json

HANG_SECONDS = 10
MAX_INPUT_BYTES = 32 * 1024
_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")


class Feeder:
    """A feeder of one target that counts its inputs."""

    def __init__(self, target: Target, inputs: int, folder: Path) -> None:
        self._target = target
        self._inputs = inputs
        # By then the target is loaded, its caches are full and the fuzzer has its first corpus.
        self._warm = max(1, inputs // 5)
        self._folder = folder
        self._fed = self._accepted = self._warm_rss = self._warm_blocks = 0
        self._began = time.monotonic()

    def feed(self, data: bytes) -> None:
        """Feed one input; any error but the target's own refusals propagates and ends the process."""
        self._accepted += self._target.try_input(data)
        self._fed += 1
        if self._fed == self._warm:
            gc.collect()
            self._warm_rss, self._warm_blocks = rss_bytes(), sys.getallocatedblocks()
        if self._fed == self._inputs:
            self._report()
            os._exit(0)

    def _report(self) -> None:
        gc.collect()
        figures = {
            "parser": self._target.name,
            "inputs": self._fed,
            "accepted": self._accepted,
            "seconds": round(time.monotonic() - self._began, 1),
            "rss_mib": round(rss_bytes() / 2**20, 1),
            "rss_grown_mib": round((rss_bytes() - self._warm_rss) / 2**20, 1),
            "objects_grown": sys.getallocatedblocks() - self._warm_blocks,
        }
        (self._folder / "report.json").write_text(json.dumps(figures))


def rss_bytes() -> int:
    """Return this process's present memory use."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * _PAGE_BYTES


def _mutate(data: bytes, max_size: int, seed: int) -> bytes:
    """Change JSON as JSON half of the time; otherwise, and for other inputs, change octets."""
    if seed % 2:
        try:
            return mutate_json(data, seed)[:max_size]
        except (ValueError, RecursionError):
            pass
    changed: bytes = atheris.Mutate(data, max_size)
    return changed


def main(name: str, inputs: int, seed: int, folder: Path) -> None:
    target = TARGETS[name]
    corpus = folder / "corpus"
    corpus.mkdir(parents=True)
    for number, octets in enumerate(target.seeds()):
        (corpus / f"{number:04}").write_bytes(octets)
    feeder = Feeder(target, inputs, folder)
    options = [
        f"-seed={seed}", f"-timeout={HANG_SECONDS}", f"-max_len={MAX_INPUT_BYTES}", "-rss_limit_mb=2048",
        "-len_control=0", f"-artifact_prefix={folder}/", "-verbosity=0", "-print_final_stats=0", "-detect_leaks=0",
    ]  # fmt: skip
    atheris.Setup([sys.argv[0], *options, str(corpus)], feeder.feed, custom_mutator=_mutate)
    atheris.Fuzz()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), Path(sys.argv[4]))
