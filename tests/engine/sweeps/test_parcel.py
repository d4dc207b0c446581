"""Parcels are read as strictly as bundles: what leads out, is unknown, too large or damaged is one error."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptwire.errors import RunError
from promptwire.options import Options
from promptwire.sweeps import parcel as parcels
from promptwire.sweeps.parcel import Parcel, Returned, place, read_parcel, read_returned, write_text

NAMES = st.from_regex(r"[a-z]{1,8}(/[a-z]{1,8}\.j2)?", fullmatch=True)
TEXTS = st.text(max_size=60)


def parcel(**changes: Any) -> Parcel:
    told: dict[str, Any] = {
        "key": "0" * 24,
        "mark": "1" * 16,
        "row": "ape",
        "pipeline": "ape",
        "task": "mine.yaml",
        "options": Options(seed=3),
        "working": ".",
        "files": {"mine.yaml": "prompt: x\n", "data/train.jsonl": '{"input": "a"}\n'},
        "shipped": {"pipelines/ape.yaml": "f" * 64},
        "plugins": {"ideas.py": "x = 1\n"},
    }
    return Parcel.model_validate({**told, **changes})


@given(st.dictionaries(NAMES, TEXTS, max_size=4), st.dictionaries(st.just("ideas.py"), TEXTS), TEXTS)
def test_a_parcel_that_is_read_is_the_one_that_was_written(files: dict[str, str], plugins: dict[str, str], prompt: str) -> None:
    packed = parcel(files=files, plugins=plugins, options=Options(task={"prompt": prompt}))
    text = write_text(packed)
    assert text.isascii() and read_parcel(text) == packed


@given(st.dictionaries(st.from_regex(r"[a-z]{1,8}\.jsonl?", fullmatch=True), TEXTS, max_size=4), TEXTS)
def test_a_result_that_is_read_is_the_one_that_was_written(files: dict[str, str], why: str) -> None:
    result = Returned(key="0" * 24, state="failed", why=why, usd=None, files=files)
    assert read_returned(write_text(result), "0" * 24) == result


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"files": {"../out.yaml": ""}}, "invalid file name in the parcel"),
        ({"files": {"/etc/out": ""}}, "invalid file name in the parcel"),
        ({"files": {"a\\b": ""}}, "invalid file name in the parcel"),
        ({"binary": {"a/../../b": ""}}, "invalid file name in the parcel"),
        ({"plugins": {"../ideas.py": ""}}, "invalid file name in the parcel"),
        ({"plugins": {"folder/ideas.py": ""}}, "invalid name of a plug-in file"),
        ({"shipped": {"engine/api.py": "0"}}, "is not a shipped file"),
        ({"shipped": {"pipelines/../x": "0"}}, "invalid file name in the parcel"),
        ({"working": "../.."}, "invalid file name in the parcel"),
        ({"working": "/"}, "invalid file name in the parcel"),
    ],
)
def test_a_parcel_with_a_name_that_leads_out_is_refused(changes: dict[str, Any], said: str) -> None:
    read_parcel(write_text(parcel()))
    with pytest.raises(RunError, match=said):
        read_parcel(write_text(parcel(**changes)))


def edited(**changes: Any) -> str:
    """The text of a parcel whose first line was changed."""
    first, *rest = write_text(parcel()).split("\n")
    return "\n".join([json.dumps({**json.loads(first), **changes}), *rest])


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "this is not a parcel"),
        ("[]", "not a JSON object"),
        ("{}", "a list of at most 1000 names is missing"),
        (edited(promptwire="bundle"), "promptwire: Input should be 'cell'"),
        (edited(format=2), "format: Input should be 1"),
        (edited(more=1), "more: Extra inputs are not permitted"),
        (edited(key="../x"), "key: String should match"),
        (edited(options={"models": {"critic": "x"}}), "options.models.critic"),
        (edited(files=["a", "a", "b"], plugins=[]), "files: a name occurs twice"),
        (edited(files=[]), "there are lines after the end"),
        (edited(files=["a", "b", "c"]), "the text of a file is missing"),
        (edited(files=[["a"]]), "files: a list of at most 1000 names is missing"),
        (write_text(parcel()) + "\n[]", "there are lines after the end"),
        (write_text(parcel()).replace('"x = 1\\n"', "[[[[[["), "the text of a file is missing"),
        ("[" * 100_000, "this is not a parcel"),
    ],
)
def test_a_damaged_parcel_is_one_error(text: str, said: str) -> None:
    read_parcel(edited())
    with pytest.raises(RunError) as error:
        read_parcel(text)
    assert said in str(error.value) and len(str(error.value)) < 400


def test_a_parcel_has_a_largest_size(monkeypatch: pytest.MonkeyPatch) -> None:
    text = write_text(parcel())
    monkeypatch.setattr(parcels, "MOST_BYTES", len(text))
    assert read_parcel(write_text(parcel())) == parcel()
    monkeypatch.setattr(parcels, "MOST_BYTES", len(text) - 1)
    for attempt in (lambda: write_text(parcel()), lambda: read_parcel(text)):
        with pytest.raises(RunError, match="a parcel has at most"):
            attempt()


@pytest.mark.parametrize("name", ["../report.json", "a/b", "", ".hidden", "a" * 200])
def test_a_result_with_another_cell_or_other_names_is_refused(name: str) -> None:
    assert read_returned(write_text(Returned(key="k", state="finished", files={"report.json": "{}"})), "k").files
    with pytest.raises(RunError, match="don't trust this worker"):
        read_returned(write_text(Returned(key="k", state="finished", files={name: ""})), "k")
    with pytest.raises(RunError, match="don't trust this worker"):
        read_returned(write_text(Returned(key="other", state="finished")), "k")


def test_words_for_folders_differ_by_mark_and_folder() -> None:
    assert place("ab", "files") == "@ab-files@" != place("ab", "run")
