# SPDX-License-Identifier: Apache-2.0
"""Many keysets at once over REST: a read, but by POST, as the body names the agencies."""

import json
from typing import Any, Final

from django.http import HttpResponse
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.views import APIView

from agencies.directory import PublishedKeyset
from agencies.keyset_serializers import NewerKeysetsSerializer
from agencies.newer_keysets import MOST_ASKED, newer_keysets
from callers import clock
from callers.caller import caller_of
from callers.capabilities import Capability
from callers.directory import AGENCY_ID_FORM
from callers.errors import InputError
from callers.idempotency import repeatable
from callers.reading import read_body

MOST_VERSIONS: Final = 2**31 - 1


@extend_schema_field(
    {
        "type": "object",
        "minProperties": 1,
        "maxProperties": MOST_ASKED,
        "propertyNames": {"pattern": f"^{AGENCY_ID_FORM.pattern[2:-2]}$"},
        "additionalProperties": {"type": "integer", "minimum": 0, "maximum": MOST_VERSIONS},
        "description": "By agency, the version of its keyset that the caller has; 0 for none.",
    }
)
class HeldVersionsField(serializers.DictField):
    """Versions by agency."""

    child = serializers.IntegerField(min_value=0, max_value=MOST_VERSIONS)


class KeysetsQuestionSerializer(serializers.Serializer[Any]):
    agencies = HeldVersionsField()


class KeysetsQueryView(APIView):
    capability = Capability.DIRECTORY_READ

    @extend_schema(
        request=KeysetsQuestionSerializer,
        responses={200: NewerKeysetsSerializer},
        operation_id="keysets_query",
    )
    def post(self, request: Request) -> HttpResponse:
        """Return the keysets of many agencies that are newer than the caller's versions.

        A keyset in force of a higher version is newer, and so is a revocation logged after the keyset in force. One
        answer holds the first ones that fit; `rest` names the others. Versions in between are read one by one.
        """
        held, caller, now = _held(request), caller_of(request), clock.now()
        found = repeatable(request, caller, lambda: newer_keysets(caller, held, now=now), now=now)
        items = b",".join(_item(agency, published) for agency, published in found.newer.items())
        lists = {"unchanged": found.unchanged, "unknown": found.unknown, "rest": found.rest}
        octets = b'{"items":[' + items + b"]," + _text(lists)[1:]
        return HttpResponse(octets, content_type="application/json", headers={"Cache-Control": "no-store"})


def _held(request: Request) -> dict[str, int]:
    held: dict[str, int] = read_body(KeysetsQuestionSerializer, request)["agencies"]
    if not 1 <= len(held) <= MOST_ASKED:
        raise InputError("agencies", _("Name 1 to %(most)s agencies.") % {"most": MOST_ASKED})
    if not all(map(AGENCY_ID_FORM.fullmatch, held)):
        raise InputError("agencies", _("Agency id: use a country code, a hyphen, a name."))
    return held


def _item(agency: str, published: PublishedKeyset) -> bytes:
    """Signed objects go out as the octets they are."""
    revokes = b",".join(
        b'{"statement":' + statement + b',"receipt":' + _text(receipt) + b"}"
        for statement, receipt in published.revokes
    )
    head = _text({"agency": agency, "custody": published.row.custody, "receipt": published.receipt})
    return head[:-1] + b',"revokes":[' + revokes + b'],"keyset":' + bytes(published.row.jws) + b"}"


def _text(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
