# SPDX-License-Identifier: Apache-2.0
"""Every address of the science core in JSON."""

from alerts.api_science import board, profiles, replying, rules, spectra, substances

urlpatterns = [
    *board.urlpatterns,
    *profiles.urlpatterns,
    *spectra.urlpatterns,
    *substances.urlpatterns,
    *replying.urlpatterns,
    *rules.urlpatterns,
]
