"""gepa: `DefaultAdapter` with as many litellm workers as the job allows, and `gepa.optimize`."""

from __future__ import annotations

from typing import Any

import gepa
import job
import litellm  # gepa imports it at the first call: here it is part of the start-up, as in the other tools
from gepa.adapters.default_adapter.default_adapter import DefaultAdapter
from gepa.utils.stop_condition import MaxCandidateProposalsStopper


def _adapter(work: job.Job) -> Any:
    litellm.suppress_debug_info = True
    told = {"api_base": work.base, "api_key": "k"}
    return DefaultAdapter(model="openai/m", max_litellm_workers=work.limit, litellm_batch_completion_kwargs=told)


def _examples(pairs: list[tuple[str, str]]) -> list[Any]:
    return [{"input": text, "additional_context": {}, "answer": label} for text, label in pairs]


def evaluate(work: job.Job) -> int:
    """Each prompt on all examples, one call of the adapter a prompt."""
    adapter, batch = _adapter(work), _examples(work.examples)
    return sum(len(adapter.evaluate(batch, {"system_prompt": prompt}).scores) for prompt in work.prompts)


def optimize(work: job.Job) -> int:
    """`gepa.optimize` with its defaults, for as many proposals as the options say."""
    told, examples = work.options, _examples(work.examples)
    gepa.optimize(
        {"system_prompt": work.prompts[0]},
        trainset=examples[: told["train"]],
        valset=examples[told["train"] : told["train"] + told["dev"]],
        adapter=_adapter(work),
        reflection_lm="openai/m",
        reflection_lm_kwargs={"api_base": work.base, "api_key": "k"},
        stop_callbacks=MaxCandidateProposalsStopper(told["rounds"]),
        logger=_Silent(),
    )
    return len(examples)


class _Silent:
    """A logger that prints nothing."""

    def log(self, message: str) -> None:
        """Drop the message."""


if __name__ == "__main__":
    job.main({"evaluate": evaluate, "optimize": optimize})
