"""Runs in the environment of `make tools`: what the real DSPy, lm-eval and Prompty make of exported files, as JSON.

The arguments are a file with a list of jobs, and the file for what came of them. A job is the tool, the path of the export, the
names of its inputs, the inputs, and the number of those that are also sent to the server of OPENAI_BASE_URL. What comes of it are
the messages for each input, and the answers; for lm-eval, which gets a folder and sends all its examples, its results.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

Made = tuple[Callable[[dict[str, Any]], Any], Callable[[dict[str, Any]], Any]]


def with_dspy(path: str, names: list[str]) -> Made:
    import dspy

    program = dspy.Predict(", ".join(names) + " -> output")
    program.load(path)
    model = dspy.LM("openai/test", api_key="none", cache=False, temperature=0.0)

    def ask(values: dict[str, Any]) -> Any:
        with dspy.context(lm=model):
            return program(**values).output

    return lambda values: dspy.ChatAdapter().format(program.signature, program.demos, values), ask


def with_prompty(path: str, names: list[str]) -> Made:
    import prompty

    agent = prompty.load(path)

    def messages(values: dict[str, Any]) -> Any:
        try:
            return [{"role": one.role, "content": one.to_text_content()} for one in prompty.prepare(agent, values)]
        except ValueError:
            return None

    return messages, lambda values: prompty.invoke(path, inputs=values)


def with_lm_eval(folder: str) -> Any:
    from lm_eval import simple_evaluate
    from lm_eval.tasks import TaskManager

    os.chdir(folder)
    found = simple_evaluate(
        model="local-chat-completions",
        model_args={"model": "test", "base_url": os.environ["OPENAI_BASE_URL"] + "/chat/completions", "num_concurrent": 4},
        tasks=["promptwire_nasty"],
        # Looking through all tasks that lm-eval brings along takes most of the time of its command.
        task_manager=TaskManager(include_path=folder, include_defaults=False),
        apply_chat_template=True,
    )
    return found["results"]["promptwire_nasty"]


TOOLS = {"dspy": with_dspy, "prompty": with_prompty}


def main(path: str, target: str) -> None:
    found: list[Any] = []
    for tool, export, names, inputs, asked in json.loads(Path(path).read_text(encoding="utf-8")):
        if tool == "lm-eval":
            found.append([with_lm_eval(export), []])
            continue
        messages, ask = TOOLS[tool](export, names)
        found.append([[messages(values) for values in inputs], [ask(values) for values in inputs[:asked]]])
    Path(target).write_text(json.dumps(found, default=str), encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
