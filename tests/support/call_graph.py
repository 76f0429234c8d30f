"""Which code each function can reach, and which calls to AWS this code makes. Nothing is run: mypy
finds the type of every expression, and the types tell the target of each call.

The graph is an upper bound, by rapid type analysis: a call through a base class or a protocol
reaches the method of each subclass that the reached code creates, and a function that is passed as
a value counts as called.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from mypy import build
from mypy.config_parser import parse_config_file
from mypy.modulefinder import BuildSource
from mypy.nodes import SYMBOL_FUNCBASE_TYPES, Decorator, Expression, MypyFile, TypeInfo
from mypy.options import Options
from mypy.subtypes import is_subtype
from mypy.types import CallableType, Type
from mypy.typevars import fill_typevars_with_any
from runledger.channels.registry import _CHANNELS

from tests.support.call_reader import Body, SdkCall, find_forwarders, read_module

ROOT = Path(__file__).parents[2]
# The one place that creates objects of classes that it knows by their names.
_MAKES_CHANNELS = "runledger.channels.registry._class_of"
_LAYER = ROOT / "layers" / "runledger" / "python"
# Their subclasses are called by our own code only.
_PLAIN_BASES = ("builtins.", "typing.", "abc.", "enum.", "pydantic.", "collections.abc.")


@dataclass(frozen=True, slots=True)
class Reached:
    """One call to AWS that a function can make."""

    call: SdkCall
    # Names of functions: the nearest callers that are no general ones.
    site: str


@dataclass
class _Walk:
    """The state of one traversal."""

    bodies: dict[str, Body] = field(default_factory=dict)
    classes: set[str] = field(default_factory=set)
    # Calls through a class or a protocol that were met, with the functions that make them.
    virtual: dict[tuple[str, str], set[str]] = field(default_factory=lambda: defaultdict(set))
    # Calls of a function of this type.
    callables: dict[CallableType, set[str]] = field(default_factory=lambda: defaultdict(set))
    callers: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    todo: list[str] = field(default_factory=list)


class CallGraph:
    """Which functions and methods call which, in the layer and in the functions' handlers."""

    def __init__(self, trees: dict[str, MypyFile], types: dict[Expression, Type]) -> None:
        self._classes: dict[str, TypeInfo] = {}
        self._bodies: dict[str, Body] = {}
        forwarders = find_forwarders(trees.values(), types)
        for tree in trees.values():
            read = read_module(tree, types, forwarders)
            self._bodies |= read.bodies
            self._classes |= read.classes
        for module, name in _CHANNELS.values():
            self._bodies[_MAKES_CHANNELS].classes.add(f"runledger.channels.{module}.{name}")

    def untyped(self, root: str) -> list[str]:
        """Returns the reached places that call a method with the name of an AWS operation on an
        object of unknown type."""
        return sorted(each for body in self._walk(root).bodies.values() for each in body.untyped)

    def reached_classes(self, root: str) -> frozenset[str]:
        """Returns the names of all classes of which objects may exist."""
        return frozenset(self._walk(root).classes)

    def path(self, root: str, name: str) -> list[str]:
        """Returns one chain of callers from the handler to a function that it reaches."""
        callers = self._walk(root).callers
        chains = [[name]]
        seen = {name}
        for chain in chains:
            if chain[0] in (root, f"{root}.handler"):
                return chain
            for caller in sorted(callers[chain[0]] - seen):
                seen.add(caller)
                chains.append([caller, *chain])
        return [name]

    def reached_names(self, root: str, owner: str, method: str) -> set[tuple[str, ...]]:
        """Returns the names of the parameters in the reached calls of a method, one tuple for each
        call."""
        bodies = self._walk(root).bodies.values()
        return {
            names
            for body in bodies
            for of, name, names in body.named
            if (of, name) == (owner, method)
        }

    def reached_calls(self, root: str, general: tuple[str, ...]) -> frozenset[Reached]:
        """Returns the calls to AWS that a function can make. Code whose name begins with one of
        `general` is not reported as the place of a call; the places that call this code are
        reported instead."""
        walk = self._walk(root)
        return frozenset(
            Reached(call, site)
            for name, body in walk.bodies.items()
            for call in body.sdk
            for site in self._sites(walk, name, general)
        )

    def _sites(self, walk: _Walk, name: str, general: tuple[str, ...]) -> set[str]:
        seen: set[str] = set()
        todo = [name]
        while todo:
            if (each := todo.pop()) not in seen:
                seen.add(each)
                todo += walk.callers[each] if each.startswith(general) else ()
        return {each for each in seen if not each.startswith(general)}

    @cache  # noqa: B019 (there is one graph)
    def _walk(self, root: str) -> _Walk:
        walk = _Walk(todo=[root, f"{root}.handler"])
        while walk.todo:
            name = walk.todo.pop()
            if name in walk.bodies or name not in self._bodies:
                continue
            body = walk.bodies[name] = self._bodies[name]
            modules = (each for each in body.imports if self._is_module(each))
            for called in (body.module, *modules, *body.functions):
                self._call(walk, name, called)
            for owner, member in body.members:
                self._call_member(walk, name, owner, member)
            for kind in body.callables:
                self._call_unknown(walk, name, kind)
            for made in body.classes:
                self._create(walk, name, made)
        return walk

    def _call(self, walk: _Walk, caller: str, called: str) -> None:
        walk.callers[called].add(caller)
        walk.todo.append(called)

    def _call_member(self, walk: _Walk, caller: str, owner: str, member: str) -> None:
        walk.virtual[owner, member].add(caller)
        # An object may also come from a place that creates it by other means, so the class itself
        # counts even if no code creates it.
        for name in {owner, *(made for made in walk.classes if self._is_a(made, owner))}:
            for method in self._methods(name, member):
                self._call(walk, caller, method)

    def _call_unknown(self, walk: _Walk, caller: str, kind: CallableType) -> None:
        walk.callables[kind].add(caller)
        for made in walk.classes:
            if self._is_callable(made, kind):
                self._call(walk, caller, f"{made}.__call__")

    def _create(self, walk: _Walk, maker: str, made: str) -> None:
        if made in walk.classes or made not in self._classes:
            return
        walk.classes.add(made)
        for (owner, member), callers in walk.virtual.items():
            if self._is_a(made, owner):
                for method in self._methods(made, member):
                    walk.callers[method] |= callers
                    walk.todo.append(method)
        for kind, callers in walk.callables.items():
            if self._is_callable(made, kind):
                walk.callers[f"{made}.__call__"] |= callers
                walk.todo.append(f"{made}.__call__")
        for method in self._called_by_others(self._classes[made]):
            self._call(walk, maker, method)

    def _called_by_others(self, info: TypeInfo) -> Iterator[str]:
        """Yields the methods of a class that Python or another package may call."""
        foreign = any(
            base.module_name.partition(".")[0] not in ("runledger", "functions")
            and not base.fullname.startswith(_PLAIN_BASES)
            for base in info.mro
        )
        for base in info.mro:
            for name, symbol in base.names.items():
                node = symbol.node
                if not isinstance(node, (*SYMBOL_FUNCBASE_TYPES, Decorator)):
                    continue
                is_dunder = name.startswith("__") and name != "__call__"
                # A validator, for example.
                is_decorated = isinstance(node, Decorator) and not (
                    node.func.is_property or node.func.is_static
                )
                if foreign or is_dunder or is_decorated:
                    yield f"{base.fullname}.{name}"

    @cache  # noqa: B019 (there is one graph)
    def _is_callable(self, name: str, kind: CallableType) -> bool:
        info = self._classes[name]
        return "__call__" in info.names and is_subtype(fill_typevars_with_any(info), kind)

    def _is_module(self, name: str) -> bool:
        return name in self._bodies and self._bodies[name].module == name

    @cache  # noqa: B019 (there is one graph)
    def _is_a(self, name: str, owner: str) -> bool:
        info, wanted = self._classes[name], self._classes.get(owner)
        if any(base.fullname == owner for base in info.mro):
            return True
        if wanted is None or not wanted.is_protocol:
            return False
        return is_subtype(fill_typevars_with_any(info), fill_typevars_with_any(wanted))

    def _methods(self, owner: str, member: str) -> Iterator[str]:
        info = self._classes.get(owner)
        symbol = info.get(member) if info is not None else None
        if info is not None and symbol is not None:
            holder = info.get_containing_type_info(member)
            if holder is not None:
                yield f"{holder.fullname}.{member}"


def handlers() -> dict[str, str]:
    """Returns the module of each function's handler, by the folder of the function."""
    found = sorted((ROOT / "functions").glob("*/handler.py"))
    return {path.parent.name: f"functions.{path.parent.name}.handler" for path in found}


@cache
def call_graph() -> CallGraph:
    """Builds the graph: 15 seconds, or a minute if mypy has no cache of the other packages."""
    options = Options()
    parse_config_file(options, lambda: None, str(ROOT / "pyproject.toml"))
    options.export_types = options.preserve_asts = True
    options.cache_dir = str(ROOT / ".mypy_cache")
    options.mypy_path = [str(ROOT / folder) for folder in options.mypy_path]
    result = build.build(list(_sources()), options)
    if result.errors:
        raise AssertionError("\n".join(result.errors))
    wanted = {source.module for source in _sources()}
    trees = {name: state.tree for name, state in result.graph.items() if name in wanted}
    return CallGraph({name: tree for name, tree in trees.items() if tree}, result.types)


def _sources() -> Iterator[BuildSource]:
    # With its text, a module is read again, and not taken from mypy's cache, which has no types of
    # expressions.
    for path in sorted((_LAYER / "runledger").rglob("*.py")):
        parts = path.relative_to(_LAYER).with_suffix("").parts
        name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        yield BuildSource(str(path), name, path.read_text())
    for folder, module in handlers().items():
        path = ROOT / "functions" / folder / "handler.py"
        yield BuildSource(str(path), module, path.read_text())
