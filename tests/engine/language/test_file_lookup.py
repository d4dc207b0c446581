"""Lookup of the files that a pipeline names."""

from __future__ import annotations

from pathlib import Path

import pytest

from promptwire.documents import resources
from promptwire.errors import Location, PipelineError
from promptwire.language.file_lookup import FileResolver, is_pipeline
from tests.sample_project import Project

HERE = Location("p.yaml", 1, 1)


def test_a_pipeline_is_looked_up_beside_the_file_then_among_shipped_ones(project: Project) -> None:
    folders = FileResolver(Path())
    assert folders.pipeline("ape.yaml", Path(), HERE) == resources.pipeline_path("ape")
    assert folders.pipeline("ape", Path(), HERE) == resources.pipeline_path("ape")
    project.write("ape.yaml", "")
    assert folders.pipeline("ape.yaml", Path(), HERE) == folders.pipeline("./ape.yaml", Path(), HERE) == Path("ape.yaml")


def test_a_template_is_looked_up_beside_the_file_then_in_the_project_then_shipped(project: Project) -> None:
    folders = FileResolver(Path("sub"))
    (project.folder / "sub").mkdir()

    def found() -> Path:
        return folders.template("ape/forward.j2", Path("sub"), HERE)

    assert found() == resources.template_path("ape/forward.j2")
    for name in ("templates/ape/forward.j2", "sub/templates/ape/forward.j2", "sub/ape/forward.j2"):
        path = project.write(name, "")
        assert found().absolute() == path


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        (
            "../../x.yaml",
            "../../x.yaml leads out of the project - start promptwire in a folder that holds both, copy it into PROJECT, or, if you trust the file that names it, allow its folder: PROMPTWIRE_ALLOW=FOLDER",
        ),
        (
            "./a/../../../x.yaml",
            "./a/../../../x.yaml leads out of the project - start promptwire in a folder that holds both, copy it into PROJECT, or, if you trust the file that names it, allow its folder: PROMPTWIRE_ALLOW=FOLDER",
        ),
        ("/etc/x.yaml", "'/etc/x.yaml' is not a path that a pipeline can name - write it relative to the pipeline"),
        ("a\0.yaml", "'a\\x00.yaml' is not a path that a pipeline can name - write it relative to the pipeline"),
        ("./expnd.yaml", "there is no file ./expnd.yaml - did you mean 'expand.yaml'?"),
        ("./zzz.yaml", "there is no file ./zzz.yaml - looked in sub"),
        ("apee", "there is no shipped pipeline 'apee' - did you mean 'ape'?; write a file as ./apee.yaml"),
    ],
)
def test_a_missing_or_outside_pipeline_is_refused(project: Project, written: str, expected: str) -> None:
    project.write("x.yaml", "")
    project.write("sub/expand.yaml", "")
    with pytest.raises(PipelineError) as caught:
        FileResolver(Path("sub")).pipeline(written, Path("sub"), HERE)
    assert str(caught.value) == f"p.yaml:1:1: {expected.replace('PROJECT', str(project.folder))}"


def test_an_outside_template_is_refused_and_a_missing_one_gets_a_suggestion(project: Project) -> None:
    project.write("secret.j2", "")
    project.write("sub/mine.j2", "")
    folders = FileResolver(Path("sub"))
    for written, words in [
        ("../secret.j2", "leads out of the pipeline's folder"),
        ("mne.j2", "did you mean 'mine.j2'?"),
        ("best.j2", "looked in"),
    ]:
        with pytest.raises(PipelineError, match=words):
            folders.template(written, Path("sub"), HERE)


def test_a_pipeline_may_name_one_in_a_sibling_folder_of_the_project_but_none_above_it(project: Project) -> None:
    project.write("base/search.yaml", "")
    for top in (Path(), Path("parts")):
        assert FileResolver(top).pipeline("../base/search.yaml", Path("parts"), HERE) == Path("base/search.yaml")
        with pytest.raises(PipelineError, match="leads out of the project"):
            FileResolver(top).pipeline("../../search.yaml", Path("parts"), HERE)


def test_a_pipeline_outside_of_the_working_folder_is_a_project_of_its_own(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    top = project.folder / "downloads"
    for name in ("downloads/part.yaml", "mine.yaml", "work/x"):
        project.write(name, "")
    monkeypatch.chdir(project.folder / "work")
    assert FileResolver(top).pipeline("part.yaml", top, HERE) == top / "part.yaml"
    with pytest.raises(PipelineError, match="leads out of the project"):
        FileResolver(top).pipeline("../mine.yaml", top, HERE)


def test_the_base_in_a_sibling_folder_keeps_its_templates_and_reaches_no_others(project: Project) -> None:
    project.write("base/templates/mine.j2", "")
    project.write("secret.j2", "")
    folders = FileResolver(Path("variants"))
    assert folders.template("mine.j2", Path("base"), HERE) == Path("base/templates/mine.j2")
    for beside in ("base", "variants"):
        with pytest.raises(PipelineError, match="leads out of the pipeline's folder"):
            folders.template("../secret.j2", Path(beside), HERE)


def test_pipeline_files_are_recognized_by_suffix() -> None:
    assert [is_pipeline(name) for name in ("./a.yaml", "a.yml", "evaluate", "acme:judge")] == [True, True, False, False]


def test_a_symlink_cannot_leave_the_folder(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    secret = project.write("secret.j2", "")
    (project.folder / "sub").mkdir()
    (project.folder / "sub" / "innocent.j2").symlink_to(secret)
    folders = FileResolver(Path("sub"))
    for written in ("innocent.j2", "../secret.j2"):
        monkeypatch.delenv("PROMPTWIRE_ALLOW", raising=False)
        with pytest.raises(PipelineError, match=r"leads out of the pipeline's folder.*PROMPTWIRE_ALLOW=FOLDER"):
            folders.template(written, Path("sub"), HERE)
        monkeypatch.setenv("PROMPTWIRE_ALLOW", str(project.folder))
        assert folders.template(written, Path("sub"), HERE).resolve() == secret.resolve()
