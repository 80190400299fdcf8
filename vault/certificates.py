# SPDX-License-Identifier: Apache-2.0
"""Reader of a web server's certificate. It is in this room because no other room of the desk uses `cryptography`."""

from datetime import datetime
from pathlib import Path

from cryptography import x509


def end_of_certificate(path: Path) -> datetime:
    """Return when the server's own certificate ends: the first in a PEM file. Raises OSError, ValueError."""
    return x509.load_pem_x509_certificates(path.read_bytes())[0].not_valid_after_utc
