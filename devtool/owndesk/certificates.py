# SPDX-License-Identifier: Apache-2.0
"""The certificate by which browsers know a desk: one made here, signed by itself, or the agency's own."""

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from devtool.closedfiles import write_closed
from devtool.errors import DevtoolError

LIVES: Final = timedelta(days=397)
"""Browsers refuse one that lives longer than 398 days."""
ENDS_SOON: Final = timedelta(days=30)
_CLOCKS_DIFFER: Final = timedelta(hours=1)
_PKCS8: Final = b"BEGIN PRIVATE KEY"


@dataclass(frozen=True)
class Certificate:
    """A certificate and the file of its key."""

    path: Path
    key_path: Path
    fingerprint: str
    """SHA-256 in hex, two digits a group, as browsers show it."""
    ends: datetime

    def ends_soon(self, now: datetime) -> bool:
        return self.ends - now < ENDS_SOON


def made_certificate(folder: Path, host: str, now: datetime) -> Certificate:
    """Return the one in this folder; make another where there is none for this host, or where it ends within 30 days."""
    path, key_path = folder / "certificate.pem", folder / "certificate-key.pem"
    if not _still_serves(path, key_path, host, now):
        _make(path, key_path, host, now)
    return _described(path, key_path, _read_certificate(path))


def given_certificate(path: Path, key_path: Path, host: str, now: datetime) -> Certificate:
    """Return the agency's own, checked before anything starts; raise DevtoolError with its faults."""
    found = _read_certificate(path)
    if _public_octets(found) != _read_key(key_path):
        raise DevtoolError(
            f"The key {key_path} does not belong to the certificate {path}.",
            "Name the two that were made together; in a file with several certificates the desk's own comes first.",
        )
    if not _names(found, host):
        named = ", ".join(_dns_names(found)) or "no host"
        raise DevtoolError(
            f"The certificate {path} is for {named}, not for {host}.", "Name the host with --host NAME."
        )
    if not found.not_valid_before_utc <= now < found.not_valid_after_utc:
        raise DevtoolError(
            f"The certificate {path} counts from {found.not_valid_before_utc:%-d %b %Y} to"
            f" {found.not_valid_after_utc:%-d %b %Y}, not now.",
            "Look at this machine's clock, or have a new one issued.",
        )
    return _described(path, key_path, found)


def pem_bundle(path: Path | None) -> Path | None:
    """Return a file of authorities, checked before it is relied on; raise DevtoolError."""
    if path is not None:
        try:
            x509.load_pem_x509_certificates(path.read_bytes())
        except ValueError:
            raise DevtoolError(
                f"{path} holds no certificate in PEM form.", "Name the file with --exchange-ca."
            ) from None
    return path


def _still_serves(path: Path, key_path: Path, host: str, now: datetime) -> bool:
    if not path.exists() or not key_path.exists():
        return False
    try:
        found = given_certificate(path, key_path, host, now)
    except DevtoolError:
        return False
    return not found.ends_soon(now)


def _make(path: Path, key_path: Path, host: str, now: datetime) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    write_closed(
        key_path, key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode("ascii")
    )
    # An interruption between the two leaves a key that fits no certificate: the next start makes both again.
    write_closed(path, _signed(key, host, now).public_bytes(Encoding.PEM).decode("ascii"))


def _signed(key: ec.EllipticCurvePrivateKey, host: str, now: datetime) -> x509.Certificate:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host[:64])])
    begins = now - _CLOCKS_DIFFER
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begins)
        .not_valid_after(begins + LIVES)
        .add_extension(x509.SubjectAlternativeName(_alternative_names(host)), critical=False)
        # It vouches for this desk alone, whoever is told to trust it.
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_signs_only(), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(key.public_key()), critical=False)
        .sign(key, SHA256())
    )


def _alternative_names(host: str) -> list[x509.GeneralName]:
    names: list[x509.GeneralName] = [x509.DNSName(name) for name in dict.fromkeys((host, "localhost"))]
    return [*names, x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]


def _signs_only() -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=False,
        crl_sign=False,
        encipher_only=False,
        decipher_only=False,
    )


def _described(path: Path, key_path: Path, found: x509.Certificate) -> Certificate:
    fingerprint = found.fingerprint(SHA256()).hex(":").upper()
    return Certificate(path, key_path, fingerprint, found.not_valid_after_utc.astimezone(UTC))


def _read_certificate(path: Path) -> x509.Certificate:
    """Return the first of the file, which is the server's own."""
    try:
        return x509.load_pem_x509_certificates(path.read_bytes())[0]
    except ValueError:
        raise DevtoolError(
            f"{path} holds no certificate in PEM form.", "Name the file with --certificate."
        ) from None


def _read_key(path: Path) -> bytes:
    """Return the public half of a private key that the server can use."""
    octets = path.read_bytes()
    if path.stat().st_mode & 0o007:
        raise DevtoolError(f"Everybody on this machine may read the key {path}.", f"Run: chmod o= {path}")
    try:
        key = load_pem_private_key(octets, password=None)
    except TypeError:
        raise DevtoolError(
            f"The key {path} is locked by a passphrase, which nobody could type when the machine starts.",
            f"Write it down unlocked, for this user alone: openssl pkcs8 -topk8 -nocrypt -in {path}",
        ) from None
    except ValueError:
        raise DevtoolError(f"{path} holds no private key in PEM form.", "Name the file with --key.") from None
    if _PKCS8 not in octets:
        raise DevtoolError(
            f"The key {path} has an older form than the server reads (PKCS#8).",
            f"Write it in that form: openssl pkcs8 -topk8 -nocrypt -in {path}",
        )
    return key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def _public_octets(found: x509.Certificate) -> bytes:
    return found.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def _dns_names(found: x509.Certificate) -> Sequence[str]:
    try:
        names = found.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return []
    return names.get_values_for_type(x509.DNSName)


def _names(found: x509.Certificate, host: str) -> bool:
    """Compare as browsers do: a star stands for one label, and the old common name does not count."""
    wild = f"*.{host.partition('.')[2]}" if "." in host else host
    return not {name.lower() for name in _dns_names(found)}.isdisjoint({host, wild})
