# SPDX-License-Identifier: Apache-2.0
"""Page of a question before an act: what it does, what cannot be undone, a form, a button that repeats the verb."""

from collections.abc import Sequence

from django import forms
from django.http import HttpRequest, HttpResponse

from callers.pages import ConfirmForm as ConfirmForm  # noqa: PLC0414
from callers.pages import Question as Question  # noqa: PLC0414
from callers.pages import problems_of as problems_of  # noqa: PLC0414
from callers.pages import refuse as refuse  # noqa: PLC0414
from desk.web.frame import render_page


def ask(
    request: HttpRequest,
    question: Question,
    form: forms.Form,
    *,
    template: str = "form_page",
    status: int | None = None,
    more: Sequence[dict[str, str]] = (),
) -> HttpResponse:
    """Show the page of a question; status 422 while its form has a problem, or there are `more` in another one."""
    problems = [*problems_of(form), *more]
    return render_page(
        request,
        template,
        question.title,
        status=status or (422 if problems else 200),
        question=question,
        form=form,
        problems=problems,
        **question.extra,
    )
