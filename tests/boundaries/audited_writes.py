# SPDX-License-Identifier: Apache-2.0
"""Writes of the rooms that may happen without an event of the audit in their transaction, by the paths through the code.

- An event stands for the writes of the function that records it, directly or by a function that writes nothing itself, and
  of the functions that it calls; never for those of a function that calls it, unless it is a private part of that one.
- A write without an event waits for one of its callers. It is found in a function that nobody calls, and in one that
  somebody may call unseen: as an argument, from a table, by an unknown object.
- An event in a transaction of its own stands for nothing outside of it.
- Calls are followed down where they are certain, and up wherever they are possible. Where a write's result is asked, or
  its rows are looped over, the path on which there was nothing to write needs no event.
- Conditions are followed in statements and in expressions; what is caught may have been raised after any statement.
"""

import ast
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from tests.boundaries.written_rows import Function, Reading, Rooms, Write


@dataclass(frozen=True)
class Origin:
    """A write that waits for its event, and where it is."""

    function: Function
    write: Write


Paths = dict[int, frozenset[Origin]]
"""For each number of events, up to `MANY`, the writes of the paths that record as many."""
MANY: Final = 2
NOTHING: Final[Paths] = {0: frozenset()}
ONE_EVENT: Final[Paths] = {1: frozenset()}


def _either(*ways: Paths) -> Paths:
    joined: Paths = {}
    for way in ways:
        for events, writes in way.items():
            joined[events] = joined.get(events, frozenset()) | writes
    return joined


def _both(first: Paths, second: Paths) -> Paths:
    joined: Paths = {}
    for events, writes in first.items():
        for more, others in second.items():
            count = min(MANY, events + more)
            joined[count] = joined.get(count, frozenset()) | writes | others
    return joined


def _without(paths: Paths, origins: frozenset[Origin]) -> Paths:
    return {events: writes - origins for events, writes in paths.items()}


class Audit:
    """Writes of the rooms that reach an event in their transaction, and functions that record two for one."""

    def __init__(self, rooms: Rooms, *, no_state: Collection[str] = (), exempt: Collection[str] = ()) -> None:
        """`exempt` are functions with the models that they may write, as lines of the report."""
        self.rooms, self._no_state = rooms, frozenset(no_state)
        self._exempt = {
            name: set(models.split(", ")) for name, models in (line.split(": ") for line in exempt)
        }
        self.excused: dict[str, set[str]] = defaultdict(set)
        self._readings: dict[Function, Reading] = {}
        self._summaries: dict[Function, tuple[Paths, Paths]] = {}
        self.twice: set[Function] = set()
        self._settled: set[Origin] = set()
        self._begun: set[Function] = set()
        self._in_circles: set[Function] = set()
        self._mentioning: dict[str, list[Function]] = defaultdict(list)
        for function in rooms.functions.values():
            for name in function.mentions:
                self._mentioning[name].append(function)

    def reading(self, function: Function) -> Reading:
        if function not in self._readings:
            self._readings[function] = Reading(self.rooms, function)
        return self._readings[function]

    def summary(self, function: Function, caller: Function | None = None) -> Paths:
        """Return the events that a function leaves to its caller, and the writes that wait for one of its caller's.

        An event stands for the writes of the function that records it; of a private part of the caller, which works in its
        transaction, for the caller's too.
        """
        if function in self._begun:
            self._in_circles.add(function)
            return NOTHING
        if function not in self._summaries:
            self._begun.add(function)
            left = _Walk(self, function).summaries() if self._has_effects(function) else (NOTHING, NOTHING)
            self._summaries[function] = self._excuse(function, left[0]), self._excuse(function, left[1])
            self._begun.remove(function)
        alone, shared = self._summaries[function]
        is_part = (
            caller is not None and function.module == caller.module and function.node.name.startswith("_")
        )
        return shared if is_part else alone

    def _has_effects(self, function: Function) -> bool:
        reading = self.reading(function)
        others = (one for _, targets in reading.calls for one in targets if one is not function)
        called = (self.summary(one, function) for one in others)
        return bool(reading.writes or reading.events) or any(paths != NOTHING for paths in called)

    def settle(self, writes: frozenset[Origin]) -> None:
        """Note writes that came with an event on some path."""
        self._settled |= writes

    def _excuse(self, function: Function, left: Paths) -> Paths:
        """Leave out the changes of an exempt function, in the models that it may write."""
        allowed = self._exempt.get(function.short, set())
        changed = {each: each.write.models - self._no_state for each in left.get(0, ())}
        excused = frozenset(each for each, models in changed.items() if models and models <= allowed)
        for each in excused:
            self.excused[function.short] |= changed[each]
        self._settled |= excused
        return _without(left, excused)

    def unaudited(self) -> dict[Origin, set[Function]]:
        """Return the writes that may happen without an event, each with the functions in which that begins.

        A function counts that nobody calls, or that somebody may call unseen; a write that no path reaches counts, too.
        """
        found: dict[Origin, set[Function]] = {}
        for function in self.rooms.functions.values():
            waiting = self.summary(function).get(0, frozenset())
            for origin in waiting if waiting and not self._is_called_only_where_seen(function) else ():
                found.setdefault(origin, set()).add(function)
        for function, reading in self._readings.items():
            for write in reading.writes:
                origin = Origin(function, write)
                if origin not in self._settled and origin not in found:
                    found[origin] = {function}
        return found

    def report(self) -> list[str]:
        """Return a line for each change that may happen without an event: where it begins, what writes, and which rows."""
        lines = set()
        for origin, begins in self.unaudited().items():
            models = ", ".join(sorted(origin.write.models - self._no_state))
            for function in begins if models else ():
                by = "" if function is origin.function else f", by {origin.function.short}"
                lines.add(f"{function.short}{by}: {models}")
        return sorted(lines)

    @cached_property
    def written(self) -> set[str]:
        """Models of the rows that are written."""
        every = (self.reading(function).writes for function in self.rooms.functions.values())
        return {model for writes in every for write in writes for model in write.models}

    def _is_called_only_where_seen(self, function: Function) -> bool:
        is_called, name = False, function.node.name
        for caller in self._mentioning[name]:
            if caller is function:
                continue
            reading = self.reading(caller)
            certain = {id(call.func) for call, targets in reading.calls if function in targets}
            is_called |= bool(certain)
            others = (node for node in caller.mentions[name] if id(node) not in certain)
            if any(self._may_be(node, reading, function) for node in others):
                return False
        return is_called and function not in self._in_circles

    def _may_be(self, node: ast.AST, reading: Reading, function: Function) -> bool:
        """Tell whether a mention of the name may be this function."""
        if not function.owner:
            return self.rooms.resolve(node, reading.function.module) == function.name
        if not isinstance(node, ast.Attribute):
            return False
        classes = reading.classes_of(node.value)
        return not classes or function in reading.targets(node)


class _Walk:
    """The paths through one function."""

    def __init__(self, audit: Audit, function: Function) -> None:
        self.audit, self.function, self.reading = audit, function, audit.reading(function)
        self._writes: dict[int, frozenset[Origin]] = defaultdict(frozenset)
        for write in self.reading.writes:
            self._writes[id(write.node)] |= {Origin(function, write)}
        self._targets = {id(call): targets for call, targets in self.reading.calls}
        self._told: dict[str, frozenset[Origin]] = {}
        self._exits: list[Paths] = []
        self._turns: list[Paths] = []
        self._blocks = 0
        self._wrote = False
        self._own = self._has_own_transactions()
        decorators = [ast.unparse(each) for each in function.node.decorator_list]
        self._is_one_transaction = (
            self._own or "transaction.atomic" in decorators or bool(self.reading.events)
        )

    def _has_own_transactions(self) -> bool:
        """Tell whether its blocks are transactions of its own, not parts of its caller's."""
        inside = {id(each) for node in self.reading.nodes if _is_block(node) for each in ast.walk(node)}
        return bool(inside) and all(id(event) in inside for event in self.reading.events)

    def summaries(self) -> tuple[Paths, Paths]:
        """Return what it leaves to any caller, and what to a caller whose part it is."""
        left, paths = self._whole()
        if self._own and not self._wrote and not any(left.values()):
            # Nothing is written here: the event may stand for what a caller writes, whose transaction it then is in.
            self._own = self._is_one_transaction = False
            left, paths = self._whole()
        is_part = not self._own and not self.function.node.decorator_list
        shared = _either(*(ONE_EVENT if events else {0: writes} for events, writes in paths.items()))
        return left, shared if is_part else left

    def _whole(self) -> tuple[Paths, Paths]:
        self._exits = []
        falls = self._sequence(self.function.node.body, NOTHING)
        paths = _either(falls, *self._exits)
        return self._close(paths), paths

    def _close(self, paths: Paths) -> Paths:
        """Return what paths leave to a caller: events without a write, and writes without an event."""
        if MANY in paths and self._is_one_transaction:
            self.audit.twice.add(self.function)
        left: Paths = {}
        for events, writes in paths.items():
            self._wrote |= bool(events and writes)
            self.audit.settle(writes if events else frozenset())
            left = _either(left, {0: writes} if not events else {0 if writes else 1: frozenset()})
        return left

    def _sequence(self, statements: Iterable[ast.stmt], before: Paths) -> Paths:
        *_, paths = self._steps(statements, before)
        return paths

    def _steps(self, statements: Iterable[ast.stmt], before: Paths) -> Iterator[Paths]:
        """Yield the paths before the statements, and after each that is reached."""
        yield before
        for statement in statements if before else ():
            before = self._statement(statement, before)
            yield before
            if not before:
                break

    def _statement(self, node: ast.stmt, before: Paths) -> Paths:
        match node:
            case ast.If():
                return self._branch(node, before)
            case ast.For() | ast.While():
                return self._loop(node, before)
            case ast.With():
                return self._with(node, before)
            case ast.Try():
                *broken_off, whole = self._steps(node.body, before)
                broken = _either(*broken_off, whole)
                whole = self._sequence(node.orelse, whole)
                caught = [self._sequence(handler.body, broken) for handler in node.handlers]
                return self._sequence(node.finalbody, _either(whole, *caught))
            case ast.Match():
                start = _both(before, self._effect(node.subject))
                return _either(start, *(self._sequence(case.body, start) for case in node.cases))
            case ast.FunctionDef():
                return self._within(node, before)
        return self._simple(node, _both(before, self._effect(node)))

    def _simple(self, node: ast.stmt, paths: Paths) -> Paths:
        if isinstance(node, ast.Return):
            self._exits.append(paths)
            return {}
        if isinstance(node, ast.Continue | ast.Break):
            self._turns.append(paths)
            return {}
        if isinstance(node, ast.Raise):
            if self._own and not self._blocks:
                self._exits.append({0: paths.get(0, frozenset())})
            return {}
        if isinstance(node, ast.Assign) and (origins := self._origins(node.value)):
            for name in _names(ast.Tuple(node.targets)):
                self._told[name] = self._told.get(name, frozenset()) | origins
        return paths

    def _within(self, node: ast.FunctionDef, before: Paths) -> Paths:
        """Return the paths past a function that is defined here, which may be called or not."""
        earlier, self._exits = self._exits, []
        called = _either(self._sequence(node.body, before), *self._exits)
        self._exits = earlier
        return _either(before, called)

    def _branch(self, node: ast.If, before: Paths) -> Paths:
        start = _both(before, self._effect(node.test))
        nothing = _without(start, self._origins(node.test))
        yes, no = (nothing, start) if _is_negative(node.test) else (start, nothing)
        return _either(self._sequence(node.body, yes), self._sequence(node.orelse, no))

    def _loop(self, node: ast.For | ast.While, before: Paths) -> Paths:
        over = node.iter if isinstance(node, ast.For) else node.test
        start = _both(before, self._effect(over))
        around, self._turns = self._turns, []
        within = _either(self._sequence(node.body, start), *self._turns)
        self._turns = around
        if isinstance(over, ast.Tuple) and not isinstance(over.elts[0], ast.Starred):
            return within
        skipped = _without(start, self._origins(over) | self._writes_of(over))
        return self._sequence(node.orelse, _either(skipped, within))

    def _writes_of(self, rows: ast.expr) -> frozenset[Origin]:
        """Return the writes here of the same rows: without any row they write nothing."""
        names = _names(rows)
        for node in self.reading.nodes:
            if (
                isinstance(node, ast.Assign)
                and isinstance(node.value, ast.ListComp)
                and names & _names(node.value.generators[0].iter)
            ):
                names |= _names(ast.Tuple(node.targets))
        origins = frozenset().union(*self._writes.values())
        return frozenset(each for each in origins if names & _names(each.write.node))

    def _with(self, node: ast.With, before: Paths) -> Paths:
        start = before
        for item in node.items:
            start = _both(start, self._effect(item.context_expr))
        if not (_is_block(node) and self._own) or self._blocks:
            return self._sequence(node.body, start)
        self._blocks += 1
        earlier, self._exits = self._exits, []
        falls = self._sequence(node.body, NOTHING)
        returned, self._exits = self._exits, earlier
        self._blocks -= 1
        self._exits += [_both(start, self._end_transaction(each)) for each in returned]
        return _both(start, self._end_transaction(falls)) if falls else {}

    def _end_transaction(self, paths: Paths) -> Paths:
        """Return what a transaction leaves: no event of it stands for a write outside it."""
        return {0: frozenset().union(*self._close(paths).values())}

    def _effect(self, node: ast.AST) -> Paths:
        if isinstance(node, ast.IfExp):
            ways = _either(self._effect(node.body), self._effect(node.orelse))
            return _both(self._effect(node.test), ways)
        paths = self._own_effect(node)
        for each in ast.iter_child_nodes(node):
            within = self._effect(each)
            paths = _both(paths, within if _is_certain(each, node) else _either(NOTHING, within))
        return paths

    def _own_effect(self, node: ast.AST) -> Paths:
        paths: Paths = {0: self._writes[id(node)]} if id(node) in self._writes else NOTHING
        if isinstance(node, ast.Call):
            if node in self.reading.events:
                return _both(paths, ONE_EVENT)
            if targets := [one for one in self._targets[id(node)] if one is not self.function]:
                called = (self.audit.summary(one, self.function) or NOTHING for one in targets)
                return _both(paths, _either(*called))
        return paths

    def _origins(self, node: ast.AST) -> frozenset[Origin]:
        """Return the writes whose outcome an expression tells."""
        told = [self._told.get(each.id, frozenset()) for each in ast.walk(node) if isinstance(each, ast.Name)]
        return frozenset().union(*self._effect(node).values(), *told)


def _names(node: ast.AST) -> set[str]:
    return {each.id for each in ast.walk(node) if isinstance(each, ast.Name)} - {"self"}


def _is_certain(part: ast.AST, node: ast.AST) -> bool:
    """Tell whether a part of an expression is evaluated whenever the whole is."""
    match node:
        case ast.BoolOp():
            return part is node.values[0]
        case ast.ListComp() | ast.SetComp() | ast.DictComp() | ast.GeneratorExp():
            return part is node.generators[0]
        case ast.comprehension():
            return part is node.iter
    return not isinstance(node, ast.Lambda)


def _is_block(node: ast.AST) -> bool:
    return isinstance(node, ast.With) and any(
        "atomic(" in ast.unparse(item.context_expr) for item in node.items
    )


def _is_negative(test: ast.expr) -> bool:
    """Tell whether a test asks for nothing: `not rows`, `row is None`, `count == 0`."""
    if isinstance(test, ast.BoolOp):
        return any(_is_negative(each) for each in test.values)
    if isinstance(test, ast.Compare) and isinstance(test.ops[0], ast.Is | ast.Eq):
        return not getattr(test.comparators[0], "value", True)
    return isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not)
