# SPDX-License-Identifier: Apache-2.0
"""Record what agencies have agreed, from a JSON file; a known ref gets its next version."""

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction
from django.utils.dateparse import parse_datetime
from rest_framework import serializers

from callers import clock
from callers.command_refusals import refusals_in_words
from operators.operating import OnTheMachine, acting_operator, add_acting_operator
from sharing.agreements import record_agreement, record_circle
from sharing.errors import AgreementError
from sharing.models import Agreement, AgreementVersion, Circle

MAX_FILE_BYTES: Final = 1024 * 1024


class MomentField(serializers.Field[Any, Any, Any, Any]):
    """A moment with its offset: without one, two agencies would understand two moments."""

    def to_internal_value(self, data: Any) -> Any:
        try:
            moment = parse_datetime(data) if isinstance(data, str) else None
            if moment is not None and moment.tzinfo is not None:
                return moment.astimezone(UTC)
        except (ValueError, OverflowError):
            pass
        raise serializers.ValidationError("write it like 2026-03-01T00:00:00Z, with Z or an offset")


class WordsField(serializers.ListField):
    """A list of distinct words."""

    child = serializers.CharField(max_length=60)

    def to_internal_value(self, data: Any) -> list[str]:
        words: list[str] = super().to_internal_value(data)
        twice = sorted({word for word in words if words.count(word) > 1})
        if twice:
            raise serializers.ValidationError(f"named twice: {', '.join(twice)}")
        return words


class Strict(serializers.Serializer[Any]):
    """A serializer that refuses unknown members, so that a misspelt limit does not become no limit."""

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, Mapping):
            unknown = {name: ["not a field of this file"] for name in data if name not in self.fields}
            if unknown:
                raise serializers.ValidationError(unknown)
        return super().to_internal_value(data)


class CircleSerializer(Strict):
    name = serializers.CharField(max_length=60)
    members = WordsField(required=False, allow_empty=False)

    def validate_name(self, name: str) -> str:
        if Circle.objects.filter(name=name).exists():
            raise serializers.ValidationError("a circle of this name stands already")
        return name


class AgreementSerializer(Strict):
    ref = serializers.CharField(max_length=20)
    title = serializers.CharField(max_length=120)
    parties = WordsField()
    lanes = WordsField()
    ceiling = serializers.CharField()
    purposes = WordsField(default=list)
    nbf = MomentField()
    until = MomentField(allow_null=True, default=None)
    survive_lanes = WordsField(default=list)
    survive_flash = serializers.BooleanField(default=False)
    emergency = serializers.BooleanField(default=False)
    circle = CircleSerializer(required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        standing = Agreement.objects.filter(ref=attrs["ref"]).first()
        if standing is not None and standing.title != attrs["title"]:
            raise serializers.ValidationError(
                {"title": [f"{standing.ref} stands under the title {standing.title}"]}
            )
        return attrs


class Command(BaseCommand):
    help = (
        "Record an agreement from a JSON file with ref, title, parties, lanes, ceiling, nbf and, where wanted, "
        "purposes (none means all), until, survive_lanes, survive_flash, emergency, circle {name, members}."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)
        add_acting_operator(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        operator, agreed = acting_operator(options["by"]), read_agreement(options["file"])
        circle, now = agreed.pop("circle", None), clock.now()
        try:
            with refusals_in_words(), transaction.atomic():
                version = record_agreement(operator, **agreed, now=now)
                if circle is not None:
                    _record_circle(operator, circle, version, now)
        except AgreementError as refused:
            raise CommandError(f"{refused.field}: {refused.problem}") from None
        self.stdout.write(_said(version))


def _record_circle(
    operator: OnTheMachine, circle: Mapping[str, Any], version: AgreementVersion, now: datetime
) -> None:
    if version.nbf > now:
        raise AgreementError("circle", "record it once the agreement has begun")
    parties = [party.agency_id for party in version.parties.all()]
    record_circle(
        operator,
        name=circle["name"],
        agreement=version.agreement.ref,
        members=circle.get("members", parties),
        now=now,
    )


def read_agreement(path: Path) -> dict[str, Any]:
    """Return the fields of the file; raise CommandError naming each field that is wrong."""
    given = AgreementSerializer(data=_read_json(path))
    if not given.is_valid():
        raise CommandError("; ".join(_problems(given.errors)))
    return dict(given.validated_data)


def _read_json(path: Path) -> Any:
    try:
        with path.open("rb") as file:
            octets = file.read(MAX_FILE_BYTES + 1)
    except OSError as error:
        raise CommandError(f"{path}: {error.strerror}") from None
    if len(octets) > MAX_FILE_BYTES:
        raise CommandError(f"{path}: larger than 1 MiB")
    try:
        return json.loads(octets, object_pairs_hook=_each_once)
    except ValueError as error:
        raise CommandError(f"{path} is no JSON that can be read: {error}") from None


def _each_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) < len(pairs):
        names = [name for name, _ in pairs]
        raise CommandError(f"{max(names, key=names.count)}: stands twice in the file")
    return members


def _problems(errors: Any, field: str = "") -> Iterator[str]:
    """Yield each problem with the field it belongs to, as `circle.name: ...`."""
    if isinstance(errors, Mapping):
        for name, inner in errors.items():
            own = "" if name == "non_field_errors" else str(name)
            yield from _problems(inner, ".".join(filter(None, (field, own))))
    else:
        yield f"{field or 'file'}: {' '.join(map(str, errors))}"


def _said(version: AgreementVersion) -> str:
    until = f" until {version.until:%Y-%m-%d %H:%M} UTC" if version.until else ""
    return (
        f"{version.agreement.ref} version {version.number} is recorded; "
        f"it counts from {version.nbf:%Y-%m-%d %H:%M} UTC{until}."
    )
