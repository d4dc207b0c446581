"""The package's public names are what it says they are."""

from __future__ import annotations

import importlib.metadata

import pytest

import promptwire


def test_every_public_name_can_be_had_and_the_version_is_the_packages() -> None:
    for name in promptwire.__all__:
        assert getattr(promptwire, name) is not None
    assert promptwire.__version__ == importlib.metadata.version("promptwire")


def test_any_other_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        promptwire.nothing  # noqa: B018 - the look-up is the test
