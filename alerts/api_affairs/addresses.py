# SPDX-License-Identifier: Apache-2.0
"""Every address of an agency's affairs and of the keeper's in JSON."""

from alerts.api_affairs import (
    account,
    apikeys,
    aside,
    audit,
    doubts,
    exchange_keys,
    handed_in,
    keeper,
    keys,
    lanes,
    notices,
    officers,
    peers,
    policy,
    powers,
    restore,
    views,
)

urlpatterns = [
    *account.urlpatterns,
    *apikeys.urlpatterns,
    *aside.urlpatterns,
    *audit.urlpatterns,
    *doubts.urlpatterns,
    *exchange_keys.urlpatterns,
    *handed_in.urlpatterns,
    *keeper.urlpatterns,
    *keys.urlpatterns,
    *lanes.urlpatterns,
    *notices.urlpatterns,
    *officers.urlpatterns,
    *peers.urlpatterns,
    *policy.urlpatterns,
    *powers.urlpatterns,
    *restore.urlpatterns,
    *views.urlpatterns,
]
