"""Reading the names of secrets."""

from runledger.api.lists import ListView
from runledger.api.secrets import SecretNameView
from runledger.composition import services
from runledger.http import make_router
from runledger.routes.callers import require_role

router = make_router()


@router.get("/v1/secrets", tags=["Secrets"])
def list_secrets() -> ListView[SecretNameView]:
    """Lists the names of secrets. A value can never be read back."""
    from runledger.services.views.secrets import secret_name_view

    found = services().stores.secrets.names(require_role(router).workspace_id)
    views = [secret_name_view(each) for each in found]
    return ListView(items=views, next_cursor=None)
