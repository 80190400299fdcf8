# SPDX-License-Identifier: Apache-2.0
"""Verbs for the holder of the agency's identity, at the terminal: show, take over, give back."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from accord.cli.sentences import holder_sentence
from accord.client.errors import RequestError

if TYPE_CHECKING:
    from accord.cli.workplace import Workplace


def holder(place: Workplace) -> None:
    """Print the holder of the identity, or take the identity over, or give it back."""
    options = place.options
    if options.take_over and options.give_back:
        raise RequestError("Say one of them: --take-over or --give-back.")
    with place.client() as client:
        if options.take_over:
            found = client.take_over()
        else:
            found = client.give_back() if options.give_back else client.holder()
    place.tell(asdict(found), holder_sentence(found))
