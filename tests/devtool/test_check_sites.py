# SPDX-License-Identifier: Apache-2.0
"""The checks that the drill `checks` finds in code, and the code that is left when one is taken out."""

import ast
import types
from functools import cached_property

import pytest

from devtool.drills.check_sites import sites_of
from devtool.drills.forked_tests import replace_code

SOURCE = '''
def check(value, limit):
    demand(value)
    seen.append(value)
    if value is None or not 1 <= value <= limit:
        raise ValueError("value")
    name = text(value, "name")
    if any(part < 0 or part > 9 for part in value):
        return SealRefusal.PART
    return integer(value, "value", least=1)


class Holder:
    def fits(self, value):
        if value:
            return False
        fits = self.ready and value > 0
        return not (fits and value)


def say(value):
    """No check."""
    print_all([value])
    return False
'''
TAKEN_OUT = {
    "call: demand(value)": ("    demand(value)\n", "    pass\n"),
    "operand: if … value is None": ("value is None or", "False or"),
    "operand: if … not 1 <= value <= limit": ("or not 1 <= value <= limit", "or False"),
    "operand: if … 1 <= value": ("1 <= value <= limit", "value <= limit"),
    "operand: if … value <= limit": ("1 <= value <= limit", "1 <= value"),
    "refusal: raise ValueError('value')": ("        raise ValueError('value')", "        pass"),
    "validator: text(value, 'name')": ("text(value, 'name')", "(lambda it: it)(value)"),
    "operand: if … part < 0": ("part < 0 or", "False or"),
    "operand: if … part > 9": ("or part > 9", "or False"),
    "refusal: return SealRefusal.PART": ("        return SealRefusal.PART", "        pass"),
    "validator: integer(value, 'value', least=1)": (
        "integer(value, 'value', least=1)",
        "(lambda it: it)(value)",
    ),
    "bound: least=1 in integer(value, 'value', least=1)": (", least=1)", ")"),
    "refusal: return False": ("            return False\n", "            pass\n"),
    "operand: answer … self.ready": ("self.ready and", "True and"),
    "operand: answer … value > 0": ("and value > 0", "and True"),
    "call: print_all([value])": ("    print_all([value])", "    pass"),
}


def plain(source: str) -> str:
    return ast.unparse(ast.parse(source))


def test_every_check_is_found_and_nothing_else() -> None:
    found = [f"{site.kind}: {site.words}" for site in sites_of(ast.parse(SOURCE))]
    assert sorted(found) == sorted(TAKEN_OUT)


@pytest.mark.parametrize("words", TAKEN_OUT)
def test_taking_one_out_changes_nothing_else(words: str) -> None:
    tree = ast.parse(SOURCE)
    site = next(site for site in sites_of(tree) if f"{site.kind}: {site.words}" == words)
    site.delete()
    before, after = TAKEN_OUT[words]
    assert before in plain(SOURCE)
    assert ast.unparse(tree) == plain(SOURCE).replace(before, after, 1)


def test_a_site_names_its_function_and_its_lines() -> None:
    sites = {f"{site.kind}: {site.words}": site for site in sites_of(ast.parse(SOURCE))}
    assert sites["refusal: return False"].function == "Holder.fits"
    # The lines of an operand are those of its refusal.
    assert list(sites["operand: if … value is None"].lines) == [6]
    assert list(sites["call: demand(value)"].lines) == [3]


LOADED = """
class Thing:
    @property
    def one(self):
        return 1

    @classmethod
    def two(cls):
        return 2

    @cached_property
    def three(self):
        return 3


def four():
    return 4
"""


def test_new_code_is_run_by_all_who_hold_the_function() -> None:
    module = types.ModuleType("loaded")
    vars(module)["cached_property"] = cached_property
    exec(LOADED, vars(module))  # noqa: S102
    held, thing = vars(module)["four"], vars(module)["Thing"]()
    code = compile(LOADED.replace("return ", "return 10 * "), "loaded", "exec")
    for function in ("Thing.one", "Thing.two", "Thing.three", "four"):
        replace_code(module, function, code)
    assert (thing.one, thing.two(), thing.three, held()) == (10, 20, 30, 40)
