# SPDX-License-Identifier: Apache-2.0
"""Section 9: the chain of releases, by checks open to everybody and by checks that need the inner audience."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tests.examples.independent.refusal import need

REFUSED = "release-refused"


@dataclass(frozen=True)
class Release:
    """A release of a chain: its payload and od."""

    said: dict[str, Any]
    od: str

    @property
    def iss(self) -> str:
        """The releasing agency."""
        return str(self.said["iss"])

    @property
    def body(self) -> dict[str, Any]:
        return dict(self.said["body"])

    @property
    def aud(self) -> set[str]:
        """The agencies to which it releases."""
        return set(self.said["body"]["aud"])

    @property
    def is_rekey(self) -> bool:
        """Tell whether the release is a rekey."""
        return bool(self.said["body"]["code"] == "rekey")


def check_open(
    manifest: dict[str, Any], md: str, chain: list[Release], now: int, withdrawn: set[str]
) -> None:
    """Make the checks of 9.1 and 9.2 that do not need the inner audience."""
    need(not any(release.od in withdrawn for release in chain), "access-withdrawn")
    need(len(chain) <= 3, REFUSED)
    for place, release in enumerate(chain):
        said = release.said
        need(said["sub"] == {"k": "manifest", "id": manifest["jti"], "d": md}, "subject-differs")
        need(said["suite"] == manifest["suite"], "suites-mixed")
        need(now < said["exp"] <= manifest["keep"], REFUSED)
        need(not {release.iss, manifest["iss"]} & release.aud, REFUSED)
        if release.is_rekey:
            _check_rekey(manifest, chain, place)
        else:
            _check_place(manifest, chain, place)


def _check_rekey(manifest: dict[str, Any], chain: list[Release], place: int) -> None:
    release = chain[place]
    need(release.iss == manifest["iss"] and release.body["parent"] is None, REFUSED)
    need(place == len(chain) - 1, REFUSED)
    need(place == 0 or release.said["exp"] <= chain[place - 1].said["exp"], REFUSED)


def _check_place(manifest: dict[str, Any], chain: list[Release], place: int) -> None:
    release = chain[place]
    need(manifest["rel"] != "none", REFUSED)
    need(manifest["rel"] != "originator" or release.iss == manifest["iss"], REFUSED)
    if place == 0:
        need(release.body["parent"] is None, REFUSED)
        return
    before = chain[place - 1]
    need(release.iss != manifest["iss"] and release.body["parent"] == before.od, REFUSED)
    need(release.iss in before.aud and before.body["rel"] == "recipients", REFUSED)
    need(release.said["exp"] <= before.said["exp"], REFUSED)
    need(not any(release.aud & other.aud for other in chain[:place]), REFUSED)


def check_inner(manifest: dict[str, Any], chain: list[Release], aud: set[str]) -> None:
    """Make the checks of 9.1 and 9.2 that need the inner audience."""
    reached = set(aud)
    for place, release in enumerate(chain):
        if release.is_rekey:
            need(release.aud <= reached, REFUSED)
        else:
            need(place > 0 or release.iss == manifest["iss"] or release.iss in aud, REFUSED)
            need(not release.aud & aud, REFUSED)
        reached |= release.aud
