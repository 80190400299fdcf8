# SPDX-License-Identifier: Apache-2.0
"""Tick lines: ticks on a terminal, ASCII in a pipe, fault and remedy on failure."""

import io

import pytest

from demo.ticks import StepFailedError, Ticks, as_ascii


class Terminal(io.TextIOWrapper):
    def isatty(self) -> bool:
        return True


def _terminal() -> Terminal:
    return Terminal(io.BytesIO(), encoding="utf-8", write_through=True)


def _shown(stream: io.TextIOWrapper) -> str:
    assert isinstance(stream.buffer, io.BytesIO)
    return stream.buffer.getvalue().decode()


def test_a_pipe_gets_ascii_only() -> None:
    stream = io.StringIO()
    ticks = Ticks(stream)
    with ticks.step("Zoë opens 3rKq…Vw4c → ok") as step:
        step.evidence("größe 2,7 kB")
    assert stream.getvalue().isascii()
    assert stream.getvalue().startswith(" ok     Zoe opens 3rKq...Vw4c -> ok")
    assert stream.getvalue().splitlines()[0].endswith(" s")
    assert "große" not in stream.getvalue()


def test_a_terminal_gets_ticks_and_dim_evidence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LC_ALL", "en_US.UTF-8")
    monkeypatch.delenv("NO_COLOR", raising=False)
    stream = _terminal()
    with Ticks(stream).step("Signed") as step:
        step.evidence("suite PQ1")
    assert "\x1b[32m✓\x1b[0m Signed" in _shown(stream)
    assert "\x1b[2msuite PQ1\x1b[0m" in _shown(stream)


PLAIN_TERMINALS = {
    "NO_COLOR is set": {"LC_ALL": "en_US.UTF-8", "NO_COLOR": "1"},
    "the locale is C": {"LC_ALL": "C"},
    "the locale is Latin-1": {"LC_ALL": "de_DE.ISO-8859-1"},
    "Python itself replaced the locale C": {"LC_ALL": "", "LC_CTYPE": "C.UTF-8", "LANG": ""},
}


@pytest.mark.parametrize("case", sorted(PLAIN_TERMINALS))
def test_a_terminal_without_colour_or_utf8_gets_ascii(case: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    for name, value in PLAIN_TERMINALS[case].items():
        monkeypatch.setenv(name, value)
    stream = _terminal()
    with Ticks(stream).step("Signed"):
        pass
    assert _shown(stream).startswith(" ok     Signed")


def test_a_failed_step_says_what_and_the_remedy_and_goes_on_as_a_failure() -> None:
    stream = io.StringIO()
    with pytest.raises(StepFailedError), Ticks(stream).step("Ledger entry 212"):
        raise StepFailedError("No receipt after 10 s.", "Is the sequencer running?")
    assert stream.getvalue().splitlines()[0].startswith(" FAILED Ledger entry 212")
    assert "No receipt after 10 s." in stream.getvalue()
    assert "Is the sequencer running?" in stream.getvalue()


def test_an_unforeseen_error_is_a_failed_step_too() -> None:
    stream = io.StringIO()
    with pytest.raises(StepFailedError), Ticks(stream).step("Divide"):
        raise ZeroDivisionError("by nothing")
    assert "ZeroDivisionError: by nothing" in stream.getvalue()


def test_the_title_may_become_more_exact() -> None:
    stream = io.StringIO()
    with Ticks(stream).step("Demonstration world") as step:
        step.title = "6 agencies, 18 officers"
    assert "6 agencies, 18 officers" in stream.getvalue()


def test_text_without_a_likeness_in_ascii_is_marked() -> None:
    assert as_ascii("نورين") == "?????"
