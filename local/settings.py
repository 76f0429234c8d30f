"""Names, ports and paths of the stack on this machine."""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
HOST = "127.0.0.1"
REGION = "us-east-1"
STACK_NAME = "runledger"
SENDER_EMAIL = "no-reply@demo.example"
SENDER_IDENTITY_ARN = f"arn:aws:ses:{REGION}:000000000000:identity/{SENDER_EMAIL}"
SMS_POOL_ARN = f"arn:aws:sms-voice:{REGION}:000000000000:pool/pool-demo"
WHATSAPP_NUMBER_ARN = f"arn:aws:social-messaging:{REGION}:000000000000:phone-number-id/demo"
# Where the launcher lists the live Lambda workers.
WORKERS_PATH = "/_local/workers"

# The emulator accepts this key as its account's root; it is useless anywhere else.
CREDENTIALS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}

PASSWORD = "Runledger-demo-1"
ROLES = ("OWNER", "ADMIN", "MEMBER", "VIEWER")
WORKSPACES = (("ws_demo", "Demo", "demo.example"), ("ws_other", "Other", "other.example"))
# An admin, because the first task is to write an automation.
DEFAULT_USER = "admin@demo.example"


class LocalError(Exception):
    """The local stack cannot continue. The message is one line that says what to do."""


@dataclass(frozen=True)
class Ports:
    """The ports of the console and API, of the emulator, and of the demo service."""

    gateway: int = 8080
    emulator: int = 4599
    demo: int = 4600

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> "Ports":
        """Reads PORT, EMULATOR_PORT and DEMO_PORT. Raises LocalError if one of them is not a
        port."""
        names = {"gateway": "PORT", "emulator": "EMULATOR_PORT", "demo": "DEMO_PORT"}
        return cls(
            **{
                field: parse_port(name, environment[name])
                for field, name in names.items()
                if environment.get(name)
            }
        )

    def variables(self) -> dict[str, int]:
        """Returns each port by the name of its environment variable."""
        return {"PORT": self.gateway, "EMULATOR_PORT": self.emulator, "DEMO_PORT": self.demo}


def parse_port(name: str, text: str) -> int:
    if text.isdigit() and 0 < int(text) < 65_536:
        return int(text)
    raise LocalError(f"{name}={text} is not a port; give a number from 1 to 65535")


@dataclass(frozen=True)
class Stack:
    """One stack on this machine: its state directory and its addresses."""

    ports: Ports
    state_dir: Path

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.ports.gateway}"

    @property
    def aws_endpoint(self) -> str:
        return f"http://{HOST}:{self.ports.emulator}"

    @property
    def demo_url(self) -> str:
        return f"http://{HOST}:{self.ports.demo}"

    @property
    def local_json(self) -> Path:
        return self.state_dir / "local.json"

    @property
    def emulator_log(self) -> Path:
        return self.state_dir / "logs" / "emulator.log"

    def aws_environment(self) -> dict[str, str]:
        """Returns the environment with which an AWS SDK or the SAM CLI reaches only the
        emulator."""
        return {
            **CREDENTIALS,
            "AWS_ENDPOINT_URL": self.aws_endpoint,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_REGION": REGION,
            "AWS_EC2_METADATA_DISABLED": "true",
        }

    def read_note(self, name: str) -> dict[str, Any]:
        """Returns a small JSON file of the state directory; empty if there is none."""
        path = self.state_dir / name
        if not path.exists():
            return {}
        note: dict[str, Any] = json.loads(path.read_text())
        return note

    def write_note(self, name: str, note: Mapping[str, Any]) -> None:
        self.state_dir.mkdir(parents=True, exist_ok=True)
        path = self.state_dir / name
        draft = path.with_suffix(".tmp")
        draft.write_text(json.dumps(note, indent=2) + "\n")
        draft.replace(path)


def default_state_dir() -> Path:
    return Path(os.environ.get("RUNLEDGER_STATE_DIR") or ROOT / ".runledger").resolve()
