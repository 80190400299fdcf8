# SPDX-License-Identifier: Apache-2.0
"""Base of every row of the exchange, so that two files of models may share it."""

from django.db import models


class Row(models.Model):
    """A row that is displayed by its key."""

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return str(self.pk)
