# SPDX-License-Identifier: Apache-2.0
"""The table of pure functions that may run in the sandbox process, on untrusted input.

A job names its function as "module:function". Its annotations say how arguments and result travel (see
`substances.jsonform`), so they must exist at run time, not only under TYPE_CHECKING. Where its module is too heavy for the
asking process, `returns` names the type of the result in a lighter one.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from types import MappingProxyType
from typing import Any, Final, get_type_hints

from substances.errors import InputRefusedError, SubstanceError


@dataclass(frozen=True)
class Job:
    """A function that may be requested. `cpu_secs` is its default limit on processor time."""

    function: str
    cpu_secs: float = 2.0
    returns: str = ""


JOBS: Final[Mapping[str, Job]] = MappingProxyType(
    {
        "read_structure": Job("substances.structures.reading:read_structure"),
        "parent_of": Job("substances.structures.normalising:parent_of"),
        "lay_out": Job("substances.structures.drawing:lay_out"),
        "fingerprints_of": Job(
            "substances.structures.fingerprints:fingerprints_of",
            returns="substances.structures.likeness:Fingerprints",
        ),
        "common_scaffold": Job("substances.structures.scaffolds:common_scaffold", cpu_secs=4),
        "compare_identifiers": Job("substances.structures.identifiers:compare_identifiers"),
        "screen": Job("substances.control.asking:ask_screen", returns="substances.control.results:Screening"),
        "timeline": Job(
            "substances.control.asking:ask_timeline", returns="substances.control.results:Timeline"
        ),
        "judge": Job("substances.control.asking:ask_judge", returns="substances.control.verdicts:Verdicts"),
        "rescreen": Job(
            "substances.control.asking:ask_rescreen",
            cpu_secs=30,
            returns="substances.control.verdicts:VerdictWords",
        ),
        "check_rules": Job(
            "substances.control.asking:ask_check_rules",
            cpu_secs=20,
            returns="substances.control.faults:RulesReport",
        ),
        "try_rules": Job(
            "substances.control.asking:ask_try_rules",
            cpu_secs=10,
            returns="substances.control.faults:RulesReport",
        ),
        "difference_of_rules": Job(
            "substances.control.asking:ask_difference_of_rules",
            cpu_secs=20,
            returns="substances.control.diffs:Difference",
        ),
        "difference_of_listings": Job(
            "substances.control.asking:ask_difference_of_listings",
            cpu_secs=20,
            returns="substances.control.diffs:Difference",
        ),
        "difference_of_precursors": Job(
            "substances.control.asking:ask_difference_of_precursors",
            cpu_secs=20,
            returns="substances.control.diffs:Difference",
        ),
        "read_rule_file": Job(
            "substances.rulefile:read_rule_file", cpu_secs=20, returns="substances.rulefacts:RuleFile"
        ),
        "read_overlaid": Job(
            "substances.rulefile:read_overlaid", cpu_secs=20, returns="substances.rulefacts:RuleFile"
        ),
        "read_listings_file": Job(
            "substances.rulefile:read_listings_file", cpu_secs=20, returns="substances.rulefacts:TableFile"
        ),
        "read_precursors_file": Job(
            "substances.rulefile:read_precursors_file", cpu_secs=20, returns="substances.rulefacts:TableFile"
        ),
        "judge_structures": Job(
            "substances.reevaluation:judge_structures",
            cpu_secs=30,
            returns="substances.rulefacts:JudgedStructures",
        ),
        "find_resembling": Job(
            "substances.similarity_search:find_resembling",
            cpu_secs=15,
            returns="substances.similarity:Resemblances",
        ),
        "read_spectra": Job("substances.spectra.reading:read_spectra", cpu_secs=4),
        "read_library": Job("substances.spectra.library:read_library", cpu_secs=8),
        "fit_spectrum": Job(
            "substances.spectra.fitting:fit_spectrum", cpu_secs=4, returns="substances.spectra.fits:Fit"
        ),
        "match_spectrum": Job(
            "substances.spectra.searching:search_packed",
            cpu_secs=10,
            returns="substances.spectra.answers:Matches",
        ),
    }
)
"""Each area adds its own rows."""

REFUSALS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "InputRefusedError": "substances.errors:InputRefusedError",
        "RulesRefusedError": "substances.control.faults:RulesRefusedError",
    }
)
"""Errors, all dataclasses, that a job may raise and that are raised again in the asking process."""

PREPARATIONS: Final = (
    "substances.structures.warming:warm",
    "substances.control.warming:warm",
    "substances.similarity_search:prepare",
    "substances.spectra.searching:warm_search",
)
"""Called once in a new process before it is locked: load what can only be loaded from files."""


def named(name: str) -> Any:
    """Return the object at "module:name"."""
    module, _, attribute = name.partition(":")
    return getattr(import_module(module), attribute)


@cache
def result_type(job: str) -> Any:
    """Return the declared type of a job's result."""
    row = JOBS[job]
    return named(row.returns) if row.returns else get_type_hints(named(row.function))["return"]


def refusal_type(name: str) -> type[SubstanceError] | None:
    """Return the error class of this name; None for one that is not in the table."""
    if name == "InputRefusedError":
        return InputRefusedError
    found: type[SubstanceError] | None = named(REFUSALS[name]) if name in REFUSALS else None
    return found
