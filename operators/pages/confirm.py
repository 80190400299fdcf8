# SPDX-License-Identifier: Apache-2.0
"""The confirmation page before an act."""

from django import forms
from django.http import HttpRequest, HttpResponse

from callers.pages import Question, problems_of
from operators.pages.frame import render_page


def ask(
    request: HttpRequest, question: Question, form: forms.Form, *, status: int | None = None
) -> HttpResponse:
    """Render the question; answer 422 while its form holds a problem."""
    problems = problems_of(form)
    return render_page(
        request,
        "question",
        question.title,
        status=status or (422 if problems else 200),
        question=question,
        form=form,
        problems=problems,
    )
