# SPDX-License-Identifier: Apache-2.0
"""Faults of a rule file with their paths, collected, so that all are reported at once."""

from dataclasses import dataclass

from substances.errors import SubstanceError


@dataclass(frozen=True, order=True)
class Fault:
    """One fault of a rule file: its path, a code from a closed list, and the word it concerns."""

    path: str
    code: str
    about: str = ""


@dataclass(eq=False)
class RulesRefusedError(SubstanceError):
    """A rule file that cannot be used, with every fault found."""

    faults: tuple[Fault, ...]

    def __str__(self) -> str:
        return f"the rule file has {len(self.faults)} faults, the first of them: {self.faults[0].code}"


@dataclass(frozen=True)
class RulesReport:
    """The contents of a rule file, or every fault in it. `digest` is empty where it cannot be used."""

    digest: str
    rules: tuple[str, ...]
    examples_run: int
    faults: tuple[Fault, ...]

    @property
    def usable(self) -> bool:
        return not self.faults


def refused(path: str, code: str, about: str = "") -> RulesRefusedError:
    return RulesRefusedError((Fault(path, code, about),))


def joined(path: str, key: str | int) -> str:
    shown = str(key)[:60]
    return f"{path}.{shown}" if path else shown
