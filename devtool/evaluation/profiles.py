# SPDX-License-Identifier: Apache-2.0
"""Evaluate the shipped profiling method on samples of known source, every pair of them.

A pair belongs together when its *source* is the same, whatever batch and laboratory; the narrower readings stand beside it. A
pair that the method calls not comparable has no score: it counts as a likelihood ratio of 1 and as not linked.
"""

from pathlib import Path

import numpy as np

from devtool.evaluation.findings import Bar, MalformedError, Part, Table, at_least, at_most
from substances.errors import InputRefusedError
from substances.profiles.comparing import compare, log10_ratio
from substances.profiles.measuring import Flags, Floats, Pairs, auc, cllr, pairs_of, share
from substances.profiles.methods import Method, shipped_methods
from substances.profiles.reference import SampleSet, read_samples
from substances.profiles.vectors import Profile

AUC_BAR = 0.94
CLLR_BAR = 0.45
FALSE_LINKS_PERCENT = 0.5


def evaluate_profiles(path: Path) -> Part:
    """Return the measures of one file; raise MalformedError."""
    try:
        samples = read_samples(path.read_bytes())
    except InputRefusedError as exc:
        raise MalformedError(f"{path.name}: {exc.where or 'the file'}: {exc.code}") from exc
    method = _method_for(samples, path)
    scores, ratios = _squares(samples, method)
    pairs = pairs_of(samples, ratios)
    if not pairs.same.any() or pairs.same.all():
        raise MalformedError(f"{path.name}: needs pairs of one source and pairs of two")
    linked = pairs_of(samples, scores).score >= method.calibration.linked_at
    return Part(
        f"Profiles: {path.name}, {len(samples.samples)} samples, {pairs.same.size:,} pairs, method {method.name}",
        _bars(pairs, linked),
        (_table(pairs, linked),),
        _notes(pairs_of(samples, scores), method, linked),
    )


def _method_for(samples: SampleSet, path: Path) -> Method:
    for method in shipped_methods():
        if method.targets == samples.targets:
            return method
    raise MalformedError(f"{path.name}: line 1: no shipped method has these targets")


def _squares(samples: SampleSet, method: Method) -> tuple[Floats, Floats]:
    """Return scores (NaN where not comparable) and log10 ratios (0 there) of each sample with each other."""
    profiles = [Profile(method.id, method.version, sample.values) for sample in samples.samples]
    scores = np.full((len(profiles), len(profiles)), np.nan)
    ratios = np.zeros_like(scores)
    for row, one in enumerate(profiles):
        for column in range(row + 1, len(profiles)):
            score = compare(one, profiles[column]).score
            if score is not None:
                scores[row, column] = score
                ratios[row, column] = log10_ratio(method.calibration, score)
    return scores, ratios


def _bars(pairs: Pairs, linked: Flags) -> tuple[Bar, ...]:
    false_links = 100 * share(linked[~pairs.same])
    return (
        at_least("AUC, pairs of one source against pairs of two", auc(pairs.score, pairs.same), AUC_BAR),
        at_most("Cllr", cllr(pairs.score, pairs.same), CLLR_BAR),
        at_most("False links at the chosen cut, percent", false_links, FALSE_LINKS_PERCENT),
    )


def _table(pairs: Pairs, linked: Flags) -> Table:
    everything = np.ones_like(pairs.same)
    readings = {
        "same source": (pairs.same, everything),
        "same source, one laboratory": (pairs.same, pairs.same_laboratory),
        "same source, two laboratories": (pairs.same, ~pairs.same_laboratory),
        "same source, two batches": (pairs.same, ~pairs.same_batch),
        "same batch, against other sources": (pairs.same_batch, pairs.same_batch | ~pairs.same),
        "same batch, against all others": (pairs.same_batch, everything),
    }
    rows = [_row(name, pairs, linked, together, among) for name, (together, among) in readings.items()]
    return Table(
        ("belongs together", "pairs", "AUC", "Cllr", "false links", "links found"), tuple(filter(None, rows))
    )


def _row(name: str, pairs: Pairs, linked: Flags, together: Flags, among: Flags) -> tuple[str, ...] | None:
    same, score, found = together[among], pairs.score[among], linked[among]
    if not same.any() or same.all():
        return None
    return (
        name,
        f"{int(same.sum()):,} and {int((~same).sum()):,}",
        f"{auc(score, same):.3f}",
        f"{cllr(score, same):.3f}",
        f"{100 * share(found[~same]):.3f} %",
        f"{100 * share(found[same]):.1f} %",
    )


def _notes(pairs: Pairs, method: Method, linked: Flags) -> tuple[str, ...]:
    known = method.calibration
    lost = int(np.isnan(pairs.score).sum())
    notes = [f"Calibration: {known.set_name}, digest {known.digest}."]
    notes.append(
        f"Linked from a score of {known.linked_at:g}; {int(linked[~pairs.same].sum())} false links of "
        f"{int((~pairs.same).sum()):,}."
    )
    if lost:
        notes.append(f"{lost} pairs are not comparable and count as a likelihood ratio of 1.")
    return tuple(notes)
