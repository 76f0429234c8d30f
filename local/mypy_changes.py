"""A mypy plugin that checks `model.changed(name=value)`.

The method takes a keyword for each field of its class. The plugin writes that signature for each
call, and mypy checks the call against it as usual. Arguments unpacked with `**` could have any
name, so the plugin refuses them.
"""

from collections.abc import Callable, Iterator

from mypy.expandtype import expand_type_by_instance
from mypy.maptype import map_instance_to_supertype
from mypy.nodes import ARG_NAMED_OPT, ARG_STAR, ARG_STAR2, CallExpr, TypeInfo, Var
from mypy.plugin import MethodSigContext, Plugin
from mypy.types import FunctionLike, Instance, Type, get_proper_type

_METHOD = "changed"
_OF = "runledger.models.base.CleanModel"
# Where pydantic's plugin stores the fields of a class.
_PYDANTIC = "pydantic-mypy-metadata"


class ChangesPlugin(Plugin):
    def get_method_signature_hook(
        self, fullname: str
    ) -> Callable[[MethodSigContext], FunctionLike] | None:
        # The name is that of the class it is called on, even if the method is inherited.
        return _signature if fullname.endswith(f".{_METHOD}") else None


def _signature(ctx: MethodSigContext) -> FunctionLike:
    """Returns the signature of `changed` for this call. If the fields are unknown, returns the
    signature in the source code, which accepts no arguments."""
    model = get_proper_type(ctx.type)
    if not isinstance(model, Instance):
        return ctx.default_signature
    origin = model.type.get_containing_type_info(_METHOD)
    if origin is None or origin.fullname != _OF:
        return ctx.default_signature
    call = ctx.context
    if isinstance(call, CallExpr) and {ARG_STAR, ARG_STAR2} & set(call.arg_kinds):
        message = 'call "changed" with one keyword per field; unpacked fields cannot be checked'
        ctx.api.fail(message, call)
        return ctx.default_signature
    fields = dict(_fields(model))
    return ctx.default_signature.copy_modified(
        arg_names=list(fields),
        arg_types=list(fields.values()),
        arg_kinds=[ARG_NAMED_OPT] * len(fields),
    )


def _fields(model: Instance) -> Iterator[tuple[str, Type]]:
    """Yields the fields of a class and its bases, with their types in this instance."""
    info: TypeInfo = model.type
    for name in info.metadata.get(_PYDANTIC, {}).get("fields", {}):
        for base in info.mro:
            found = base.names.get(name)
            if found is not None and isinstance(found.node, Var) and found.node.type is not None:
                yield (
                    name,
                    expand_type_by_instance(
                        found.node.type, map_instance_to_supertype(model, base)
                    ),
                )
                break


def plugin(version: str) -> type[Plugin]:
    return ChangesPlugin
