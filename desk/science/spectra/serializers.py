# SPDX-License-Identifier: Apache-2.0
"""Serializers of spectra, hits and the agency's library."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from rest_framework import serializers as s

from science.answers.fit import CHECKS, OUTCOMES
from science.answers.fit import VERDICTS as FITS
from science.answers.spectra import VERDICTS, HitShown, SpectrumAnswer
from science.spectra.library import ImportShown, KeptSpectrum
from substances.jsonform import to_plain


class HitOut(s.Serializer[Any]):
    """One compound by its best spectrum, with its provenance; `received` is the alert it came with."""

    place = s.IntegerField()
    name = s.CharField()
    inchikey = s.CharField()
    formula = s.CharField()
    score = s.FloatField()
    matched = s.IntegerField()
    matched_fragments = s.IntegerField()
    query_peaks = s.IntegerField()
    entry_peaks = s.IntegerField()
    precursor_error_ppm = s.FloatField(allow_null=True)
    is_precursor_same = s.BooleanField(allow_null=True)
    spectra = s.IntegerField()
    adduct = s.CharField()
    energy = s.CharField()
    instrument = s.CharField()
    accession = s.CharField()
    licence = s.CharField()
    authors = s.CharField()
    copyright = s.CharField()
    origin = s.ChoiceField(["shipped", "own", "received"])
    received = s.UUIDField(allow_null=True)


class GroupMemberOut(s.Serializer[Any]):
    """`score` is null where no spectrum of it was compared."""

    name = s.CharField()
    inchikey = s.CharField()
    score = s.FloatField(allow_null=True)


class GroupOut(s.Serializer[Any]):
    """Substances that the spectrum does not tell apart."""

    kind = s.ChoiceField(["isomers", "tie", "isobars"])
    formula = s.CharField()
    members = GroupMemberOut(many=True)


class CheckOut(s.Serializer[Any]):
    check = s.ChoiceField(list(CHECKS))
    outcome = s.ChoiceField(list(OUTCOMES))
    reason = s.CharField()
    expected = s.FloatField(allow_null=True)
    found = s.FloatField(allow_null=True)
    adduct = s.CharField()
    expected_formula = s.CharField()
    found_formula = s.CharField()


class FitOut(s.Serializer[Any]):
    """The fit of the spectrum to the structure given; it can refute one, never prove one."""

    verdict = s.ChoiceField(list(FITS))
    checks = CheckOut(many=True)


class MatchesOut(s.Serializer[Any]):
    """`verdict` is `not_searched` for NMR and IR, which are checked against a structure only."""

    kind = s.ChoiceField(["ms", "nmr", "ir"])
    in_file = s.IntegerField()
    verdict = s.ChoiceField([*VERDICTS, "not_searched"])
    reasons = s.ListField(child=s.CharField())
    hits = HitOut(many=True)
    groups = GroupOut(many=True)
    compared = s.IntegerField()
    library_size = s.IntegerField()
    with_precursor = s.BooleanField()
    fit = FitOut(allow_null=True)


class LibrarySpectrumOut(s.Serializer[Any]):
    """A spectrum of the library; texts are empty if its record has none."""

    id = s.UUIDField()
    import_id = s.UUIDField()
    name = s.CharField()
    inchikey = s.CharField()
    formula = s.CharField()
    precursor_mz = s.FloatField(allow_null=True)
    adduct = s.CharField()
    energy = s.CharField()
    accession = s.CharField()
    authors = s.CharField()
    licence = s.CharField()
    source = s.CharField()  # type: ignore[assignment]
    peaks = s.IntegerField()


class LibraryOut(s.Serializer[Any]):
    items = LibrarySpectrumOut(many=True)
    total = s.IntegerField()


class RefusedRecordOut(s.Serializer[Any]):
    """`place` counts the records of the file from 1; `problem` is the sentence with the remedy."""

    place = s.IntegerField()
    name = s.CharField()
    code = s.CharField()
    problem = s.CharField()


class ImportOut(s.Serializer[Any]):
    """An import; `confirmed_at` is null while none of it is used, and such an import is dropped after a day."""

    id = s.UUIDField()
    created_at = s.DateTimeField()
    confirmed_at = s.DateTimeField(allow_null=True)
    accepted = s.IntegerField()
    without_licence = s.IntegerField()
    refused = RefusedRecordOut(many=True)


def matches_out(answer: SpectrumAnswer) -> dict[str, Any]:
    """Return an answer in the form of `MatchesOut`."""
    found: dict[str, Any] = to_plain(answer.matches) if answer.matches else {}
    shown = {
        "kind": answer.query.kind,
        "in_file": answer.in_file,
        "verdict": found.get("verdict", "not_searched"),
        "hits": [_hit(one) for one in answer.hits],
        "fit": to_plain(answer.fit.fit) if answer.fit else None,
        **{name: found.get(name, []) for name in ("reasons", "groups")},
        **{name: found.get(name, 0) for name in ("compared", "library_size")},
        "with_precursor": bool(found.get("with_precursor")),
    }
    return MatchesOut(shown).data


def library_out(rows: Sequence[KeptSpectrum], total: int) -> dict[str, Any]:
    """Return a page of the library in the form of `LibraryOut`."""
    return LibraryOut({"items": [_library_row(one) for one in rows], "total": total}).data


def import_out(shown: ImportShown) -> dict[str, Any]:
    """Return an import in the form of `ImportOut`."""
    row = shown.row
    return ImportOut(
        {
            "id": row.pk,
            "created_at": row.created_at,
            "confirmed_at": row.confirmed_at,
            "accepted": len(shown.accepted),
            "without_licence": shown.without_licence,
            "refused": [to_plain(one) for one in shown.refused],
        }
    ).data


def _hit(one: HitShown) -> Mapping[str, Any]:
    return {**to_plain(one.hit), "received": one.received.pk if one.received else None}


def _library_row(one: KeptSpectrum) -> Mapping[str, Any]:
    return {**asdict(one.shown), "id": one.row.pk, "import_id": one.row.batch_id}
