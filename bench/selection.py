"""Measure what each selection policy of the nodes loses for the calls that it saves, without a model.

A selection chooses one prompt. Its regret is the true accuracy of the best prompt less that of the chosen one. The policies are
run by the nodes themselves, on scorers whose accuracies are known: see bench/selection_scorers.py. All see the same draws.

    nice python bench/selection.py [--only TEXT] [--seeds 200] [--json]    measure the scorers whose name contains TEXT
    python bench/selection.py --page                                       picture and table of docs/performance.md

Measured figures are docs/selection.jsonl, a scorer and a setting a line. A scorer takes one to three minutes.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
from collections.abc import Iterator, Sequence
from math import sqrt
from pathlib import Path
from statistics import fmean, stdev
from typing import Any

from selection_policies import SETTINGS, Setting, Table, choose
from selection_scorers import SCORERS

from promptwire.comparing.charts import COLOURS
from promptwire.page.charts import CONFIG
from promptwire.page.vega import draw_chart

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "performance.md"
FIGURES = ROOT / "docs" / "selection.jsonl"
PICTURE = ROOT / "docs" / "static" / "selection.svg"
SEEDS = 200
SHOWN = (7, 28)
"""Pulls per prompt of the table's rows; the picture has all."""
CURVES = (
    "uniform", "uniform, early stop", "ucb", "ucb, small batches", "successive-rejects", "successive-halving", "race",
    "filter-subset", "evaluate until_wrong",
)  # fmt: skip
"""Policies of the picture."""
_MARK, _END = "<!-- selection -->", "<!-- end of selection -->"

Figure = dict[str, Any]


def measure(scorer: str, settings: Sequence[Setting], seeds: int) -> list[Figure]:
    """One figure for each of `settings`: calls for each prompt, mean regret and its standard error."""
    draws = [Table(SCORERS[scorer](random.Random(f"{scorer} {seed}"))) for seed in range(seeds)]
    return [_figure(scorer, setting, draws) for setting in settings]


def _figure(scorer: str, setting: Setting, draws: Sequence[Table]) -> Figure:
    with asyncio.Runner() as runner:
        found = [runner.run(choose(setting, draw, seed)) for seed, draw in enumerate(draws)]
    regrets = [regret for regret, _ in found]
    return {
        "scorer": scorer,
        "policy": setting.policy,
        "params": dict(setting.params),
        "seeds": len(draws),
        "calls": round(fmean(calls / len(draw.prompts) for (_, calls), draw in zip(found, draws, strict=True)), 2),
        "regret": round(fmean(regrets), 5),
        "error": round(stdev(regrets) / sqrt(len(regrets)), 5),
    }


def read() -> list[Figure]:
    """The figures that were measured last, in the order of scorers and settings; older settings are left out."""
    lines = FIGURES.read_text(encoding="ascii").splitlines() if FIGURES.exists() else []
    known = {_key(one["scorer"], one["policy"], one["params"]): one for one in map(json.loads, lines)}
    keys = [_key(scorer, setting.policy, setting.params) for scorer in SCORERS for setting in SETTINGS]
    return [known[key] for key in keys if key in known]


def keep(found: Sequence[Figure]) -> None:
    """Put `found` in the place of the figures of the same scorers."""
    new, order = {one["scorer"] for one in found}, list(SCORERS)
    every = sorted((*(one for one in read() if one["scorer"] not in new), *found), key=lambda one: order.index(one["scorer"]))
    FIGURES.write_text("".join(json.dumps(one, sort_keys=True) + "\n" for one in every), encoding="ascii")


def _key(scorer: str, policy: str, params: Any) -> str:
    return json.dumps([scorer, policy, dict(params)], sort_keys=True)


def table(found: Sequence[Figure]) -> Iterator[str]:
    """A Markdown table: by policy and setting, the calls for each prompt and the regret in points."""
    yield "| policy | params | calls a prompt |" + "".join(f" {name} |" for name in SCORERS)
    yield "|---|---|---|" + "---|" * len(SCORERS)
    for setting in sorted(SETTINGS, key=lambda one: one.params.get("each", 1000)):
        each = setting.params.get("each")
        if each is not None and each not in (*SHOWN, 100):
            continue
        mine = [one for one in found if (one["policy"], one["params"]) == (setting.policy, dict(setting.params))]
        regrets = {one["scorer"]: f"{100 * one['regret']:.1f}" for one in mine}
        calls = f"{fmean(one['calls'] for one in mine):.1f}" if mine else ""
        words = setting.words or "defaults"
        yield f"| {setting.policy} | {words} | {calls} |" + "".join(f" {regrets.get(name, '')} |" for name in SCORERS)


def picture(found: Sequence[Figure]) -> dict[str, Any]:
    """The regret of each policy against its calls, a panel for each scorer, as Vega-Lite."""
    values = [
        {"scorer": one["scorer"], "policy": one["policy"], "calls": one["calls"], "points": round(100 * one["regret"], 3)}
        for one in found
        if one["policy"] in CURVES
    ]
    grid = {"gridOpacity": 0.5, "tickCount": 5}
    x = {
        "field": "calls", "type": "quantitative", "title": "calls for each prompt",
        "scale": {"type": "log", "domain": [1, 100]}, "axis": {**grid, "values": [1, 2, 5, 10, 20, 50, 100]},
    }  # fmt: skip
    y = {
        "field": "regret",
        "type": "quantitative",
        "title": "regret",
        "axis": {**grid, "format": ".0%"},
        "scale": {"zero": True},
    }
    legend = {"title": None, "orient": "bottom", "columns": 3, "labelLimit": 260, "symbolType": "circle"}
    colour = {
        "field": "policy", "type": "nominal", "legend": legend,
        "scale": {"domain": list(CURVES), "range": list(COLOURS[: len(CURVES)])},
    }  # fmt: skip
    return {
        "data": {"values": values},
        "facet": {"field": "scorer", "type": "nominal", "title": None, "sort": list(SCORERS), "columns": 2},
        "columns": 2,
        "spec": {
            "width": 320,
            "height": 190,
            "encoding": {"x": x, "y": y, "color": colour},
            "layer": [{"mark": {"type": "line", "strokeWidth": 1.5}}, {"mark": {"type": "point", "filled": True, "size": 22}}],
        },
        "resolve": {"scale": {"y": "independent"}},
        "config": CONFIG,
        "padding": 12,
    }


def written(page: str, found: Sequence[Figure]) -> str:
    """`page` with the table between its marks."""
    before, _, rest = page.partition(_MARK)
    _, _, after = rest.partition(_END)
    return f"{before}{_MARK}\n\n" + "\n".join(table(found)) + f"\n\n{_END}{after}"


def main() -> None:
    """Make what is asked for."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--only", default="", help="part of a scorer's name")
    parser.add_argument("--seeds", type=int, default=SEEDS)
    parser.add_argument("--json", action="store_true", help="write the figures to standard output in place of the file")
    parser.add_argument("--page", action="store_true", help="draw the picture and write the table of docs/performance.md")
    chosen = parser.parse_args()
    if chosen.page:
        PICTURE.write_bytes(draw_chart(picture(read()), "svg"))
        PAGE.write_text(written(PAGE.read_text(encoding="utf-8"), read()), encoding="utf-8")
        return
    for scorer in (name for name in SCORERS if chosen.only in name):
        found = measure(scorer, SETTINGS, chosen.seeds)
        if chosen.json:
            print("\n".join(json.dumps(one, sort_keys=True) for one in found), flush=True)
        else:
            keep(found)


if __name__ == "__main__":
    main()
