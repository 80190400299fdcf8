# SPDX-License-Identifier: Apache-2.0
"""`accord`: parse the command line, act, print the result, and exit with the code of its class."""

from __future__ import annotations

import json
import logging
import os
import sys
import time
from argparse import Namespace
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

from accord.cli.arguments.options import DEFAULT_HOME, HOME, CommandLineError
from accord.cli.arguments.parser import build_parser
from accord.cli.exits import FAULT, OK, STOPPED, USAGE, code_of
from accord.cli.sentences import sentence_of
from accord.cli.verbs import VERBS
from accord.cli.workplace import Workplace
from accord.client.errors import ClockError, DocumentError


def main(argv: Sequence[str], environment: Mapping[str, str] | None = None) -> int:
    """Run one command; return its exit code. `argv` is without the program's name."""
    # The error that ends the retries reports them, if there is one.
    logging.getLogger("urllib3").setLevel(logging.ERROR)
    try:
        options = build_parser().parse_args(argv)
    except SystemExit as leaving:
        return leaving.code if isinstance(leaving.code, int) else FAULT
    except CommandLineError as wrong:
        return _refuse(wrong, as_json="--json" in argv)
    return _run(options, os.environ if environment is None else environment)


def _refuse(wrong: CommandLineError, *, as_json: bool) -> int:
    if not as_json:
        print(wrong.usage, end="", file=sys.stderr)
    _say(wrong, USAGE, as_json=as_json)
    return USAGE


def _run(options: Namespace, environment: Mapping[str, str]) -> int:
    place = _workplace(options, environment)
    try:
        VERBS[options.verb](place)
        place.warn_of_clock()
    except KeyboardInterrupt:
        return STOPPED
    except BrokenPipeError:
        # The reader of our output has closed it; the interpreter must not complain on exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return OK
    except Exception as error:
        code = code_of(error)
        if code is None:
            raise
        _say(error, code, as_json=options.json)
        if not isinstance(error, ClockError):
            place.warn_of_clock()
        return code
    return OK


def _workplace(options: Namespace, environment: Mapping[str, str]) -> Workplace:
    home = options.home or environment.get(HOME) or DEFAULT_HOME
    return Workplace(options, environment, Path(home).expanduser(), now=int(time.time()))


def _say(error: BaseException, code: int, *, as_json: bool) -> None:
    sentence = sentence_of(error)
    if as_json:
        said: dict[str, object] = {"error": type(error).__name__, "exit": code, "message": sentence}
        if isinstance(error, DocumentError):
            said["findings"] = [asdict(finding) for finding in error.findings]
        print(json.dumps(said), file=sys.stderr)
    else:
        print(f"accord: {sentence}", file=sys.stderr)
