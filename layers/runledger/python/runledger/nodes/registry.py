"""All node types. To add one, write its file, add one line here, and add its golden example."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from runledger.errors import NotFoundError
from runledger.nodes.base import NodeType
from runledger.nodes.condition import ConditionNode
from runledger.nodes.end import EndNode
from runledger.nodes.integration import IntegrationNode
from runledger.nodes.literal_credentials import CredentialMasker
from runledger.nodes.merge import MergeNode
from runledger.nodes.send_message import SendMessageNode
from runledger.nodes.set import SetNode
from runledger.nodes.stop_error import StopErrorNode
from runledger.nodes.switch import SwitchNode
from runledger.nodes.trigger import TriggerNode
from runledger.nodes.update_contact import UpdateContactNode
from runledger.nodes.wait import WaitNode

_ALL: tuple[NodeType[Any], ...] = (
    TriggerNode(),
    ConditionNode(),
    SwitchNode(),
    WaitNode(),
    SetNode(),
    UpdateContactNode(),
    MergeNode(),
    SendMessageNode(),
    IntegrationNode(),
    StopErrorNode(),
    EndNode(),
)

NODE_TYPES: Mapping[str, NodeType[Any]] = MappingProxyType({each.name: each for each in _ALL})


def with_credentials_masked(
    type_name: str, config: Mapping[str, Any], masker: CredentialMasker
) -> dict[str, Any]:
    """Returns the config of a node of any type without the credentials written into it."""
    known = NODE_TYPES.get(type_name)
    if known is None:
        found: dict[str, Any] = masker.value(config, ())
        return found
    return known.with_credentials_masked(config, masker)


def node_type(name: str) -> NodeType[Any]:
    """Returns a node type. Raises NotFoundError with a list of the existing types."""
    try:
        return NODE_TYPES[name]
    except KeyError:
        raise NotFoundError(
            f"there is no node type {name!r}; the types are {', '.join(NODE_TYPES)}"
        ) from None
