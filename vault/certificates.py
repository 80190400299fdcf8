# SPDX-License-Identifier: Apache-2.0
"""The end of a web server's certificate: read here, since of the desk's rooms this one alone reads with `cryptography`."""

from datetime import datetime
from pathlib import Path

from cryptography import x509


def end_of_certificate(path: Path) -> datetime:
    """Return when the first certificate of a PEM file ends, which is the server's own. Raises OSError, ValueError."""
    return x509.load_pem_x509_certificates(path.read_bytes())[0].not_valid_after_utc
