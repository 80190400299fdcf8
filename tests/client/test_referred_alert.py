# SPDX-License-Identifier: Apache-2.0
"""The terminal shows the alert to which an alert refers before the content."""

import pytest

from accord.cli.showing import opened_as_json, print_alert
from accord.envelope.manifest import Reference
from tests.client.conftest import PartnerWorld, alert_to


def test_an_update_and_a_reply_name_what_they_are_about(
    world: PartnerWorld, capsys: pytest.CaptureFixture[str]
) -> None:
    first = world.deliver("xa-alpha", "xb-bravo")
    alpha, bravo = world.partners("xa-alpha", "xb-bravo")
    bravo.open(first.md)
    about = Reference(first.jti, first.md)
    update = alpha.submit(alert_to("xb-bravo", kind="update", re=about), wait_secs=10)
    reply = bravo.submit(alert_to("xa-alpha", kind="reply", re=about), wait_secs=10)
    for reader, sent, words in ((bravo, update, "the newer version of"), (alpha, reply, "a reply to")):
        opened = reader.open(sent.md)
        print_alert(opened)
        lines = capsys.readouterr().out.splitlines()
        assert f"{words} {first.md}" in lines[: lines.index("")]
        assert opened_as_json(opened)["terms"]["re"] == {"jti": first.jti, "md": first.md}
    print_alert(bravo.open(first.md))
    assert not [line for line in capsys.readouterr().out.splitlines() if line.endswith(f" of {first.md}")]
