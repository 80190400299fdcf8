# SPDX-License-Identifier: Apache-2.0
"""Screening at the terminal: who controls a substance on a day, by which list or clause, and what is not known."""

from __future__ import annotations

import re
import sys
import unicodedata
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path
from typing import Any, Final, TypeVar

from accord.cli import science
from accord.cli.questions import PARTS_WITHOUT_CASE, record_question
from accord.cli.science import SubstanceQuery
from accord.cli.sciencewords import (
    AS_IN_PARENT,
    CLAUSES,
    DECISIONS,
    EFFECTS,
    EXTENTS,
    FOUND_BY,
    LIMITS,
    PHASES,
    REASONS,
    STANDINGS,
    TEXT_SEEN,
    VERDICTS,
    word_of,
)
from accord.cli.showing import plain, print_json
from accord.cli.workplace import Workplace
from accord.client.errors import RequestError
from accord.moments import moment_of

MAX_FILE_BYTES: Final = 8 * 1024 * 1024

_WORD: Final = re.compile(r"[^\W\d_]+")
_GREEK: Final = "αβγδεζηθλμπσφχψω"
_SAID_TOGETHER: Final = ("not-decided", "out")
_SILENT: Final = ("not_named", "not_known_then", "not_asked", "not_covered")

Plain = dict[str, Any]
Item = TypeVar("Item")


def screen(place: Workplace) -> None:
    """Screen each substance; several need a case."""
    options = place.options
    science.require_parts()
    asked = _asked(place)
    on = options.on or today(place)
    rules = published_rules(options)
    record(place, len(asked))
    answers = answers_for(
        asked,
        lambda one: {
            "structure": described(one, options.case) if one.text.strip() else None,
            "screening": science.screen(one, on, rules, also=options.only or ()),
        },
    )
    if options.json:
        print_json({"on": on.isoformat(), "case": options.case, "answers": answers})
        return
    for place_in_list, (one, answer) in enumerate(zip(asked, answers, strict=True)):
        if place_in_list:
            print()
        _print_answer(one, answer, only=options.only)


def answers_for(asked: Sequence[Item], answer: Callable[[Item], Plain]) -> list[Plain]:
    """Return all answers or raise; among several, the error names the unreadable one by its number."""
    answers = []
    for number, one in enumerate(asked, start=1):
        try:
            answers.append(answer(one))
        except RequestError as refused:
            raise RequestError(
                f"Number {number} of {len(asked)}: {refused}" if len(asked) > 1 else str(refused)
            ) from None
    return answers


def today(place: Workplace) -> date:
    """Return the day by this machine's clock, UTC."""
    return moment_of(place.now).date()


def record(place: Workplace, count: int, *, own: int = 0) -> None:
    """Record the question in the home before it is answered; `own` structures are compared and count."""
    options = place.options
    record_question(
        place.home,
        options.verb,
        count=count,
        own=own,
        case=options.case,
        officer=options.officer,
        now=place.now,
    )


def structures(options: Any) -> list[str]:
    """Return the structures of the command line, of files and of standard input."""
    texts = [sys.stdin.read(MAX_FILE_BYTES) if text == "-" else text for text in options.structures]
    return texts + [read_file(name).decode("utf-8", "replace") for name in options.file]


def published_rules(options: Any) -> str:
    """Return the class rules merged with those of --rules."""
    return science.rules_with([(name, read_file(name)) for name in options.rules])


def read_file(name: str) -> bytes:
    """Read a file of limited size; raise RequestError."""
    try:
        with Path(name).open("rb") as file:
            octets = file.read(MAX_FILE_BYTES + 1)
    except OSError as exc:
        raise RequestError(f"{name} cannot be read: {exc.strerror}.") from exc
    if len(octets) > MAX_FILE_BYTES:
        raise RequestError(f"{name} is larger than 8 MiB.")
    return octets


def print_facts(facts: Plain) -> None:
    """Print a structure in two lines."""
    print(f"{plain(facts['smiles'])}")
    print(f"  {facts['formula']}  {facts['mono_mass']:.4f} Da  {facts['inchikey']}")
    for row in facts["disagreements"]:
        expected = f"; the structure is {plain(row['expected'])}" if row["expected"] else ""
        field = "CAS number" if row["field"] == "cas" else row["field"]
        print(f"! The {field} belongs to another substance{expected}. Correct one of the two.")


def _asked(place: Workplace) -> list[SubstanceQuery]:
    options = place.options
    texts = structures(options)
    if len(texts) > 1 and (options.name or options.cas):
        raise RequestError("--name and --cas go with one substance.")
    if not texts and not (options.name or options.cas):
        raise RequestError("Give a structure, --file, --name or --cas.")
    if not all(text.strip() for text in texts):
        # Lists and rules would answer an empty question that nothing is known.
        raise RequestError("A structure that was given is empty: give a SMILES, an InChI or a MOL file.")
    if options.cas:
        science.require_cas(options.cas)
    if options.name and _mixes_scripts(options.name):
        raise RequestError("Name: letters that look like Latin ones stand among them; type it again.")
    return [SubstanceQuery(text, options.name or "", options.cas or "") for text in texts or [""]]


def _mixes_scripts(name: str) -> bool:
    """Tell whether a word mixes letters of another script with Latin ones; Greek letters of chemistry are allowed."""
    for word in _WORD.findall(name):
        scripts = {unicodedata.name(letter, "").partition(" ")[0] for letter in word if letter not in _GREEK}
        if "LATIN" in scripts and len(scripts) > 1:
            return True
    return False


def described(one: SubstanceQuery, case: str | None) -> Plain:
    """Read a structure. Raises RequestError where it holds several questions' worth of substances, without a case."""
    facts = science.facts(one)
    if len(set(facts["components"])) > PARTS_WITHOUT_CASE and not (case or "").strip():
        raise RequestError(
            f"A mixture of more than {PARTS_WITHOUT_CASE} components is asked about for a case only: name it with --case."
        )
    return facts


def _print_answer(one: SubstanceQuery, answer: Plain, *, only: Sequence[str] | None) -> None:
    screening = answer["screening"]
    if answer["structure"]:
        print_facts(answer["structure"])
    named = "  ".join(plain(text) for text in (one.name, one.cas) if text)
    if named:
        print(named)
    made = f" of {plain(screening['prepared'])}" if screening["prepared"] else ""
    print(f"on {screening['on']}, law as known here, rules{made} {screening['ruleset']}")
    if screening["medicine"]:
        medicine = screening["medicine"]
        print(f"! Known as a medicine ({plain(medicine['kind'])}): {plain(medicine['name'])}")
        print(f"  source: {plain(medicine['source'])}")
    for row in screening["jurisdictions"]:
        if not only or row["jurisdiction"] in only:
            _print_jurisdiction(row)
    for hit in screening["precursors"]:
        _print_precursor(hit)
    for code in screening["limits"]:
        print(f"- {word_of(LIMITS, code)}")


def _print_jurisdiction(row: Plain) -> None:
    decided = f" ({plain(row['by'])})" if row["by"] else ""
    until = f" to {row['complete_to']}" if row["standing"] == "not_named" else ""
    print(f"\n{plain(row['jurisdiction'])}: {word_of(STANDINGS, row['standing'])}{until}{decided}")
    for code in row["told"]:
        print(f"  {word_of(DECISIONS, code)}")
    for listing in row["listings"]:
        _print_listing(listing)
    for rule in row["rules"]:
        if rule["verdict"]["verdict"] not in _SAID_TOGETHER:
            _print_rule(rule)
    for verdict in _SAID_TOGETHER:
        rules = [plain(rule["rule_id"]) for rule in row["rules"] if rule["verdict"]["verdict"] == verdict]
        if rules:
            print(f"  {', '.join(rules)}: {word_of(VERDICTS, verdict)}")
    if row["standing"] in _SILENT:
        for one in row["coverage"]:
            day = f" {one['until']}" if one["extent"] == "complete" else ""
            extent = word_of(EXTENTS, one["extent"]) + day
            print(f"  {plain(one['instrument'])}: {extent}")


def _print_listing(listing: Plain) -> None:
    title, schedule = plain(listing["title"]), plain(listing["schedule"])
    where = title if schedule in title else f"{title}, {schedule}"
    item = f", {plain(listing['item'])}" if listing["item"] else ""
    since = f", since {plain(listing['since'])}" if listing["since"] else ""
    until = f", until {plain(listing['until'])}" if listing["until"] else ""
    says = word_of(EFFECTS, listing["effect"])
    print(
        f"  list: {where}{item}: {plain(listing['name'])}{since}{until} ({says}; "
        f"{word_of(PHASES, listing['phase'])}; {_found(listing)})"
    )
    if listing["effect"] != "lists":
        print(f"    {word_of(DECISIONS, listing['reason'])}")
    seen = f", as of {listing['seen']}" if listing["seen"] else ""
    print(f"    source: {plain(listing['source'])}{seen}")


def _source(row: Plain) -> str:
    """Return the source of a list's row, and its certainty."""
    return f"source: {plain(row['source'])}; confidence {plain(row['confidence'])}"


def _found(hit: Plain) -> str:
    """Return how it was found, and in which component where there are several."""
    part = f", in the part {plain(hit['part'])}" if hit["part"] else ""
    return word_of(FOUND_BY, hit["found_by"]) + part


def _print_rule(rule: Plain) -> None:
    verdict = rule["verdict"]
    until = f" until {rule['end']}" if rule["end"] else ""
    print(f"  {plain(rule['rule_id'])}: {word_of(VERDICTS, verdict['verdict'])}")
    if rule["part"]:
        print(f"    of the part {plain(rule['part'])}")
    print(f"    {plain(rule['title'])}")
    print(f"    {plain(rule['instrument'])}")
    print(
        f"    {word_of(PHASES, rule['phase'])}, from {rule['start']}{until}; effect: {plain(rule['effect'])}"
    )
    for line in dict.fromkeys((*_clauses(verdict), *_reasons(verdict))):
        print(f"    {line}")
    for reading in rule["interpretation"]:
        print(f"    as read here: {plain(reading)}")
    print(f"    confidence {rule['confidence']}; {word_of(TEXT_SEEN, rule['text_seen'])}")


def _reasons(verdict: Plain) -> list[str]:
    """Return the reasons that the clauses do not already state."""
    said = {finding["sentence"] for finding in verdict["findings"]}
    return [
        word_of(REASONS, reason["code"]) + (f" {plain(reason['sentence'])}" if reason["sentence"] else "")
        for reason in verdict["because"]
        if not reason["sentence"] or reason["sentence"] not in said
    ]


def _clauses(verdict: Plain) -> list[str]:
    """Return each clause once, with how many atoms it explains."""
    lines: dict[str, int] = {}
    for finding in verdict["findings"]:
        is_parents = finding["kind"] == "parent"
        parts = dict.fromkeys(plain(finding[part]) for part in ("clause", "label", "sentence"))
        words = ", ".join(
            part
            for part in parts
            if part and part != finding["code"] and not (is_parents and part == "parent")
        )
        line = f"{AS_IN_PARENT if is_parents else word_of(CLAUSES, finding['code'])}: {words}"
        lines[line] = lines.get(line, 0) + len(finding["atoms"])
    return [f"{line} ({atoms} atom{'s' if atoms != 1 else ''})" for line, atoms in lines.items()]


def _print_precursor(hit: Plain) -> None:
    since = f", since {plain(hit['since'])}" if hit["since"] else ""
    print(
        f"\nprecursor: {plain(hit['name'])}: {plain(hit['table'])}{since} ({word_of(PHASES, hit['phase'])}; {_found(hit)})"
    )
    print(f"  {_source(hit)}")
