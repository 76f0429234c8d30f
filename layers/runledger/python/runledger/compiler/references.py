"""References in a graph's texts: Liquid in node configs and in the templates that nodes use."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from runledger.models.automation import TemplateSnapshot
from runledger.templating import TemplateSyntaxError, references


@dataclass(frozen=True, slots=True)
class Place:
    """The location of a text: a field of a node's config. For a text in a template, `field` is the
    field that names the template, and `part` the text within it, such as `body of template "Paid"`.
    """

    node_id: str
    field: str | None
    part: str | None = None

    def says(self, message: str) -> str:
        return message if self.part is None else f"In the {self.part}: {message}"


@dataclass(frozen=True, slots=True)
class Reference:
    """One variable that a text reads, e.g. ("steps", "score", "score")."""

    place: Place
    path: tuple[str, ...]

    @property
    def root(self) -> str:
        return self.path[0]

    @property
    def name(self) -> str:
        return ".".join(self.path)


@dataclass(frozen=True, slots=True)
class SyntaxFault:
    """A text that is not valid Liquid."""

    place: Place
    message: str


@dataclass(frozen=True, slots=True)
class TemplateUse:
    """A node's use of a template. Nothing guarantees that a template with this id exists."""

    node_id: str
    field: str | None
    template_id: str


@dataclass(frozen=True, slots=True)
class SegmentUse:
    """A node's use of a segment. Nothing guarantees that a segment with this id exists."""

    node_id: str
    field: str | None
    segment_id: str


def template_uses(
    node_id: str, config: Mapping[str, Any], template_ids: frozenset[str]
) -> Iterator[TemplateUse]:
    """Yields one entry for every field of the config that names one of these templates."""
    for place, template_id in _places(config, template_ids):
        yield TemplateUse(node_id, place, template_id)


def segment_uses(
    node_id: str, config: Mapping[str, Any], segment_ids: frozenset[str]
) -> Iterator[SegmentUse]:
    """Yields one entry for every field of the config that names one of these segments."""
    for place, segment_id in _places(config, segment_ids):
        yield SegmentUse(node_id, place, segment_id)


def _places(config: Mapping[str, Any], ids: frozenset[str]) -> Iterator[tuple[str | None, str]]:
    fields: dict[str, list[str]] = {}
    for field, text in config_texts(config):
        fields.setdefault(text, []).append(field)
    for each in sorted(ids):
        places: Sequence[str | None] = fields.get(each) or [None]
        yield from ((place, each) for place in places)


def config_texts(config: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yields (field, text) of every string in a config, in the order of the document. Not
    recursive, because a document may be nested deeper than the interpreter's stack allows."""
    stack: list[tuple[tuple[str, ...], Any]] = [((), config)]
    while stack:
        path, value = stack.pop()
        if isinstance(value, str):
            yield ".".join(path), value
        elif isinstance(value, Mapping):
            stack.extend(((*path, str(key)), item) for key, item in reversed([*value.items()]))
        elif isinstance(value, list):
            stack.extend(
                ((*path, str(index)), item) for index, item in reversed([*enumerate(value)])
            )


def template_texts(use: TemplateUse, template: TemplateSnapshot) -> Iterator[tuple[Place, str]]:
    parts = (("subject", template.subject), ("body", template.body), ("HTML", template.html))
    for part, text in parts:
        if text is not None:
            yield Place(use.node_id, use.field, f"{part} of template {template.name!r}"), text


def read_texts(
    texts: Iterable[tuple[Place, str]],
) -> tuple[tuple[Reference, ...], tuple[SyntaxFault, ...]]:
    found: list[Reference] = []
    faults: list[SyntaxFault] = []
    for place, text in texts:
        try:
            found.extend(Reference(place, path) for path in references(text))
        except TemplateSyntaxError as error:
            faults.append(SyntaxFault(place, str(error)))
    return tuple(found), tuple(faults)
