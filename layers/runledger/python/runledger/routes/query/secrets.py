"""The names of secrets."""

from runledger.http import make_router
from runledger.models.wire import ListView, SecretNameView
from runledger.routes.callers import calling
from runledger.services.wiring import stores

router = make_router()


@router.get("/v1/secrets", tags=["Secrets"])
def list_secrets() -> ListView[SecretNameView]:
    """Names only: a value can never be read back. `lastUsedAt` is right to the hour."""
    from runledger.services.views import secret_name_view

    found = stores().secrets.names(calling(router).workspace_id)
    views = [secret_name_view(each) for each in found]
    return ListView(items=views, next_cursor=None)
