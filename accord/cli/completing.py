# SPDX-License-Identifier: Apache-2.0
"""Completion scripts, generated from the parser, so that they only name existing verbs and options.

Static: pressing Tab starts no program and asks for no passphrase. Written here rather than by a library, since the well-kept
ones write for bash and zsh but not for fish, and a partner's client would need one package more. zsh reads the bash script
through its own bridge.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import dataclass

from accord.cli.arguments.parser import build_parser
from accord.cli.workplace import Workplace

_BASH = """\
_accord() {{
    local cur="${{COMP_WORDS[COMP_CWORD]}}" prev="${{COMP_WORDS[COMP_CWORD-1]}}" verb="" word
    for word in "${{COMP_WORDS[@]:1:COMP_CWORD-1}}"; do
        case "$word" in {verbs}) verb="$word"; break ;; esac
    done
    case "$verb $prev" in
{choices}
    esac
    case "$verb" in
{words}
    esac
    [[ ${{#COMPREPLY[@]}} -gt 0 ]] || COMPREPLY=($(compgen -f -- "$cur"))
}}
complete -o filenames -F _accord accord
"""
_ZSH = "autoload -U +X bashcompinit && bashcompinit\n"


@dataclass(frozen=True)
class Word:
    """One option of a verb: its spellings, its closed list of values, whether it takes one, its help."""

    spellings: tuple[str, ...]
    choices: tuple[str, ...]
    takes_value: bool
    says: str


@dataclass(frozen=True)
class VerbWords:
    """The words that can follow one verb; the verb "" is the position before any."""

    name: str
    says: str
    options: tuple[Word, ...]
    words: tuple[str, ...]


def completion(place: Workplace) -> None:
    """Print the script of one shell."""
    shell = place.options.shell
    script = write_completion(shell)
    place.tell({"shell": shell, "script": script}, script.rstrip("\n"))


def write_completion(shell: str) -> str:
    """Return the script for bash, zsh or fish."""
    verbs = list(_verbs(build_parser()))
    if shell == "fish":
        return "".join(f"{line}\n" for line in _fish_lines(verbs))
    return (_ZSH if shell == "zsh" else "") + _bash(verbs)


def _verbs(parser: argparse.ArgumentParser) -> Iterator[VerbWords]:
    (subparsers,) = (item for item in parser._actions if isinstance(item, argparse._SubParsersAction))
    says = {str(item.metavar or item.dest): item.help or "" for item in subparsers._choices_actions}
    common = (item for item in parser._actions if item is not subparsers)
    yield VerbWords("", "", tuple(map(_word, common)), tuple(subparsers.choices))
    for name, verb in subparsers.choices.items():
        line = next((text for head, text in says.items() if head.split()[0] == name), "")
        options = {word.spellings: word for word in _options(verb)}
        yield VerbWords(name, line, tuple(options.values()), tuple(_values(verb)))


def _options(parser: argparse.ArgumentParser) -> Iterator[Word]:
    for item in parser._actions:
        if isinstance(item, argparse._SubParsersAction):
            for below in item.choices.values():
                yield from _options(below)
        elif item.option_strings:
            yield _word(item)


def _word(item: argparse.Action) -> Word:
    choices = tuple(map(str, item.choices or ()))
    return Word(tuple(item.option_strings), choices, item.nargs != 0, item.help or "")


def _values(parser: argparse.ArgumentParser) -> Iterator[str]:
    for item in parser._actions:
        if not item.option_strings and item.choices:
            yield from map(str, item.choices)


def _bash(verbs: list[VerbWords]) -> str:
    choices = [
        f'        "{verb.name} {spelling}") {_offer(word.choices)}; return ;;'
        for verb in verbs
        for word in verb.options
        for spelling in word.spellings
        if word.choices
    ]
    words = [f'        "{verb.name}") {_offer(_all_words(verb))} ;;' for verb in verbs]
    names = "|".join(verb.name for verb in verbs if verb.name)
    return _BASH.format(verbs=names, choices="\n".join(choices), words="\n".join(words))


def _all_words(verb: VerbWords) -> tuple[str, ...]:
    return (*verb.words, *(spelling for word in verb.options for spelling in word.spellings))


def _offer(words: tuple[str, ...]) -> str:
    return f"""COMPREPLY=($(compgen -W "{" ".join(words)}" -- "$cur"))"""


def _fish_lines(verbs: list[VerbWords]) -> Iterator[str]:
    first, *rest = verbs
    for verb in rest:
        says = _quoted(verb.says)
        yield f"complete -c accord -n __fish_use_subcommand -a {verb.name} -d {says}"
    for verb in verbs:
        under = f"-n '__fish_seen_subcommand_from {verb.name}'" if verb.name else "-n __fish_use_subcommand"
        if verb.words and verb is not first:
            yield f"complete -c accord {under} -a {_quoted(' '.join(verb.words))}"
        for word in verb.options:
            yield f"complete -c accord {under} {_fish_option(word)}"


def _fish_option(word: Word) -> str:
    spelled = " ".join(
        f"-l {spelling[2:]}" if spelling.startswith("--") else f"-s {spelling[1:]}"
        for spelling in word.spellings
    )
    takes = f" -x -a {_quoted(' '.join(word.choices))}" if word.choices else " -r" if word.takes_value else ""
    return f"{spelled}{takes} -d {_quoted(word.says)}"


def _quoted(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"
