# SPDX-License-Identifier: Apache-2.0
"""What a posted step holds, in the desk's JSON values. Reading judges nothing: the desk's check does."""

from collections.abc import Callable, Iterable
from typing import Any, Final

from django.http import QueryDict

from alerts.document.fields import Field, Kind

REASON_PREFIX: Final = "recipient_reasons-"


def posted_values(post: QueryDict, entries: Iterable[Field]) -> dict[str, Any]:
    """The values of these fields; a field that the page did not show is not touched by name."""
    return {entry.name: _READERS.get(entry.kind, _text)(post, entry.name) for entry in entries}


def posted_kept(
    post: QueryDict, entries: Iterable[Field], before: Iterable[str], asked: dict[str, str]
) -> list[str]:
    """Kept questions: those of this step as ticked now, those of other steps as they were.

    `asked` maps the code of each question to its field.
    """
    here = {entry.name for entry in entries}
    elsewhere = [code for code in before if asked.get(code) not in here]
    return elsewhere + [code for code in post.getlist("kept") if asked.get(code) in here]


def posted_number(post: QueryDict, name: str) -> int | None:
    """A whole number that a form of ours carries; None when it is missing or not one."""
    text = post.get(name, "")
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else None


def _text(post: QueryDict, name: str) -> str:
    return post.get(name, "")


def _several(post: QueryDict, name: str) -> list[str]:
    return post.getlist(name)


def _count(post: QueryDict, name: str) -> str | int:
    typed = post.get(name, "").strip()
    return typed or ("unknown" if post.get(f"{name}-unknown") else "")


def _route(post: QueryDict, name: str) -> list[dict[str, str]]:
    columns = [post.getlist(f"{name}-{part}") for part in ("part", "country", "basis")]
    return [
        {"part": part, "country": country, "basis": basis}
        for part, country, basis in zip(*columns, strict=False)
        if part or country or basis
    ]


def _reasons(post: QueryDict, name: str) -> dict[str, str]:
    keys = (key for key in post if key.startswith(REASON_PREFIX))
    return {key.removeprefix(REASON_PREFIX): post.get(key, "") for key in keys}


_READERS: Final[dict[Kind, Callable[[QueryDict, str], Any]]] = {
    Kind.CHOICES: _several,
    Kind.AGENCIES: _several,
    Kind.COUNT: _count,
    Kind.ROUTE: _route,
    Kind.REASONS: _reasons,
}
