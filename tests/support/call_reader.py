"""Reads one module for the call graph: what each function of it calls, creates and imports."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache

import botocore.session
from botocore import xform_name
from mypy.nodes import (
    AssignmentStmt,
    CallExpr,
    ClassDef,
    Decorator,
    Expression,
    FuncDef,
    Import,
    ImportFrom,
    MemberExpr,
    MypyFile,
    NameExpr,
    Node,
    OverloadedFuncDef,
    RefExpr,
    StrExpr,
    SuperExpr,
    TypeInfo,
    Var,
)
from mypy.types import (
    AnyType,
    CallableType,
    Instance,
    LiteralType,
    Overloaded,
    TupleType,
    Type,
    TypeType,
    TypeVarType,
    UnionType,
    get_proper_type,
)

Types = Mapping[Expression, Type]

_STUB = re.compile(r"mypy_boto3_(\w+)\.client\.\w+Client")
# Of the stubs' packages whose name is not botocore's name of the service.
_SERVICES = {"cognito_idp": "cognito-idp"}
# Clients that have no stubs: a variable gets them from a call with the service's name.
_NAMED = ("sesv2", "pinpoint-sms-voice-v2", "socialmessaging")
_USED = ("dynamodb", "s3", "secretsmanager", "stepfunctions", "events", "cognito-idp", "scheduler")
# Decorators after which only our own code calls the function.
_QUIET = re.compile(
    r"(functools\.(cache|lru_cache|cached_property|wraps)|contextlib\.contextmanager"
    r"|abc\.abstractmethod|typing\.\w+|builtins\.(property|staticmethod|classmethod))$"
)


@dataclass(frozen=True, slots=True, order=True)
class SdkCall:
    """An operation of a service, with the parameters that the call names."""

    service: str
    operation: str
    parameters: tuple[str, ...] = ()


@dataclass
class Body:
    """What one function does. The code of a module outside its functions is a body too."""

    module: str
    functions: set[str] = field(default_factory=set)
    # Of a class or protocol, its method or property.
    members: set[tuple[str, str]] = field(default_factory=set)
    classes: set[str] = field(default_factory=set)
    imports: set[str] = field(default_factory=set)
    # The types of the functions that it calls without knowing which they are.
    callables: set[CallableType] = field(default_factory=set)
    # The parameters that calls of methods name: class or protocol, method, names.
    named: set[tuple[str, str, tuple[str, ...]]] = field(default_factory=set)
    sdk: set[SdkCall] = field(default_factory=set)
    untyped: set[str] = field(default_factory=set)


@dataclass
class Module:
    bodies: dict[str, Body] = field(default_factory=dict)
    classes: dict[str, TypeInfo] = field(default_factory=dict)


@cache
def operations(service: str) -> dict[str, str]:
    """Returns a service's operations: the names of the client's methods, and the API's names."""
    model = botocore.session.get_session().get_service_model(service)
    return {xform_name(name): name for name in model.operation_names}


def operation_name(call: SdkCall) -> str:
    return operations(call.service)[call.operation]


@cache
def _all_operations() -> frozenset[str]:
    return frozenset().union(*(operations(service) for service in (*_USED, *_NAMED)))


# What hangs on a node besides the code below it: symbols, types, copies before the analysis.
_NO_CHILDREN = frozenset(
    "analyzed base_type_exprs class_ref decorators expanded impl imports info keywords names node "
    "original_def removed_base_type_exprs removed_statements subject_dummy unanalyzed_items "
    "var".split()
)


@cache
def _child_names(classes: tuple[type, ...]) -> tuple[str, ...]:
    own = {name: each for base in classes for name, each in vars(base).items()}
    found = (name for name, each in own.items() if type(each).__name__ == "getset_descriptor")
    return tuple(name for name in sorted(found) if name not in _NO_CHILDREN)


def children(node: Node) -> Iterator[Node]:
    """Yields the nodes directly below a node. (mypy's own visitors cannot be subclassed here: they
    are compiled.)"""
    # Of a generic function, only its copies have types: one for each type of its variables.
    copies = node.expanded if isinstance(node, FuncDef) else []
    if any(copy is not node for copy in copies):
        yield from (body for copy in copies for body in _nodes(copy.body))
        return
    for name in _child_names(type(node).__mro__):
        yield from _nodes(getattr(node, name, None))


def _nodes(value: object) -> Iterator[Node]:
    if isinstance(value, Node):
        yield value
    elif isinstance(value, list | tuple):
        for each in value:
            yield from _nodes(each)


def find_forwarders(trees: Iterable[MypyFile], types: Types) -> dict[str, tuple[str, int]]:
    """Finds the methods that call `getattr(client, operation)`, where `operation` is one of their
    own parameters. Returns, by the method's name, the client's service and the position of this
    parameter after `self`."""
    found: dict[str, tuple[str, int]] = {}

    def visit(node: Node, function: FuncDef | None) -> None:
        if isinstance(node, FuncDef):
            function = node
        if isinstance(node, CallExpr) and _name(node.callee) == "builtins.getattr":
            service = client_service(types.get(node.args[0]))
            if service is not None:
                name = node.args[1]
                assert function is not None and isinstance(name, NameExpr), node.line
                found[function.fullname] = (service, function.arg_names.index(name.name) - 1)
        for child in children(node):
            visit(child, function)

    for tree in trees:
        visit(tree, None)
    return found


def client_service(of: Type | None) -> str | None:
    """Returns the service whose client has this type, or None if it is not the type of a client."""
    proper = get_proper_type(of)
    found = _STUB.fullmatch(proper.type.fullname) if isinstance(proper, Instance) else None
    return None if found is None else _SERVICES.get(found[1], found[1])


def read_module(tree: MypyFile, types: Types, forwarders: Mapping[str, tuple[str, int]]) -> Module:
    """Reads a module. `forwarders` are those of `find_forwarders`."""
    return _Reader(tree, types, forwarders).read


class _Reader:
    def __init__(
        self, tree: MypyFile, types: Types, forwarders: Mapping[str, tuple[str, int]]
    ) -> None:
        self._tree, self._types, self._forwarders = tree, types, forwarders
        self._body = Body(tree.fullname)
        self.read = Module({tree.fullname: self._body})
        self._is_inside = False
        # The attribute of the object itself that is being assigned.
        self._attribute: Body | None = None
        self._clients: dict[Node, str] = {}
        self._visit(tree)

    def _visit(self, node: Node) -> None:
        match node:
            # A function inside another one belongs to it.
            case FuncDef() if not self._is_inside:
                self._read_function(node)
                return
            case Decorator() if not node.func.info and not self._is_inside:
                # Somebody else may call it: for example the router of an API.
                if not all(_QUIET.match(_name(each)) for each in node.original_decorators):
                    self._body.functions.add(node.fullname)
            case ClassDef():
                self.read.classes[node.info.fullname] = node.info
            case Import() if not node.is_mypy_only:
                self._body.imports |= {name for name, _ in node.ids}
            case ImportFrom() if not node.is_mypy_only:
                self._body.imports |= {node.id, *(f"{node.id}.{name}" for name, _ in node.names)}
            case AssignmentStmt():
                if node.is_alias_def:
                    return
                self._read_client(node)
                if self._read_attribute(node):
                    return
            case CallExpr():
                if _name(node.callee) in ("builtins.isinstance", "builtins.issubclass"):
                    # The classes are only compared, as in a pattern (`class_ref`).
                    self._visit(node.args[0])
                    return
                self._read_call(node)
            case NameExpr():
                self._refer(node)
            case MemberExpr():
                self._read_member(node)
            case SuperExpr():
                for base in node.info.mro[1:] if node.info else ():
                    self._body.functions.add(f"{base.fullname}.{node.name}")
        for child in children(node):
            self._visit(child)

    def _read_function(self, node: FuncDef) -> None:
        outer = self._body
        # Several definitions of one name: the parts of an overload, or of a property.
        self._body = self.read.bodies.setdefault(node.fullname, Body(self._tree.fullname))
        self._is_inside = True
        for child in children(node):
            self._visit(child)
        self._is_inside = False
        self._body = outer

    def _read_attribute(self, node: AssignmentStmt) -> bool:
        """Reads `self.name = wrapped(self.method)`: the method is called where the attribute is
        used, not here."""
        target = node.lvalues[0]
        if not isinstance(target, MemberExpr) or _name(target.expr) != "self":
            return False
        (owner,) = _infos(self._types[target.expr])
        name = f"{owner.fullname}.{target.name}"
        self._attribute = self.read.bodies.setdefault(name, Body(self._tree.fullname))
        self._visit(node.rvalue)
        self._attribute = None
        return True

    def _read_client(self, node: AssignmentStmt) -> None:
        made, target = node.rvalue, node.lvalues[0]
        if isinstance(made, CallExpr) and isinstance(target, NameExpr) and target.node is not None:
            names = [each.value for each in made.args if isinstance(each, StrExpr)]
            if names and names[0] in _NAMED and "client" in _name(made.callee):
                self._clients[target.node] = names[0]

    def _read_call(self, node: CallExpr) -> None:
        if isinstance(node.callee, MemberExpr):
            self._read_method_call(node, node.callee)
        called = get_proper_type(self._types.get(node.callee))
        if isinstance(called, CallableType) and not called.is_type_obj():
            # `Callable[..., T]` is the type of functions that are wrapped, which are named anyway.
            if called.definition is None and not called.is_ellipsis_args:
                self._body.callables.add(called)
        if isinstance(called, Instance):
            self._body.members.add((called.type.fullname, "__call__"))

    def _read_member(self, node: MemberExpr) -> None:
        if node.node is not None and not isinstance(node.node, Var):
            self._refer(node)
            return
        if self._service(node.expr) is not None:
            return
        if self._attribute is not None and _name(node.expr) == "self":
            self._attribute.members |= self._members(node)
        else:
            self._body.members |= self._members(node)
        of = self._types.get(node.expr)
        # mypy gives no type to the property in `@property.setter`.
        is_unread = of is None and _symbol(node.expr) is None and node.name != "setter"
        if is_unread or (_is_unknown(of) and node.name in _all_operations()):
            self._body.untyped.add(f"{self._tree.fullname}:{node.line} {node.name}")

    def _members(self, node: MemberExpr) -> set[tuple[str, str]]:
        return {(owner.fullname, node.name) for owner in _infos(self._types.get(node.expr))}

    def _refer(self, o: RefExpr) -> None:
        node = o.node
        if isinstance(node, TypeInfo):
            self._body.classes.add(node.fullname)
        elif isinstance(node, FuncDef | Decorator | OverloadedFuncDef):
            self._body.functions.add(node.fullname)
        elif isinstance(node, MypyFile):
            self._body.imports.add(node.fullname)

    # ── Calls to AWS ──────────────────────────────────────────────────────────────────────────
    def _service(self, of: Expression) -> str | None:
        if isinstance(of, NameExpr) and of.node in self._clients:
            return self._clients[of.node]
        return client_service(self._types.get(of))

    def _read_method_call(self, call: CallExpr, callee: MemberExpr) -> None:
        names = tuple(sorted(name for name in call.arg_names if name))
        service = self._service(callee.expr)
        if service is not None:
            self._read_operation(call, service, callee.name, names)
        for owner in _infos(self._types.get(callee.expr)):
            self._body.named.add((owner.fullname, callee.name, names))
            holder = owner.get_containing_type_info(callee.name)
            found = self._forwarders.get(f"{holder.fullname}.{callee.name}" if holder else "")
            if found is not None:
                given = call.args[found[1]]
                assert isinstance(given, StrExpr), (
                    f"{self._tree.path}:{call.line}: which operation?"
                )
                self._body.sdk.add(SdkCall(found[0], given.value, names))

    def _read_operation(
        self, call: CallExpr, service: str, name: str, names: tuple[str, ...]
    ) -> None:
        if name in operations(service):
            self._body.sdk.add(SdkCall(service, name, names))
        elif name == "generate_presigned_url":
            # AWS checks the call that a signed link makes by the rights of the link's signer.
            given = call.args[list(call.arg_names).index("ClientMethod")]
            assert isinstance(given, StrExpr)
            self._body.sdk.add(SdkCall(service, given.value))
        elif name != "close":
            self._body.untyped.add(f"{self._tree.fullname}:{call.line} {name}")


def _name(of: Node) -> str:
    if isinstance(of, CallExpr):
        return _name(of.callee)
    return (of.fullname or getattr(of, "name", "")) if isinstance(of, RefExpr) else ""


def _symbol(of: Expression) -> object:
    """Returns the module, class or function that an expression names."""
    return None if not isinstance(of, RefExpr) or isinstance(of.node, Var) else of.node


def _is_unknown(of: Type | None) -> bool:
    return of is None or isinstance(get_proper_type(of), AnyType)


def _infos(of: Type | None) -> list[TypeInfo]:
    """Returns the classes of which a value with this type annotation may be an instance."""
    match get_proper_type(of):
        case Instance(type=info):
            return [info]
        case UnionType(items=items):
            return [info for item in items for info in _infos(item)]
        case TypeVarType(upper_bound=bound):
            return _infos(bound)
        case TypeType(item=item):
            return _infos(item)
        case TupleType(partial_fallback=fallback) | LiteralType(fallback=fallback):
            return _infos(fallback)
        case CallableType() as called if called.is_type_obj():
            return _infos(called.ret_type)
        case Overloaded(items=items) if items[0].is_type_obj():
            return _infos(items[0].ret_type)
    return []
