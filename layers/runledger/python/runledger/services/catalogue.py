"""The node types as the palette shows them."""

import inspect

from runledger.models.wire import NodeTypeView
from runledger.nodes.registry import NODE_TYPES


def node_type_views() -> list[NodeTypeView]:
    return [
        NodeTypeView(
            type=node_type.name,
            title=node_type.title,
            icon=node_type.icon,
            description=inspect.cleandoc(type(node_type).__doc__ or ""),
            example=node_type.example,
            config_schema=node_type.config_model.model_json_schema(by_alias=True),
        )
        for node_type in NODE_TYPES.values()
    ]
