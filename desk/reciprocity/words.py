# SPDX-License-Identifier: Apache-2.0
"""Words of the figures of a record."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from accord.reciprocity import DISPUTED, FINAL_ANSWER, INTERIM_ANSWER, RED, SETTLED, UNREAD, VERSION
from alerts.document.choices import ALERT_TYPES

Words = Mapping[str, str | Promise]

KINDS: Final[Words] = {
    **dict(ALERT_TYPES),
    FINAL_ANSWER: gettext_lazy("Answers, final"),
    INTERIM_ANSWER: gettext_lazy("Answers, interim"),
    VERSION: gettext_lazy("Later versions"),
    RED: gettext_lazy("Marked TLP:RED, of any kind"),
    UNREAD: gettext_lazy("Not opened here"),
    DISPUTED: gettext_lazy("Replies that dispute an item"),
    SETTLED: gettext_lazy("Replies that settle a dispute"),
}
SUPPLIES: Final[Words] = {
    "spectra": gettext_lazy("Spectra"),
    "methods": gettext_lazy("Methods"),
    "reference_standards": gettext_lazy("Reference standards"),
    "samples_offered": gettext_lazy("Samples"),
    "court_outcomes": gettext_lazy("Court outcomes"),
    "answers": gettext_lazy("Answers"),
}
TOTALS: Final[Words] = {
    "total": gettext_lazy("All that counts"),
    "withdrawn": gettext_lazy("Withdrawn within 30 days, not counted"),
}


def span_words(took: timedelta | None) -> str:
    """Return a time in days, or in hours where it is under two days; a dash where there is none."""
    if took is None:
        return "-"
    hours = round(took.total_seconds() / 3600)
    if hours < 48:
        return (
            _("under an hour") if hours < 1 else ngettext("%(n)d hour", "%(n)d hours", hours) % {"n": hours}
        )
    return ngettext("%(n)d day", "%(n)d days", round(hours / 24)) % {"n": round(hours / 24)}
