"""Imports run one way: handlers → routes → composition → services → api, compiler, store, channels
→ nodes → models, and inside `services/` from room to room downwards."""

import ast
import re
from collections.abc import Iterable
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "layers" / "runledger" / "python" / "runledger"
OUTSIDE = ("functions", "local", "tests", "bench")

# A part of the package may import from parts of a lower floor, and a folder also from
# itself.
FLOORS = {
    "cli": 7,
    "routes": 7,
    "admin_cli": 6,
    "destroy_cli": 6,
    "doctor_cli": 6,
    "prune_cli": 6,
    "restore_cli": 6,
    "operators": 2,
    "doctor": 4,
    "stack_removal": 2,
    "http": 6,
    "problem_details": 2,
    "composition": 5,
    "services": 4,
    "compiler": 3,
    "store": 3,
    "channels": 3,
    "sources": 3,
    "outbound": 2,
    "nodes": 2,
    "api": 2,
    "html_mail": 1,
    "templating": 1,
    "liquid_engine": 1,
    "liquid_filters": 0,
    "liquid_values": -1,
    "template_limits": 0,
    "template_markup": 0,
    "template_errors": 0,
    "template_words": 0,
    "redaction": 1,
    "models": 1,
    "aws": 1,
    "observability": 1,
    "metrics": 1,
    "settings": 0,
    "json_body": 1,
    "compression": 0,
    "answer_compression": 0,
    "charsets": 0,
    "paths": 0,
    "texts": 0,
    "timezone_names": -1,
    "clock": 0,
    "deployment": 0,
    "ids": 0,
    "errors": -1,
}
# Exceptions on one floor: this part implements an interface of the other, or loads it when it is
# needed.
BESIDE = {"outbound": {"nodes"}, "templating": {"liquid_engine"}}

# The rooms of `services/`, from top to bottom, with the subject of each file.
ROOMS = {
    "erasure": "contact_eraser erasers kept_event_eraser",
    "bulk": "bulk_cancel due_exports due_imports export_contract export_pages export_removal "
    "export_rows exports import_contract import_mapping import_parts import_records "
    "import_removal import_repeats import_report import_visits imports visits",
    "reruns": "compare effects plans previews recovered_groups recovery recovery_progress "
    "recovery_queries recovery_rights recovery_runs rerun version_machines",
    "stream": "bus_rules delivery_events expiry failure_groups follow operation_events publish "
    "recovered_runs run_metrics",
    "overview": "last_day open_runs overview slow_nodes usual_hours",
    "counts": "activity changed_hours list_counts pulses recount row_counts stats stream_lag "
    "totals",
    "search": "found search",
    "lists": "cursors details failure_resolution failure_trend failure_views failures key_filters "
    "kinds pages plans queries requests resource_lists saved_views snapshots timeline view_filters "
    "windows",
    "automations": "activations automation_stopper automations catalogue holds preview rotation "
    "template_variables templates test_sends upstream_checks webhook_address",
    "schedules": "date_fires due_contacts fire_contract fire_rules missed_fires schedules",
    "triggers": "admitted_event answering captures event_contact event_dates event_keys "
    "event_opening event_reading filtering handshakes ignored_events kept_events kept_hashes "
    "kept_requests manual open_run proving refusals replays run_keys sample_events upstream "
    "webhook_request webhook_targets webhooks",
    "execution": "branch_failures branch_progress cancel contact_tools integration_tools "
    "lent_tools machines message_tools node_claims node_runs settle silence skip_wait start "
    "superseded_machines walk walk_contract watchdog",
    "messages": "deliver due_deliveries feedback gatekeeper gates orphaned_messages "
    "provider_send rendering requested_messages resend retry_contract retry_delivery "
    "retry_machine sms_answers suppression_reads suppressions unsubscribe unsubscribe_links "
    "unsubscribe_page",
    "contacts": "addresses consents contact_edits contact_fields contact_rows contacts "
    "known_contact named_contact recipients segments",
    "views": "automations contact_imports contacts deliveries erasures exports filters fires "
    "invitations kept_events recoveries refusals reruns runs saved_views secrets segments sources "
    "steps suppressions templates workspaces",
    "runs": "body_links position run_context run_state step_errors",
    "secrets": "key_forms key_versions names secrets signing values",
    "workspaces": "account_mails accounts console_address identity invitation_mail invitations me "
    "members workspaces",
}
# Files that every room may use and that know none of them.
BELOW_ALL_ROOMS = {"due_work", "editing", "in_parallel", "retry_budget", "revisions"}

# What things were called before they had the field's word.
OLD_MODULES = (
    "at_once attempt_life branches caller_turns clock_of_a_run computed_table erasing "
    "erasing_wiring expired failure_reading frames frozen_lists gathering left_behind lifeline "
    "literals moments needles numbers operating pace patience payload_dates progress reach "
    "reading readings sending stage stopping story superseded template_places toolboxes "
    "totals_marks totals_settle traces verdicts walking whereabouts wire wiring world zones"
).split()
OLD_NAMES = (
    "Actors addresses_meant at_once automation_views CallerTurns Closer ComputedTable doom "
    "Erasing Expected ExportReading FailureReading Found Frame Frames FrozenLists goes_by "
    "InboundEvent Ledger LeftBehind Letter lost_step MachineTurns most_attempts "
    "Needle needles odd_in OddNumber Opened Opener PaceStore Patience Payload PayloadDate "
    "ProgressRows Reach ReachCheck RefusedTrigger sifted Sifter Stage Stopping swept Told told_by "
    "Touch Town TriggerFacts walked_from Warned Way without_person World"
).split()


def part_of(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def module_of(path: Path) -> str:
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return ".".join(("runledger", *parts)).removesuffix(".__init__")


def imported(path: Path, *, when_run: bool = False) -> set[str]:
    """Returns every module that a file imports; `when_run` omits imports that only types need."""
    found: set[str] = set()
    for node in _nodes(ast.parse(path.read_text()), when_run):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def _nodes(tree: ast.AST, when_run: bool) -> Iterable[ast.AST]:
    for node in ast.iter_child_nodes(tree):
        if when_run and isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            continue
        yield node
        yield from _nodes(node, when_run)


COMPOSITION = PACKAGE / "composition"
# The files with code. Only one `__init__.py` has more than a docstring or a re-export.
FILES = sorted(
    path
    for path in PACKAGE.rglob("*.py")
    if path.name != "__init__.py" or path.parent == COMPOSITION
)
MODULES = {module_of(path): path for path in FILES}
SERVICES = [path for path in FILES if part_of(path) == "services"]


def upward(here: str, module: str) -> bool:
    """Whether this import goes to a higher layer or out of the package."""
    parts = module.split(".")
    if parts[0] in OUTSIDE:
        return True
    if parts[0] != "runledger" or len(parts) < 2 or parts[1] == here or parts[1] not in FLOORS:
        return False
    return FLOORS[parts[1]] >= FLOORS[here] and parts[1] not in BESIDE.get(here, set())


def room_problem(here: str, module: str) -> str | None:
    """Returns why the module `here` of `services/` may not import `module`, or None if it may. A
    room is a subpackage of `services/`; it imports only from itself and from lower rooms."""
    mine, theirs = here.split(".")[2:], module.split(".")[2:]
    if not module.startswith("runledger.services.") or theirs[0] in BELOW_ALL_ROOMS:
        return None
    if mine[0] in BELOW_ALL_ROOMS:
        return f"{here} lies below all rooms and may not import {module}"
    if theirs[0] not in ROOMS:
        return f"{module} lies in no room"
    order = list(ROOMS)
    if order.index(theirs[0]) < order.index(mine[0]):
        return f"{mine[0]}/ lies below {theirs[0]}/, so {here} may not import {module}"
    return None


def circles(arrows: dict[str, set[str]]) -> list[list[str]]:
    """Returns circles: paths along the arrows that end where they began. It may leave some out, but
    finds at least one if there is any."""
    found: list[list[str]] = []
    done: set[str] = set()

    def follow(node: str, path: list[str]) -> None:
        if node in path:
            found.append([*path[path.index(node) :], node])
            return
        if node in done:
            return
        for target in sorted(arrows.get(node, ())):
            follow(target, [*path, node])
        done.add(node)

    for start in sorted(arrows):
        follow(start, [])
    return found


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_a_module_imports_only_from_lower_layers(path: Path) -> None:
    here = part_of(path)
    assert [module for module in sorted(imported(path)) if upward(here, module)] == []


def test_every_part_has_a_layer() -> None:
    assert {part_of(path) for path in FILES} == set(FLOORS)


@pytest.mark.parametrize("path", SERVICES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_a_service_imports_only_from_lower_rooms(path: Path) -> None:
    here = module_of(path)
    problems = {room_problem(here, module) for module in imported(path)} - {None}
    assert problems == set()


def test_each_room_holds_its_own_subjects() -> None:
    """A new or moved file must be assigned to a room on purpose."""
    found: dict[str, list[str]] = {}
    for path in SERVICES:
        parts = path.relative_to(PACKAGE / "services").with_suffix("").parts
        room = parts[0] if len(parts) > 1 else ""
        found.setdefault(room, []).append(parts[-1])
    assert set(found.pop("")) == BELOW_ALL_ROOMS
    assert {room: set(names) for room, names in found.items()} == {
        room: set(names.split()) for room, names in ROOMS.items()
    }


def test_no_imports_run_in_a_circle() -> None:
    arrows = {
        module: {each for each in imported(path) if each in MODULES}
        for module, path in MODULES.items()
    }
    assert circles(arrows) == []


def test_the_rules_notice_forbidden_imports() -> None:
    """Checks the rules themselves on made-up imports."""
    services = "runledger.services"
    assert upward("services", "runledger.routes.callers")
    assert upward("models", "runledger.api.runs")
    assert upward("store", "runledger.services.runs.run_state")
    assert upward("nodes", "tests.support.engine")
    assert not upward("services", "runledger.api.runs")
    assert room_problem(f"{services}.runs.run_state", f"{services}.lists.queries")
    assert room_problem(f"{services}.in_parallel", f"{services}.runs.run_state")
    assert room_problem(f"{services}.lists.queries", f"{services}.story")
    assert room_problem(f"{services}.lists.queries", f"{services}.runs.run_state") is None
    assert room_problem(f"{services}.runs.run_state", f"{services}.in_parallel") is None
    assert circles({"a": {"b"}, "b": {"c"}, "c": {"a"}}) == [["a", "b", "c", "a"]]
    assert circles({"a": {"b", "c"}, "b": {"c"}, "c": set()}) == []


def test_no_old_name_returns() -> None:
    folders = (PACKAGE, ROOT / "functions", ROOT / "local", ROOT / "bench", ROOT / "tests")
    names = re.compile(rf"\b(?:class|def) (?:{'|'.join(OLD_NAMES)})\b")
    files = [path for folder in folders for path in sorted(folder.rglob("*.py"))]
    assert len(files) > len(FILES)
    for path in files:
        assert path.stem not in OLD_MODULES, path
        assert names.search(path.read_text()) is None, path


def constructed() -> set[str]:
    """Returns the services and stores that `composition/` creates."""
    nodes = [
        node
        for path in sorted(COMPOSITION.glob("*.py"))
        for node in ast.walk(ast.parse(path.read_text()))
    ]
    names = {
        alias.name
        for node in nodes
        if isinstance(node, ast.ImportFrom) and node.module
        if node.module.startswith(("runledger.services.", "runledger.store."))
        for alias in node.names
    }
    called = {
        node.func.id
        for node in nodes
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    }
    return {name for name in names & called if name[0].isupper()}


def test_only_the_composition_creates_services() -> None:
    names = constructed()
    assert {"Webhooks", "Walker", "DueWork", "Queries", "ContactEraser", "Stores"} <= names
    places = [*(ROOT / "functions").glob("*/handler.py"), *(PACKAGE / "routes").rglob("*.py")]
    for path in [*places, PACKAGE / "http.py"]:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                assert node.func.id not in names, f"{path}:{node.lineno}"


# `views` has only functions.
PARTS = [room for room in ROOMS if room != "views"]


def test_the_composition_has_a_part_for_each_room_in_their_order() -> None:
    from runledger.composition import Composition

    modules = [each.__module__ for each in Composition.__mro__ if each is not object]
    assert modules == [
        "runledger.composition",
        *(f"runledger.composition.{part}" for part in (*PARTS, "edges")),
    ]
    assert {path.stem for path in COMPOSITION.glob("*.py")} == {*PARTS, "__init__", "edges"}


@pytest.mark.parametrize("room", PARTS)
def test_a_part_of_the_composition_creates_services_of_its_room_or_lower_ones(room: str) -> None:
    modules = imported(COMPOSITION / f"{room}.py")
    assert any(module.startswith(f"runledger.services.{room}.") for module in modules)
    here = f"runledger.services.{room}.any"
    assert {room_problem(here, module) for module in modules} == {None}


def test_handlers_never_import_each_other() -> None:
    for path in sorted((ROOT / "functions").glob("*/*.py")):
        strangers = {module for module in imported(path) if module.split(".")[0] in OUTSIDE}
        assert strangers == set(), path


def test_reads_and_changes_never_import_each_other() -> None:
    for here, there in (("query", "api"), ("api", "query")):
        for path in sorted((PACKAGE / "routes" / here).glob("*.py")):
            strange = [each for each in imported(path) if f"routes.{there}" in each]
            assert strange == [], path


def test_only_keys_builds_keys() -> None:
    prefixes = ("RUN#", "STEP#", "DELIVERY#", "AUTOMATION#", "WORKSPACE#", "WEBHOOK#", "DUE#")
    for path in FILES:
        if path.name == "keys.py":
            continue
        text = path.read_text()
        assert not any(f'"{prefix}' in text for prefix in prefixes), path


def test_no_settings_are_read_at_import(monkeypatch: pytest.MonkeyPatch) -> None:
    import importlib

    for name in [name for name in dict(__import__("os").environ) if name.startswith("RUNLEDGER_")]:
        monkeypatch.delenv(name)
    for path in sorted((ROOT / "functions").glob("*/handler.py")):
        assert importlib.import_module(f"functions.{path.parent.name}.handler").handler


def test_models_change_only_by_checked_names() -> None:
    copies = [
        path
        for path in [*FILES, *(ROOT / "functions").rglob("*.py")]
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Attribute) and node.attr == "model_copy"
    ]
    assert copies == [PACKAGE / "models" / "base.py"]


NODE_TYPES = (
    "TRIGGER",
    "CONDITION",
    "SWITCH",
    "WAIT",
    "SET",
    "UPDATE_CONTACT",
    "MERGE",
    "SEND_MESSAGE",
    "INTEGRATION",
    "STOP_ERROR",
    "END",
)
CHANNELS = ("EMAIL", "SMS", "WHATSAPP")


@pytest.mark.parametrize(("part", "names"), [("nodes", NODE_TYPES), ("channels", CHANNELS)])
def test_no_code_compares_the_type_of_a_node_or_the_name_of_a_channel(
    part: str, names: tuple[str, ...]
) -> None:
    """What differs between node types, or between channels, belongs in their own files. Other code
    reads it from the entry in the registry."""
    for path in FILES:
        if part_of(path) == part:
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            if not isinstance(node, ast.Compare):
                continue
            compared = [
                value.value
                for value in [node.left, *node.comparators]
                if isinstance(value, ast.Constant)
            ]
            assert not set(compared) & set(names), f"{path.name}:{node.lineno}"
