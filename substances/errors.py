# SPDX-License-Identifier: Apache-2.0
"""Errors about input of the science core. No message repeats any input."""

from dataclasses import dataclass


class SubstanceError(Exception):
    """Base of the family."""


@dataclass(eq=False)
class InputRefusedError(SubstanceError):
    """Input that cannot be used: `field` names it, `code` is the fault (a closed list per reader), `where` a position.

    Whoever shows it makes the sentence for people, from the code.
    """

    field: str
    code: str
    where: str = ""

    def __str__(self) -> str:
        return f"{self.field}: {self.code}" + (f" at {self.where}" if self.where else "")


class WorkerLostError(SubstanceError):
    """The process that reads untrusted input died or ran out of time or memory; the input was not read."""


class WorkerAwayError(WorkerLostError):
    """No sandbox process was available, so that nothing was tried and nothing is known about the input: ask again later."""
