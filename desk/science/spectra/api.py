# SPDX-License-Identifier: Apache-2.0
"""Matching of spectra, and the agency's own library, in JSON."""

import uuid
from typing import Any, ClassVar

from django.core.files.uploadedfile import UploadedFile
from django.urls import path
from drf_spectacular.utils import extend_schema
from rest_framework import serializers as s
from rest_framework import status
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from alerts.query_audit import science_errors
from callers.capabilities import Capability
from callers.idempotency import Outcome, idempotent
from callers.reading import read_body, read_query
from desk.science.api_answers import ASKS, ScienceView, WhyIn, reason_in
from desk.science.spectra.serializers import (
    ImportOut,
    LibraryOut,
    MatchesOut,
    import_out,
    library_out,
    matches_out,
)
from desk.web.api_answers import AgencyView
from science.answers.spectra import SpectrumAnswer, SpectrumAsked, match_spectrum
from science.spectra.library import (
    TEXT_AT_MOST,
    begin_import,
    confirm_import,
    delete_import,
    delete_spectrum,
    find_import,
    find_spectrum,
    list_library,
    read_import,
)
from substances.spectra.formats.peaklist import peak_table
from substances.spectra.limits import MAX_BYTES, refuse
from substances.structures.limits import MAX_TEXT_CHARS

SPECTRUM_CHARS = 2_000_000
CREATED = status.HTTP_201_CREATED
GONE = status.HTTP_204_NO_CONTENT


class MatchIn(WhyIn):
    """One spectrum as text: MSP, MGF, mzML peak lists, JCAMP-DX, or one "m/z intensity" a line.

    `which` chooses among several of one text. `structure` is checked against the spectrum.
    """

    spectrum = s.CharField(max_length=SPECTRUM_CHARS, trim_whitespace=False)
    which = s.IntegerField(required=False, default=1, min_value=1)
    with_precursor = s.BooleanField(
        required=False, default=True, help_text="Compare with spectra of its precursor mass only."
    )
    precursor_mz = s.DecimalField(
        required=False, allow_null=True, default=None, min_value=1, max_value=20_000, max_digits=10, decimal_places=5,
        help_text="As text, where the spectrum does not state it.",
    )  # fmt: skip
    ion_mode = s.ChoiceField(["positive", "negative"], required=False, default="", allow_blank=True)
    structure = s.CharField(
        required=False, default="", allow_blank=True, max_length=MAX_TEXT_CHARS, trim_whitespace=False
    )


class LibraryQuery(s.Serializer[Any]):
    """The page of the library."""

    page = s.IntegerField(required=False, default=1, min_value=1, max_value=1_000)


class ImportIn(s.Serializer[Any]):
    """A file of spectra; `source` and `licence` are used for records without their own."""

    file = s.FileField()
    source = s.CharField(required=False, default="", allow_blank=True, max_length=TEXT_AT_MOST)  # type: ignore[assignment]
    licence = s.CharField(required=False, default="", allow_blank=True, max_length=TEXT_AT_MOST)


class MatchView(ScienceView):
    @extend_schema(request=MatchIn, responses={200: MatchesOut}, operation_id="spectra_match")
    def post(self, request: Request) -> Response:
        """Rank compounds by similarity to a mass spectrum, and check a spectrum against a structure.

        `no_match` names nothing. Ties and isomers are groups, never a single name. The search covers the shipped
        spectra, the agency's own library and, for officers, spectra of received alerts. Each question is audited,
        without the spectrum.
        """
        body = read_body(MatchIn, request)
        asked = SpectrumAsked(
            filename="pasted.txt",
            data=peak_table(body["spectrum"]).encode(),
            precursor_mz=None if body["precursor_mz"] is None else float(body["precursor_mz"]),
            **{name: body[name] for name in ("which", "with_precursor", "ion_mode", "structure")},
        )

        def match() -> SpectrumAnswer:
            return match_spectrum(self.actor, asked, reason_in(body), draws=False, now=self.now)

        return Response(matches_out(self.ask(match)))


def _octets(file: "UploadedFile[Any]") -> bytes:
    """Return the file's octets, unless it is larger than the reader of spectra accepts; raises ScienceInputError."""
    if (file.size or 0) > MAX_BYTES:
        with science_errors():
            refuse("too_large")
    return bytes(file.read())


class LibraryView(AgencyView):
    capability: ClassVar[Any] = {"GET": ASKS, "POST": Capability.SCIENCE_MANAGE}
    parser_classes = [MultiPartParser]

    @extend_schema(
        parameters=[LibraryQuery], responses={200: LibraryOut}, operation_id="spectra_library_list"
    )
    def get(self, request: Request) -> Response:
        """List the agency's own library, 50 spectra a page, with authors and licence."""
        rows, total = list_library(self.actor, page=read_query(LibraryQuery, request)["page"])
        return self.answer(library_out(rows, total))

    @extend_schema(
        request={"multipart/form-data": ImportIn},
        responses={201: ImportOut},
        operation_id="spectra_library_import",
    )
    def post(self, request: Request) -> Response:
        """Read a file of spectra and report on each record. Nothing is used before the import is confirmed."""
        body = read_body(ImportIn, request)

        def run() -> Outcome:
            batch = begin_import(
                self.officer,
                filename=body["file"].name,
                data=_octets(body["file"]),
                source=body["source"],
                licence=body["licence"],
                now=self.now,
            )
            return Outcome(CREATED, str(batch.pk))

        outcome = idempotent(request, self.actor, run, now=self.now)
        batch = find_import(self.officer, uuid.UUID(outcome.resource))
        return self.answer(import_out(read_import(self.officer, batch)), outcome.status)


class ImportView(AgencyView):
    capability = Capability.SCIENCE_MANAGE

    @extend_schema(responses={200: ImportOut}, operation_id="spectra_imports_retrieve")
    def get(self, request: Request, import_id: uuid.UUID) -> Response:
        """Show an import with the records that would be taken and those that stay out."""
        return self.answer(import_out(read_import(self.officer, find_import(self.officer, import_id))))

    @extend_schema(responses={204: None}, operation_id="spectra_imports_destroy")
    def delete(self, request: Request, import_id: uuid.UUID) -> Response:
        """Delete an import with all its spectra, confirmed or not."""
        self.act(
            lambda: delete_import(self.officer, find_import(self.officer, import_id), now=self.now), code=GONE
        )
        return Response(status=GONE)


class ConfirmImportView(AgencyView):
    capability = Capability.SCIENCE_MANAGE

    @extend_schema(request=None, responses={200: ImportOut}, operation_id="spectra_imports_confirm")
    def post(self, request: Request, import_id: uuid.UUID) -> Response:
        """Take the spectra of an import into the library."""
        self.act(lambda: confirm_import(self.officer, find_import(self.officer, import_id), now=self.now))
        return self.answer(import_out(read_import(self.officer, find_import(self.officer, import_id))))


class LibrarySpectrumView(AgencyView):
    capability = Capability.SCIENCE_MANAGE

    @extend_schema(responses={204: None}, operation_id="spectra_library_destroy")
    def delete(self, request: Request, spectrum_id: uuid.UUID) -> Response:
        """Delete one spectrum of the library."""
        self.act(
            lambda: delete_spectrum(self.officer, find_spectrum(self.officer, spectrum_id), now=self.now),
            code=GONE,
        )
        return Response(status=GONE)


urlpatterns = [
    path("spectra/match", MatchView.as_view(), name="spectra-match"),
    path("spectra/library", LibraryView.as_view(), name="spectra-library"),
    path("spectra/library/<uuid:spectrum_id>", LibrarySpectrumView.as_view(), name="spectra-library-one"),
    path("spectra/imports/<uuid:import_id>", ImportView.as_view(), name="spectra-import"),
    path(
        "spectra/imports/<uuid:import_id>/confirm", ConfirmImportView.as_view(), name="spectra-import-confirm"
    ),
]
