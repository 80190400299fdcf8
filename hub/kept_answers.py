# SPDX-License-Identifier: Apache-2.0
"""Large answers that are the same for everybody: made and compressed once for each process, then served by their tag.

- Anybody may read them, since the code that they describe is published. A repeated request costs a comparison, and
  nobody is sent megabytes that compress to kilobytes.
- `key` comes from a short list in the code, never from the request: a caller must not decide how many are kept.
"""

import gzip
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Final

from django.http import HttpRequest, HttpResponse
from django.utils.cache import get_conditional_response, patch_vary_headers

from accord.envelope.encoding import b64u, sha256
from hub import problems
from hub.errors import CompressedOnlyError

FRESH_FOR_SECS: Final = 3600
SENT_PLAIN_UP_TO_BYTES: Final = 64 * 1024


@dataclass(frozen=True)
class _Kept:
    compressed: bytes
    size_bytes: int
    etag: str


_kept: Final[dict[Hashable, _Kept]] = {}


def answer_kept(
    request: HttpRequest, key: Hashable, content_type: str, write: Callable[[], bytes]
) -> HttpResponse:
    """Return the answer of this key; 304 where the caller has it, 406 where it could only be sent uncompressed."""
    if key not in _kept:
        octets = write()
        _kept[key] = _Kept(gzip.compress(octets, 9, mtime=0), len(octets), f'"{b64u(sha256(octets))}"')
    kept = _kept[key]
    if _takes_gzip(request):
        answer = HttpResponse(
            kept.compressed, content_type=content_type, headers={"Content-Encoding": "gzip"}
        )
    elif kept.size_bytes > SENT_PLAIN_UP_TO_BYTES:
        return problems.answer_plainly(request, CompressedOnlyError())
    else:
        answer = HttpResponse(gzip.decompress(kept.compressed), content_type=content_type)
    answer["ETag"] = kept.etag
    answer["Cache-Control"] = f"public, max-age={FRESH_FOR_SECS}"
    patch_vary_headers(answer, ("Accept", "Accept-Encoding", "Accept-Language"))
    conditional = get_conditional_response(request, etag=kept.etag, response=answer)
    return answer if conditional is None else conditional


def _takes_gzip(request: HttpRequest) -> bool:
    for one in request.headers.get("Accept-Encoding", "").lower().split(","):
        coding, _, weight = one.partition(";")
        if coding.strip() in {"gzip", "*"} and weight.replace(" ", "") not in {
            "q=0",
            "q=0.0",
            "q=0.00",
            "q=0.000",
        }:
            return True
    return False
