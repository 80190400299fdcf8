# SPDX-License-Identifier: Apache-2.0
"""Here is what can be wrong with a rule file: faults with their paths, collected, so that all are told at once."""

from dataclasses import dataclass

from substances.errors import SubstanceError


@dataclass(frozen=True, order=True)
class Fault:
    """One thing wrong with a rule file: where it stands, a code from a closed list, and the word it is about."""

    path: str
    code: str
    about: str = ""


@dataclass(eq=False)
class RulesRefusedError(SubstanceError):
    """A rule file that cannot be used, with every fault that was found."""

    faults: tuple[Fault, ...]

    def __str__(self) -> str:
        return f"the rule file has {len(self.faults)} faults, the first of them: {self.faults[0].code}"


@dataclass(frozen=True)
class RulesReport:
    """What a rule file holds, or every fault in it. `digest` is empty where it cannot be used."""

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
