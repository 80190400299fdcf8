# SPDX-License-Identifier: Apache-2.0
"""Bare views for comparison with the exchange's figures, as Django REST framework offers them.

- `OctetsView` keeps the octets of a multipart body in one row, without authentication.
- `ReceivedView` is what most would write: a token, a serializer, and in one transaction a row for the alert and one for each
  recipient.
- `NewsView` is one SELECT for a caller with a token.
"""

from typing import Any

from django.db import connection, transaction
from django.urls import path
from rest_framework import serializers, status
from rest_framework.authentication import TokenAuthentication
from rest_framework.parsers import MultiPartParser
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from benchmarks._bare.models import Copy, Received


class OctetsView(APIView):
    parser_classes = [MultiPartParser]

    def get(self, request: Request) -> Response:
        """Answer that the server is up."""
        return Response({})

    def post(self, request: Request) -> Response:
        octets = b"".join(part.read() for part in request.FILES.values())
        with connection.cursor() as cursor:
            cursor.execute("INSERT INTO octets (content) VALUES (%s) RETURNING id", [octets])
            (number,) = cursor.fetchone()
        return Response({"id": number}, status=status.HTTP_202_ACCEPTED)


class Submission(serializers.Serializer[Any]):
    manifest = serializers.FileField()
    jwe = serializers.FileField()
    recipients = serializers.ListField(child=serializers.CharField(max_length=23), max_length=500)


class ReceivedView(APIView):
    authentication_classes = [TokenAuthentication]
    permission_classes = [IsAuthenticated]
    parser_classes = [MultiPartParser]

    def post(self, request: Request) -> Response:
        given = Submission(data=request.data)
        given.is_valid(raise_exception=True)
        manifest, jwe, recipients = (given.validated_data[name] for name in ("manifest", "jwe", "recipients"))
        with transaction.atomic():
            row = Received.objects.create(sender=request.user, manifest=manifest.read(), jwe=jwe.read())
            Copy.objects.bulk_create(Copy(received=row, recipient=recipient) for recipient in recipients)
        return Response({"id": row.pk}, status=status.HTTP_202_ACCEPTED)


class NewsView(APIView):
    authentication_classes = [TokenAuthentication]
    permission_classes = [IsAuthenticated]

    def get(self, request: Request) -> Response:
        after = int(request.query_params["after"])
        news = Copy.objects.filter(recipient="nobody", pk__gt=after).order_by("pk")[:100]
        return Response({"items": [copy.pk for copy in news]})


urlpatterns = [
    path("octets", OctetsView.as_view()),
    path("received", ReceivedView.as_view()),
    path("news", NewsView.as_view()),
]
