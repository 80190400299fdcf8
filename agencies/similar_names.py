# SPDX-License-Identifier: Apache-2.0
"""Agencies whose names look like another's: the operator sees both before the second is admitted."""

from collections.abc import Iterable

from django.utils.translation import gettext as _

from agencies.models import Agency
from callers.errors import InputError
from callers.names import resemble


def similar_names_of(name: str) -> list[Agency]:
    """Return the agencies of this hub whose names look like this one."""
    return [
        agency
        for agency in Agency.objects.order_by("pk")
        if agency.name != name and resemble(agency.name, name)
    ]


def resembling_text(name: str, twins: Iterable[Agency]) -> str:
    """Return a text that shows the name beside its twins."""
    known = ", ".join(f"{twin.name} ({twin.pk})" for twin in twins)
    words = {"name": name, "known": known}
    return (
        _("%(name)s looks like %(known)s. Confirm that they are two agencies, or correct the name.") % words
    )


def refuse_similar_name(name: str, *, resembles: bool) -> None:
    """Raise InputError where the name looks like another agency's, unless the operator says that they are two."""
    if not resembles and (twins := similar_names_of(name)):
        raise InputError("resembles", resembling_text(name, twins))
