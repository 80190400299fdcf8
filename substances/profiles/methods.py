# SPDX-License-Identifier: Apache-2.0
"""The profiling methods that can be compared: target list, pre-treatment, metric and calibration, versioned.

A version never changes: its digest covers everything that affects a number. A method without a calibration is not included,
since a score without its error rates would be overrated.
"""

import hashlib
import json
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from functools import cache, cached_property
from importlib.resources import files
from typing import Any

from substances.errors import InputRefusedError
from substances.profiles.vectors import FIELD, Profile

FILE = "profile-methods.json"
SCHEMA = "accord-profile-methods/1"
KNOWN_WAY = ("sum", "log", "pearson")
"""Normalisation, scale and metric: the one way that `comparing` implements."""


@dataclass(frozen=True)
class Pretreatment:
    """The treatment of numbers before they are compared.

    They are divided by their sum. `floor` is the smallest share that is used as it is: smaller shares, and those below
    detection, are set to it, since such small differences vary between instruments. Then `scale` is applied.
    """

    normalise: str
    floor: float
    scale: str


@dataclass(frozen=True)
class Cut:
    """One cut through the scores, and its result on the calibration set's pairs."""

    score: float
    different_above: int
    same_above: int


@dataclass(frozen=True)
class Rates:
    """The method's results on sources it was not calibrated with, mean over the folds; rates are shares of 1."""

    folds: int
    auc: float
    cllr: float
    false_link_rate: float
    found_rate: float


@dataclass(frozen=True)
class Calibration:
    """The map from score to likelihood ratio, and the pairs it rests on.

    log10 of the ratio is `slope * score + offset`, held within `lowest_log10` and `highest_log10`: so few sources do not
    support more. `false_link_upper` is the rate that 99 of 100 random halves of the sources stay under. `digest` is the
    calibration set's SHA-256, base64url.
    """

    set_name: str
    digest: str
    samples: int
    sources: int
    laboratories: int
    same_pairs: int
    different_pairs: int
    slope: float
    offset: float
    lowest_log10: float
    highest_log10: float
    linked_at: float
    possible_at: float
    false_link_rate: float
    false_link_upper: float
    found_rate: float
    found_rate_batch: float
    false_possible_rate: float
    between_laboratories: Rates
    cross_validated: Rates
    cuts: tuple[Cut, ...]

    @property
    def pairs(self) -> int:
        """The number of all pairs behind the calibration."""
        return self.same_pairs + self.different_pairs


@dataclass(frozen=True)
class Method:
    """One version of a method. `compatible_with` names versions ("id/version") whose numbers mean the same."""

    id: str
    version: str
    title: str
    targets: tuple[str, ...]
    pretreatment: Pretreatment
    metric: str
    min_shared: int
    compatible_with: tuple[str, ...]
    calibration: Calibration

    @property
    def name(self) -> str:
        """The id and the version in one word."""
        return f"{self.id}/{self.version}"

    @cached_property
    def digest(self) -> str:
        """Base64url SHA-256 of the canonical method, calibration included."""
        canonical = json.dumps(asdict(self), sort_keys=True, separators=(",", ":")).encode()
        return digest_of(canonical)


def digest_of(octets: bytes) -> str:
    """Base64url SHA-256 without padding."""
    return urlsafe_b64encode(hashlib.sha256(octets).digest()).rstrip(b"=").decode()


@cache
def shipped_methods() -> tuple[Method, ...]:
    """Return the methods this version of the project can compare."""
    text = files("substances").joinpath("data", FILE).read_text("utf-8")
    return read_methods(json.loads(text))


def read_methods(raw: Mapping[str, Any]) -> tuple[Method, ...]:
    """Parse methods from the form `calibrating` writes; ValueError for another schema or an unknown way."""
    if raw.get("schema") != SCHEMA:
        raise ValueError(SCHEMA)
    methods = tuple(_method(row) for row in raw["methods"])
    for method in methods:
        if (method.pretreatment.normalise, method.pretreatment.scale, method.metric) != KNOWN_WAY:
            raise ValueError(f"{method.name} is not compared by {KNOWN_WAY}")
    return methods


def find_method(method: str, version: str) -> Method | None:
    """Return the shipped method of that id and version, if there is one."""
    return next(
        (known for known in shipped_methods() if (known.id, known.version) == (method, version)), None
    )


def require_method(profile: Profile) -> Method:
    """Return the method of a profile about to be sent; InputRefusedError where it is unknown or the length differs."""
    if all(known.id != profile.method for known in shipped_methods()):
        raise InputRefusedError(FIELD, "unknown_method", "method")
    method = find_method(profile.method, profile.version)
    if method is None:
        raise InputRefusedError(FIELD, "unknown_version", "version")
    if len(profile.values) != len(method.targets):
        raise InputRefusedError(FIELD, "length", f"{len(profile.values)} instead of {len(method.targets)}")
    return method


def _method(row: Mapping[str, Any]) -> Method:
    calibration = row["calibration"]
    return Method(
        **{member.name: row[member.name] for member in fields(Method) if member.name not in _NESTED},
        targets=tuple(row["targets"]),
        compatible_with=tuple(row["compatible_with"]),
        pretreatment=Pretreatment(**row["pretreatment"]),
        calibration=Calibration(
            **{
                **calibration,
                "between_laboratories": Rates(**calibration["between_laboratories"]),
                "cross_validated": Rates(**calibration["cross_validated"]),
                "cuts": tuple(Cut(**cut) for cut in calibration["cuts"]),
            }
        ),
    )


_NESTED = {"targets", "compatible_with", "pretreatment", "calibration"}
