# SPDX-License-Identifier: Apache-2.0
"""Showing: tables, alerts and checks as text, and everything as JSON.

Strangers' text is shown with control characters and direction marks replaced, so that no content can move the cursor, recolour
the terminal or disguise a line. JSON is ASCII, for the same reason.
"""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, is_dataclass
from pathlib import Path
from typing import Any, Final

from accord.agreement_texts import paragraphs_of
from accord.client.results import Check, Opened, Release
from accord.client.watching import News
from accord.commitments import Commitment, read_commitments
from accord.document.agreement_texts import AGREEMENT_TEXT, check_text
from accord.document.checking import is_empty
from accord.document.judging import misfits
from accord.document.schema import in_reading_order
from accord.envelope.keyrule import Reaffirmed, Repudiated, Standing, Valid
from accord.envelope.keys import show_fingerprint
from accord.fingerprintwords import fingerprint_words
from accord.moments import moment_of

_REFERS: Final = {
    "update": "the newer version of",
    "reply": "a reply to",
    "outcome": "the outcome of",
    "extract": "an extract of",
}

REPLACED: Final = "\N{REPLACEMENT CHARACTER}"

MOST_UNFIT: Final = 20
MOST_NAME_CHARS: Final = 60
MOST_UNFIT_CHARS: Final = 500

_OUTCOMES = {True: "ok", False: "FAILED", None: "-"}
_RETRACTED = {
    "error": "it was sent in error",
    "contaminated": "the sample was contaminated",
    "mistaken": "it was mistaken",
    "legal": "for a legal reason",
}


def plain(text: str) -> str:
    """Return one line without controls, direction marks or line breaks."""
    return "".join(_visible(char) for char in text)


def moment(seconds: int | None) -> str:
    """Format a time for people and machines: UTC, to the second."""
    if seconds is None:
        return "-"
    return f"{moment_of(seconds):%Y-%m-%d %H:%M:%S}Z"


def fingerprint_lines(label: str, fingerprint: str) -> list[str]:
    """Format a fingerprint for comparison: its digits after a label, then their words, eight on a line."""
    pairs = [words for _digits, words in fingerprint_words(fingerprint)]
    lines = [", ".join(pairs[first : first + 4]) for first in range(0, len(pairs), 4)]
    return [f"{label}{show_fingerprint(fingerprint)}", *(f"  in words: {line}" for line in lines)]


def print_json(value: object) -> None:
    """Print one JSON text, ASCII, indented."""
    print(json.dumps(value, default=as_json, indent=2))


def print_table(heads: Sequence[str], rows: Sequence[Sequence[object]], *, empty: str) -> None:
    """Print columns under their heads; `empty` is printed when there is no row."""
    if not rows:
        print(empty)
        return
    cells = [[plain(str(cell)) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(heads, *cells, strict=True)]
    for row in (list(heads), *cells):
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


def print_checks(checks: Sequence[Check]) -> None:
    """Print each check on a line: ok, FAILED, or - for one that was not reached."""
    for check in checks:
        print(f"{_OUTCOMES[check.held]:>6}  {check.name}")


def print_alert(opened: Opened) -> None:
    """Print the marking first, then what concerns the whole, then the document, then how it was verified."""
    terms = opened.manifest.terms
    print(
        f"TLP:{terms.tlp}  {terms.pri.upper()}  {terms.kind}  from {opened.manifest.iss}  lane {terms.lane}"
    )
    for line in _warnings(opened):
        print(f"! {line}")
    print(f"md {opened.md}" + (f"  reference {opened.reference}" if opened.reference else ""))
    print(f"jti {terms.jti}")
    if terms.re is not None:
        print(f"{_REFERS.get(terms.kind, terms.kind)} {terms.re.md}")
    print(f"logged {moment(opened.content.log_time)} as entry {opened.index} (time stated by the hub alone)")
    if opened.written_at is not None:
        print(f"written {moment(opened.written_at)}, sent after a suspension")
    if opened.repeats is not None:
        print(f"the same alert was opened here before: {opened.repeats}")
    print(f"to {', '.join(opened.content.audience)}")
    if terms.ack_by is not None:
        print(f"acknowledge by {moment(terms.ack_by)}")
    print()
    if is_agreement_text(opened):
        print_agreement_text(opened.alert)
    else:
        _print_document(opened.alert)
    for file in opened.attachments:
        print(f"attachment {file.n}: {plain(file.fn)}  {plain(file.cty)}  {file.size} octets")
        print(f"  sealed SHA-256 {file.sha256}")
    print()
    print(_verified_sentence(opened))


def is_agreement_text(opened: Opened) -> bool:
    """Tell whether it is a text of an agreement that can be read as one."""
    parties = (opened.manifest.iss, *opened.content.audience)
    is_text = opened.alert.get("alert_type") == AGREEMENT_TEXT
    return is_text and not check_text(opened.alert, parties=parties, writing=False)


def print_agreement_text(document: Mapping[str, Any]) -> None:
    """Print the text of an agreement and its commitments as sentences."""
    print(plain(document["title"]))
    for paragraph in paragraphs_of(document["text"]):
        print()
        print("\n".join(map(plain, paragraph.splitlines())))
    print()
    print("Commitments:")
    for one in read_commitments(document):
        print(f"- {_commitment(one)}")
    if not document.get("commitments"):
        print("- none")


def _commitment(one: Commitment) -> str:
    span, word = (one.every, "every") if one.every else (one.within, "within")
    assert span is not None, "a commitment has one of the two"
    how = f"{word} {span.n} {span.unit}{'s' if span.n > 1 else ''}"
    zone = one.zone if one.is_zone_known else f"{one.zone}, which exists no more: counted in UTC"
    return f"{one.by} gives {one.what.replace('_', ' ')} to {one.to} {how}, from {one.begins} ({plain(zone)})"


def opened_as_json(opened: Opened) -> dict[str, Any]:
    """Return an opened alert without its attachment keys."""
    terms = opened.manifest.terms
    return {
        "md": opened.md,
        "reference": opened.reference,
        "repeats": opened.repeats,
        "iss": opened.manifest.iss,
        "suite": opened.manifest.suite,
        "terms": terms.as_json(),
        "audience": list(opened.content.audience),
        "names": [asdict(name) for name in opened.names],
        "log_time": opened.content.log_time,
        "index": opened.index,
        "marks": list(opened.marks),
        "standing": _standing_as_json(opened.standing),
        "releases": [
            asdict(release) | {"standing": _standing_as_json(release.standing)} for release in opened.releases
        ],
        "retraction": asdict(opened.retraction) if opened.retraction else None,
        "repudiated_retraction": asdict(opened.repudiated_retraction)
        if opened.repudiated_retraction
        else None,
        "checks": [asdict(check) for check in opened.checks],
        "alert": dict(opened.alert),
        "misfits": _misfits_as_json(opened.alert),
        "attachments": [
            {
                "n": file.n,
                "filename": file.fn,
                "media_type": file.cty,
                "size": file.size,
                "sha256": file.sha256,
            }
            for file in opened.attachments
        ],
    }


def _standing_as_json(standing: Standing) -> dict[str, int | None] | None:
    """Return None for a signature that counts; else the three times, and when its issuer reaffirmed it. Seconds."""
    if isinstance(standing, Valid):
        return None
    reaffirmed_at = standing.reaffirmed_at if isinstance(standing, Reaffirmed) else None
    return {
        "log_time": standing.log_time,
        "since": standing.since,
        "revoked_at": standing.revoked_at,
        "reaffirmed_at": reaffirmed_at,
    }


def news_as_json(news: News, say: Callable[[BaseException], str]) -> dict[str, Any]:
    """Return one item of the feed with its result here."""
    error = news.error
    return asdict(news.entry) | {
        "opened": opened_as_json(news.opened) if news.opened else None,
        "problem": say(error) if error else news.problem,
        "error": type(error).__name__ if error else None,
    }


def _warnings(opened: Opened) -> list[str]:
    lines = []
    if opened.retraction is not None:
        why = _RETRACTED.get(str(opened.retraction.body.get("code")), "no reason said")
        when = moment(opened.retraction.log_time)
        lines.append(
            f"WITHDRAWN by its sender, {when}: {why}. Do not act on it; confirm with: accord confirm"
        )
    if opened.repudiated_retraction is not None:
        when = moment(opened.repudiated_retraction.log_time)
        lines.append(
            f"A withdrawal of {when} was signed with a key that its sender has revoked since: REPUDIATED, it "
            f"withdraws nothing. Call {opened.manifest.iss}."
        )
    lines += _standing_lines(opened)
    lines += [_release_line(release) for release in opened.releases]
    said = {
        "exercise": "EXERCISE. Not a real event.",
        "test": "TEST. Not a real event.",
        "late": "First opened after its end.",
        "log-not-compared": "The log was not compared with the kept one (no network).",
        "not-post-quantum": "Not post-quantum.",
        "release-not-asked": "Whether the release was withdrawn since is not known here (no network).",
    }
    lines += [said[mark] for mark in opened.marks if mark in said]
    return lines + _misfit_lines(opened.alert)


def _misfit_lines(document: Mapping[str, Any]) -> list[str]:
    """Name the members that the sender left out, and those that do not fit the form and are shown as they came."""
    unfit, missing = misfits(document)
    lines = []
    if missing:
        lines.append(f"The sender left out what every alert says: {', '.join(missing)}.")
    if unfit:
        more = f" and {len(unfit) - MOST_UNFIT} more" if len(unfit) > MOST_UNFIT else ""
        names = ", ".join(plain(name[:MOST_NAME_CHARS]) for name in unfit[:MOST_UNFIT])
        lines.append(f"Not of the form accord-alert/1, shown below (?) as it came: {names}{more}.")
    return lines


def _misfits_as_json(document: Mapping[str, Any]) -> dict[str, list[str]]:
    unfit, missing = misfits(document)
    return {"not_understood": unfit, "missing": missing}


def _standing_lines(opened: Opened) -> list[str]:
    """Return what its signers have since said about their keys: the sender first, then those who released it onward."""
    lines = _standing_line("REPUDIATED", opened.manifest.iss, opened.standing)
    for release in opened.releases:
        lines += _standing_line(f"REPUDIATED RELEASE by {release.by}", release.by, release.standing)
    return lines


def _standing_line(word: str, iss: str, standing: Standing) -> list[str]:
    if isinstance(standing, Valid):
        return []
    line = f"{word}: {_in_other_hands(iss, standing)}"
    if isinstance(standing, Reaffirmed):
        return [f"{line} REAFFIRMED: it stands by this one, {moment(standing.reaffirmed_at)}."]
    return [f"{line} Call {iss}."]


def _in_other_hands(iss: str, standing: Repudiated | Reaffirmed) -> str:
    """Format all three times: since when, logged when, said when."""
    return (
        f"Signed by a key that {iss} says was in other hands since {moment(standing.since)}; "
        f"logged {moment(standing.log_time)}; said at {moment(standing.revoked_at)}."
    )


def _release_line(release: Release) -> str:
    conditions = f"; {', '.join(release.conditions)}" if release.conditions else ""
    return (
        f"released onward by {release.by} until {moment(release.until)}, to {release.purpose}{conditions}. "
        "Then it is closed to you; what was read stays read."
    )


def _verified_sentence(opened: Opened) -> str:
    if not isinstance(opened.standing, Valid):
        said = _in_other_hands(opened.manifest.iss, opened.standing)
        if isinstance(opened.standing, Reaffirmed):
            said += f" Its sender stands by it since {moment(opened.standing.reaffirmed_at)}."
        return f"{said} It is log entry {opened.index}."
    keys = "both its keys" if opened.manifest.suite == "PQ1" else "its key"
    return (
        f"Verified. {opened.manifest.iss} signed this with {keys}. Nothing has changed since. "
        f"{held_sentence(opened.checks)} It is log entry {opened.index}."
    )


def held_sentence(checks: Sequence[Check]) -> str:
    """Tell how many checks held, and how many were not made."""
    held, left = sum(check.held is True for check in checks), sum(check.held is None for check in checks)
    if not left:
        return f"{held} checks held."
    return f"{held} of {len(checks)} checks held, {left} could not be made."


def _print_document(document: Mapping[str, Any]) -> None:
    """Print the document in the order of an alert's page; leave out empty members, print unfit ones last."""
    unfit, _ = misfits(document)
    for name in in_reading_order(document):
        if name not in unfit and not is_empty(document[name]):
            _print_member(name, document[name], 0)
    for name in unfit[:MOST_UNFIT]:
        print(f"? {plain(name[:MOST_NAME_CHARS])}: {_as_one_line(document[name])}")


def _as_one_line(value: object) -> str:
    """Return an unfit value as text, cut to a length; JSON shows all of it."""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    cut = text if len(text) <= MOST_UNFIT_CHARS else f"{text[:MOST_UNFIT_CHARS]}..."
    return plain(cut)


def _print_member(name: str, value: object, depth: int) -> None:
    indent = "  " * depth
    if isinstance(value, Mapping):
        if name:
            print(f"{indent}{plain(name)}:")
        for key, child in value.items():
            _print_member(str(key), child, depth + bool(name))
    elif isinstance(value, list):
        print(f"{indent}{plain(name)}:" + ("" if value else " none"))
        for child in value:
            _print_member("-", child, depth + 1)
    else:
        lines = str("none" if value is None else value).splitlines() or [""]
        print(f"{indent}{plain(name)}: {plain(lines[0])}")
        for line in lines[1:]:
            print(f"{indent}  {plain(line)}")


def _visible(char: str) -> str:
    category = unicodedata.category(char)
    hidden = (
        category in ("Cc", "Cf", "Cs", "Co", "Zl", "Zp")
        and char not in "\N{ZERO WIDTH JOINER}\N{ZERO WIDTH NON-JOINER}"
    )
    return REPLACED if hidden else char


def as_json(value: object) -> Any:
    """Convert for `json.dumps` the dataclasses and paths that results are made of."""
    if is_dataclass(value) and not isinstance(value, type):
        return asdict(value)
    if isinstance(value, Path):
        return str(value)
    raise TypeError(type(value).__name__)
