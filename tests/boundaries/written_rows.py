# SPDX-License-Identifier: Apache-2.0
"""Rows that the functions of the rooms write, read from the syntax trees.

- A write is a call that inserts, changes or deletes rows, or SQL that does.
- Whose rows they are is told by names, annotations, results of annotated functions and relations between models. Where
  nothing tells it, the model is `UNKNOWN`, which no list of models has.
- Functions and lambdas within a function are parts of it. What runs at import is the function `<module>`.
"""

import ast
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final

_VERBS: Final = (
    "bulk_create",
    "bulk_update",
    "create",
    "delete",
    "get_or_create",
    "save",
    "update",
    "update_or_create",
)
WRITES: Final = frozenset({*_VERBS, *(f"a{verb}" for verb in _VERBS), "save_base", "_raw_delete"})
UNKNOWN: Final = "?"
RECORDERS: Final = frozenset({"ledger.audit.record_event", "ledger.audit.record_events"})
GENERIC: Final = "callers.binding"
"""Module that writes whatever rows it is given; the function that calls it is the one that writes."""
GENERIC_WRITES: Final = frozenset({f"{GENERIC}.keep_bound", f"{GENERIC}.change_bound"})
LIBRARY_MODELS: Final = ("allauth.mfa.models.Authenticator",)
_ROWS: Final = re.compile(r"(?:\.|^)(?:Model|BoundRow|SystemKey|AbstractBaseUser)$")
_RELATIONS: Final = ("ForeignKey", "OneToOneField", "ManyToManyField")
_BINDING: Final = (
    ast.Assign, ast.AnnAssign, ast.For, ast.comprehension, ast.Match, ast.NamedExpr, ast.withitem
)  # fmt: skip
AT_IMPORT: Final = "<module>"
_DEFINED: Final = (ast.FunctionDef, ast.ClassDef, ast.Import, ast.ImportFrom)
_NO_ARGUMENTS: Final = ast.arguments(posonlyargs=[], args=[], kwonlyargs=[], kw_defaults=[], defaults=[])
_SQL: Final = re.compile(
    r"(?<!DO )(?<!FOR )\b(?:INSERT INTO|DELETE FROM|UPDATE)(?:\s+(?!ON\b|OF\b|SET\b|\()(\w+)|\s+\Z|\s+\{)"
)


def label(model: str) -> str:
    """Name a model as the lists do: room and name."""
    return f"{model.partition('.')[0]}.{model.rpartition('.')[2]}"


def _imported(tree: ast.Module) -> Iterator[tuple[str, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                first = alias.name.partition(".")[0]
                yield alias.asname or first, alias.name if alias.asname else first
        elif isinstance(node, ast.ImportFrom):
            for alias in node.names:
                yield alias.asname or alias.name, f"{node.module}.{alias.name}"


def _fields(model: ast.ClassDef) -> Iterator[tuple[str, ast.Call]]:
    """Yield the relations that a model declares."""
    for node in model.body:
        if isinstance(node, ast.Assign | ast.AnnAssign) and isinstance(node.value, ast.Call):
            target = node.targets[0] if isinstance(node, ast.Assign) else node.target
            if isinstance(target, ast.Name) and ast.unparse(node.value.func).endswith(_RELATIONS):
                yield target.id, node.value


def _no_class(name: str) -> ast.ClassDef:
    """Return an empty definition, for a class of a library, which is not read."""
    return ast.ClassDef(name=name, bases=[], keywords=[], body=[], decorator_list=[])


@dataclass(eq=False)
class Function:
    """A function or method, by its full name."""

    name: str
    module: str
    node: ast.FunctionDef
    owner: str = ""

    @cached_property
    def nodes(self) -> list[ast.AST]:
        """Every node within it."""
        return list(ast.walk(self.node))

    @cached_property
    def mentions(self) -> dict[str, list[ast.AST]]:
        """Names and attributes that the function mentions, with their nodes."""
        found: dict[str, list[ast.AST]] = defaultdict(list)
        for node in self.nodes:
            if isinstance(node, ast.Name):
                found[node.id].append(node)
            elif isinstance(node, ast.Attribute):
                found[node.attr].append(node)
        return found

    @property
    def short(self) -> str:
        """Name it as the exemptions do: file, and the name within it."""
        return f"{self.module.replace('.', '/')}.py:{self.name.removeprefix(self.module + '.')}"


@dataclass(frozen=True, eq=False)
class Write:
    """A write: the models of its rows, each as `room.Model`, and its node."""

    models: frozenset[str]
    node: ast.AST


@dataclass(eq=False)
class Class:
    """A class, by its full name, with the full names of its bases."""

    name: str
    module: str
    node: ast.ClassDef
    bases: list[str] = field(default_factory=list)


class Rooms:
    """Sources by module name, and what can be read from them."""

    def __init__(self, sources: Mapping[str, str]) -> None:
        self.trees = {module: ast.parse(text) for module, text in sources.items()}
        self.functions: dict[str, Function] = {}
        self.classes: dict[str, Class] = {name: Class(name, "", _no_class(name)) for name in LIBRARY_MODELS}
        self._declared: dict[str, dict[str, frozenset[str]]] = {}
        self._named: dict[int, frozenset[str]] = {}
        self._symbols = {module: self._symbols_of(module, tree) for module, tree in self.trees.items()}
        for each in self.classes.values():
            each.bases = [name for base in each.node.bases if (name := self.resolve(base, each.module))]
        self.models = {*LIBRARY_MODELS, *(name for name in self.classes if self._is_model(name))}
        self.relations = self._relations()
        self._heirs: dict[str, list[str]] = defaultdict(list)
        for name in self.classes:
            for above in self.lineage(name)[1:]:
                self._heirs[above].append(name)

    def _symbols_of(self, module: str, tree: ast.Module) -> dict[str, str]:
        """Return the full name of each name of a module; note its functions and classes."""
        symbols = dict(_imported(tree))
        rest = [node for node in tree.body if not isinstance(node, _DEFINED)]
        for node in tree.body:
            if isinstance(node, ast.FunctionDef):
                self._add(module, node)
            elif isinstance(node, ast.ClassDef):
                name = f"{module}.{node.name}"
                self.classes[name] = Class(name, module, node)
                rest += [each for each in node.body if not isinstance(each, _DEFINED)]
                for each in node.body:
                    if isinstance(each, ast.FunctionDef):
                        self._add(module, each, name)
            if isinstance(node, ast.FunctionDef | ast.ClassDef):
                symbols[node.name] = f"{module}.{node.name}"
            elif isinstance(node, ast.Assign | ast.AnnAssign):
                target = node.targets[0] if isinstance(node, ast.Assign) else node.target
                if isinstance(target, ast.Name):
                    symbols[target.id] = f"{module}.{target.id}"
        self._add(module, ast.FunctionDef(name=AT_IMPORT, args=_NO_ARGUMENTS, body=rest, decorator_list=[]))
        return symbols

    def _add(self, module: str, node: ast.FunctionDef, owner: str = "") -> None:
        name = f"{owner or module}.{node.name}"
        if module != GENERIC:
            self.functions[name] = Function(name, module, node, owner)

    def resolve(self, node: ast.AST, module: str) -> str:
        """Return the full name that an expression of names and dots stands for, or ""."""
        rest: list[str] = []
        while isinstance(node, ast.Attribute | ast.Subscript):
            if isinstance(node, ast.Attribute):
                rest.insert(0, node.attr)
            node = node.value
        first = self._symbols.get(module, {}).get(node.id, "") if isinstance(node, ast.Name) else ""
        return self._origin(".".join([first, *rest])) if first else ""

    def _origin(self, name: str) -> str:
        """Follow a name that a module only imports."""
        for _ in range(4):
            module, _, last = name.rpartition(".")
            further = self._symbols.get(module, {}).get(last, name)
            if further == name:
                break
            name = further
        return name

    def lineage(self, name: str) -> list[str]:
        """Return a class and those it derives from, nearest first."""
        found = [name]
        for each in found:
            found += [base for base in self.classes[each].bases if base in self.classes and base not in found]
        return found

    def _is_model(self, name: str) -> bool:
        bases = [base for each in self.lineage(name) for base in self.classes[each].node.bases]
        return any(_ROWS.search(ast.unparse(base)) for base in bases)

    def model_of_table(self, table: str) -> str:
        """Return the label of the model with this table."""
        labels = (label(name) for name in self.models)
        return next((each for each in labels if each.lower().replace(".", "_") == table), UNKNOWN)

    def _relations(self) -> dict[tuple[str, str], str]:
        """Return the model at the other end of each relation, by model and attribute."""
        ends: dict[tuple[str, str], str] = {}
        for name in self.models:
            for target, call in _fields(self.classes[name].node):
                ends[name, target] = other = self._related(call.args[0], name)
                given = [word.value for word in call.keywords if word.arg == "related_name"]
                back = f"{name.rpartition('.')[2].lower()}_set"
                ends[other, str(getattr(given[0], "value", "")) if given else back] = name
        return ends

    def _related(self, node: ast.expr, model: str) -> str:
        if isinstance(node, ast.Constant):
            room, _, short = str(node.value).rpartition(".")
            if short == "self":
                return model
            wanted = f"{room or model.partition('.')[0]}.{short}"
            return next((name for name in self.models if label(name) == wanted), UNKNOWN)
        return self.resolve(node, self.classes[model].module)

    def method(self, owner: str, name: str) -> list[Function]:
        """Return the methods of this name that an instance of the class may have."""
        return self._in(self.lineage(owner), name)[:1] + self._in(self._heirs[owner], name)

    def inherited(self, owner: str, name: str) -> list[Function]:
        """Return the method of this name that a class inherits, in a list, or none."""
        return self._in(self.lineage(owner)[1:], name)[:1]

    def _in(self, classes: Iterable[str], name: str) -> list[Function]:
        return [self.functions[full] for each in classes if (full := f"{each}.{name}") in self.functions]

    def given(self, owner: str, member: str) -> list[Function]:
        """Return the functions that are given to a class at import, for a member that is called."""
        members = [
            node.target.id
            for node in self.classes[owner].node.body
            if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name)
        ]
        found = []
        for name, value in self._assigned.items() if member in members else ():
            module = name.rpartition(".")[0]
            if isinstance(value, ast.Call) and self.resolve(value.func, module) == owner:
                by_name = {word.arg: word.value for word in value.keywords}
                given = by_name.get(member) or dict(zip(members, value.args, strict=False)).get(member)
                if given is not None and (full := self.resolve(given, module)) in self.functions:
                    found.append(self.functions[full])
        return found

    def declared(self, name: str) -> dict[str, frozenset[str]]:
        """Return the classes of the members that a class annotates or that its `__init__` assigns."""
        if name not in self._declared:
            each = self.classes[name]
            found = self._declared[name] = {}
            for node in each.node.body:
                if isinstance(node, ast.FunctionDef) and node.name == "__init__":
                    found.update(self._assigned_in_init(each, node))
                elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
                    found[node.target.id] = self.named(node.annotation, each.module)
        return self._declared[name]

    def _assigned_in_init(self, each: Class, init: ast.FunctionDef) -> Iterator[tuple[str, frozenset[str]]]:
        arguments = {one.arg: one.annotation for one in (*init.args.args, *init.args.kwonlyargs)}
        for node in ast.walk(init):
            if not isinstance(node, ast.Assign | ast.AnnAssign) or node.value is None:
                continue
            targets, values = [node.targets[0] if isinstance(node, ast.Assign) else node.target], [node.value]
            if isinstance(targets[0], ast.Tuple) and isinstance(values[0], ast.Tuple):
                targets, values = targets[0].elts, values[0].elts
            for target, value in zip(targets, values, strict=True):
                said: ast.AST | None = (
                    arguments.get(value.id, value) if isinstance(value, ast.Name) else value
                )
                said = node.annotation if isinstance(node, ast.AnnAssign) else said
                if isinstance(target, ast.Attribute):
                    yield target.attr, self.named(said, each.module)

    def named(self, annotation: ast.AST | None, module: str) -> frozenset[str]:
        """Return the classes that an annotation names."""
        if annotation is None:
            return frozenset()
        if id(annotation) not in self._named:
            self._named[id(annotation)] = self._names(annotation, module, frozenset())
        return self._named[id(annotation)]

    def _names(self, annotation: ast.AST, module: str, seen: frozenset[str]) -> frozenset[str]:
        found: set[str] = set()
        for node in ast.walk(annotation):
            name = self.resolve(node, module) if isinstance(node, ast.Name | ast.Attribute) else ""
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and not seen:
                name = self.resolve(ast.Name(node.value), module)  # a class named before it is there
            if name in self.classes:
                found.add(name)
            elif name not in seen and (value := self.assigned(name)) is not None:
                found |= self._names(value, name.rpartition(".")[0], seen | {name})
        return frozenset(found)

    def assigned(self, name: str) -> ast.expr | None:
        """Return what a module assigns to a name, such as a type alias or a type variable."""
        return self._assigned.get(name)

    @cached_property
    def _assigned(self) -> dict[str, ast.expr]:
        found = {}
        for module, tree in self.trees.items():
            for node in tree.body:
                if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
                    found[f"{module}.{node.targets[0].id}"] = node.value
                elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.value:
                    found[f"{module}.{node.target.id}"] = node.value
        return found


class Reading:
    """One function: the classes of its names, its writes, its calls."""

    def __init__(self, rooms: Rooms, function: Function) -> None:
        self.rooms, self.function = rooms, function
        self.nodes = function.nodes
        self._found: dict[int, frozenset[str]] | None = None
        self._known: dict[str, frozenset[str]] = {}
        for node in self.nodes:
            if isinstance(node, ast.arguments):
                for each in (*node.posonlyargs, *node.args, *node.kwonlyargs, node.vararg, node.kwarg):
                    if each is not None:
                        self._learn(each.arg, rooms.named(each.annotation, function.module))
        if function.owner:
            self._known["self"] = self._known["cls"] = frozenset({function.owner})
        binding = [node for node in self.nodes if isinstance(node, _BINDING)]
        for _ in range(3):
            before = dict(self._known)
            for node in binding:
                self._follow(node)
            if before == self._known:
                break
        self._found = {}

    def _learn(self, name: str, classes: frozenset[str]) -> None:
        self._known[name] = self._known.get(name, frozenset()) | classes

    def _follow(self, node: ast.AST) -> None:
        if isinstance(node, ast.Assign):
            for target in node.targets:
                self._bind(target, node.value)
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            self._learn(node.target.id, self.rooms.named(node.annotation, self.function.module))
            if node.value:
                self._bind(node.target, node.value)
        elif isinstance(node, ast.For | ast.comprehension):
            self._bind(node.target, node.iter)
        elif isinstance(node, ast.NamedExpr):
            self._bind(node.target, node.value)
        elif isinstance(node, ast.withitem) and node.optional_vars:
            self._bind(node.optional_vars, node.context_expr)
        elif isinstance(node, ast.Match):
            for case in node.cases:
                self._bind_pattern(case.pattern, self.classes_of(node.subject))

    def _bind_pattern(self, pattern: ast.pattern, classes: frozenset[str]) -> frozenset[str]:
        """Learn the names in a pattern that is tried on a value of these classes; return the classes of a value that fits."""
        if isinstance(pattern, ast.MatchClass):
            classes = self.classes_of(pattern.cls)
            members = [name for one in classes for name in self.rooms.declared(one)]
            parts = dict(zip(members, pattern.patterns, strict=False))
            parts |= zip(pattern.kwd_attrs, pattern.kwd_patterns, strict=True)
            for member, inner in parts.items():
                self._bind_pattern(inner, frozenset().union(*(self._member(one, member) for one in classes)))
            return classes
        for part in ast.iter_child_nodes(pattern):
            if isinstance(part, ast.pattern):
                within = self._bind_pattern(part, classes)
                classes = within if isinstance(pattern, ast.MatchAs) else classes
        if isinstance(pattern, ast.MatchAs | ast.MatchStar) and pattern.name:
            self._learn(pattern.name, classes)
        return classes

    def _bind(self, target: ast.expr, value: ast.expr) -> None:
        if isinstance(target, ast.Name):
            self._learn(target.id, self.classes_of(value))
        elif isinstance(target, ast.Tuple | ast.List):
            if isinstance(value, ast.Tuple) and len(value.elts) == len(target.elts):
                for each, part in zip(target.elts, value.elts, strict=True):
                    self._bind(each, part)
            else:
                for each in target.elts:
                    self._bind(each, value)
        elif isinstance(target, ast.Starred):
            self._bind(target.value, value)

    def classes_of(self, node: ast.AST) -> frozenset[str]:
        """Return the classes that an expression is one of, or holds."""
        if self._found is None:
            return self._classes_of(node)
        if id(node) not in self._found:
            self._found[id(node)] = self._classes_of(node)
        return self._found[id(node)]

    def _classes_of(self, node: ast.AST) -> frozenset[str]:
        if isinstance(node, ast.Name):
            if node.id in self._known:
                return self._known[node.id]
            return self._global(self.rooms.resolve(node, self.function.module))
        if isinstance(node, ast.Attribute):
            return self._of_attribute(node)
        if isinstance(node, ast.Call):
            return self._of_call(node)
        if isinstance(node, ast.Lambda):
            return self.classes_of(node.body)
        if isinstance(node, ast.ListComp | ast.SetComp | ast.GeneratorExp):
            return self.classes_of(node.elt)
        if isinstance(node, ast.DictComp):
            return self.classes_of(node.key) | self.classes_of(node.value)
        if isinstance(node, ast.IfExp):
            return self.classes_of(node.body) | self.classes_of(node.orelse)
        if isinstance(node, ast.Compare | ast.JoinedStr | ast.Constant):
            return frozenset()
        return frozenset().union(
            *(self.classes_of(each) for each in ast.iter_child_nodes(node) if isinstance(each, ast.expr))
        )

    def _global(self, name: str) -> frozenset[str]:
        if name in self.rooms.classes:
            return frozenset({name})
        value = self.rooms.assigned(name)
        if value is None or isinstance(value, ast.Lambda):
            return frozenset()
        module = name.rpartition(".")[0]
        return self.rooms.named(value, module)

    def _of_attribute(self, node: ast.Attribute) -> frozenset[str]:
        full = self.rooms.resolve(node, self.function.module)
        if full in self.rooms.classes or self.rooms.assigned(full) is not None:
            return self._global(full)
        found: set[str] = set()
        for owner in self.classes_of(node.value):
            found |= self._member(owner, node.attr)
        return frozenset(found)

    def _member(self, owner: str, attribute: str) -> frozenset[str]:
        rooms = self.rooms
        if owner in rooms.models and attribute in {"objects", "_default_manager"}:
            return frozenset({owner})
        for name in rooms.lineage(owner):
            if (name, attribute) in rooms.relations:
                return frozenset({rooms.relations[name, attribute]} & rooms.models)
            if f"{name}.{attribute}" in rooms.functions:
                method = rooms.functions[f"{name}.{attribute}"]
                return rooms.named(method.node.returns, method.module)
            if attribute in (declared := rooms.declared(name)):
                return declared[attribute]
        return frozenset({owner}) if owner in rooms.models or owner.endswith("QuerySet") else frozenset()

    def _of_call(self, call: ast.Call) -> frozenset[str]:
        found = [self._returned(target, call) for target in self.targets(call.func)]
        if found:
            return frozenset().union(*found)
        # Made of a class, or by a function of others of what it is given: `list(rows)`, `next(iter(rows))`.
        made = self.classes_of(call.func)
        if made or isinstance(call.func, ast.Attribute):
            return made
        return frozenset().union(*(self.classes_of(each) for each in call.args))

    def _returned(self, target: Function, call: ast.Call) -> frozenset[str]:
        names = self.rooms.named(target.node.returns, target.module)
        said = ast.unparse(target.node.returns) if target.node.returns else "None"
        if "Self" in said and isinstance(call.func, ast.Attribute):
            names |= self.classes_of(call.func.value)
        if not names and said not in {"None", "bool", "bytes", "int", "str"}:
            names |= frozenset().union(*(self.classes_of(each) for each in call.args))
        return names

    def targets(self, node: ast.AST) -> list[Function]:
        """Return the functions that an expression names for certain."""
        rooms = self.rooms
        if isinstance(node, ast.Name) and node.id in self._known:
            return []
        if (full := rooms.resolve(node, self.function.module)) in rooms.functions:
            return [rooms.functions[full]]
        if not isinstance(node, ast.Attribute):
            return []
        if ast.unparse(node.value) == "super()":
            return rooms.inherited(self.function.owner, node.attr)
        owners = sorted(self.classes_of(node.value))
        methods = [each for owner in owners for each in rooms.method(owner, node.attr)]
        return methods or [each for owner in owners for each in rooms.given(owner, node.attr)]

    @cached_property
    def calls(self) -> list[tuple[ast.Call, list[Function]]]:
        """Return every call with the functions that it calls for certain."""
        return [(node, self.targets(node.func)) for node in self.nodes if isinstance(node, ast.Call)]

    @cached_property
    def events(self) -> list[ast.Call]:
        """Return the calls that record an event."""
        return [call for call, _ in self.calls if self._name(call.func) in RECORDERS]

    @cached_property
    def writes(self) -> list[Write]:
        """Return the calls, and the SQL, that write rows."""
        return [*self._calls_that_write(), *self._sql_that_writes()]

    def _name(self, node: ast.AST) -> str:
        return self.rooms.resolve(node, self.function.module)

    def _calls_that_write(self) -> Iterator[Write]:
        called: dict[int, ast.Call] = {id(call.func): call for call, _ in self.calls}
        for call, _ in self.calls:
            if self._name(call.func) in GENERIC_WRITES:
                given = [self.classes_of(each) for each in call.args]
                yield Write(self._models(frozenset().union(*given)), call)
        for node in self.nodes:
            if isinstance(node, ast.Attribute) and node.attr in WRITES:
                classes = self.classes_of(node.value)
                if self._is_write(node, called.get(id(node)), classes):
                    yield Write(self._models(classes), called.get(id(node), node))

    def _is_write(self, node: ast.Attribute, call: ast.Call | None, classes: frozenset[str]) -> bool:
        if classes - self.rooms.models and self.targets(node):
            return False  # a method of ours, which is read by itself
        if call is None:
            return bool(classes & self.rooms.models)
        # An update of rows names its columns; one of anything else is given what to take in.
        return node.attr != "update" or not call.args

    def _models(self, classes: Iterable[str]) -> frozenset[str]:
        return frozenset(label(each) for each in classes if each in self.rooms.models) or frozenset({UNKNOWN})

    def _sql_that_writes(self) -> Iterator[Write]:
        # A text at import is SQL for the function that names it.
        for node in self.nodes if self.function.node.name != AT_IMPORT else ():
            named = None
            if isinstance(node, ast.Name) and node.id not in self._known:
                named = self.rooms.assigned(self._name(node))
            for each in ast.walk(named) if named is not None else [node]:
                text = each.value if isinstance(each, ast.Constant) and isinstance(each.value, str) else ""
                for table in _SQL.findall(text):
                    yield Write(frozenset({self.rooms.model_of_table(table)}), node)
