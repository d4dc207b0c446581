"""Rules of the code that a test can hold: layers, one import door per library, file sizes, a test for every part."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
ENGINE, NODES = ROOT / "engine", ROOT / "nodes"

LAYERS: tuple[tuple[str, ...], ...] = (
    ("lazy_pattern", "free_memory"),
    ("errors", "bounds", "values"),
    ("node_context",),
    ("security", "stats", "node", "backend", "local_settings", "mlflow_library"),
    ("documents", "cache", "limits", "registry"),
    ("graph", "metrics", "templating", "backends", "gateway", "options"),
    ("tasks", "language", "drawing", "authoring", "shared"),
    ("results", "reference"),
    ("running", "page"),
    ("networks", "sinks"),
    ("planning",),
    ("trying",),
    ("prepared",),
    ("task_init",),
    ("api",),
    ("bundles",),
    ("exporting",),
    ("sweeps",),
    ("comparing",),
    ("__init__",),
    ("cli",),
    ("__main__",),
)
"""Modules and folders of engine/, lowest layer first: each imports only from lower layers, and inside its own folder."""

DOORS = {
    "networkx": "graph.networks",
    "jinja2": "templating.sandbox",
    "litellm": "backends.litellm_backend",
    "diskcache": "cache.text_store",
    "yaml": "documents.yaml_reader",
    "aiohttp": "backends.http",
    "xllamacpp": "backends.llama_server",
    "typer": "cli",
    "platformdirs": "backends.known_models",
    "pygraphviz": "drawing.graphviz",
    "huggingface_hub": "backends.model_hub",
    "regex": "security.safe_regex",
    "vl_convert": "page.vega",
    "jsonschema": "metrics.json_schema",
    "optuna": "stats.tpe",
    "distributed": "sweeps.dask_cluster",
    "redis": "shared.redis_server",
    "openpyxl": "tasks.reading.excel",
    "pyarrow": "tasks.reading.arrow",
    "datasets": "tasks.reading.hub",
    "mlflow": "mlflow_library",
    "opentelemetry": "sinks.otel",
}
"""Each third-party library and the one module that imports it."""

FOR_NODES = {"bounds", "errors", "values", "node", "stats"}
"""What a node may import of promptwire, beside its own file."""

LONGEST_FILE = 290
LONGEST_FUNCTION = 50


def modules(folder: Path) -> dict[str, Path]:
    """Name and file of each module in `folder`; a package goes by its folder."""
    return {
        path.relative_to(folder).with_suffix("").as_posix().replace("/", "."): path
        for path in sorted(folder.rglob("*.py"))
        if "__pycache__" not in path.parts
    }


ENGINE_MODULES, NODE_MODULES = modules(ENGINE), modules(NODES)


@cache
def tree(path: Path) -> ast.Module:
    """The file as Python reads it."""
    return ast.parse(path.read_text(encoding="utf-8"))


def imports(path: Path) -> Iterator[str]:
    """Every module that the file imports anywhere, under `if TYPE_CHECKING` and in functions too."""
    for part in ast.walk(tree(path)):
        if isinstance(part, ast.Import):
            yield from (alias.name for alias in part.names)
        elif isinstance(part, ast.ImportFrom):
            yield from (f"{part.module}.{alias.name}" for alias in part.names)


def layer(name: str) -> int:
    """The layer of an engine module or folder."""
    return next((height for height, names in enumerate(LAYERS) if name.split(".")[0] in names), -1)


def own(name: str) -> str:
    """`promptwire.templating.parsing.parse_reply` as `templating.parsing.parse_reply`."""
    return name.removeprefix("promptwire.")


@pytest.mark.parametrize("module", [name for name in ENGINE_MODULES if not name.endswith(".__init__")])
def test_imports_only_go_to_lower_layers(module: str) -> None:
    assert layer(module) >= 0, f"{module} is in no layer: add it to LAYERS"
    home = module.split(".")[0]
    for name in imports(ENGINE_MODULES[module]):
        if name.startswith("promptwire.") and own(name).split(".")[0] not in (home, "nodes"):
            assert layer(own(name)) < layer(module), f"{module} imports {name}, which is not below it"


def test_no_two_folders_of_the_engine_import_each_other() -> None:
    folders = {name.split(".")[0] for name in ENGINE_MODULES if "." in name}
    ties = {
        (module.split(".")[0], own(name).split(".")[0])
        for module, path in ENGINE_MODULES.items()
        for name in imports(path)
        if "." in module and name.startswith("promptwire.")
    }
    assert not [(here, there) for here, there in ties if here < there and (there, here) in ties and {here, there} <= folders]


@pytest.mark.parametrize("library", DOORS)
def test_each_library_has_one_door(library: str) -> None:
    found = {name for name, path in ENGINE_MODULES.items() for used in imports(path) if used.split(".")[0] == library}
    found = {"cli" if library == "typer" and name.startswith("cli.") else name for name in found}
    assert found == {DOORS[library]}


@pytest.mark.parametrize("name", [name for name in NODE_MODULES if name != "__init__"])
def test_a_node_sees_only_its_contract(name: str) -> None:
    used = {one for one in imports(NODE_MODULES[name]) if one.startswith(("promptwire", "nodes", "engine"))}
    assert {own(one).split(".")[0] for one in used} <= FOR_NODES
    outside = {one.split(".")[0] for one in imports(NODE_MODULES[name])} - {"promptwire", "pydantic", "__future__"}
    assert not outside & set(DOORS)


@pytest.mark.parametrize("name", [name for name in NODE_MODULES if name != "__init__"])
def test_a_nodes_file_function_and_yaml_name_are_one_and_it_has_a_test(name: str) -> None:
    functions = [part.name for part in tree(NODE_MODULES[name]).body if isinstance(part, ast.AsyncFunctionDef)]
    classes = [part.name for part in tree(NODE_MODULES[name]).body if isinstance(part, ast.ClassDef)]
    assert name in [function.rstrip("_") for function in functions]
    assert {"Inputs", "Params", "Outputs"} <= set(classes)
    assert (ROOT / "tests" / "nodes" / f"test_{name}.py").is_file()


def code_files() -> list[Path]:
    return [*ENGINE_MODULES.values(), *NODE_MODULES.values()]


@pytest.mark.parametrize("path", code_files(), ids=lambda path: str(path.relative_to(ROOT)))
def test_a_file_says_what_it_is_and_stays_short(path: Path) -> None:
    assert ast.get_docstring(tree(path)), "a file opens with one sentence saying what it is"
    assert len(path.read_text().splitlines()) <= LONGEST_FILE
    for part in ast.walk(tree(path)):
        if isinstance(part, ast.FunctionDef | ast.AsyncFunctionDef):
            length = (part.end_lineno or 0) - part.lineno + 1
            signature = part.body[0].lineno - part.lineno
            # A command's options are its documentation: what counts is what the function does.
            assert length - (signature if path.parent.name == "cli" else 0) <= LONGEST_FUNCTION, part.name


def test_no_test_file_stands_for_a_module_that_is_gone() -> None:
    known = {name.split(".")[-1] for name in ENGINE_MODULES} | set(NODE_MODULES)
    found = {
        path.stem.removeprefix("test_")
        for folder in ("engine", "nodes")
        for path in (ROOT / "tests" / folder).rglob("test_*.py")
    }
    # Where one file would be long, `test_gateway_losses` is a part of what `gateway` does.
    assert all(any(name == module or name.startswith(f"{module}_") for module in known) for name in found)
