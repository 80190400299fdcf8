# SPDX-License-Identifier: Apache-2.0
"""The caller as the desk knows it."""

from django.urls import path

from callers.actors import Actor
from callers.api_caller import CallerView
from peers.models import Agency


class DeskCallerView(CallerView):
    __doc__ = CallerView.__doc__

    def status_of(self, caller: Actor) -> str | None:
        return Agency.objects.filter(pk=caller.agency_id).values_list("status", flat=True).first()


urlpatterns = [path("caller", DeskCallerView.as_view(), name="caller")]
