# SPDX-License-Identifier: Apache-2.0
"""The science core on one structure, on a hundred thousand fingerprints, and on ten thousand stored structures.

- `rules one structure`: judging a structure by every class rule, as a page does. Floor: reading the SMILES and looking for the
  rules' scaffolds.
- `verdict one structure`: the whole answer by rules and lists on a day, with nothing cached. Floor: the same with empty lists.
- `lists`, `esters` and `skeletons`: the parts that look for named entries, for the parents of esters and ethers, and for
  derivatives and classes where no entry names the structure. Floor of each: the whole answer.
- `first skeletons`: a process's first question that needs the skeletons drawn. Floor: the same question again.
- `similar 100000`: ranking both fingerprints of that many structures. Floor: counting their bits once.
- `judged again 10000`: the engine's part of a re-evaluation, listings included. Floor: reading the structures. Each structure
  is written with its atoms in another order each time, so that no cache helps.
- `first answer`: the wall-clock time of a process's first question: the process that reads untrusted input is started, locked
  in, and reads one structure. Floor: Python with the toolkit loaded.
"""

import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from datetime import date
from functools import partial

import numpy as np

from benchmarks._figures import median_seconds, report
from substances.control import screening
from substances.control.engine import judge
from substances.control.listings import COLUMNS, shipped_listings, shipped_listings_text
from substances.control.results import Query
from substances.control.rules import RuleSet
from substances.control.screening import Law, law_of
from substances.control.shipped import shipped_rules, shipped_rules_text
from substances.control.skeletons import met_by_skeleton, prints_of_parent
from substances.reevaluation import judge_structures
from substances.rulefacts import StructureIn
from substances.similarity_search import reference_candidates
from substances.structures.decomposing import open_molecule
from substances.structures.derived import parents_by_hydrolysis
from substances.structures.fingerprints import Packed, pack, similarities
from substances.structures.likeness import FINGERPRINT_BYTES, Fingerprints
from substances.structures.patterns import connectivity_block, full_inchikey
from substances.structures.toolkit import parse_smiles, rdkit

STORED = 10_000
KNOWN = 100_000
RULES_MS, VERDICT_MS, SIMILAR_MS, AGAIN_SECS = 20.0, 60.0, 50.0, 60.0
ON = date(2026, 11, 28)
UNLISTED = "CC(C)C(=O)N(c1ccc(Br)cc1)C1CCN(CCc2ccccc2)CC1"
TOP = 50
SEED = 20_261


def main() -> None:
    parents = [candidate.parent for candidate in reference_candidates()]
    _judge_one(parents)
    _answer_one(parents)
    _rank_many()
    _judge_again(parents)
    _first_answer()


def _judge_one(parents: Sequence[str]) -> None:
    """Report the 95th percentile over the shipped structures, each by its median of five spellings."""
    rules = shipped_rules()
    for parent in parents:
        _by_all(rules, parent)
    ours = [_median(partial(_by_all, rules), _spellings(parent, 5)) for parent in parents]
    floors = [_median(partial(_scaffolds_only, rules), _spellings(parent, 10)[5:]) for parent in parents]
    report("rules one structure p95", _p95(ours) * 1000, _p95(floors) * 1000, limit=RULES_MS)
    report("rules one structure median", statistics.median(ours) * 1000, statistics.median(floors) * 1000)


def _answer_one(parents: Sequence[str]) -> None:
    """Report each parent by its median of three spellings; the parts are measured on the same spellings."""
    law = law_of()
    bare = law_of(listings=",".join(COLUMNS) + "\n")
    first, again = (_once(partial(_answer, law, UNLISTED)) for _ in range(2))
    report("first skeletons", first * 1000, again * 1000)
    spelled = [_spellings(parent, 6) for parent in parents]
    for texts in spelled:
        _answer(bare, texts[0])
    ours = [_median(partial(_answer, law), texts[:3]) for texts in spelled]
    floors = [_median(partial(_answer, bare), texts[3:]) for texts in spelled]
    report("verdict one structure p95", _p95(ours) * 1000, _p95(floors) * 1000, limit=VERDICT_MS)
    report("verdict one structure median", statistics.median(ours) * 1000, statistics.median(floors) * 1000)
    whole = statistics.mean(ours)
    for name, work in (("lists", _named), ("esters", _esters), ("skeletons", _skeletons)):
        seconds = statistics.mean(_median(work, [parent] * 3) for parent in parents)
        report(f"{name} of one structure mean", seconds * 1000, whole * 1000)


def _answer(law: Law, text: str) -> None:
    for remembered in (full_inchikey, connectivity_block, open_molecule, prints_of_parent):
        remembered.cache_clear()
    screening.screen(Query(smiles=text), on=ON, law=law)


def _named(parent: str) -> None:
    shipped_listings().find(keys=[full_inchikey(parent)])


def _esters(parent: str) -> None:
    for smiles in parents_by_hydrolysis(parent):
        full_inchikey.cache_clear()
        shipped_listings().find(keys=[full_inchikey(smiles)])


def _skeletons(parent: str) -> None:
    prints_of_parent.cache_clear()
    list(met_by_skeleton(shipped_listings(), parent))


def _spellings(parent: str, count: int) -> list[str]:
    return list(rdkit().Chem.MolToRandomSmilesVect(parse_smiles(parent), count, randomSeed=SEED))


def _by_all(rules: RuleSet, parent: str) -> None:
    for rule in rules:
        judge(rule, parent)


def _scaffolds_only(rules: RuleSet, parent: str) -> None:
    molecule = open_molecule(parent)
    for rule in rules:
        for core in rule.cores:
            molecule.find(core.smarts)


def _rank_many() -> None:
    chance = np.random.default_rng(SEED)
    # As many bits as fingerprints of drugs have: a fifth of the paths, a fortieth of the surroundings.
    circular, paths = (_invented(chance, share) for share in (0.025, 0.2))
    query = Fingerprints(circular[0].tobytes(), paths[0].tobytes())

    def rank() -> None:
        scores = similarities(query, circular, paths)
        best = np.argpartition(-scores, TOP)[:TOP]
        best[np.argsort(-scores[best])]

    def count() -> None:
        np.bitwise_count(circular).sum(dtype=np.int64)
        np.bitwise_count(paths).sum(dtype=np.int64)

    seconds = median_seconds({"ours": rank, "floor": count})
    report(f"similar {KNOWN}", seconds["ours"] * 1000, seconds["floor"] * 1000, limit=SIMILAR_MS)


def _invented(chance: np.random.Generator, share: float) -> Packed:
    """Return rows of random bits, which belong to no structure."""
    rows = [
        np.packbits(chance.random((1000, FINGERPRINT_BYTES * 8)) < share, axis=1)
        for _ in range(KNOWN // 1000)
    ]
    return pack([row.tobytes() for row in np.concatenate(rows)])


def _judge_again(parents: Sequence[str]) -> None:
    texts = shipped_rules_text(), shipped_listings_text()
    spelled = [text for parent in parents for text in _spellings(parent, STORED // len(parents))]
    structures = [StructureIn(text=text, parent=text) for text in spelled]
    judge_structures(*texts, structures[:1], ON)
    ours = _once(lambda: judge_structures(*texts, structures[1:], ON))
    floor = _once(lambda: [parse_smiles(text) for text in spelled])
    report(f"judged again {STORED}", ours, floor, unit="s", limit=AGAIN_SECS)


def _first_answer() -> None:
    asking = "from substances.sandbox import sandboxed; sandboxed.read_structure('CCO')"
    loading = "from rdkit import Chem; Chem.MolFromSmiles('CCO')"
    seconds = median_seconds(
        {"ours": partial(_python, asking), "floor": partial(_python, loading)},
        rounds=5,
        clock=time.perf_counter,
    )
    report("first answer", seconds["ours"] * 1000, seconds["floor"] * 1000)


def _python(text: str) -> None:
    subprocess.run([sys.executable, "-c", text], check=True)


def _median(work: Callable[[str], object], spellings: Sequence[str]) -> float:
    return statistics.median(_once(partial(work, text)) for text in spellings)


def _once(work: Callable[[], object]) -> float:
    began = time.process_time()
    work()
    return time.process_time() - began


def _p95(values: Sequence[float]) -> float:
    return statistics.quantiles(values, n=20)[-1]


if __name__ == "__main__":
    main()
