"""MERGE: joins parallel branches."""

from typing import Any, ClassVar

from runledger.models.base import Config
from runledger.nodes.base import NodeResult, NodeType, Visit


class MergeConfig(Config):
    """MERGE has no settings."""


class MergeNode(NodeType[MergeConfig]):
    """Waits for every branch of the fork before it, then continues once. A fork starts if two or
    more unlabeled edges leave a node."""

    name = "MERGE"
    title = "Merge"
    icon = "git-merge"
    example: ClassVar[dict[str, Any]] = {}
    is_join = True
    config_model = MergeConfig

    def run(self, config: MergeConfig, visit: Visit) -> NodeResult:
        return NodeResult()
