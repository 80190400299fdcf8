# SPDX-License-Identifier: Apache-2.0
"""The floor of notifying people: a loop over one SMTP connection, with mails prepared before."""

import smtplib
import time
from collections.abc import Sequence
from urllib.parse import urlsplit

SENDER = "accord@hub.example"


def ready_mail(number: int) -> tuple[str, bytes]:
    """Return address and octets of a mail of the size the hub sends."""
    address = f"reader{number}@xz-bare.example"
    text = (
        f"From: {SENDER}\r\nTo: {address}\r\nSubject: [Accord] ROUTINE 7QK4-M2XN\r\n"
        f"Message-ID: <{number:032x}@hub.example>\r\nAuto-Submitted: auto-generated\r\n"
        'Content-Type: text/plain; charset="utf-8"\r\nContent-Transfer-Encoding: 8bit\r\nMIME-Version: 1.0\r\n\r\n'
        "Your agency has an alert. Speed: ROUTINE. Acknowledge in 24 hours.\r\n"
        "Open: http://127.0.0.1:8000/a/7QK4-M2XN\r\n"
        "This mail carries no content. Unsure? Type the desk's address.\r\n"
    )
    return address, text.encode()


def send_bare(url: str, mails: Sequence[tuple[str, bytes]]) -> float:
    """Send all over one connection; return the seconds it took."""
    server = urlsplit(url)
    began = time.perf_counter()
    with smtplib.SMTP(server.hostname or "", server.port or 25, local_hostname="localhost") as smtp:
        for address, octets in mails:
            smtp.sendmail(SENDER, [address], octets)
    return time.perf_counter() - began
