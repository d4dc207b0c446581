"""synthesize reads new examples out of replies, and drops those that are incomplete, known or of other labels."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from promptwire.bounds import Sizes
from promptwire.nodes.synthesize import Inputs, Outputs, Params, bound, synthesize
from promptwire.values import Example, Examples
from tests.nodes.fake import FakeContext, examples, prompts

SHOWN = examples(4)


def block(text: str, *outputs: str) -> str:
    return f"<input>{text}</input>" + "".join(f"\n<output>{output}</output>" for output in outputs)


async def run(*replies: str, context: FakeContext | None = None, shown: Examples | None = SHOWN, **params: Any) -> Outputs:
    known = params.pop("known", None)
    context = context or FakeContext(reply=lambda slots, sample: replies)
    found: Outputs = await synthesize.run(Inputs(examples=shown, known=known), Params(**params), context)
    return found


def pairs(found: Outputs) -> list[tuple[Any, ...]]:
    return [(example.input, *example.outputs) for example in found.examples.items]


async def test_new_examples_have_their_input_outputs_and_maker() -> None:
    found = await run(block("one", "1"), block("two", "2", "II", "2"))
    assert pairs(found) == [("one", "1"), ("two", "2", "II")]
    assert {example.made_by for example in found.examples.items} == {"here"}


async def test_an_incomplete_or_known_example_is_dropped_and_counted() -> None:
    replies = (
        block("new", "1"),
        "<input>no output</input>",
        "no marks",
        block("IN  0!", "other"),
        block("New", "2"),
        block("x y", "1"),
    )
    context = FakeContext(reply=lambda slots, sample: replies)
    more = Examples(items=(Example(input="x-y", outputs=("1",)),))
    assert pairs(await run(context=context, known=more, n=9)) == [("new", "1")]
    assert context.counts == {"incomplete examples": 2, "duplicates": 3}


async def test_an_output_that_no_example_has_is_dropped_only_where_outputs_are_known_ones() -> None:
    replies = (block("a", "out 1"), block("b", "out 9"))
    context = FakeContext(reply=lambda slots, sample: replies)
    assert pairs(await run(context=context, outputs="known")) == [("a", "out 1")]
    assert context.counts == {"unknown outputs": 1}
    assert pairs(await run(*replies)) == [("a", "out 1"), ("b", "out 9")]


async def test_named_fields_are_read_by_their_names() -> None:
    shown = Examples(items=(Example(input={"title": "t", "body": "b"}, outputs=("1",)),))
    context = FakeContext(
        reply=lambda slots, sample: (
            "<title>New</title><body>B</body><output>2</output>",
            "<title>New</title><output>2</output>",
        )
    )
    assert pairs(await run(context=context, shown=shown)) == [({"title": "New", "body": "B"}, "2")]
    assert context.asked[0].fields == ("title", "body")


async def test_tags_can_be_chosen() -> None:
    found = await run("<q>one</q><a>1</a>", input="q", output="a")
    assert pairs(found) == [("one", "1")]


async def test_of_more_examples_than_asked_for_the_last_are_taken() -> None:
    context = FakeContext(reply=lambda slots, sample: [block(text, "1") for text in "abcd"])
    assert pairs(await run(context=context, n=3)) == [("b", "1"), ("c", "1"), ("d", "1")]
    assert context.counts["surplus"] == 1


async def test_each_request_is_a_draw_of_its_own_with_its_own_shots() -> None:
    context = FakeContext(reply=lambda slots, sample: (block(f"text {sample}", "1"),))
    found = await run(context=context, draws=6, shots=2, n=1)
    assert [example.text for example in found.examples.items] == [f"text {draw}" for draw in range(6)]
    assert context.samples == [(draw, 1) for draw in range(6)]
    assert all(len(slots.examples) == 2 for slots in context.asked)
    assert len({str(slots.examples) for slots in context.asked}) > 2


async def test_without_examples_and_with_a_prompt_it_asks_too() -> None:
    context = FakeContext(reply=lambda slots, sample: (block("a", "1"),))
    found = await synthesize.run(Inputs(prompts=prompts("Say it.")), Params(), context)
    assert (len(found.examples), context.asked[0].prompts.items[0].text, context.asked[0].fields) == (1, "Say it.", ("input",))


@given(n=st.integers(1, 4), draws=st.integers(0, 3), answers=st.integers(0, 6))
async def test_there_are_never_more_requests_or_examples_than_its_bound(n: int, draws: int, answers: int) -> None:
    context = FakeContext(reply=lambda slots, sample: [block(f"{sample} {place}", "1") for place in range(answers)])
    found = await run(context=context, n=n, draws=draws)
    promised = bound(Sizes({}, answers=float("inf")), Params(n=n, draws=draws))
    assert promised.asks.least == promised.asks.most == len(context.asked)
    assert len(found.examples) <= promised.outputs["examples"].most
