# SPDX-License-Identifier: Apache-2.0
"""Comparison at the terminal: similar structures, spectra against libraries, profiles against the agency's own."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from accord.cli import science
from accord.cli.sciencewords import GROUPS, LEAD, LINKS, MATCH_REASONS, MATCHES, NOT_COMPARABLE, word_of
from accord.cli.screening import (
    answers_for,
    described,
    print_facts,
    published_rules,
    read_file,
    record,
    structures,
)
from accord.cli.showing import plain, print_json, print_table
from accord.cli.workplace import Workplace
from accord.client.errors import RequestError

Plain = dict[str, Any]


def similar(place: Workplace) -> None:
    """List what each structure resembles; several at once, and comparisons with own structures, need a case."""
    options = place.options
    science.require_parts()
    texts = structures(options)
    if not texts:
        raise RequestError("Give a structure or --file.")
    own = science.own_structures(read_file(options.own)) if options.own else []
    rules = published_rules(options)
    record(place, len(texts), own=len(own))
    answers = answers_for(
        texts,
        lambda text: {
            "structure": described(science.SubstanceQuery(text), options.case),
            "similar": science.similar(text, own, options.limit, rules),
        },
    )
    if options.json:
        print_json({"case": options.case, "answers": answers})
        return
    for answer in answers:
        print_facts(answer["structure"])
        _print_similar(answer["similar"])


def _print_similar(found: list[Plain]) -> None:
    rows = [
        (
            f"{one['score']:.2f}",
            f"{one['similarity_a']:.2f}",
            f"{one['similarity_b']:.2f}",
            one["name"],
            one["drug_class"] or one["source"],
            " ".join(one["same_rules"]) or "-",
            len(one["common_hit"]),
        )
        for one in found
    ]
    heads = ("rank", "circular", "paths", "name", "class", "same rules", "atoms in common")
    print_table(heads, rows, empty="Nothing known here is similar.")


def match(place: Workplace) -> None:
    """Search each spectrum of a file; several need a case."""
    options = place.options
    science.require_parts()
    octets = science.as_peak_table(read_file(options.file))
    libraries = [(Path(name).name, read_file(name)) for name in options.library]
    counted = science.spectra_in(Path(options.file).name, octets)
    record(place, counted)
    answers = science.match(
        Path(options.file).name, octets, libraries, filtered=not options.any_mass, limit=options.limit
    )
    if options.json:
        print_json({"case": options.case, "answers": answers})
        return
    for answer in answers:
        _print_match(answer)


def _print_match(answer: Plain) -> None:
    query, found = answer["query"], answer["matches"]
    mass = f"m/z {query['precursor_mz']}" if query["precursor_mz"] else "no precursor mass"
    print(
        f"{plain(query['name']) or 'query'}: {query['peaks']} peaks, {mass}, {found['compared']} entries compared"
    )
    rows = [
        (hit["place"], f"{hit['score']:.3f}", hit["matched"], hit["name"], hit["formula"], _source(hit))
        for hit in found["hits"]
    ]
    print_table(("place", "score", "peaks", "name", "formula", "source"), rows, empty="No entry is similar.")
    print(word_of(MATCHES, found["verdict"]))
    for group in found["groups"]:
        members = ", ".join(plain(member["name"]) for member in group["members"])
        print(f"- {word_of(GROUPS, group['kind'])} {plain(group['formula'])}".rstrip() + f": {members}")
    for code in found["reasons"]:
        print(f"- {word_of(MATCH_REASONS, code)}")


def _source(hit: Plain) -> str:
    """Return an entry's source and licence, as its licence requires."""
    return "; ".join(hit[part] for part in ("accession", "licence", "authors") if hit[part]) or hit["origin"]


def compare(place: Workplace) -> None:
    """Compare a profile with the agency's own."""
    options = place.options
    science.require_parts()
    query, own = _profile_in(_json(options.file)), _json(options.own)
    if not isinstance(own, dict) or not own:
        raise RequestError(f"{options.own}: give a JSON object of profiles by name.")
    record(place, 1)
    answers = science.compare(query, list(own.items()))
    if options.json:
        print_json({"case": options.case, "label": "lead_not_proof", "answers": answers})
        return
    for answer in answers:
        _print_comparison(answer["name"], answer["comparison"])
    print(LEAD)


def _profile_in(document: Any) -> Any:
    """Return the profile itself, or the one in an alert's document or in the output of `accord open --json`."""
    for member in ("alert", "profile"):
        if isinstance(document, dict) and member in document:
            document = document[member]
    return document


def _json(name: str) -> Any:
    try:
        return json.loads(read_file(name), parse_constant=_no_number)
    except (ValueError, RecursionError) as wrong:
        place = (
            f" (line {wrong.lineno}, column {wrong.colno}: {wrong.msg})"
            if isinstance(wrong, json.JSONDecodeError)
            else ""
        )
        raise RequestError(f"{name} is no JSON with plain numbers{place}; null is below detection.") from None


def _no_number(name: str) -> float:
    raise ValueError(name)


def _rate(found: Plain, name: str) -> str:
    """Return a share of the pairs of different sources; no such pair does not mean a rate of zero."""
    share, pairs = found[name], found["different_pairs"]
    return f"fewer than 1 in {pairs:,}" if share * pairs < 1 <= pairs else f"{100 * share:.2f} %"


def _print_comparison(name: str, found: Plain) -> None:
    if found["verdict"] == "not_comparable":
        reasons = ", ".join(word_of(NOT_COMPARABLE, code) for code in found["reasons"])
        print(f"{plain(name)}: not comparable ({reasons})")
        return
    print(
        f"{plain(name)}: {word_of(LINKS, found['verdict'])}; score {found['score']:.4f}, linked from "
        f"{found['threshold']:.3f}; likelihood ratio {found['likelihood_ratio']:g}"
    )
    print(
        f"  of pairs from different sources {_rate(found, 'false_link_rate')} are called linked, "
        f"{_rate(found, 'as_high_rate')} score as high; {found['pairs_behind']} pairs of "
        f"{found['sources_behind']} sources behind it; method {plain(found['method'])}/{plain(found['version'])}"
    )
