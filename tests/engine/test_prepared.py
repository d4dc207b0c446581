from __future__ import annotations

import pytest

from promptwire.errors import UsageError
from promptwire.options import Options
from promptwire.prepared import prepare


def test_what_is_prepared_has_the_pipelines_limits_below_those_of_the_options() -> None:
    options = Options(models={"task": "scripted:planted"}, limits={"calls": 7})
    prepared = prepare("protegi-small", "planted", options)
    assert prepared.limits.calls == 7 and prepared.name == "planted"
    assert prepared.started("protegi-small")["limits"] == {"calls": 7}
    assert prepared.observed(None, None) == ([], None)


def test_a_pipeline_that_is_none_is_refused() -> None:
    with pytest.raises(UsageError, match="no shipped pipeline"):
        prepare("protgi", "planted", Options())
