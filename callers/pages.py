# SPDX-License-Identifier: Apache-2.0
"""Parts of the pages of either half: a menu, a question before an act, and the problems of its form."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from django import forms
from django.utils.functional import Promise

from callers.errors import InputError

Text = str | Promise


@dataclass(frozen=True)
class Count:
    """Count of what waits behind an item of a menu: as a number, and in words for who hears the page. `name` is its own on the page."""

    name: str
    number: str
    words: str
    is_late: bool = False


@dataclass(frozen=True)
class NavItem:
    label: Text
    address: str
    current: bool
    count: Count | None = None


@dataclass(frozen=True)
class NavGroup:
    """Items under one heading, which folds them where `is_folding`."""

    label: Text
    items: tuple[NavItem, ...]
    is_folding: bool = False
    is_open: bool = True


@dataclass(frozen=True)
class Question:
    """Question before an act. `title` ends up in the browser's history, so that it names no person. `back` is an address.

    Without a `button` the act cannot be done yet: `does` says why, and `first` is label and address of what comes before it.
    """

    title: Text
    heading: Text
    button: Text
    back: str
    does: Sequence[Text] = ()
    lasts: Text = ""
    facts: Sequence[tuple[Text, Any]] = ()
    first: tuple[Text, str] | None = None
    is_grave: bool = False
    narrow: bool = True
    extra: dict[str, Any] = field(default_factory=dict)


class ConfirmForm(forms.Form):
    """Form without fields: only the button is pressed."""


def problems_of(form: forms.Form) -> list[dict[str, str]]:
    """Return every problem with the address of its field, for the top of the page."""
    if not form.is_bound:
        return []
    return [
        {"address": f"#field-{name}" if name in form.fields else "#content", "text": str(text)}
        for name, texts in form.errors.items()
        for text in texts
    ]


def refuse(form: forms.Form, refused: InputError) -> None:
    """Put a service's refusal at its field, or on top where the form has no such field."""
    form.add_error(refused.field if refused.field in form.fields else None, refused.problem)
