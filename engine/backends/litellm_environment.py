"""Environment variables that decide where litellm sends a request: addresses, API versions, regions.

They are part of the cache identity. litellm is not imported to read them, because a run from the cache imports nothing heavy.
All variables that may decide the address count: two runs that may reach two servers never share a completion. Keys,
organizations and logins are left out, because they only decide who pays.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final
from urllib.parse import parse_qsl

from promptwire.backends.address import Address
from promptwire.errors import ModelUnavailable
from promptwire.security.secrets import hide_credentials

__all__ = ["Destination", "describe", "destination", "public_address", "variables_of"]

_BASES: Final = ("API_BASE", "BASE_URL", "API_URL", "URL", "ENDPOINT")
"""Suffixes of variables with an address, after the provider's name."""
_MORE: Final = re.compile(r"(?:\w+_)?(?:API_BASE|BASE_URL|ENDPOINT|API_VERSION|REGION|REGION_NAME|LOCATION|ACCOUNT_ID)")
"""Suffixes of further variables that decide the address."""
_OTHER: Final = re.compile(r"(?:^|_)(?:IMAGE|VIDEO|SPEECH|AUDIO|OCR|SEARCH|RERANK|EMBEDDING|AUTH|TOKEN|S3|STS|OTEL)(?:_|$)")
"""Words in variables of services other than text."""
_ALIASES: Final[Mapping[str, tuple[str, ...]]] = {
    "azure_text": ("AZURE",),
    "azure_ai": ("AZURE_AI", "AZURE"),
    "bedrock": ("AWS", "BEDROCK"),
    "bedrock_converse": ("AWS", "BEDROCK"),
    "bedrock_mantle": ("AWS", "BEDROCK_MANTLE"),
    "sagemaker": ("AWS", "SAGEMAKER"),
    "sagemaker_chat": ("AWS", "SAGEMAKER"),
    "amazon_nova": ("AMAZON_NOVA", "AWS"),
    "vertex_ai": ("VERTEX", "VERTEXAI", "VERTEX_AI", "GOOGLE_CLOUD"),
    "vertex_ai_beta": ("VERTEX", "VERTEXAI", "VERTEX_AI", "GOOGLE_CLOUD"),
    "gemini": ("GEMINI", "GOOGLE_GEMINI"),
    "huggingface": ("HUGGINGFACE", "HF"),
    "watsonx": ("WATSONX", "WX"),
    "watsonx_text": ("WATSONX", "WX"),
    "together_ai": ("TOGETHER_AI", "TOGETHERAI", "TOGETHER"),
    "custom_openai": ("CUSTOM_OPENAI", "OPENAI"),
    "openai_like": ("OPENAI_LIKE", "OPENAI"),
    "custom": ("CUSTOM", "OPENAI"),
    "volcengine": ("VOLCENGINE", "ARK"),
}
"""Prefixes of a provider's variables, where they are not its name."""
_ALSO: Final[Mapping[str, tuple[str, ...]]] = {
    "azure": ("OPENAI_API_VERSION",),
    "azure_text": ("OPENAI_API_VERSION",),
    "databricks": ("DATABRICKS_HOST",),
    "vertex_ai": ("VERTEXAI_PROJECT", "VERTEX_PROJECT", "GOOGLE_CLOUD_PROJECT"),
    "vertex_ai_beta": ("VERTEXAI_PROJECT", "VERTEX_PROJECT", "GOOGLE_CLOUD_PROJECT"),
}
"""Further variables that decide the address, with other suffixes."""
_PROXY: Final = "USE_LITELLM_PROXY"
"""Variable that, when true, sends the requests for all providers to one proxy."""


@dataclass(frozen=True)
class Destination:
    """Address of a provider, given or from the environment."""

    provider: str
    base: str | None
    """Address that the user gave."""
    environ: Mapping[str, str] = field(repr=False)
    """Environment at that time."""

    @cached_property
    def identity(self) -> str:
        """Part of the cache identity."""
        return describe(self.provider, self.base, self.environ)

    @cached_property
    def _addresses(self) -> tuple[Address, ...]:
        told = [self.base] if self.base else list(variables_of(self.provider, self.environ)[0].values())
        return tuple(Address(base) for base in told)

    @property
    def host(self) -> str:
        """Host name; empty where only litellm knows the address."""
        try:
            return self._addresses[0].host if self._addresses else ""
        except ValueError:
            return ""

    @property
    def sent(self) -> dict[str, str]:
        """Arguments for litellm. Azure's API version is an argument of its own; any other query breaks the address."""
        version = self._version
        if version:
            return {"api_base": self._addresses[0].text.partition("?")[0], "api_version": version}
        return {"api_base": self.base} if self.base else {}

    def check(self) -> None:
        """Raise ModelUnavailable when the address has a query that litellm would drop."""
        if self._addresses and "?" in self._addresses[0].text and not self._version:
            problem = f"litellm can't keep the query of an address, for the provider {self.provider}"
            hint = "give an OpenAI-compatible address with --api-base and a name without `litellm:`"
            raise ModelUnavailable(problem, where=public_address(self._addresses[0].text), hint=hint)

    @property
    def secrets(self) -> tuple[str, ...]:
        """Secrets that no error may show."""
        return tuple(secret for address in self._addresses for secret in address.secrets)

    def redact_json(self, data: Any) -> Any:
        """Reply without these secrets."""
        for address in self._addresses:
            data = address.redact_json(data)
        return data

    @property
    def _version(self) -> str:
        query = self._addresses[0].text.partition("?")[2] if self._addresses else ""
        told = dict(parse_qsl(query))
        return told.get("api-version", "") if self.provider == "azure" and set(told) == {"api-version"} else ""


def destination(provider: str, base: str | None) -> Destination:
    """Destination of requests for `provider`: `base` when given, else from the environment."""
    return Destination(provider, base, dict(os.environ))


def describe(provider: str, base: str | None, environ: Mapping[str, str] | None = None) -> str:
    """Describe the destination for the cache identity: address (`base` if given) and the variables that decide it."""
    environ = os.environ if environ is None else environ
    addresses, more = variables_of(provider, environ)
    if environ.get(_PROXY, "").strip().lower() == "true" and provider != "litellm_proxy":
        addresses, more = variables_of("litellm_proxy", environ)[0], {**addresses, **more, _PROXY: "true"}
    found = list(dict.fromkeys(public_address(address) for address in addresses.values()))
    at = public_address(base) if base else found[0] if found else ""
    rest = {} if base else {name: public_address(value) for name, value in addresses.items() if public_address(value) != at}
    told = {**rest, **{name: public_address(value) for name, value in more.items() if not (base and name.endswith(_BASES))}}
    ends = ", ".join(f"{name}={told[name]}" for name in sorted(told))
    return (f" at {at}" if at else "") + (f" with {ends}" if ends else "")


def variables_of(provider: str, environ: Mapping[str, str] | None = None) -> tuple[dict[str, str], dict[str, str]]:
    """Variables set for `provider`: those with an address, in litellm's order, and the others."""
    environ = os.environ if environ is None else environ
    addresses: dict[str, str] = {}
    more: dict[str, str] = {name: environ[name] for name in _ALSO.get(provider, ()) if environ.get(name)}
    for start in _starts(provider):
        order = sorted(_BASES, key=lambda end: (provider == "openai" and end != "BASE_URL", _BASES.index(end)))
        addresses.update({name: environ[name] for end in order if environ.get(name := f"{start}_{end}")})
        for name in sorted(environ):
            rest = name.removeprefix(f"{start}_")
            if rest != name and environ[name] and _MORE.fullmatch(rest) and not _OTHER.search(rest) and name not in addresses:
                more[name] = environ[name]
    return addresses, more


def public_address(base: str) -> str:
    """Address as in the identity, without secrets."""
    try:
        address = Address(base)
        parts, whole = address.parts, address.identity
    except ValueError:
        return hide_credentials(base)
    login = "@" in parts.netloc
    if parts.query or parts.fragment or "@" in parts.path or (login and parts.scheme != "http"):
        return whole
    return base.rpartition("@")[2] if login else base


def _starts(provider: str) -> tuple[str, ...]:
    """Prefixes of the variables of `provider`: its name in capitals, also without an interface suffix such as `_CHAT`."""
    if provider in _ALIASES:
        return _ALIASES[provider]
    name = re.sub(r"\W", "_", provider.removeprefix("text-completion-")).upper()
    short = re.sub(r"_(?:AI|CHAT|TEXT)$", "", name)
    return (name, short) if short != name else (name,)
