# SPDX-License-Identifier: Apache-2.0
"""Follow the feed at the terminal, or hand each item to a program."""

from __future__ import annotations

import json
import os
import random
import shlex
import subprocess
from dataclasses import asdict
from functools import partial
from typing import Any, Final

from accord.cli.sentences import sentence_of
from accord.cli.showing import as_json, moment, news_as_json, plain, print_alert
from accord.cli.statements import said_in_words
from accord.cli.workplace import Workplace
from accord.client.errors import DeliveryError, LedgerAlarmError, RequestError
from accord.client.results import DueAnswer
from accord.client.state_changes import REMINDER
from accord.client.watching import News, Rhythm

SECRETS: Final = ("PASSPHRASE", "API_KEY")
"""Our variables with these words in their names are not passed to a program that runs for an item."""


def watch(place: Workplace) -> None:
    """Deliver each item: print it, or run the program, before the next one is requested."""
    options = place.options
    command = _command(options.command)
    with place.client() as client:
        watching = client.watch(
            opening=options.opening,
            officer=options.officer,
            once=options.once,
            rhythm=Rhythm(random.random, poll_secs=options.every),
            trouble=place.warn_of_pause,
            elsewhere=place.warn_of_holder,
            due=partial(_tell_due, place),
        )
        for news in watching:
            _deliver(place, news, command)


def _tell_due(place: Workplace, due: DueAnswer) -> None:
    """Print a line on an answer that is due within a day, or overdue."""
    if place.options.json:
        line = {"what": "answer-overdue" if due.is_overdue else "answer-due"} | asdict(due)
        print(json.dumps(line), flush=True)
        return
    words = "ANSWER OVERDUE since" if due.is_overdue else "answer due by"
    name = plain(due.ref or due.d)
    print(
        f"{words} {moment(due.answer_by)}, asked by {plain(due.iss)}  {name}  (accord answer {due.d})",
        flush=True,
    )


def _deliver(place: Workplace, news: News, command: list[str]) -> None:
    if isinstance(news.error, LedgerAlarmError):
        place.warn_of_alarm(news.error)
    if command:
        _run(place, news, command)
    elif place.options.json:
        print(_line(news), flush=True)
    else:
        print(_sentence(news), flush=True)
        if news.opened is not None:
            print_alert(news.opened)
            print(flush=True)


def _command(text: str | None) -> list[str]:
    if text is None:
        return []
    try:
        words = shlex.split(text)
    except ValueError as exc:
        raise RequestError(f"--exec: {exc}.") from exc
    if not words:
        raise RequestError("--exec: name a program.")
    return words


def _run(place: Workplace, news: News, command: list[str]) -> None:
    """Run the program and wait for it; raise DeliveryError unless it ends with 0."""
    environment = {
        name: value
        for name, value in place.environment.items()
        if not (name.startswith("ACCORD_") and any(secret in name for secret in SECRETS))
    }
    try:
        done = subprocess.run(  # noqa: S603 (the operator's own command; what came by the feed is no part of it)
            command, input=_line(news) + "\n", env=environment | _facts(news), encoding="utf-8", check=False
        )
    except OSError as exc:
        raise DeliveryError(news.entry.number, f"{command[0]} cannot be run: {exc.strerror}") from exc
    if done.returncode != os.EX_OK:
        raise DeliveryError(news.entry.number, f"{command[0]} ended with {done.returncode}")


def _facts(news: News) -> dict[str, str]:
    """Return the facts for the environment: only closed lists and fixed forms, never content."""
    entry, opened = news.entry, news.opened
    facts = {
        "NUMBER": str(entry.number),
        "WHAT": entry.what,
        "D": entry.d,
        "ISS": entry.iss,
        "REF": entry.ref or "",
        "REPUDIATED": "1" if entry.repudiated else "",
        "PRI": opened.manifest.terms.pri if opened else "",
        "TLP": opened.manifest.terms.tlp if opened else "",
    }
    return {f"ACCORD_{name}": plain(value) for name, value in facts.items()}


def _line(news: News) -> str:
    """Return one object on one line, ASCII."""
    value: dict[str, Any] = news_as_json(news, sentence_of)
    return json.dumps(value, default=as_json)


def _sentence(news: News) -> str:
    entry = news.entry
    what = entry.statement.k if entry.statement else "statement" if entry.what == "statement" else "alert"
    text = f"{entry.number}  {what} from {plain(entry.iss)}  {entry.ref or entry.d}"
    if entry.what == REMINDER:
        text += "  REMINDER: its sender asks once more " + (
            "for a confirmation that its use has stopped"
            if entry.retracted or entry.retraction_in_doubt
            else "for an acknowledgement"
        )
    if entry.repudiated:
        text += f"  REPUDIATED: {plain(entry.iss)} says that a key of its was in other hands"
    if entry.reaffirmed:
        text += f"  reaffirmed: {plain(entry.iss)} stands by it"
    if entry.statement is not None:
        text += f"  {said_in_words(entry.statement)}, logged {moment(entry.statement.log_time)}"
    if news.problem is not None:
        text += f"\n! {'not opened' if what == 'alert' else 'not believed'}: {_why(news)}"
    return text


def _why(news: News) -> str:
    return sentence_of(news.error) if news.error is not None else plain(news.problem or "")
