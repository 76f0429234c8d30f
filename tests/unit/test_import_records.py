"""The rows of an import's file do not depend on where its bytes are split."""

import csv
import io
import json
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from runledger.models.contact_import import ImportFormat
from runledger.services.bulk.import_records import (
    MAX_ROW_BYTES,
    Record,
    UnreadableFileError,
    paths_in,
    read_header,
    read_records,
)

from tests.support.depth import examples

CSV, JSONL = ImportFormat.CSV, ImportFormat.JSONL
MARK = "\ufeff"
_TEXTS = st.text(
    st.one_of(
        st.sampled_from([",", ";", '"', "\r", "\n", "ä", "🙂", "'", "=", " "]),
        st.characters(exclude_categories=["Cs"], exclude_characters="\0"),
    ),
    max_size=8,
)
_TABLES = st.integers(1, 4).flatmap(
    lambda width: st.lists(
        st.lists(_TEXTS, min_size=width, max_size=width).filter(
            lambda row: any(cell.strip() for cell in row)
        ),
        min_size=1,
        max_size=6,
    )
)


def rows(data: bytes, cuts: list[int], **more: Any) -> list[Record]:
    """Splits a file at `cuts`, and returns the rows that are read from its pieces."""
    ends = sorted({0, *(cut % (len(data) + 1) for cut in cuts), len(data)})
    pieces = [data[start:end] for start, end in pairwise(ends)]
    return list(read_records(more.pop("format_", CSV), pieces, **more))


@given(
    table=_TABLES,
    delimiter=st.sampled_from([",", ";", "\t"]),
    end=st.sampled_from(["\r\n", "\n", "\r"]),
    has_mark=st.booleans(),
    cuts=st.lists(st.integers(0, 10_000), max_size=12),
)
@settings(max_examples=examples(1_000), deadline=None)
def test_a_csv_is_read_the_same_wherever_it_is_split(
    table: list[list[str]], delimiter: str, end: str, has_mark: bool, cuts: list[int]
) -> None:
    written = io.StringIO(newline="")
    # Python's writer quotes only the line breaks that it writes itself.
    if end == "\r\n":
        csv.writer(written, delimiter=delimiter).writerows(table)
    else:
        csv.writer(
            written, delimiter=delimiter, lineterminator=end, quoting=csv.QUOTE_ALL
        ).writerows(table)
    data = ((MARK if has_mark else "") + written.getvalue()).encode()
    read = rows(data, cuts, delimiter=delimiter)
    assert [record.value for record in read] == table
    assert [record.number for record in read] == list(range(1, len(table) + 1))
    assert read[-1].end == len(data)
    # Reading on behind any row finds the rows that follow.
    for place, record in enumerate(read[:-1], start=1):
        rest = rows(
            data[record.end :], cuts, delimiter=delimiter, start=record.end, row=record.number
        )
        assert rest == read[place:]


@given(
    values=st.lists(
        st.dictionaries(_TEXTS, st.one_of(_TEXTS, st.integers(), st.none()), max_size=4),
        min_size=1,
        max_size=6,
    ),
    cuts=st.lists(st.integers(0, 10_000), max_size=12),
)
@settings(max_examples=examples(400), deadline=None)
def test_json_lines_are_read_the_same_wherever_they_are_split(
    values: list[dict[str, Any]], cuts: list[int]
) -> None:
    lines = [json.dumps(each, ensure_ascii=False) for each in values]
    data = "\n".join(lines).encode()
    read = rows(data, cuts, format_=JSONL)
    assert [record.value for record in read] == values
    assert [record.number for record in read] == list(range(1, len(values) + 1))


def test_every_split_of_one_file_gives_the_same_rows() -> None:
    text = MARK + 'a;"b\r\n""c"""\r\n\r\n1;ü🙂\r\n"2\r";\'=x'
    data = text.encode()
    whole = rows(data, [], delimiter=";")
    assert [record.value for record in whole] == [
        ["a", 'b\r\n"c"'],
        ["1", "ü🙂"],
        ["2\r", "'=x"],
    ]
    assert [record.number for record in whole] == [1, 3, 4]
    for cut in range(len(data) + 1):
        assert rows(data, [cut], delimiter=";") == whole
    assert rows(data, list(range(len(data))), delimiter=";") == whole


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ("a,b\r\nä,ö\r\n".encode("latin-1"), r"row 2 is not UTF-8 \(byte 0xe4\); save it as UTF-8"),
        ("a,b\r\n1,2\r\n".encode("utf-16"), "the file is UTF-16; save it as UTF-8"),
        ("a,b\r\n1,2\r\n".encode("utf-16-be"), "row 1 contains a NUL character"),
        (b'a\r\n"b\r\nc\r\n', "row 2 opens a quote that is never closed"),
        (b'a\r\n"b"c\r\n', "row 2 has text behind a closing quote"),
        (b'a\r\n"' + b"x" * 140_000 + b'"\r\n', "row 2 has a cell of more than 131072 characters"),
        (b"a\r\n" + b"x" * (MAX_ROW_BYTES + 1), "row 2 has a line of more than 256 kB"),
        (b"a\r\n" + b"x" * (MAX_ROW_BYTES + 1) + b"\r\n", "row 2 has a line of more than"),
    ],
)
def test_what_is_wrong_with_a_file_is_said_with_its_row(data: bytes, words: str) -> None:
    for cuts in ([], [2, 5, 6]):
        with pytest.raises(UnreadableFileError, match=words):
            rows(data, cuts)


def test_a_bad_line_of_json_is_a_bad_row() -> None:
    data = b'{"a": 1}\n\n[1]\n{"a":\n{"a": NaN}\n{"b": 2}'
    read = rows(data, [4], format_=JSONL)
    assert [(record.number, record.value) for record in read] == [
        (1, {"a": 1}),
        (3, None),
        (4, None),
        (5, None),
        (6, {"b": 2}),
    ]
    problems = [record.problem or "" for record in read]
    assert problems[1] == "the line must be one JSON object"
    assert problems[2].startswith("the line is not JSON")
    assert problems[3] == "the line is not JSON: NaN is not a JSON number"


@pytest.mark.parametrize(
    ("text", "delimiter", "names"),
    [
        ("a,b,c\r\n1;2;3;4\r\n", ",", ("a", "b", "c")),
        ("a;b, c;d\r\n", ";", ("a", "b, c", "d")),
        ('"x;y"\ta\t\r\n', "\t", ("x;y", "a", "column 3")),
        (f"{MARK} mail \n", ",", ("mail",)),
    ],
)
def test_the_separator_is_the_one_that_makes_the_most_columns(
    text: str, delimiter: str, names: tuple[str, ...]
) -> None:
    header = read_header(text.encode())
    assert (header.delimiter, header.names) == (delimiter, names)
    assert header.end == len(text.splitlines(keepends=True)[0].encode())


@pytest.mark.parametrize("data", [b"", b"\r\n\r\n", b"\r\na,b\r\n"])
def test_a_file_without_a_header_is_refused(data: bytes) -> None:
    with pytest.raises(UnreadableFileError, match="name the columns in row 1"):
        read_header(data)


def test_a_header_that_cannot_be_read_is_refused_with_its_reason() -> None:
    with pytest.raises(UnreadableFileError, match="UTF-16"):
        read_header("a,b\r\n".encode("utf-16"))
    with pytest.raises(UnreadableFileError, match="more than 500 columns"):
        read_header(b",".join([b"x"] * 501))


def test_paths_lead_to_the_values_of_an_object() -> None:
    document = {"a": 1, "b": {"c": [1], "d": {"e": None}}, "f": {}}
    assert dict(paths_in(document)) == {"a": 1, "b.c": [1], "b.d.e": None, "f": {}}
