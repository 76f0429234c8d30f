"""Checks of credentials: no config may contain one, and a secret may go only to its allowed
hosts."""

from collections.abc import Iterator

from runledger.compiler.graph import GraphView
from runledger.compiler.wording import sentence
from runledger.models.automation import Problem
from runledger.nodes.literal_credentials import CredentialMasker
from runledger.nodes.registry import with_credentials_masked
from runledger.nodes.secret_hosts import allows


def literal_credentials(view: GraphView) -> Iterator[Problem]:
    for node in view.all_nodes:
        masker = CredentialMasker()
        with_credentials_masked(node.node.type, node.node.config, masker)
        for place in masker.places:
            yield Problem(
                code="LITERAL_CREDENTIAL",
                message="This is a credential, or the mask of a hidden credential. "
                "Store it as a secret and write {{secret.NAME}} here.",
                node_id=node.id,
                field=".".join(place),
            )


def faults(view: GraphView) -> Iterator[Problem]:
    for node in view.all_nodes:
        if node.type is None or node.config is None:
            continue
        for each in node.type.faults(node.config):
            yield Problem(
                code=each.code, message=sentence(each.message), node_id=node.id, field=each.field
            )


def secret_hosts(view: GraphView) -> Iterator[Problem]:
    for node in view.all_nodes:
        if view.secret_hosts is None or node.type is None or node.config is None:
            continue
        for use in node.type.secret_uses(node.config):
            allowed = view.secret_hosts.get(use.name, ())
            if use.host is None and not allowed:
                yield Problem(
                    code="SECRET_WITHOUT_HOSTS",
                    message=f"The host that {node.id!r} calls depends on the run, so the secret "
                    f"{use.name} could be sent to any host. Set the secret's allowed hosts.",
                    node_id=node.id,
                    field=use.field,
                )
            elif use.host is not None and allowed and not allows(allowed, use.host, None):
                yield Problem(
                    code="SECRET_HOST_NOT_ALLOWED",
                    message=f"The secret {use.name} may not be sent to {use.host}; its allowed "
                    f"hosts are {', '.join(allowed)}.",
                    node_id=node.id,
                    field=use.field,
                )
