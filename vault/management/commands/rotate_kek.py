# SPDX-License-Identifier: Apache-2.0
"""Command that rewraps secrets and makes row codes again, after a new key-encryption key was put first into the ring."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from vault.errors import DeskLockedError, KekUnknownError, KekWrongError, VaultClosedError
from vault.kekrotation import KekUse, check_ring, keks_in_use, rebind_rows, rewrap_secrets


class Command(BaseCommand):
    help = (
        "Rewrap every agency's secret under the first key of ACCORD_KEK, and make the codes of rows anew. It can be stopped and run again. "
        "With --check: change nothing, say which keys are in use and whether an old one may go."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--check", action="store_true", help="say which keys are in use; exit 1 while old ones are"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        with _refusals_in_words():
            if options["check"]:
                check_ring()
            else:
                self._rewrap()
            uses = keks_in_use()
        for use in uses:
            self.stdout.write(_line(use))
        old = [use.kek for use in uses if use.is_used and not use.is_current]
        if old:
            raise CommandError(f"Still in use: {', '.join(old)}. Keep it in the ring and run rotate_kek.")

    def _rewrap(self) -> None:
        rewrapped = rewrap_secrets(say=self._say)
        rebound = rebind_rows()
        self.stdout.write(f"{rewrapped.changed} secrets rewrapped, {rebound.changed} rows bound anew.")
        if rebound.broken:
            raise CommandError(f"Altered, and left as they are: {', '.join(rebound.broken)}.")
        if rewrapped.broken:
            agencies = ", ".join(rewrapped.broken)
            raise CommandError(
                f"Altered, and left as they are: the secrets of {agencies}. Restore their rows."
            )

    def _say(self, done: int, of: int) -> None:
        self.stdout.write(f"{done} of {of}")
        self.stdout.flush()


def _line(use: KekUse) -> str:
    word = "current" if use.is_current else "may go" if use.may_go else "keep" if use.is_held else "missing"
    return f"{use.kek}: {use.secrets} secrets, {use.rows} rows, {word}"


@contextmanager
def _refusals_in_words() -> Iterator[None]:
    try:
        yield
    except DeskLockedError:
        raise CommandError("The desk is locked. Open it first (unlock_desk).") from None
    except VaultClosedError:
        raise CommandError("This process holds no key ring: set ACCORD_KEK or ACCORD_KEK_FILE.") from None
    except KekUnknownError as refused:
        raise CommandError(
            f"Secrets stand under the key {refused.kek}, which is not in the ring. Put it back, after the current one."
        ) from None
    except KekWrongError as refused:
        raise CommandError(f"The ring holds another key as {refused.kek}. Nothing was changed.") from None
