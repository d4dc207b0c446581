"""Values of a run as flat records and as DataFrames."""

from __future__ import annotations

import sys

import pytest

from promptwire.errors import UsageError
from promptwire.results.candidates import Candidate, Origin, StepScore
from promptwire.results.frames import to_frame, to_records
from promptwire.results.heldout_rows import PairedRow, Side
from promptwire.values import Example, Prompt

ROWS = [
    PairedRow("e1", Example(input="two", outputs=("2", "ii"), meta={"source": "s"}), Side(0.0, "x", "x"), Side(1.0, "2", "2")),
    PairedRow("e2", None, Side(1.0), Side(1.0, readable=False, feedback="why")),
]
SCORED = StepScore("search.keep", "0", "exact", 0.5, 2, 1.5, 7)
CANDIDATE = Candidate(
    Prompt(text="Say.", parents=("p",), made_by="ideas"), 1.0, 4, (SCORED,), {"e1": 0.0, "e2": 1.0}, Origin(("c",)), 0.5
)


def test_a_row_has_the_columns_of_its_example_and_of_both_sides() -> None:
    first, second = to_records(ROWS)
    assert first == {
        "id": "e1", "input": "two", "outputs": '["2", "ii"]', "meta_source": "s", "change": "fixed",
        "initial_value": 0.0, "initial_output": "x", "initial_answer": "x", "initial_readable": True, "initial_feedback": "", "initial_repeats": "[]", "initial_truth": "",
        "best_value": 1.0, "best_output": "2", "best_answer": "2", "best_readable": True, "best_feedback": "", "best_repeats": "[]", "best_truth": "",
    }  # fmt: skip
    assert (second["change"], second["best_readable"], second["best_feedback"]) == ("same", False, "why")


def test_a_candidate_has_its_text_parents_and_score() -> None:
    (record,) = to_records([CANDIDATE])
    known = {"text": "Say.", "made_by": "ideas", "parents": '["p"]', "score": 0.5, "t": 1.0, "values": '{"e1": 0.0, "e2": 1.0}'}
    assert known.items() <= record.items()
    assert '"path": "search.keep"' in record["scores"] and record["origin_critiques"] == '["c"]'


def test_other_values_have_one_column() -> None:
    assert to_records([1.5, "x"]) == [{"value": 1.5}, {"value": "x"}]
    assert to_records([]) == []


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_a_frame_holds_the_records(library: str) -> None:
    module = pytest.importorskip(library)
    frame = to_frame(ROWS, library)  # type: ignore[arg-type]
    assert isinstance(frame, module.DataFrame)
    assert list(frame["change"]) == ["fixed", "same"] and list(frame["best_value"]) == [1.0, 1.0]


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_a_frame_keeps_a_column_that_only_a_late_row_has(library: str) -> None:
    pytest.importorskip(library)
    frame = to_frame([*(ROWS[1:] * 150), ROWS[0]], library)  # type: ignore[arg-type]
    assert frame.shape[0] == 151 and list(frame["meta_source"])[-1] == "s"


def test_without_a_library_the_error_names_what_gives_plain_values(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("pandas", "polars"):
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(UsageError, match=r"pandas or polars is not installed\n.*to_records"):
        to_frame(ROWS)
    with pytest.raises(UsageError, match="polars is not installed"):
        to_frame(ROWS, "polars")


@pytest.mark.parametrize("value", [None, 3, "text", {"a": 1}, SCORED, Prompt(text="one")])
def test_one_value_is_refused_with_the_names_of_lists(value: object) -> None:
    with pytest.raises(UsageError, match=r"is no list of values\n.*run\.rows\(\)"):
        to_frame(value)  # type: ignore[arg-type]
