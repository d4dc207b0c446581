"""`plan`: bound the calls and the cost of a run before it starts."""

from __future__ import annotations

import sys

from promptwire.cli.arguments import Json, Params, Patches, Pipeline, Plugins
from promptwire.cli.limit_flags import Limit
from promptwire.cli.run_options import (
    ApiBases,
    Cache,
    CacheUrl,
    Labels,
    Metric,
    Models,
    Prompts,
    Repeats,
    Seed,
    Task,
    Template,
    parse_lists,
    parse_options,
    task_changes,
)

__all__ = ["plan"]


def plan(
    pipeline: Pipeline,
    task: Task,
    model: Models = None,
    api_base: ApiBases = None,
    seed: Seed = 0,
    param: Params = None,
    patch: Patches = None,
    limit: Limit = None,
    prompt: Prompts = None,
    metric: Metric = None,
    labels: Labels = None,
    template: Template = None,
    repeats: Repeats = 1,
    plugins: Plugins = None,
    cache: Cache = "use",
    cache_url: CacheUrl = None,
    json_: Json = False,
) -> None:
    """Show the most calls and the cost of a run, step by step. Cached calls are counted apart; no model is called."""
    from promptwire.api import plan as make_plan
    from promptwire.cli.plan_text import plan_text

    lists = parse_lists(model, api_base, param, patch, limit)
    changes = task_changes(prompt, metric, template, labels)
    fields = {"seed": seed, "repeats": repeats, "cache": cache, "cache_url": cache_url, "task": changes}
    found = make_plan(pipeline, task, parse_options({**lists, **fields}))
    sys.stdout.write(found.model_dump_json() + "\n" if json_ else plan_text(found))
