# SPDX-License-Identifier: Apache-2.0
"""Shared parts of verbs: how a verb is made, and the options they have in common."""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final, NoReturn

from accord.cli.unusual import CODES
from accord.client.errors import RequestError

if TYPE_CHECKING:
    Verbs = argparse._SubParsersAction[argparse.ArgumentParser]

HOME: Final = "ACCORD_HOME"
DEFAULT_HOME: Final = "~/.accord"


_DASHED: Final = re.compile(r"\A-[A-Za-z0-9_-]{42}\Z")
"""One digest in 64 begins with a dash. With a blank before it argparse does not take it for an option."""


class CommandLineError(RequestError):
    """The command line is wrong; `usage` shows its form."""

    def __init__(self, message: str, usage: str) -> None:
        super().__init__(message)
        self.usage = usage


class Parser(argparse.ArgumentParser):
    """A parser that raises CommandLineError and leaves printing to the command."""

    def parse_args(  # type: ignore[override]
        self, args: Sequence[str] | None = None, namespace: argparse.Namespace | None = None
    ) -> argparse.Namespace:
        """Parse as argparse does, but take a digest that begins with a dash as a word and no option."""
        words = sys.argv[1:] if args is None else args
        parsed = super().parse_args([_DASHED.sub(r" \g<0>", word) for word in words], namespace)
        for name, value in vars(parsed).items():
            setattr(parsed, name, _as_typed(value))
        return parsed

    def error(self, message: str) -> NoReturn:
        """Refuse the command line."""
        raise CommandLineError(message, self.format_usage())


def _as_typed(value: Any) -> Any:
    if isinstance(value, list):
        return [_as_typed(item) for item in value]
    if isinstance(value, str) and value.startswith(" ") and _DASHED.match(value[1:]):
        return value[1:]
    return value


def verb(
    verbs: Verbs, name: str, says: str, more: str = "", aliases: tuple[str, ...] = ()
) -> argparse.ArgumentParser:
    """Add one verb with the common options; `says` is its line in the list, `more` its help below that."""
    parser = verbs.add_parser(
        name,
        aliases=aliases,
        help=says,
        description=f"{says[0].upper()}{says[1:]}.\n\n{more}".rstrip(),
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    add_common(parser)
    return parser


def add_common(parser: argparse.ArgumentParser, default: object = argparse.SUPPRESS) -> None:
    """Add options that stand before or after the verb; after it they win."""
    common = parser.add_argument_group("for every verb")
    common.add_argument("--home", metavar="FOLDER", default=default, help=f"home folder (else {HOME})")
    common.add_argument(
        "--passphrase-file", metavar="FILE", default=default, help="file whose first line is the passphrase"
    )
    absent = default if default is argparse.SUPPRESS else False
    common.add_argument(
        "--json", action="store_true", default=absent, help="print JSON, errors too (to standard error)"
    )


def add_place(parser: argparse.ArgumentParser) -> None:
    """Add the alert's argument: the reference in the mail, or the digest of its manifest."""
    parser.add_argument("place", metavar="REFERENCE|MD", help="the mail's reference (7QK4-M2XN) or the md")


def add_suite(parser: argparse.ArgumentParser) -> None:
    """Add the options that choose the suite to seal in."""
    parser.add_argument("--suite", choices=("PQ1", "EC1"), help="default PQ1; nothing falls back silently")
    parser.add_argument(
        "--confirm-ec1", action="store_true", default=None, help="EC1 is not post-quantum; go on"
    )


def add_wait(parser: argparse.ArgumentParser) -> None:
    """Add the option of how long to wait for the ledger's receipt."""
    parser.add_argument(
        "--wait",
        metavar="SECONDS",
        type=seconds,
        nargs="?",
        const=30.0,
        default=0.0,
        help="wait for the ledger's receipt and verify it (30 seconds unless said)",
    )


def add_officer(parser: argparse.ArgumentParser) -> None:
    """Add the option that names the reading officer."""
    parser.add_argument(
        "--as", metavar="OFFICER", dest="officer", help="the officer who reads it; RED demands it"
    )


def add_despite(parser: argparse.ArgumentParser) -> None:
    """Add the option that answers the questions about what is unusual."""
    parser.add_argument(
        "--despite",
        metavar="CODE",
        choices=CODES,
        action="append",
        help="send although this is unusual, by the code that is named; may be repeated",
    )


def add_progress(parser: argparse.ArgumentParser) -> None:
    """Add the option to show the progress of large attachments."""
    parser.add_argument(
        "--progress",
        action="store_true",
        help="show the progress of large attachments, even where nobody watches",
    )


def seconds(text: str) -> float:
    """Parse a span in seconds, at most an hour; ValueError otherwise."""
    span = float(text)
    if not 0 <= span <= 3600:
        raise ValueError
    return span
