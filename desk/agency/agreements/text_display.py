# SPDX-License-Identifier: Apache-2.0
"""Text of an agreement's version for its page: commitments as sentences, paragraphs beside those of the version before."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy

from accord.agreement_texts import Paragraph, TextState, VersionText, compare_texts
from accord.agreements import SignedVersion
from accord.commitments import read_commitments
from alerts.agency.agreement_versions import texts_of_versions
from alerts.agency.commitment_words import commitment_text
from officers.models import Officer

WORDS: Final[dict[TextState, str | Promise]] = {
    TextState.NONE: gettext_lazy("This version has no text."),
    TextState.MISSING: gettext_lazy(
        "The text of this version is missing here. It comes after the proposal; until then it cannot be accepted."
    ),
    TextState.DIFFERS: gettext_lazy(
        "A text came that is not the one that was signed. This version can be refused, not accepted; call the agency that proposed it."
    ),
    TextState.UNREADABLE: gettext_lazy(
        "The text came as it was signed, and it cannot be read. This version can be refused, not accepted; call the agency that proposed it."
    ),
}


@dataclass(frozen=True)
class TextShown:
    """Text for a page; `problem` is empty where it is here. With `compares`, changes from the version before are marked."""

    state: TextState
    problem: str | Promise
    title: str
    commitments: tuple[Paragraph, ...]
    paragraphs: tuple[Paragraph, ...]
    compares: bool

    @property
    def text(self) -> str:
        """The text itself, without what the version before had."""
        return "\n\n".join(one.text for one in self.paragraphs if one.change != "removed")

    @property
    def added(self) -> int:
        """Number of paragraphs and commitments that the version before has not."""
        return _count("added", (*self.commitments, *self.paragraphs))

    @property
    def removed(self) -> int:
        """Number of paragraphs and commitments that the version before has, and this one has not."""
        return _count("removed", (*self.commitments, *self.paragraphs))


def text_shown(
    officer: Officer, shown: SignedVersion, versions: Iterable[SignedVersion], names: dict[str, str]
) -> TextShown:
    """Return the text of a version, compared with that of the one among `versions` that it follows."""
    both = [one for one in versions if one.od in (shown.od, shown.body["prev"])]
    texts = texts_of_versions(officer, both)
    text, before = texts[shown.od], texts.get(shown.body["prev"])
    compares = before is not None and before.document is not None and text.document is not None
    was = before if compares and before is not None else text
    return TextShown(
        state=text.state,
        problem=WORDS.get(text.state, ""),
        title=str(text.document["title"]) if text.document else "",
        commitments=tuple(compare_texts(_sentences(was, names), _sentences(text, names))),
        paragraphs=tuple(compare_texts(_text(was), _text(text))),
        compares=compares,
    )


def _text(one: VersionText) -> str:
    return str(one.document["text"]) if one.document else ""


def _sentences(one: VersionText, names: dict[str, str]) -> str:
    rows = read_commitments(one.document) if one.document else ()
    return "\n\n".join(commitment_text(row, names) for row in rows)


def _count(change: str, rows: Iterable[Paragraph]) -> int:
    return sum(row.change == change for row in rows)
