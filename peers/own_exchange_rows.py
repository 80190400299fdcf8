# SPDX-License-Identifier: Apache-2.0
"""Row of the exchange that an own desk belongs to. Part of `peers.models`; only `peers.own_exchange` reads it."""

from django.db import models

from callers.binding import BoundRow


class OwnExchange(BoundRow):
    """Exchange that a keeper named at the first start: its address and the verifier key of its log. One row at most.

    A desk whose row was altered outside the program calls nobody.
    """

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    url = models.CharField(max_length=200)
    vkey = models.CharField(max_length=400)
    told_at = models.DateTimeField()

    BOUND = ("id", "url", "vkey")

    def __str__(self) -> str:
        return self.url
