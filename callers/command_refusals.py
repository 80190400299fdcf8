# SPDX-License-Identifier: Apache-2.0
"""Refusals in the commands of both halves, each told in one sentence."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.core.management.base import CommandError

from callers.errors import CallerError, InputError, NotPermittedError


@contextmanager
def refusals_in_words() -> Iterator[None]:
    """Turn a refusal into one sentence and exit status 1."""
    try:
        yield
    except InputError as refused:
        raise CommandError(f"{refused.field}: {refused.problem}") from None
    except NotPermittedError as refused:
        raise CommandError(
            f"Not permitted ({refused.capability}); this needs {refused.ask or 'another role'}."
        ) from None
    except CallerError as refused:
        raise CommandError(f"Refused: {type(refused).__name__} {refused}") from None
