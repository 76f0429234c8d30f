"""Changes automations, templates, contacts, secrets, settings and members."""

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext
from runledger.http import make_app, resolve
from runledger.observability import begin
from runledger.routes.api import (
    automations,
    contact_imports,
    contacts,
    deliveries,
    exports,
    failures,
    invitations,
    recoveries,
    refusals,
    reruns,
    runs,
    saved_views,
    secrets,
    segments,
    suppressions,
    templates,
    workspace,
)
from runledger.routes.callers import admit
from runledger.routes.paths import methods_of

app = make_app(methods=methods_of, identify=admit)
for resource in (
    automations,
    runs,
    reruns,
    recoveries,
    failures,
    exports,
    deliveries,
    contacts,
    contact_imports,
    templates,
    segments,
    secrets,
    suppressions,
    workspace,
    invitations,
    refusals,
    saved_views,
):
    app.include_router(resource.router)


def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    begin(context.aws_request_id)
    return resolve(app, event, context)
