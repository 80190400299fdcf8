# SPDX-License-Identifier: Apache-2.0
"""`./dev evaluate --calibrate`: make the shipped profiling method again from the development set alone."""

from devtool.environments import ROOT
from substances.profiles.calibrating import CHOSEN, METRIC, calibrated_file, candidates
from substances.profiles.methods import FILE

DATA = ROOT / "substances" / "data"
SHOWN = 12


def calibrate() -> int:
    """Write the file and print every tried way beside the chosen one; return 0."""
    octets = (DATA / "profiles-dev.csv").read_bytes()
    text = calibrated_file(octets)
    path = DATA / FILE
    changed = not path.exists() or path.read_text("utf-8") != text
    path.write_text(text, "utf-8")
    print(f"{path.relative_to(ROOT)}: {'written anew' if changed else 'as it was'}\n")
    print("On sources left out, the best first (scale, floor, metric, AUC, Cllr):")
    for place, row in enumerate(candidates(octets), start=1):
        is_chosen = (row.scale, row.floor, row.metric) == (CHOSEN.scale, CHOSEN.floor, METRIC)
        if place <= SHOWN or is_chosen:
            mark = "  <- chosen" if is_chosen else ""
            print(
                f"{place:>4}  {row.scale:<10}  {row.floor:<5g}  {row.metric:<9}  {row.auc:.4f}  {row.cllr:.4f}{mark}"
            )
    return 0
