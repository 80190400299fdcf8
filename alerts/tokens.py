# SPDX-License-Identifier: Apache-2.0
"""Exact identifiers of a received alert as keyed tokens: equal for equal values within one agency, else noise.

Words and names are not tokenised: a search opens cards for them.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

from agencies.vault import doors
from alerts.models import CardToken, ReceivedAlert

TOKENISED: Final = ("inchikey", "cas_rn", "alert_type", "place_country", "exhibit_no")
INCHIKEY_BLOCK: Final = "inchikey_block"
_INCHIKEY: Final = re.compile(r"[A-Z]{14}-[A-Z]{10}-[A-Z]")
_BLOCK: Final = re.compile(r"[A-Z]{14}")
_CAS: Final = re.compile(r"[0-9]{2,7}-[0-9]{2}-[0-9]")


def identifiers_of(document: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The (field, value) pairs of a document that are tokenised; of an InChIKey its first block too."""
    pairs = [(name, str(document[name])) for name in TOKENISED if document.get(name)]
    if document.get("inchikey"):
        pairs.append((INCHIKEY_BLOCK, str(document["inchikey"])[:14]))
    return pairs


def identifiers_in(text: str) -> list[tuple[str, str]]:
    """What a searched text may be as an exact identifier."""
    exact = text.strip().upper()
    if _INCHIKEY.fullmatch(exact):
        return [("inchikey", exact), (INCHIKEY_BLOCK, exact[:14])]
    if _BLOCK.fullmatch(exact):
        return [(INCHIKEY_BLOCK, exact)]
    if _CAS.fullmatch(exact):
        return [("cas_rn", exact)]
    return [("exhibit_no", text.strip())]


def keep_tokens(received: ReceivedAlert, document: Mapping[str, Any]) -> None:
    """Writes the tokens of a newly opened alert."""
    made = doors.tokens(received.agency_id, identifiers_of(document))
    CardToken.objects.bulk_create(
        CardToken(agency_id=received.agency_id, received=received, token=token) for token in sorted(set(made))
    )


def tokens_of(agency_id: str, pairs: Iterable[tuple[str, str]]) -> list[bytes]:
    """The tokens to look up for these pairs."""
    return doors.tokens(agency_id, pairs)
