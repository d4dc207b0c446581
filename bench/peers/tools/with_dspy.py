"""dspy: `Predict` programs with `Evaluate`, all pairs in one `Parallel`, COPRO and MIPROv2. Its cache on disk is on."""

from __future__ import annotations

from typing import Any

import dspy
import job


def _start(work: job.Job) -> None:
    dspy.configure_cache(disk_cache_dir=f"{work.folder}/cache")
    dspy.configure(lm=dspy.LM("openai/m", api_base=work.base, api_key="k", temperature=0.0, max_tokens=2000))


def _program(prompt: str) -> Any:
    return dspy.Predict(dspy.Signature("text -> label", prompt))


def _examples(pairs: list[tuple[str, str]]) -> list[Any]:
    return [dspy.Example(text=text, label=label).with_inputs("text") for text, label in pairs]


def _right(example: Any, prediction: Any, trace: Any = None) -> bool:
    return bool(example.label == prediction.label)


def evaluate(work: job.Job) -> int:
    """Each prompt on all examples, one `Evaluate` a prompt. `max_errors` is raised so that failed rows don't end it."""
    _start(work)
    run = dspy.Evaluate(devset=_examples(work.examples), metric=_right, num_threads=work.limit, max_errors=10_000)
    found = [run(_program(prompt)) for prompt in work.prompts]
    return sum("label" in prediction for each in found for _, prediction, _ in each.results)


def parallel(work: job.Job) -> int:
    """All pairs of a prompt and an example in one `Parallel`."""
    _start(work)
    examples = _examples(work.examples)
    pairs = [(program, example) for program in map(_program, work.prompts) for example in examples]
    found = dspy.Parallel(num_threads=work.limit, max_errors=10_000, disable_progress_bar=True)(pairs)
    rows = [(example, prediction) for (_, example), prediction in zip(pairs, found, strict=True) if prediction is not None]
    return len([_right(example, prediction) for example, prediction in rows])


def copro(work: job.Job) -> int:
    """COPRO with `breadth` and `depth`."""
    _start(work)
    search = dspy.COPRO(metric=_right, breadth=work.options["breadth"], depth=work.options["depth"])
    search.compile(
        _program(work.prompts[0]),
        trainset=_examples(work.examples),
        eval_kwargs={"num_threads": work.limit, "display_progress": False, "display_table": 0},
    )
    return len(work.examples)


def miprov2(work: job.Job) -> int:
    """MIPROv2 with as many instructions, sets, trials and examples as the options say."""
    _start(work)
    told, shots = work.options, dict.fromkeys(("max_bootstrapped_demos", "max_labeled_demos"), work.options["shots"])
    examples = _examples(work.examples)
    search = dspy.MIPROv2(metric=_right, auto=None, num_candidates=told["candidates"], num_threads=work.limit, **shots)
    search.compile(
        _program(work.prompts[0]),
        trainset=examples[: told["train"]],
        valset=examples[told["train"] : told["train"] + told["dev"]],
        num_trials=told["trials"],
        minibatch_size=told["minibatch"],
    )
    return len(examples)


if __name__ == "__main__":
    job.main({"evaluate": evaluate, "parallel": parallel, "copro": copro, "miprov2": miprov2})
