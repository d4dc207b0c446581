"""Models that can't do what is asked: one clear error each. The real llama.cpp runs tiny models with random weights."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import pytest

from promptwire.api import run_async
from promptwire.backend import Request, Settings
from promptwire.backends import local_context
from promptwire.backends.local import LocalBackend
from promptwire.errors import ContextOverflow, ModelUnavailable, PromptwireError, RequestRefused
from promptwire.local_settings import LocalSettings
from promptwire.options import Options
from promptwire.values import Message
from tests.gguf_file import NO_SYSTEM, TEMPLATE, write_gguf

Opened = Callable[..., AbstractAsyncContextManager[LocalBackend]]
SHORT = Settings(temperature=0, max_tokens=4)
USER = Message(role="user", content="Hi")
SYSTEM = Message(role="system", content="Be kind.")


@pytest.fixture
def opened(tmp_path: Path) -> Opened:
    """Starts a tiny model; `settings` are those of the backend, the rest is written into the file."""

    @asynccontextmanager
    async def start(settings: LocalSettings | None = None, **changes: object) -> AsyncIterator[LocalBackend]:
        backend = LocalBackend(write_gguf(tmp_path / "m.gguf", **changes), settings)  # type: ignore[arg-type]
        try:
            await backend.open()
            yield backend
        finally:
            await backend.close()

    return start


def chat(*messages: Message, tokens: int = 4) -> Request:
    return Request("generate", messages=messages, settings=Settings(temperature=0, max_tokens=tokens))


async def test_a_tiny_model_answers_with_the_context_it_was_trained_for(opened: Opened) -> None:
    async with opened() as backend:
        (answer,) = await backend.call(chat(SYSTEM, USER), keys=["a" * 64])
    assert answer.tokens_out > 0
    assert backend.context == 512


async def test_an_embedding_model_is_refused_before_it_is_started(opened: Opened) -> None:
    with pytest.raises(ModelUnavailable, match="it is an embedding model") as caught:
        async with opened(llama__pooling_type=1):
            pass
    assert "language model" in caught.value.hint


async def test_too_little_memory_is_said_before_the_model_is_started(opened: Opened, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(local_context, "free_memory", lambda: 1_000_000)
    with pytest.raises(ModelUnavailable, match=r"needs 0\.3 GB, and 0\.0 GB are free"):
        async with opened():
            pass


async def test_without_a_chat_template_chats_are_refused_and_texts_are_completed(opened: Opened) -> None:
    async with opened(template=None) as backend:
        assert "has no chat template" in backend.supports("generate", chat=True)
        assert backend.supports("generate", chat=False) == ""
        (answer,) = await backend.call(Request("generate", prompt="Hi", settings=SHORT), keys=["a" * 64])
    assert answer.tokens_out > 0


async def test_a_run_with_a_model_without_a_chat_template_ends_before_the_first_call(tmp_path: Path) -> None:
    path = write_gguf(tmp_path / "m.gguf", template=None)
    with pytest.raises(PromptwireError, match=r"has no chat template: use a template that completes text"):
        await run_async("random-search", "antonyms", Options(models={"task": f"local:{path}"}))


async def test_llama_cpp_puts_a_system_message_into_the_users_where_the_template_has_none(opened: Opened) -> None:
    async with opened(template=NO_SYSTEM) as backend:
        (joined,) = await backend.call(chat(SYSTEM, USER), keys=["a" * 64])
        (alone,) = await backend.call(chat(USER), keys=["a" * 64])
    assert joined.tokens_in > alone.tokens_in


async def test_messages_that_the_template_refuses_are_one_clear_error(opened: Opened) -> None:
    refusal = "{% if 'kind' in messages[0].content %}{{ raise_exception('System role not supported') }}{% endif %}"
    async with opened(template=refusal + TEMPLATE) as backend:
        with pytest.raises(
            RequestRefused, match=r"chat template refuses these messages: System role not supported\n"
        ) as caught:
            await backend.call(chat(SYSTEM, USER), keys=["a" * 64])
        assert "task/chat.j2" in caught.value.hint
        assert (await backend.call(chat(USER), keys=["a" * 64]))[0].tokens_out > 0


@pytest.mark.parametrize(
    ("words", "tokens", "problem"),
    [(400, 4, r"\(?\d{3,} tokens\)? .* \(?512 tokens"), (50, 700, r"of the 700 tokens of a reply: the context has 512 tokens")],
    ids=["prompt", "reply"],
)
async def test_what_outgrows_the_context_is_one_error_with_the_sizes(
    opened: Opened, words: int, tokens: int, problem: str
) -> None:
    async with opened(tokenizer__ggml__eos_token_id=256) as backend:
        with pytest.raises(ContextOverflow, match=problem) as caught:
            await backend.call(chat(Message(role="user", content="word " * words), tokens=tokens), keys=["a" * 64])
    assert "longer context" in caught.value.hint


async def test_a_context_beyond_training_is_refused(opened: Opened) -> None:
    with pytest.raises(ModelUnavailable, match=r"trained for \(512\)"):
        async with opened(LocalSettings(context=1024)):
            pass
