# SPDX-License-Identifier: Apache-2.0
"""Command that prints `docs/problems.md`: every type of problem that the API answers, with its remedy."""

from typing import Any

from django.core.management.base import BaseCommand

from callers.problems import TYPE_PREFIX
from hub.description import problem_types

HEAD = """# Problems

Every refusal of the API is `application/problem+json` (RFC 9457). Its `type` is one of these, behind
`{prefix}`; `title` and `status` are as listed. Where the caller has sent an `X-Request-Id`, `instance` repeats it.
This page is printed by `./dev manage print_problems > docs/problems.md`.

| type | status | what happened | what to do |
|---|---|---|---|
"""


class Command(BaseCommand):
    help = "Print the page of the API's problems."

    def handle(self, *args: Any, **options: Any) -> None:
        rows = [
            f"| `{row['type'].removeprefix(TYPE_PREFIX)}` | {row['status']} | {row['title']} | {row['remedy']} |"
            for row in problem_types()
        ]
        self.stdout.write(HEAD.format(prefix=TYPE_PREFIX) + "\n".join(rows))
