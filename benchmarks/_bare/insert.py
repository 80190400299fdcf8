# SPDX-License-Identifier: Apache-2.0
"""The one view: it takes the same multipart body as intake does, and keeps its octets in one row."""

from django.db import connection
from django.urls import path
from rest_framework import status
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView


class ReceivedView(APIView):
    parser_classes = [MultiPartParser]

    def get(self, request: Request) -> Response:
        """Whether the server is up."""
        return Response({})

    def post(self, request: Request) -> Response:
        octets = b"".join(part.read() for part in request.FILES.values())
        with connection.cursor() as cursor:
            cursor.execute("INSERT INTO received (content) VALUES (%s) RETURNING id", [octets])
            (number,) = cursor.fetchone()
        return Response({"id": number}, status=status.HTTP_202_ACCEPTED)


urlpatterns = [path("received", ReceivedView.as_view())]
