# SPDX-License-Identifier: Apache-2.0
"""Settings of this desk, as a page and as a text file: for its keeper, and for an agency's auditor."""

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.utils.translation import gettext as _

from callers import clock
from desk.keeper.settings_report import as_text, settings_report
from desk.web.downloads import streamed
from desk.web.frame import render_page, signed_in


def desk_settings(request: HttpRequest) -> HttpResponse:
    """Show every setting, with where it is set."""
    groups = settings_report(signed_in(request), now=clock.now())
    return render_page(request, "own_desk/settings", _("Settings of this desk"), groups=groups)


def desk_settings_text(request: HttpRequest) -> HttpResponseBase:
    """Return the settings as a file, with nothing that the page does not show."""
    now = clock.now()
    lines = list(as_text(settings_report(signed_in(request), now=now), now=now))
    return streamed(iter(lines), "text/plain; charset=utf-8", f"desk-settings-{now:%Y%m%d-%H%M}.txt")
