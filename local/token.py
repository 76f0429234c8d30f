"""Prints a bearer access token: `python -m local.token [email]`."""

import os
import sys

import httpx

from local.settings import DEFAULT_USER, PASSWORD, LocalError, Ports, Stack, default_state_dir
from local.sign_in import access_token


def main(arguments: list[str]) -> int:
    stack = Stack(Ports.from_environment(os.environ), default_state_dir())
    email = arguments[0] if arguments and arguments[0] else DEFAULT_USER
    up = stack.read_note("local.json")
    if not up:
        print("the stack is not running; start it with `make run`", file=sys.stderr)
        return 1
    users = [user for workspace in up["workspaces"] for user in workspace["users"]]
    password = next((user["password"] for user in users if user["email"] == email), PASSWORD)
    try:
        print(access_token(up["url"], email, password))
    except (LocalError, httpx.HTTPError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
