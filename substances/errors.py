# SPDX-License-Identifier: Apache-2.0
"""What can be wrong with what the science core is given. Nothing of the input stands in a message."""

from dataclasses import dataclass


class SubstanceError(Exception):
    """The family's base."""


@dataclass(eq=False)
class InputRefusedError(SubstanceError):
    """Input that cannot be used: `field` names it, `code` is the fault (a closed list per reader), `where` a position.

    The sentence for people is made by whoever shows it, from the code.
    """

    field: str
    code: str
    where: str = ""

    def __str__(self) -> str:
        return f"{self.field}: {self.code}" + (f" at {self.where}" if self.where else "")


class WorkerLostError(SubstanceError):
    """The process that reads untrusted input died or ran out of time or memory; the input was not read."""


class WorkerAwayError(WorkerLostError):
    """No such process was to be had, so that nothing was tried and nothing is known of the input: ask again later."""
