# SPDX-License-Identifier: Apache-2.0
"""JSON views of the files of an own alert: add, read, remove."""

import uuid
from typing import ClassVar

from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from alerts.access import find_alert
from alerts.boxes.outbox import open_sent_attachment
from alerts.drafting.drafts import attach_file, read_attachment, remove_attachment
from alerts.models import Alert
from alerts.states import SENT
from callers.capabilities import Capability
from callers.reading import read_body
from desk.alerts import serializers
from desk.web.api import CREATED, IF_MATCH, DeskView, file_answer, revision_in


class FilesView(DeskView):
    capability = Capability.ALERT_WRITE
    parser_classes = [MultiPartParser]

    @extend_schema(parameters=[IF_MATCH], request=serializers.FileIn, responses={201: serializers.AlertOut})
    def post(self, request: Request, alert_id: uuid.UUID) -> Response:
        """Add a file to a draft, sealed at once."""
        file, base = read_body(serializers.FileIn, request)["file"], revision_in(request)

        def change(alert: Alert) -> None:
            attach_file(self.officer, alert, base=base, filename=file.name, data=file.read(), now=self.now)

        return self.answer_alert(self.once(alert_id, change, CREATED, tagged=True).resource, CREATED)


class FileView(DeskView):
    capability: ClassVar = {"GET": Capability.ALERT_READ, "DELETE": Capability.ALERT_WRITE}

    @extend_schema(responses={(200, "application/octet-stream"): OpenApiTypes.BINARY})
    def get(self, request: Request, alert_id: uuid.UUID, n: int) -> HttpResponse:
        """Read a file of an alert of ours, always as a download."""
        alert = find_alert(self.officer, alert_id)
        if alert.state in SENT:
            return file_answer(open_sent_attachment(self.officer, alert, n=n, now=self.now))
        return file_answer(read_attachment(self.officer, alert, n=n))

    @extend_schema(parameters=[IF_MATCH], responses={200: serializers.AlertOut})
    def delete(self, request: Request, alert_id: uuid.UUID, n: int) -> Response:
        """Take a file out of a draft."""
        base = revision_in(request)

        def change(alert: Alert) -> None:
            remove_attachment(self.officer, alert, base=base, n=n, now=self.now)

        return self.answer_alert(self.once(alert_id, change, tagged=True).resource)
