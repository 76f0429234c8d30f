"""Finds fenced blocks, their marks, and links in README and docs, as the programs that display
these pages do.

A mark is a comment on the line above a fence:

    <!-- not run: deploys to AWS -->            a shell block that the tests skip, and why
    <!-- answers: 403 -->                       a shell block whose last request is refused
    <!-- example: AutomationDocument -->        the type of a JSON block
    <!-- example: part of RunDetailView -->     the same, with fields left out

Each check returns its findings, `page:line: what is wrong`; no findings mean success.
"""

import re
import subprocess
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

LANGUAGES = frozenset({"sh", "json", "text", "liquid", "mermaid"})
# The marks that each language allows.
_MARKS = {"sh": ("not run", "answers"), "json": ("example",)}
_LEAST_REASON = 10
_FENCE = re.compile(r"^(?P<indent> *)(?P<fence>`{3,}|~{3,})(?P<info>.*)$")
_MARK = re.compile(r"^ *<!-- (?P<kind>not run|answers|example): (?P<text>.+?) -->$")
_HEADING = re.compile(r"^#{1,6} +(?P<text>.+?)(?: +#+)?$")
_SHELL_LINE = re.compile(
    r"^(?:\$ )?(?:curl|make|aws|git|pip|npm|python3?|runledger|[A-Z_]+=\$\()\b"
)
_LINK = re.compile(r"!?\[(?:[^\[\]]|\[[^\]]*\])*\]\((?P<target>[^()\s]*)(?:\s+\"[^\"]*\")?\)")
_CODE = re.compile(r"(`+)(?:(?!\1).)+\1")
_TARGET = re.compile(r"^([a-z][a-z-]*):", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Block:
    """One fenced block. `line` is the line of its fence, from 1; `section` is the text of the
    heading above it, or empty."""

    page: str
    line: int
    language: str
    text: str
    mark: tuple[str, str] | None
    section: str

    @property
    def place(self) -> str:
        return f"{self.page}:{self.line}"

    def marked(self, kind: str) -> str | None:
        return self.mark[1] if self.mark is not None and self.mark[0] == kind else None


@dataclass(frozen=True, slots=True)
class Page:
    """A page, with its path from the project's root."""

    path: str
    text: str

    def blocks(self) -> list[Block]:
        found: list[Block] = []
        fence: re.Match[str] | None = None
        start, section, mark, inside = 0, "", None, list[str]()
        for number, line in enumerate(self.text.splitlines(), 1):
            opened = _FENCE.match(line)
            if fence is None:
                if opened is not None:
                    fence, start, inside = opened, number, []
                    continue
                heading = _HEADING.match(line)
                section = heading["text"] if heading is not None else section
                marked = _MARK.match(line)
                mark = (marked["kind"], marked["text"]) if marked is not None else None
            elif opened is not None and opened["info"] == "" and line.strip() == fence["fence"]:
                language = fence["info"].strip()
                indent = len(fence["indent"])
                text = "".join(f"{each[indent:]}\n" for each in inside)
                found.append(Block(self.path, start, language, text, mark, section))
                fence, mark = None, None
            else:
                inside.append(line)
        if fence is not None:
            found.append(Block(self.path, start, "unclosed", "", mark, section))
        return found

    def prose(self) -> Iterator[tuple[int, str]]:
        """Yields the lines that are not in a fence, with their code spans removed. Lines are
        numbered from 1."""
        is_inside = False
        for number, line in enumerate(self.text.splitlines(), 1):
            if _FENCE.match(line):
                is_inside = not is_inside
            elif not is_inside:
                yield number, _CODE.sub("", line)

    def anchors(self) -> set[str]:
        """Returns the anchors that a link may name after `#`, made from headings as code hosts and
        the site do."""
        found: set[str] = set()
        is_inside = False
        for line in self.text.splitlines():
            is_inside ^= _FENCE.match(line) is not None
            heading = None if is_inside else _HEADING.match(line)
            if heading is not None:
                text = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading["text"])
                anchor = re.sub(r"[^\w\- ]", "", text.lower()).strip().replace(" ", "-")
                found.add(anchor)
        return found


def pages(root: Path) -> list[Page]:
    """Returns README and every page of docs."""
    files = [root / "README.md", *sorted((root / "docs").rglob("*.md"))]
    return [Page(str(file.relative_to(root)), file.read_text()) for file in files]


def block_problems(blocks: Iterable[Block]) -> list[str]:
    """Finds code blocks without a language or with the wrong one, JSON blocks without the comment
    that names their type (the mark), and comments that say too little."""
    return [f"{block.place}: {problem}" for block in blocks for problem in _problems_of(block)]


def _problems_of(block: Block) -> Iterator[str]:
    if block.language not in LANGUAGES:
        named = block.language or "no language"
        yield f"the block has {named}; name one of {', '.join(sorted(LANGUAGES))}"
        return
    kinds = _MARKS.get(block.language, ())
    if block.mark is not None and block.mark[0] not in kinds:
        yield f"a {block.language} block takes no mark {block.mark[0]!r}"
    if block.language == "json" and block.marked("example") is None:
        yield "a JSON block needs a mark that says what it is: <!-- example: … -->"
    reason = block.marked("not run")
    if reason is not None and len(reason) < _LEAST_REASON:
        yield "say why the block is not run"
    answers = block.marked("answers")
    if answers is not None and not re.fullmatch(r"[45]\d\d", answers):
        yield f"{answers!r} is no status of a refusal"
    if block.language == "text" and any(map(_SHELL_LINE.match, block.text.splitlines())):
        yield "the block has a command; its language is sh"
    if block.language == "text" and block.text.lstrip().startswith(("{", "[{")):
        yield "the block is JSON; its language is json"
    if block.language == "sh":
        parsed = subprocess.run(["bash", "-n"], input=block.text, capture_output=True, text=True)
        if parsed.returncode != 0:
            yield f"the shell cannot read the block: {parsed.stderr.strip()}"


def target_problems(blocks: Iterable[Block], makefile: str) -> list[str]:
    """Finds make targets that shell blocks call but that the Makefile lacks. Blocks that the tests
    do not run are searched too."""
    targets = set(_TARGET.findall(makefile))
    found: list[str] = []
    for block in blocks:
        if block.language != "sh":
            continue
        for call in re.findall(r"(?:^|\(|&& )make ((?:[-\w]+ ?)+)", block.text, re.MULTILINE):
            names = [name for name in call.split() if not name.startswith("-")]
            # A variable's name stands before its `=`, so the pattern matched it too.
            names = [name for name in names if not re.search(rf"\b{name}=", block.text)]
            found += [
                f"{block.place}: make has no target {name!r}"
                for name in names
                if name not in targets
            ]
    return found


def link_problems(page: Page, root: Path) -> list[str]:
    """Finds links to a missing file or anchor, and addresses that are not https."""
    found: list[str] = []
    for number, line in page.prose():
        for link in _LINK.finditer(line):
            problem = _link_problem(page, link["target"], root)
            if problem is not None:
                found.append(f"{page.path}:{number}: {problem}")
    return found


def _link_problem(page: Page, target: str, root: Path) -> str | None:
    parts = urlsplit(target)
    if parts.scheme or parts.netloc:
        is_whole = parts.scheme == "https" and "." in parts.netloc
        return None if is_whole else f"{target} is no https address"
    here = root / page.path
    there = (here.parent / unquote(parts.path)).resolve() if parts.path else here
    if not there.exists():
        return f"{target} leads to no file"
    is_page_of_site = page.path.startswith("docs/")
    if is_page_of_site and not there.is_relative_to((root / "docs").resolve()):
        return f"{target} leads out of docs, where the site has no page"
    if is_page_of_site and there.is_dir():
        return f"{target} leads to a folder, for which the site has no page"
    if parts.fragment:
        text = page.text if there == here else there.read_text()
        if unquote(parts.fragment) not in Page("", text).anchors():
            return f"{target} leads to no heading"
    return None


def list_problems(page: Page) -> list[str]:
    """Finds lists directly below a paragraph, which code hosts show as lists and the site does
    not."""
    found: list[str] = []
    before = (0, "")
    for number, line in page.prose():
        is_item = re.match(r"(?:[-*]|1\.) ", line) is not None
        is_text = bool(before[1].strip()) and not re.match(r"[ \-*|#<>\d]", before[1])
        if is_item and is_text and before[0] == number - 1:
            found.append(f"{page.path}:{number}: a list needs a blank line above it")
        before = (number, line)
    return found


def script(blocks: Iterable[Block]) -> str:
    """Returns one bash script of a page's shell blocks that are run, in their order and in one
    shell.

    A refused request makes the script fail, unless its block is marked with that status. If the
    script fails, the last line on standard error begins with the place of the block."""
    parts = [_PRELUDE]
    for block in blocks:
        if block.language != "sh" or block.marked("not run") is not None:
            continue
        status = block.marked("answers")
        parts.append(f"BLOCK={block.place}\n")
        if status is None:
            parts.append(block.text)
        else:
            # Not inside a condition, where `set -e` has no effect.
            parts.append(f'set +e; (\nset -e\n{block.text}) 2>"$ERRORS"; REFUSED=$?; set -e\n')
            parts.append(f'refused_with "$REFUSED" {status}\n')
    return "".join(parts)


_PRELUDE = r"""set -euo pipefail
ERRORS=$(mktemp)
trap 'status=$?; rm -f "$ERRORS"; [ $status = 0 ] || echo "$BLOCK: failed with $status" >&2' EXIT
curl() { command curl --silent --show-error --fail-with-body --max-time 30 "$@"; }
refused_with() {
  [ "$1" != 0 ] && grep -q "returned error: $2" "$ERRORS" && return 0
  cat "$ERRORS" >&2
  echo "expected the answer $2" >&2
  exit 1
}
"""
