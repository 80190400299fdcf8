# SPDX-License-Identifier: Apache-2.0
"""The answer of one rule about one structure: a verdict that explains every heavy atom, as plain data.

`verdict` is the rule's answer; `structural` is the answer before the rule's named substances, and before the caution of a rule
that is only partly encoded. Codes are closed lists; whoever shows them makes the sentences, except those that the rule file
itself gives (English reference text).
"""

from dataclasses import dataclass
from typing import Final

IN: Final = "in"
OUT: Final = "out"
PARENT: Final = "parent"
REVIEW: Final = "review"
EXCLUDED: Final = "excluded"
NOT_DECIDED: Final = "not-decided"
VERDICTS: Final = (IN, OUT, PARENT, REVIEW, EXCLUDED, NOT_DECIDED)

FINDING_KINDS: Final = ("core", "parent", "allowed", "review", "denied")
FINDING_CODES: Final = (
    "core",  # belongs to the scaffold
    "explained",  # a clause permits it
    "for_review",  # a clause that a person has to read
    "not_permitted",  # hangs at a slot, and no entry of the slot fits
    "no_such_position",  # hangs where the rule opens no slot
    "needs_company",  # permitted only beside a group of another kind (requires_any)
    "too_many",  # one more than the slot takes (max)
    "missing",  # hydrogen where the slot requires something
    "indicator",  # what an open-textured rule points at
)
REASON_CODES: Final = (
    "all_explained", "unchanged_parent", "for_review", "unexplained", "missing", "no_core", "mass", "named",
    "indicator", "no_indicator", "partly_encoded", "not_all_ways_tried",
)  # fmt: skip


@dataclass(frozen=True)
class Finding:
    """One clause's statement about some atoms. `atoms` count in the order of the parent's SMILES."""

    atoms: tuple[int, ...]
    clause: str
    label: str
    slot: str
    kind: str
    sentence: str
    code: str


@dataclass(frozen=True)
class Reason:
    """A reason for the verdict: a code, and the rule's own words or name where it has some."""

    code: str
    sentence: str = ""


@dataclass(frozen=True)
class Verdict:
    rule_id: str
    verdict: str
    structural: str
    core_id: str
    core_atoms: tuple[int, ...]
    findings: tuple[Finding, ...]
    because: tuple[Reason, ...]

    @property
    def unexplained(self) -> tuple[int, ...]:
        """The atoms that prevent the verdict `in`."""
        return tuple(
            sorted({atom for finding in self.findings if finding.kind == "denied" for atom in finding.atoms})
        )

    @property
    def clauses(self) -> tuple[str, ...]:
        """The clauses that the verdict rests on, each once, without the core and the parent's own groups."""
        named = (finding.clause for finding in self.findings if finding.kind in {"allowed", "review"})
        return tuple(dict.fromkeys(clause for clause in named if clause))


Verdicts = tuple[Verdict, ...]
VerdictWords = tuple[tuple[str, ...], ...]


def meets_label(verdict: Verdict, label: str) -> bool:
    """Tell whether the structural answer agrees with a hand-read label.

    "not-decided" is the label of a rule that is only partly encoded, whose structural answer is then `out`.
    """
    return verdict.structural == (OUT if label == NOT_DECIDED else label)
