"""Data files and what is guessed about them: columns, labels, metric, split. Each draft is loaded by the real loader."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from promptwire.documents.yaml_reader import read_yaml_text
from promptwire.errors import DataError, PromptwireError, UsageError
from promptwire.task_init.draft import draft_task
from promptwire.task_init.drafted import Draft
from promptwire.task_init.guess import Given, Unclear
from tests.data_tables import lines, rows, table

PAPERS = next((found for up in Path(__file__).parents if (found := up / "shared" / "data").is_dir()), None)
"""Data of the papers, where a checkout has them beside it."""
CHAT = [{"role": "system", "content": "Be kind."}, {"role": "user", "content": "Is it open?"}]


def drafted(folder: Path, name: str, content: str | bytes, **given: Any) -> Draft:
    """The draft for a file with this content."""
    (folder / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    return draft_task(str(folder / name), Given(**given), folder / "task.yaml")


def turns(at: int, answer: str) -> list[dict[str, str]]:
    return [CHAT[0], {"role": "user", "content": f"Is it open at {at}?"}, {"role": "assistant", "content": answer}]


LABELLED = {"metric": "exact", "labels": ["bad", "good"]}
TABLE = rows(40)
FILES: dict[str, tuple[str, str | bytes, dict[str, Any]]] = {
    "usual names": ("a.csv", table("input,output", TABLE), {"columns": None, **LABELLED}),
    "a sheet with asides": (
        "a.csv",
        table("id,date,review_text,stars,label", [(str(n), "2026-01-02", t, str(n % 5), o) for n, (t, o) in enumerate(TABLE)]),
        {"columns": {"input": "review_text", "output": "label"}, **LABELLED},
    ),
    "an index of pandas": (
        "a.csv",
        table(",text,label", [(str(n), t, o) for n, (t, o) in enumerate(TABLE)]),
        {"columns": {"input": "text", "output": "label"}},
    ),
    "questions of a form": (
        "a.csv",
        table(
            "Timestamp,What do you think?,Come again?",
            [(f"2026/01/0{n % 9 + 1} 10:00", t, o) for n, (t, o) in enumerate(TABLE)],
        ),
        {"columns": {"input": "What do you think?", "output": "Come again?"}},
    ),
    "semicolons": ("a.csv", table("text;label", TABLE, ";"), {"data": {"train": "a.csv", "delimiter": ";"}}),
    "tabs in a .txt, no header": (
        "a.txt",
        table("", rows(40, "01"), "\t"),
        {"data": {"train": "a.txt", "delimiter": "\t"}, "columns": {"input": 0, "output": 1}, "labels": ["0", "1"]},
    ),
    "no header": ("a.csv", table("", TABLE), {"columns": {"input": 0, "output": 1}, **LABELLED}),
    "blanks after commas": (
        "a.csv",
        table("text, label", [(t, f" {o}") for t, o in TABLE]),
        {"columns": {"input": "text", "output": "label"}, **LABELLED},
    ),
    "latin-1": (
        "a.csv",
        table("text,label", TABLE).replace("room", "café").encode("latin-1"),
        {"data": {"train": "a.csv", "encoding": "cp1252"}},
    ),
    "UTF-16": ("a.csv", table("text,label", TABLE).encode("utf-16"), {"data": {"train": "a.csv"}}),
    "nine of ten are ham": (
        "a.csv",
        table("text,label", rows(100, ["ham"] * 9 + ["spam"])),
        {"metric": "macro-f1", "watch": ["exact"]},
    ),
    "numbers": (
        "a.csv",
        table("text,price", [(t, str(n * 3)) for n, (t, _) in enumerate(TABLE)]),
        {"metric": "numeric", "labels": None},
    ),
    "rounded numbers": (
        "a.csv",
        table("text,price", [(t, f"{n * 1.377:.3f}") for n, (t, _) in enumerate(TABLE)]),
        {"tolerance": "1%"},
    ),
    "stars": ("a.csv", table("review,stars", rows(40, "12345")), {"metric": "exact", "labels": ["1", "2", "3", "4", "5"]}),
    "letters of options": (
        "a.csv",
        table("question,A,B,C,answer", [(f"What {n}?", f"x{n}", "y", "z", "ABC"[n % 3]) for n in range(40)]),
        {"columns": {"input": ["question", "A", "B", "C"], "output": "answer"}, "metric": "multiple-choice"},
    ),
    "two texts": (
        "a.csv",
        table("premise,hypothesis,label", [(t, f"so {t}", o) for t, o in TABLE]),
        {"columns": {"input": ["premise", "hypothesis"], "output": "label"}},
    ),
    "a passage with questions": (
        "a.json",
        json.dumps(
            {
                "data": [
                    {
                        "id": f"q{n}",
                        "context": f"Passage {n // 3}.",
                        "question": f"What {n}?",
                        "answers": {"text": [f"it {n}"], "answer_start": [1]},
                    }
                    for n in range(40)
                ]
            }
        ),
        {"columns": {"input": ["context", "question"], "output": "answers.text"}, "group": "context", "metric": "exact"},
    ),
    "a column of splits": (
        "a.csv",
        table("text,label,split", [(t, o, ("train", "validation", "test")[n % 3]) for n, (t, o) in enumerate(TABLE)]),
        {"data": {"train": "a.csv", "split": "split"}},
    ),
    "GSM8K": (
        "a.jsonl",
        lines([{"question": f"{n} + 1?", "answer": f"Add. #### {n + 1}"} for n in range(20)]),
        {"columns": {"input": "question", "output": "answer", "after": "####"}, "metric": "numeric"},
    ),
    "prompt and completion": (
        "a.jsonl",
        lines([{"prompt": f"q {n}", "completion": f"a {n}"} for n in range(20)]),
        {"columns": {"input": "prompt", "output": "completion"}, "metric": "exact"},
    ),
    "one instruction": (
        "a.json",
        json.dumps([{"instruction": "Say it in French.", "input": f"w {n}", "output": f"m {n}"} for n in range(20)]),
        {"prompt": "Say it in French.", "columns": None},
    ),
    "instructions that differ": (
        "a.json",
        json.dumps([{"instruction": f"Do {n}.", "input": f"w {n}", "output": f"m {n}"} for n in range(20)]),
        {"columns": {"input": ["instruction", "input"]}},
    ),
    "pairs": ("a.json", json.dumps([[f"in {n}", f"out {n}"] for n in range(20)]), {"columns": None, "metric": "exact"}),
    "lists of three": (
        "a.json",
        json.dumps([[n, f"in {n}", "ab"[n % 2]] for n in range(20)]),
        {"columns": {"input": 1, "output": 2}, "labels": ["a", "b"]},
    ),
    "columns of JSON": (
        "a.json",
        json.dumps({"question": [f"q {n}" for n in range(20)], "answer": [f"a {n}" for n in range(20)]}),
        {"columns": {"input": "question", "output": "answer"}},
    ),
    "columns of pandas": (
        "a.json",
        json.dumps({"question": {str(n): f"q {n}" for n in range(20)}, "answer": {str(n): f"a {n}" for n in range(20)}}),
        {"columns": {"input": "question", "output": "answer"}},
    ),
    "objects": (
        "a.jsonl",
        lines([{"input": f"order {n}", "output": {"items": ["a"], "total": n}} for n in range(20)]),
        {"metric": "json-fields"},
    ),
    "lists of words": (
        "a.csv",
        "input,output\n" + "".join(f'w {n},"pea {n}, leek {n}"\n' for n in range(20)),
        {"metric": "set"},
    ),
    "long texts": (
        "a.csv",
        table("article,summary", [(t, f"a summary of several words that is long {t}") for t, _ in TABLE]),
        {"metric": "f1", "prompt": "Write the summary of the article."},
    ),
    "one column": ("a.csv", table("text", [(t,) for t, _ in TABLE]), {"columns": {"input": "text"}, "metric": "judge"}),
    "lines of text": ("a.txt", table("", [(t,) for t, _ in TABLE]), {"columns": None, "metric": "judge"}),
    "chats with one system message": (
        "a.jsonl",
        lines([{"messages": turns(n, ("yes", "no")[n % 2])} for n in range(20)]),
        {"prompt": None, "columns": None, "labels": ["no", "yes"]},
    ),
    "chats of another column": (
        "a.jsonl",
        lines([{"dialog": turns(n, "yes")[:2], "label": ("yes", "no")[n % 2]} for n in range(20)]),
        {"columns": {"input": "dialog", "output": "label"}, "prompt": None},
    ),
    "samples of Evals": (
        "a.jsonl",
        lines([{"input": turns(n, "")[1:2], "ideal": ["Yes.", "yes"]} for n in range(20)]),
        {"columns": None, "metric": "exact"},
    ),
    "several answers in a cell": (
        "a.csv",
        table("Question,Correct Answers", [(f"Why {n}?", f"so {n}; because {n}") for n in range(20)]),
        {"columns": {"input": "Question", "output": "Correct Answers", "separator": ";"}},
    ),
    "other languages": (
        "a.csv",
        table("问题,答案", [(f"什么 {n}", f"那个 {n}") for n in range(20)]),
        {"columns": {"input": "问题", "output": "答案"}},
    ),
}


@pytest.mark.parametrize("case", FILES)
def test_a_file_gives_these_keys(tmp_path: Path, case: str) -> None:
    name, content, wanted = FILES[case]
    draft = drafted(tmp_path, name, content)
    assert {key: draft.keys.get(key) for key in wanted} == wanted
    assert draft.checked.test and 1 <= len([one for one in draft.checked.requests if one.role == "task"]) <= 3
    assert all(guess.why for guess in draft.guesses)


@pytest.mark.parametrize("case", FILES)
def test_the_text_holds_the_keys_and_gives_reasons(tmp_path: Path, case: str) -> None:
    name, content, _ = FILES[case]
    draft = drafted(tmp_path, name, content)
    found = read_yaml_text(draft.text, "task.yaml").data
    assert {**draft.keys, "promptwire": 1, "task": "a"} == found
    assert "# metric: " in draft.text and "# prompt: " in draft.text and "# split: " in draft.text


REFUSED: dict[str, tuple[str, str | bytes, str]] = {
    "a title above the header": (
        "a.csv",
        "Reviews of 2025,,\n" + table("id,text,label", [("1", t, o) for t, o in TABLE]),
        r"a\.csv:1: the first row is a title, .* 'Reviews of 2025' .*\n.*a\.csv:2",
    ),
    "a Markdown table": ("a.csv", "| text | label |\n|---|---|\n| a | b |\n", r"a\.csv:2: this is a Markdown table"),
    "empty outputs": (
        "a.csv",
        table("text,label", [*TABLE, ("one", ""), ("two", " ")]),
        r"a\.csv:42, 43: 2 of 42 rows have no output in the column 'label'\n.*--metric judge",
    ),
    "two columns of one name": ("a.csv", "text,text\na,b\n", "names the column 'text' twice"),
    "a row with too few cells": (
        "a.csv",
        "text,label\na,b\nc\nd,e\n",
        r"a\.csv:3: the row does not have the header's 2 columns",
    ),
    "no rows": ("a.csv", "text,label\n", "holds no examples"),
    "nothing": ("a.csv", "", "holds no examples"),
    "one row": ("a.csv", "text,label\na,b\n", "can't be split"),
    "chats of ShareGPT": (
        "a.json",
        json.dumps([{"conversations": [{"from": "human", "value": "hi"}]}] * 3),
        "have from and value",
    ),
    "a PDF": ("a.csv", b"%PDF-1.4 ...", "is a PDF"),
    "an unknown ending": ("a.doc", "x", "unknown kind of data file '.doc'"),
    "bytes that are damaged": ("a.csv", "text,label\ncafé,x\n".encode() + b"\xff,y\n", r"a\.csv:3: the file is not UTF-8"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_file_is_refused_with_its_place(tmp_path: Path, case: str) -> None:
    name, content, message = REFUSED[case]
    with pytest.raises(DataError, match=message):
        drafted(tmp_path, name, content)


UNCLEAR: dict[str, tuple[str, str, tuple[str, ...]]] = {
    "two languages": (table("German,English", [(f"Wort {n}", f"word {n}") for n in range(20)]), "output", ("German", "English")),
    "two usual outputs": (table("text,label,target", [(t, o, o) for t, o in TABLE]), "output", ("label", "target")),
    "two usual inputs": (table("text,question,document,label", [(t, t, t, o) for t, o in TABLE]), "input", ("text", "question", "document")),
    "two columns of labels": (table("words,kind,mood", [(t, o, "ab"[n % 2]) for n, (t, o) in enumerate(TABLE)]), "output", ("kind", "mood")),
}  # fmt: skip


@pytest.mark.parametrize("case", UNCLEAR)
def test_what_can_as_well_be_another_is_asked_and_a_flag_answers(tmp_path: Path, case: str) -> None:
    content, asked, columns = UNCLEAR[case]
    if case == "two usual inputs":
        content = content.replace("text,question,document,label", "tweet,post,document,label")
        columns = ("tweet", "post", "document")
    with pytest.raises(Unclear, match=f"name it with --{asked} NAME") as refusal:
        drafted(tmp_path, "a.csv", content)
    assert (refusal.value.asked, refusal.value.columns) == (asked, columns)
    given: dict[str, Any] = {"output": columns[0]} if asked == "output" else {"inputs": columns[:1]}
    assert (
        drafted(tmp_path, "a.csv", content, **given).keys["columns"]["output" if asked == "output" else "input"] == columns[0]
    )


def test_a_column_that_there_is_not_is_refused_with_the_others(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"--input: there is no column 'txt'\n.*did you mean 'text'"):
        drafted(tmp_path, "a.csv", table("text,label", TABLE), inputs=("txt",))


def test_placeholders_of_the_prompt_are_the_inputs(tmp_path: Path) -> None:
    content = table("who,text,label", [(f"Ann {n}", t, o) for n, (t, o) in enumerate(TABLE)])
    draft = drafted(tmp_path, "a.csv", content, prompts=("{who} wrote {{text}}. Good or bad?",))
    assert draft.keys["columns"] == {"input": ["who", "text"], "output": "label"}
    sent = {text for request in draft.checked.requests for _, text in request.parts}
    assert len(sent) == 3 and sent < {f"Ann {n} wrote {text}. Good or bad?" for n, (text, _) in enumerate(TABLE)}


def test_a_metric_of_the_user_stays_and_needs_no_outputs_where_it_is_judge(tmp_path: Path) -> None:
    content = table("text,label", [*TABLE, ("one", "")])
    draft = drafted(tmp_path, "a.csv", content, metric="judge")
    assert (draft.keys["metric"], draft.keys["columns"]) == ("judge", {"input": "text"})
    with pytest.raises(UsageError, match="there is no metric 'exactly'"):
        drafted(tmp_path, "b.csv", table("text,label", TABLE), metric="exactly")


@pytest.mark.parametrize(
    "text",
    [
        'say "yes"',
        "a\nb",
        "{input} {{ x }} {% y %} $z %s",
        "\u2028 and \x85",
        "漢字",
        "\ta",
        "  lead",
        "# x: y",
        "- a",
        "'",
        "\x1b[31m",
    ],
)
def test_nasty_texts_in_headers_labels_and_prompts_load_again(tmp_path: Path, text: str) -> None:
    import csv
    import io

    made = io.StringIO()
    writer = csv.writer(made)
    writer.writerow([f"text {text}", f"label {text}"])
    writer.writerows((f"{text} {n}", f"{text}{'ab'[n % 2]}") for n in range(20))
    draft = drafted(tmp_path, "a.csv", made.getvalue(), output=f"label {text}", prompts=(f"Sort {text}",), header=True)
    assert read_yaml_text(draft.text, "t").data["prompt"] == f"Sort {text}"
    assert draft.checked.train == draft.checked.test == 10
    made_up = drafted(tmp_path, "a.csv", made.getvalue(), output=f"label {text}", header=True)
    assert f"Input: {text} " in made_up.checked.requests[0].parts[0][1]


def test_random_bytes_end_in_one_error_or_a_draft(tmp_path: Path) -> None:
    import random

    draw = random.Random(7)
    pieces = [
        b"text",
        b"label",
        b",",
        b"\n",
        b'"',
        b";",
        b"\t",
        b"|",
        b"{",
        b"[",
        b"]",
        b"}",
        b"a",
        b"1",
        b"\xff",
        b"\x00",
        b"\r\n",
        b":",
    ]
    for at in range(150):
        content = b"".join(draw.choices(pieces, k=draw.randrange(60)))
        name = draw.choice(["a.csv", "a.tsv", "a.json", "a.jsonl", "a.txt"])
        try:
            drafted(tmp_path, name, content)
        except PromptwireError as error:
            assert str(error), at


@pytest.mark.skipif(PAPERS is None, reason="the papers' data are not beside this checkout")
def test_the_papers_data_get_the_metric_of_the_paper() -> None:
    numbers, lists = (
        {"bbh_multistep_arithmetic_two", "bbh_object_counting", "cf_arithmetic_base10", "cf_arithmetic_base8", "ii_sum"},
        {"ii_taxonomy_animal"},
    )
    wrong = {}
    for folder in sorted(PAPERS.iterdir() if PAPERS else ()):
        if not (folder / "task.json").is_file():
            continue
        wanted = json.loads((folder / "task.json").read_text())["metric"]
        wanted = "numeric" if folder.name in numbers else "set" if folder.name in lists else wanted
        draft = draft_task(str(folder), Given(), folder / "task.yaml")
        if draft.keys["metric"] != wanted:
            wrong[folder.name] = (draft.keys["metric"], wanted)
    # Nothing in these data says that an accepted output may stand within a sentence, or that words may overlap in part.
    assert {name for name in wrong if wrong[name][1] not in ("contains", "f1")} == set(), wrong
