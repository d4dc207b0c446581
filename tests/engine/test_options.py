"""Options: who plays which role, and where things are kept."""

from __future__ import annotations

from pathlib import Path

import pytest

from promptwire.node import Role
from promptwire.options import Options, cache_folder, runs_folder


@pytest.mark.parametrize(
    ("models", "bases", "role", "expected"),
    [
        ({}, {}, "task", ("local", None)),
        ({}, {}, "judge", ("local", None)),
        ({"task": "a"}, {}, "meta", ("a", None)),
        ({"task": "a", "meta": "b"}, {}, "judge", ("b", None)),
        ({"task": "a", "meta": "b"}, {"task": "http://x"}, "meta", ("b", None)),
        ({"task": "a"}, {"task": "http://x"}, "meta", ("a", "http://x")),
        ({"task": "a"}, {"meta": "http://z"}, "meta", ("a", "http://z")),
        ({"task": "a", "judge": "c"}, {"judge": "http://y"}, "judge", ("c", "http://y")),
    ],
)
def test_a_role_without_a_model_borrows_one_with_its_address(
    models: dict[Role, str], bases: dict[Role, str], role: Role, expected: tuple[str, str | None]
) -> None:
    assert Options(models=models, api_bases=bases).model(role) == expected


def test_folders_lie_in_the_working_folder_unless_the_environment_says_otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PROMPTWIRE_CACHE")
    monkeypatch.setenv("PROMPTWIRE_RUNS", "/elsewhere")
    assert (cache_folder(), runs_folder()) == (Path(".promptwire/cache"), Path("/elsewhere"))
