# SPDX-License-Identifier: Apache-2.0
"""The row of the exchange that an own desk belongs to. Part of `peers.models`; `peers.own_exchange` alone reads it."""

from django.db import models

from callers.binding import BoundRow


class OwnExchange(BoundRow):
    """The exchange that a keeper named at the first start: its address and the verifier key of its log. One row at most.

    Changed past the program it counts for nothing: the desk then calls nobody.
    """

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    url = models.CharField(max_length=200)
    vkey = models.CharField(max_length=400)
    told_at = models.DateTimeField()

    BOUND = ("id", "url", "vkey")

    def __str__(self) -> str:
        return self.url
