"""The node types as the palette shows them."""

import inspect
from typing import TYPE_CHECKING, Any

from runledger.api.automations import NodeTypeView
from runledger.nodes.registry import NODE_TYPES

if TYPE_CHECKING:
    from runledger.nodes.base import NodeType


def node_type_views() -> list[NodeTypeView]:
    return [_view(node_type) for node_type in NODE_TYPES.values()]


def _view(node_type: "NodeType[Any]") -> NodeTypeView:
    branching = node_type.branching(node_type.config_model.model_validate(node_type.example))
    return NodeTypeView(
        type=node_type.name,
        title=node_type.title,
        icon=node_type.icon,
        description=inspect.cleandoc(type(node_type).__doc__ or ""),
        example=node_type.example,
        config_schema=node_type.config_model.model_json_schema(by_alias=True),
        branches=list(branching.labels) if branching else [],
        branches_required=branching is not None and branching.required,
        is_start=node_type.is_start,
        is_end=node_type.is_end,
    )
