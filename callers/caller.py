# SPDX-License-Identifier: Apache-2.0
"""The actor of a REST request, as the authenticators found it."""

from typing import cast

from rest_framework.exceptions import NotAuthenticated
from rest_framework.request import Request

from callers.actors import Actor


def caller_of(request: Request) -> Actor:
    """Return the officer in session or the partner's system; raises NotAuthenticated when there is neither."""
    if request.user is None:
        raise NotAuthenticated
    return cast(Actor, request.user)
