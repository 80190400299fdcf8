# SPDX-License-Identifier: Apache-2.0
"""The exchange's certificate changes: one of a known authority is a renewal, any other gets no call and no API key."""

import ipaddress
import logging
import ssl
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from accord.calls.errors import UnreachableError
from accord.calls.transport import Transport
from peers import exchange
from tests.client.scripted_hub import ScriptedHub, served

API_KEY = "0123456789ab.of-the-desk"
SIGNS = x509.KeyUsage(
    digital_signature=False,
    content_commitment=False,
    key_encipherment=False,
    data_encipherment=False,
    key_agreement=False,
    key_cert_sign=True,
    crl_sign=False,
    encipher_only=False,
    decipher_only=False,
)


class Authority:
    """A certificate authority with a key of its own."""

    def __init__(self, folder: Path, name: str) -> None:
        self._folder, self._key = folder, ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        own = self._signed(self._name, self._key, x509.BasicConstraints(ca=True, path_length=0), SIGNS)
        self.file = folder / f"{name}.pem"
        self.file.write_bytes(own.public_bytes(serialization.Encoding.PEM))

    def chain(self) -> str:
        """Make a new certificate for this machine with its key, as a server loads it; return the file's path."""
        key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([])
        here = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
        path = self._folder / f"{self._name.rfc4514_string()}-{len(list(self._folder.iterdir()))}.pem"
        path.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
            + self._signed(name, key, here).public_bytes(serialization.Encoding.PEM)
        )
        return str(path)

    def _signed(
        self, name: x509.Name, key: ec.EllipticCurvePrivateKey, *extensions: x509.ExtensionType
    ) -> x509.Certificate:
        now = datetime.now(UTC)
        builder = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(self._name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=1))
            .not_valid_after(now + timedelta(days=1))
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key()), critical=False
            )
        )
        for extension in extensions:
            builder = builder.add_extension(extension, critical=True)
        return builder.sign(self._key, hashes.SHA256())


@pytest.fixture
def known(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Authority:
    """The authority that this desk's machine trusts."""
    authority = Authority(tmp_path, "known")
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.file))
    monkeypatch.setattr(exchange, "_rests_until", [0.0])
    return authority


@pytest.fixture
def hub(known: Authority) -> Iterator[tuple[ScriptedHub, ssl.SSLContext]]:
    """The exchange behind TLS: the requests it got, and the context by which a test changes its certificate."""
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(known.chain())
    with served((200, {}, b"{}"), tls=tls) as hub:
        yield hub, tls


def connection(hub: ScriptedHub) -> Transport:
    """The desk's connection, in a process that has none open yet."""
    address = hub.address.replace("http:", "https:")
    return exchange._Resting(address, api_key=API_KEY, patience=exchange.ONE_TRY, most_kept=0)


def test_one_of_the_same_authority_is_a_renewal(
    hub: tuple[ScriptedHub, ssl.SSLContext], known: Authority
) -> None:
    server, tls = hub
    for _ in range(2):
        assert connection(server).get("/agencies", accept="*/*", limit=10).body == b"{}"
        tls.load_cert_chain(known.chain())
    assert len(server.asked) == 2


def test_one_of_another_authority_gets_no_call_and_the_log_says_why(
    hub: tuple[ScriptedHub, ssl.SSLContext], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    server, tls = hub
    tls.load_cert_chain(Authority(tmp_path, "other").chain())
    with caplog.at_level(logging.WARNING), pytest.raises(UnreachableError, match="certificate") as refused:
        connection(server).get("/agencies", accept="*/*", limit=10)
    assert server.asked == []
    assert refused.value.is_unsent
    assert "is not trusted" in caplog.text and API_KEY not in caplog.text + str(refused.value)
