"""Prints a pipeline: the file as written, or with base, patches and params applied.

A variant contains only the differences, so a reader sometimes needs the whole pipeline.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from promptwire.documents.document import Document
from promptwire.documents.yaml_reader import dump_yaml
from promptwire.errors import PipelineError, UsageError, suggest
from promptwire.language.check import path_of
from promptwire.language.diagnostics import Diagnostics
from promptwire.language.file_lookup import FileResolver
from promptwire.language.inheritance import resolve, written_value
from promptwire.language.params import check_param_value, declared_type
from promptwire.language.patching import patch
from promptwire.language.spec import ParamSpec

__all__ = ["effective", "written"]


def written(pipeline: str) -> str:
    """Text of the file as written. Raises UsageError for an unknown name, PipelineError for invalid YAML."""
    path = path_of(pipeline)
    resolve(path, FileResolver(path.parent))
    return path.read_text(encoding="utf-8-sig")


def effective(pipeline: str, *, params: Mapping[str, Any] | None = None, patches: Mapping[str, Any] | None = None) -> str:
    """Text of the pipeline with `extends`, `override`, `params` and `patches` applied.

    Raises PipelineError with all errors of the patches, UsageError for an unknown param.
    """
    path = path_of(pipeline)
    document = _with_params(resolve(path, FileResolver(path.parent), patches=patches), params or {})
    data = document.data
    return dump_yaml({"promptwire": 1, "name": path.stem, **data} if isinstance(data, dict) else data, own=True)


def _with_params(document: Document, params: Mapping[str, Any]) -> Document:
    known = document.value_at(("params",)).value if document.root.get("params") else {}
    root = document.root
    for name, value in params.items():
        if not isinstance(known, dict) or name not in known:
            hint = suggest(name, known if isinstance(known, dict) else (), noun="params")
            raise UsageError(f"the pipeline has no param {name!r}", hint=hint)
        spec = ParamSpec.model_validate(known[name].data())
        text = declared_type(spec) is str and isinstance(value, str)
        new = written_value(None, f"-p {name}={value}") if text else written_value(value, f"-p {name}={value}")
        new = replace(new, value=value) if text else new
        diagnostics = Diagnostics()
        if not check_param_value(spec, new.data(), name=name, yaml_value=new, diagnostics=diagnostics):
            raise PipelineError(diagnostics.sorted())
        # For a param with type or range, only the default is replaced.
        yaml_value = known[name]
        under = f"params.{name}.default" if isinstance(yaml_value.value, dict) else f"params.{name}"
        root = patch(root, under, new)
    return replace(document, root=root)
