# SPDX-License-Identifier: Apache-2.0
"""Keys for entering: an agency's first keyset is handed in with one. It is kept sealed until that keyset stands.

The exchange's operator issues the key, the desk's keeper enters it. It is sealed under the hub's own secret, since an
agency that is coming in has none of its own yet.
"""

import logging
from datetime import datetime
from typing import Final

from django.views.decorators.debug import sensitive_variables

from vault.errors import SealBrokenError
from vault.hubsecret import open_for_login, seal_for_login
from vault.models import EntryKey

_KIND: Final = "key for entering"

log = logging.getLogger(__name__)


@sensitive_variables("text")
def keep_entry_key(agency_id: str, text: str, *, expires_at: datetime, now: datetime) -> None:
    """Keep the text of a key in place of the earlier one, in the caller's transaction. `expires_at`: as the exchange says."""
    sealed = seal_for_login(text, _place(agency_id), now=now)
    EntryKey.objects.update_or_create(pk=agency_id, defaults={"sealed": sealed, "expires_at": expires_at})


def entry_key_of(agency_id: str) -> str | None:
    """Return the text of the agency's key; None where there is none, or where the row was altered outside the program.

    Only the exchange knows whether the key still serves. Raises SecretMissingError, KekUnknownError, VaultClosedError.
    """
    row = EntryKey.objects.filter(pk=agency_id).first()
    if row is None:
        return None
    try:
        return open_for_login(row.sealed, _place(agency_id))
    except SealBrokenError:
        log.error("the key for entering of %s was changed past the program and is not used", agency_id)
        return None


def entry_keys_until() -> dict[str, datetime]:
    """Return when each key ends, as the exchange said, by agency."""
    return dict(EntryKey.objects.values_list("pk", "expires_at"))


def forget_entry_key(agency_id: str) -> None:
    """Delete the agency's key, if there is one, once its first keyset stands."""
    EntryKey.objects.filter(pk=agency_id).delete()


def _place(agency_id: str) -> str:
    return f"{agency_id}/{_KIND}"
