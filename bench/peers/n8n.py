"""n8n as it comes: production mode and SQLite, in a folder of its own, on loopback only.

Only n8n's calls to its makers are switched off. By default n8n keeps 10,000 executions and deletes
older ones each hour; the bench ends before that.
"""

import json
import os
import secrets
import signal
import sqlite3
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import httpx

from bench.peers.n8n_answers import activated_version, executions, is_published, workflow
from bench.peers.processes import processor_seconds
from bench.peers.sides import Ended
from local.settings import HOST, ROOT
from tests.support.stack import free_ports

FOLDER = ROOT / ".tools" / "n8n" / "node_modules" / "n8n"
_NODE = ROOT / ".venv" / "bin" / "node"
_START_SECONDS, _STOP_SECONDS = 180, 30
# n8n's longest page of executions.
_LONGEST_PAGE = 100
# What n8n's documentation names for an installation that sends nothing to its makers:
# https://docs.n8n.io/hosting/configuration/configuration-examples/isolation/
_ISOLATED = {
    "N8N_DIAGNOSTICS_ENABLED": "false",
    "N8N_VERSION_NOTIFICATIONS_ENABLED": "false",
    "N8N_TEMPLATES_ENABLED": "false",
    "EXTERNAL_FRONTEND_HOOKS_URLS": "",
    "N8N_DIAGNOSTICS_CONFIG_FRONTEND": "",
    "N8N_DIAGNOSTICS_CONFIG_BACKEND": "",
    # More that makes requests.
    "N8N_DISABLED_MODULES": "mcp-registry",
    "N8N_DYNAMIC_BANNERS_ENABLED": "false",
    "N8N_COMMUNITY_PACKAGES_ENABLED": "false",
    "N8N_LICENSE_AUTO_RENEW_ENABLED": "false",
}
_OWNER = {"email": "owner@bench.example", "firstName": "Bench", "lastName": "Owner"}


class N8n:
    """A running n8n with the five-node workflow."""

    def __init__(self, process: "subprocess.Popen[bytes]", url: str, folder: Path) -> None:
        self._pid = process.pid
        self._url = url
        self._database = folder / ".n8n" / "database.sqlite"
        self._api = httpx.Client(base_url=url, timeout=60)
        self._workflow_id = ""
        self.hook = ""

    def set_up(self, partner_url: str) -> None:
        """Creates the account of n8n's owner, publishes the workflow, and waits until its webhook
        is ready."""
        password = f"Aa1-{secrets.token_urlsafe(16)}"
        answer = self._api.post("/rest/owner/setup", json={**_OWNER, "password": password})
        # The cookie is marked for HTTPS only, so the client would not send it back.
        token = answer.raise_for_status().cookies["n8n-auth"]
        self._api.headers["Cookie"] = f"n8n-auth={token}"
        made = self._api.post("/rest/workflows", json=workflow(partner_url))
        self._workflow_id, version = activated_version(made.raise_for_status().json())
        path = f"/rest/workflows/{self._workflow_id}"
        self._api.post(f"{path}/activate", json={"versionId": version}).raise_for_status()
        deadline = time.monotonic() + _START_SECONDS
        while not is_published(self._api.get(f"{path}/publication-status").json()):
            if time.monotonic() > deadline:
                raise TimeoutError("n8n did not publish the workflow")
            time.sleep(0.2)
        self.hook = f"{self._url}/webhook/order"

    def ended(self, count: int) -> list[Ended]:
        """Returns the newest `count` executions, oldest first; at most 100."""
        answer = self._page({"filter": json.dumps({"workflowId": self._workflow_id})}, count)
        return executions(answer.json())

    def history_page(self, rows: int) -> float:
        """Returns how many milliseconds n8n takes for the newest page of executions, requested as
        n8n's own console does."""
        begun = time.perf_counter()
        self._page({"filter": "{}"}, rows)
        return (time.perf_counter() - begun) * 1_000

    def fill(self, runs: int) -> None:
        """Copies one real execution until there are `runs`."""
        with closing(sqlite3.connect(self._database, timeout=60)) as database, database:
            copy_execution(database, runs)

    def processor_seconds(self) -> float:
        return processor_seconds(self._pid)

    def stored_bytes(self) -> int:
        """Returns the size of the used pages of the database."""
        with closing(sqlite3.connect(self._database, timeout=60)) as database:
            used, free, size = (
                int(database.execute(f"PRAGMA {name}").fetchone()[0])
                for name in ("page_count", "freelist_count", "page_size")
            )
        return (used - free) * size

    def close(self) -> None:
        self._api.close()

    def _page(self, query: dict[str, str], rows: int) -> httpx.Response:
        if rows > _LONGEST_PAGE:
            raise ValueError(f"n8n's pages have at most {_LONGEST_PAGE} executions")
        answer = self._api.get("/rest/executions", params={**query, "limit": str(rows)})
        return answer.raise_for_status()


def copy_execution(database: sqlite3.Connection, runs: int) -> None:
    """Copies the successful execution with the highest id, and its data, until there are `runs`
    executions. The copies get the next higher ids. Their times are 1, 2, 3 … seconds before those
    of the original, so they can be later than those of other executions."""
    (there,) = database.execute("SELECT count(*) FROM execution_entity").fetchone()
    (newest,) = database.execute(
        "SELECT max(id) FROM execution_entity WHERE status = 'success'"
    ).fetchone()
    (last,) = database.execute("SELECT max(id) FROM execution_entity").fetchone()
    numbers = [(last + place, f"-{place} seconds") for place in range(1, runs - there + 1)]
    for name, key in (("execution_entity", "id"), ("execution_data", "executionId")):
        columns = [row[1] for row in database.execute(f"PRAGMA table_info({name})")]
        chosen = ", ".join(_copied(column, key) for column in columns)
        into = ", ".join(f'"{column}"' for column in columns)
        database.executemany(
            f'INSERT INTO {name} ({into}) SELECT {chosen} FROM {name} WHERE "{key}" = :newest',
            ({"number": number, "before": before, "newest": newest} for number, before in numbers),
        )


def _copied(column: str, key: str) -> str:
    if column == key:
        return ":number"
    if column in ("createdAt", "startedAt", "stoppedAt"):
        return f"strftime('%Y-%m-%d %H:%M:%f', \"{column}\", :before)"
    return f'"{column}"'


def versions() -> tuple[str, str]:
    """Returns the versions of the installed n8n and of the Node that runs it. Raises RuntimeError
    if n8n is not installed, or does not support this Node."""
    if not FOLDER.exists():
        raise RuntimeError("n8n is not installed; run: make bench-peers")
    package = json.loads((FOLDER / "package.json").read_text())
    wanted = package["engines"]["node"]
    script = (
        "const {satisfies} = require('semver');"
        "console.log(process.version, satisfies(process.version, process.argv[1]))"
    )
    told = subprocess.run(
        [_NODE, "-e", script, wanted], cwd=FOLDER, capture_output=True, text=True, check=True
    )
    node, fits = told.stdout.split()
    if fits != "true":
        raise RuntimeError(f"n8n {package['version']} needs Node {wanted}; this is {node}")
    return package["version"], node.removeprefix("v")


@contextmanager
def running_n8n(folder: Path) -> Iterator[N8n]:
    """Starts n8n with its data in `folder`, and stops it at the end."""
    port, broker = free_ports(2)
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "NODE_ENV": "production",
        "N8N_USER_FOLDER": str(folder),
        "N8N_LISTEN_ADDRESS": HOST,
        "N8N_HOST": HOST,
        "N8N_PORT": str(port),
        "N8N_RUNNERS_BROKER_PORT": str(broker),
        **_ISOLATED,
    }
    with (folder / "n8n.log").open("wb") as log:
        process = subprocess.Popen(
            [_NODE, FOLDER / "bin" / "n8n", "start"],
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    url = f"http://{HOST}:{port}"
    side = N8n(process, url, folder)
    try:
        _await_ready(process, url, folder)
        yield side
    finally:
        side.close()
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(_STOP_SECONDS)


def _await_ready(process: "subprocess.Popen[bytes]", url: str, folder: Path) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        if _is_ready(url):
            return
        time.sleep(0.2)
    raise RuntimeError(f"n8n did not start:\n{(folder / 'n8n.log').read_text()}")


def _is_ready(url: str) -> bool:
    """Whether n8n's database and API are ready. Until they are, n8n answers with other bodies."""
    try:
        readiness = httpx.get(f"{url}/healthz/readiness")
        settings = httpx.get(f"{url}/rest/settings")
    except httpx.TransportError:
        return False
    if readiness.status_code != httpx.codes.OK or settings.status_code != httpx.codes.OK:
        return False
    return settings.headers["content-type"].startswith("application/json")
