"""promptolution: its classification task with `APILLM`, all prompts in one call, and OPRO."""

from __future__ import annotations

from typing import Any

import job
import pandas
from promptolution.llms import APILLM
from promptolution.optimizers import OPRO
from promptolution.predictors import FirstOccurrencePredictor
from promptolution.tasks import ClassificationTask
from promptolution.utils.prompt import Prompt


def _start(work: job.Job) -> tuple[Any, Any, Any]:
    """The model, the task, and what reads a label from a reply."""
    model = APILLM(api_url=work.base, model_id="m", api_key="k", max_concurrent_calls=work.limit)
    data = pandas.DataFrame(work.examples, columns=["x", "y"])
    task = ClassificationTask(data, task_description="Classify the sentiment of reviews.")
    return model, task, FirstOccurrencePredictor(model, classes=["negative", "positive"])


def evaluate(work: job.Job) -> int:
    """All prompts on all examples, in one call of the task."""
    _, task, predictor = _start(work)
    return int(task.evaluate([Prompt(text) for text in work.prompts], predictor).scores.size)


def opro(work: job.Job) -> int:
    """OPRO with as many steps and instructions a step as the options say."""
    model, task, predictor = _start(work)
    told = work.options
    search = OPRO(predictor, task, model, initial_prompts=work.prompts, num_instructions_per_step=told["per_step"])
    search.optimize(told["steps"])
    return len(work.examples)


if __name__ == "__main__":
    job.main({"evaluate": evaluate, "opro": opro})
