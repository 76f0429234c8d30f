"""Deploys and fills the stack once its emulator has been started."""

import json
from collections.abc import Callable
from typing import Any

import boto3

from local import bootstrap, demo, demo_service, seeded, totals
from local.deploy import changes, deploy, outputs
from local.emulator import Emulator
from local.gateway import Gateway
from local.seed import seed
from local.serve import Server
from local.settings import PASSWORD, REGION, ROOT, LocalError, Stack

Say = Callable[[str], None]


def bring_up(
    stack: Stack, emulator: Emulator, server: Server, say: Say, *, with_data: bool
) -> None:
    """Deploys the stack if it has changed, starts the gateway and the demo service, and opens the
    workspaces. With `with_data`, fills the workspaces with demo data. `say` prints the stages."""
    # Packed while the emulator loads.
    package = changes(stack)
    emulator.await_ready()
    found = None if package else outputs(stack)
    if found is None:
        say("deploying template.yaml")
        found = deploy(stack, package=package)
    else:
        say("nothing has changed since the last deployment")
    bootstrap.name_console(stack)
    totals.forget(stack, found["TableName"])
    say(f"starting the gateway on {stack.url} and the demo service on {stack.demo_url}")
    server.start(demo_service.app(), stack.ports.demo)
    gateway = Gateway(
        stack.aws_endpoint,
        found["ApiId"],
        found["UserPoolClientId"],
        _edge_key(stack, found["EdgeSecretArn"]),
        ROOT / "console" / "dist",
    )
    server.start(gateway.app(), stack.ports.gateway)
    webhooks = _data(stack, found, say, with_data=with_data)
    stack.write_note("local.json", _description(stack, found, webhooks))
    say("ready")
    _greet(stack, webhooks)


def _edge_key(stack: Stack, secret_arn: str) -> str:
    secrets = boto3.client("secretsmanager", endpoint_url=stack.aws_endpoint)
    return secrets.get_secret_value(SecretId=secret_arn)["SecretString"]


def _data(
    stack: Stack, found: dict[str, str], say: Callable[[str], None], *, with_data: bool
) -> list[dict[str, Any]]:
    """Opens the workspaces, and fills them with demo data if `with_data`. Skips what was already
    done for the deployed user pool. Returns the webhooks of the demo data."""
    note = stack.read_note(seeded.NOTE)
    is_new = note.get("userPoolId") != found["UserPoolId"]
    if is_new:
        say("opening the workspaces Demo and Other with a user of every role in each")
        bootstrap.verify_sender(stack)
        bootstrap.open_workspaces(found)
        note = {"userPoolId": found["UserPoolId"], "webhooks": None}
        stack.write_note(seeded.NOTE, note)
    if with_data and note["webhooks"] is None:
        say("seeding contacts, templates, automations and runs through the API")
        # Data that somebody already worked with is never treated as a leftover of a seeding.
        stack.write_note(seeded.NOTE, {**note, seeded.HALF: is_new})
        try:
            note["webhooks"] = seed(stack, say)
        except LocalError as error:
            raise LocalError(
                f"{error}\n  run `make clean`, which deletes the data, and start again"
            ) from error
        stack.write_note(seeded.NOTE, note)
    # Stored without the address, which another run may change.
    return [_webhook(stack, **webhook) for webhook in note["webhooks"] or []]


def _webhook(stack: Stack, *, path: str, **rest: str) -> dict[str, str]:
    return {**rest, "url": stack.url + path}


def _description(
    stack: Stack, found: dict[str, str], webhooks: list[dict[str, Any]]
) -> dict[str, Any]:
    return {
        "url": stack.url,
        "awsEndpoint": stack.aws_endpoint,
        "demoService": stack.demo_url,
        "region": REGION,
        "tableName": found["TableName"],
        "workspaces": bootstrap.workspaces(),
        "webhooks": webhooks,
    }


def _greet(stack: Stack, webhooks: list[dict[str, Any]]) -> None:
    owner = bootstrap.workspaces()[0]["users"][0]["email"]
    print(f"\n  Runledger   {stack.url}")
    print(f"  Sign in     {owner}  {PASSWORD}   (also admin@, member@, viewer@)")
    if webhooks:
        event = demo.order("A-$(date +%s)", 99, "ada@customer.example")
        body = json.dumps(event).replace('"', '\\"')
        header = '-H "Content-Type: application/json"'
        print(f'  Try         curl {webhooks[0]["url"]} {header} -d "{body}"')
    print("  Stop        Ctrl-C keeps the data; `make clean` deletes it\n", flush=True)
