"""The real embedded model: replies, scores, and the same results when repeated."""

from __future__ import annotations

import asyncio
import math
from pathlib import Path

import pytest

from promptwire.backend import Completion, Request, Settings
from promptwire.backends.http import HttpClient
from promptwire.backends.local import LocalBackend
from promptwire.errors import ContextOverflow, ModelUnavailable, RequestRefused, TransientError
from promptwire.local_settings import LocalSettings
from promptwire.values import Message

pytestmark = [pytest.mark.heavy, pytest.mark.asyncio(loop_scope="session")]

KEYS = ("a" * 64, "b" * 64)
GREEDY = Settings(temperature=0, max_tokens=6)
SAMPLED = Settings(temperature=0.9, max_tokens=8)
TOPICS = ("sports", "food", "weather", "music")


def topic(sentence: str, *labels: str) -> Request:
    return Request("choose", prompt=f"Label the input.\n\nInput: {sentence}\nOutput:", options=labels or TOPICS)


async def ask(backend: LocalBackend, request: Request, key: str = KEYS[0]) -> Completion:
    (answer,) = await backend.call(request, keys=[key])
    return answer


async def test_a_chat_returns_a_reply_and_token_counts(embedded: LocalBackend) -> None:
    chat = Request("generate", messages=(Message(role="user", content="Say hi"),), settings=GREEDY)
    answer = await ask(embedded, chat)
    assert answer.text.strip()
    assert answer.finish == "length"
    assert answer.tokens_in > 0
    assert answer.tokens_out == 6
    assert answer.usd == 0.0


async def test_a_text_is_completed_up_to_a_stop(embedded: LocalBackend) -> None:
    settings = Settings(temperature=0, max_tokens=20, stop=(".",))
    answer = await ask(embedded, Request("generate", prompt="The capital of France is", settings=settings))
    assert answer.text == " Paris"
    assert answer.finish == "stop"


async def test_the_likeliest_label_is_right_and_probabilities_sum_to_one(embedded: LocalBackend) -> None:
    for sentence, right in (("The goalkeeper saved a penalty.", 0), ("A storm brought heavy snow.", 2)):
        answer = await ask(embedded, topic(sentence))
        assert max(range(4), key=lambda place: answer.weights[place]) == right
        assert math.isclose(sum(map(math.exp, answer.weights)), 1, abs_tol=1e-6)


async def test_labels_with_the_same_first_token_are_distinguished(embedded: LocalBackend) -> None:
    prompt = "very good, very good, very good, very good,"
    answer = await ask(embedded, Request("choose", prompt=prompt, options=("very bad", "very good")))
    assert answer.weights[1] > answer.weights[0]
    assert math.isclose(sum(map(math.exp, answer.weights)), 1, abs_tol=1e-6)


async def test_the_order_of_labels_does_not_matter(embedded: LocalBackend) -> None:
    there = await ask(embedded, topic("He scored twice."))
    back = await ask(embedded, topic("He scored twice.", *reversed(TOPICS)))
    assert there.weights == pytest.approx(tuple(reversed(back.weights)), abs=1e-4)


async def test_a_given_answer_has_one_log_probability_per_token(embedded: LocalBackend) -> None:
    likely = await ask(embedded, Request("logprob", prompt="One two three four five", options=("six seven",)))
    assert len(likely.weights) == 2
    assert all(math.isfinite(weight) and weight < 0 for weight in likely.weights)
    unlikely = await ask(embedded, Request("logprob", prompt="One two three four five", options=("spoon violin",)))
    assert sum(likely.weights) > sum(unlikely.weights)


async def test_both_ways_of_scoring_agree(embedded: LocalBackend) -> None:
    """The label distribution and the forced tokens measure the same probabilities."""
    prompt = topic("Bread rises in the oven.").prompt
    forced = [sum((await ask(embedded, Request("logprob", prompt=prompt, options=(label,)))).weights) for label in TOPICS]
    total = math.log(sum(map(math.exp, forced)))
    chosen = await ask(embedded, topic("Bread rises in the oven."))
    assert chosen.weights == pytest.approx([weight - total for weight in forced], abs=0.01)


async def test_a_sample_depends_on_its_key_and_not_on_earlier_requests(embedded: LocalBackend) -> None:
    request = Request("generate", prompt="Once upon a time", settings=SAMPLED)
    first = await ask(embedded, request, KEYS[0])
    other = await ask(embedded, request, KEYS[1])
    await ask(embedded, topic("Something else."))
    assert await ask(embedded, request, KEYS[0]) == first
    assert other.text != first.text


async def test_scores_do_not_depend_on_earlier_requests(embedded: LocalBackend) -> None:
    requests = [topic(f"Sentence {'very ' * n}about the rain.") for n in range(6)]
    there = [await ask(embedded, request) for request in requests]
    back = [await ask(embedded, request) for request in reversed(requests)]
    assert there == back[::-1]


async def test_long_prompts_do_not_depend_on_what_was_asked_before(embedded: LocalBackend) -> None:
    """With the prompt cache, a prompt beyond 256 tokens whose last token alone is computed had another probability."""
    text = " ".join(f"Line {n}: the red cat." for n in range(40))
    request = Request("choose", prompt=f"{text} The cat is", options=("red", "blue"))
    await ask(embedded, topic("Something else."))
    first = await ask(embedded, request)
    assert first.tokens_in > 256
    assert await ask(embedded, request) == first


async def test_a_reply_that_the_context_cuts_off_is_an_error_with_all_sizes() -> None:
    backend = LocalBackend(settings=LocalSettings(context=256))
    await backend.open()
    story = Request("generate", prompt="Once upon a time", settings=Settings(temperature=0, max_tokens=400))
    with pytest.raises(ContextOverflow, match=r"prompt of \d+ tokens .* of the 400 tokens .* has 256 tokens") as caught:
        await ask(backend, story)
    assert "longer context" in caught.value.hint
    await backend.close()


async def test_two_slots_give_the_same_answers_as_one(embedded: LocalBackend) -> None:
    requests = [topic(f"Sentence {n} about the rain.") for n in range(4)]
    backend = LocalBackend(settings=LocalSettings(slots=2))
    await backend.open()
    assert backend.parallel == len(backend.processes) == 2
    together = await asyncio.gather(*(ask(backend, request) for request in requests))
    assert together == [await ask(embedded, request) for request in requests]
    await backend.close()


async def test_the_error_for_a_long_prompt_states_both_lengths(embedded: LocalBackend) -> None:
    with pytest.raises(ContextOverflow, match=r"\d+ tokens.*8192 tokens") as caught:
        await ask(embedded, Request("generate", prompt="word " * 9000, settings=GREEDY))
    assert caught.value.hint
    assert (await ask(embedded, Request("generate", prompt="Still there", settings=GREEDY))).text


async def test_all_kinds_but_infill_are_supported(embedded: LocalBackend) -> None:
    assert "gaps" in embedded.supports("infill", chat=False)
    assert not any(embedded.supports(kind, chat=chat) for kind in ("generate", "choose", "logprob") for chat in (True, False))


async def test_the_address_is_openai_compatible_and_needs_the_key(embedded: LocalBackend) -> None:
    body = {"model": "local", "messages": [{"role": "user", "content": "Hi"}], "max_tokens": 3}
    authorized, unauthorized = HttpClient(embedded.url + "/v1", key=embedded.key), HttpClient(embedded.url + "/v1")
    assert (await authorized.post("/chat/completions", body))["choices"]
    with pytest.raises(ModelUnavailable):
        await unauthorized.post("/chat/completions", body)
    await authorized.close()
    await unauthorized.close()


async def test_a_server_that_ended_is_restarted() -> None:
    backend = LocalBackend()
    await backend.open()
    before = await ask(backend, topic("He scored twice."))
    assert backend.processes[0].child is not None
    backend.processes[0].child.kill()
    await backend.processes[0].child.wait()
    with pytest.raises(TransientError, match="started again"):
        await ask(backend, topic("He scored twice."))
    assert await ask(backend, topic("He scored twice.")) == before
    await backend.close()


async def test_closing_with_a_request_in_flight_ends_the_process() -> None:
    backend = LocalBackend()
    await backend.open()
    process = backend.processes[0].child
    assert process is not None
    long = Request("generate", prompt="Once", settings=Settings(temperature=0, max_tokens=1500))
    asked = asyncio.ensure_future(ask(backend, long))
    await asyncio.sleep(0)
    await backend.close()
    assert process.returncode is not None
    with pytest.raises((TransientError, ModelUnavailable)):
        await asked


async def test_an_invalid_model_file_is_one_clear_error(tmp_path: Path) -> None:
    path = tmp_path / "broken.gguf"
    path.write_bytes(b"GGUF" + bytes(1000))
    backend = LocalBackend(path)
    with pytest.raises(ModelUnavailable, match="damaged") as caught:
        await backend.open()
    assert str(path) in caught.value.where
    await backend.close()


async def test_a_shorter_label_is_not_preferred_over_its_continuation(embedded: LocalBackend) -> None:
    prompt = "not sure. not sure. not sure. not sure. I am"
    answer = await ask(embedded, Request("choose", prompt=prompt, options=("not", "not sure")))
    assert answer.weights[1] > answer.weights[0]


@pytest.mark.parametrize("text", ["日本", "🫠", "café"])
async def test_answers_beyond_ascii_are_scored(embedded: LocalBackend, text: str) -> None:
    answer = await ask(embedded, Request("logprob", prompt="Say it:", options=(text,)))
    assert answer.weights
    assert all(math.isfinite(weight) and weight < 0 for weight in answer.weights)


async def test_labels_beyond_ascii_are_chosen_between(embedded: LocalBackend) -> None:
    answer = await ask(embedded, Request("choose", prompt="Mood:", options=("🫠", "🥹", "happy")))
    assert math.isclose(sum(map(math.exp, answer.weights)), 1, abs_tol=1e-6)


async def test_trailing_spaces_of_a_prompt_change_no_score(embedded: LocalBackend) -> None:
    request = topic("He scored twice.")
    spaced = Request("choose", prompt=request.prompt + " ", options=request.options)
    assert (await ask(embedded, spaced)).weights == (await ask(embedded, request)).weights


@pytest.mark.parametrize("options", [("", "no"), ("no", "no"), ("no", " no")])
async def test_empty_or_equal_labels_are_refused(embedded: LocalBackend, options: tuple[str, ...]) -> None:
    with pytest.raises(RequestRefused):
        await ask(embedded, Request("choose", prompt="Yes or no? Answer:", options=options))


async def test_a_given_beginning_is_not_part_of_the_reply(embedded: LocalBackend) -> None:
    messages = (Message(role="user", content="Say hi"), Message(role="assistant", content="Output:"))
    answer = await ask(embedded, Request("generate", messages=messages, settings=GREEDY))
    assert answer.text
    assert not answer.text.startswith("Output:")


async def test_a_module_in_the_working_folder_is_not_imported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "threading.py").write_text("raise RuntimeError('shadowed')")
    monkeypatch.chdir(tmp_path)
    backend = LocalBackend()
    await backend.open()
    await backend.close()


async def test_a_reply_without_max_tokens_has_a_default_limit(embedded: LocalBackend, monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[object] = []

    async def post(path: str, body: dict[str, object]) -> dict[str, object]:
        sent.append(body["max_tokens"])
        return {"choices": [{"text": "x", "finish_reason": "stop"}], "usage": {}}

    monkeypatch.setattr(embedded._slots[0], "post", post)
    for settings in (Settings(), Settings(max_tokens=1500)):
        await ask(embedded, Request("generate", prompt="p", settings=settings))
    assert sent == [512, 1500]
