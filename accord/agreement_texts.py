# SPDX-License-Identifier: Apache-2.0
"""The sealed text that a version of an agreement names: its terms as an envelope, whether it is the one that was signed, and what
differs between the texts of two versions.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

from accord.agreements import SignedVersion
from accord.document.agreement_texts import check_text
from accord.envelope.manifest import LEAST_KEEP_SECS, Terms
from accord.envelope.vocabulary import MAX_KEEP_SECS

_HEADING: Final = re.compile(r"(?:\w+ )?[0-9]+(?:\.[0-9]+)*[.:]? \S.{0,98}[^.;,]", re.DOTALL)


class TextState(StrEnum):
    """Relation of a version to what is here of its text."""

    NONE = "none"
    HERE = "here"
    MISSING = "missing"
    DIFFERS = "differs"
    UNREADABLE = "unreadable"


@dataclass(frozen=True)
class KeptText:
    """A text as it came in an envelope of `iss`, or was sent in one."""

    iss: str
    jti: str
    md: str
    document: Mapping[str, Any] = field(repr=False)


@dataclass(frozen=True)
class VersionText:
    """Text of a version as far as it is here; `document` is set where it is the one that was signed, and can be read."""

    state: TextState
    document: Mapping[str, Any] | None = field(default=None, repr=False)

    @property
    def may_be_accepted(self) -> bool:
        """Tell whether nothing of the text keeps a party from accepting."""
        return self.state in (TextState.NONE, TextState.HERE)


def text_of(version: SignedVersion, kept: Iterable[KeptText]) -> VersionText:
    """Return what is here of the text that a version names."""
    named = version.body["text"]
    if named is None:
        return VersionText(TextState.NONE)
    near = [
        text
        for text in kept
        if text.iss == version.statement.iss and (text.md == named["md"] or text.jti == named["jti"])
    ]
    found = next((text for text in near if (text.jti, text.md) == (named["jti"], named["md"])), None)
    if found is None:
        return VersionText(TextState.DIFFERS if near else TextState.MISSING)
    if check_text(found.document, parties=version.parties, writing=False):
        return VersionText(TextState.UNREADABLE)
    return VersionText(TextState.HERE, found.document)


def names_text(body: Mapping[str, Any], jti: str, md: str) -> bool:
    """Tell whether the body of an agreement names this envelope, or one that claims its place, as its text."""
    named = body.get("text")
    return named is not None and (named["jti"] == jti or named["md"] == md)


def text_terms(body: Mapping[str, Any], *, jti: str, now: int, until: int) -> Terms:
    """Return the terms under which the text of an agreement is sent; no clock starts."""
    end = min(max(until, now + LEAST_KEEP_SECS), now + MAX_KEEP_SECS)
    return Terms(
        kind="alert",
        status="actual",
        jti=jti,
        iat=now,
        exp=end,
        keep=end,
        tlp="AMBER",
        rel="none",
        lane=body["lanes"][0],
        purpose=body["purposes"][0],
        pri="routine",
    )


@dataclass(frozen=True)
class Paragraph:
    """A paragraph; `change` is "same", "added" or "removed", always "same" where nothing is compared."""

    text: str = field(repr=False)
    change: str = "same"

    @property
    def is_heading(self) -> bool:
        """Tell whether it is a heading: short, begins with a number, ends without a full stop."""
        return "\n" not in self.text and _HEADING.fullmatch(self.text) is not None


def paragraphs_of(text: str) -> list[str]:
    """Return the paragraphs of a text."""
    return [part.strip() for part in re.split(r"\n\s*\n", text.replace("\r\n", "\n")) if part.strip()]


def compare_texts(before: str, after: str) -> Iterator[Paragraph]:
    """Yield the paragraphs of the text after, and those that were taken out where they stood."""
    old, new = paragraphs_of(before), paragraphs_of(after)
    for tag, i1, i2, j1, j2 in difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if tag == "equal":
            yield from (Paragraph(text) for text in new[j1:j2])
            continue
        yield from (Paragraph(text, "removed") for text in old[i1:i2])
        yield from (Paragraph(text, "added") for text in new[j1:j2])
