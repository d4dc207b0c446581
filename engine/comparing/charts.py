"""Charts of a comparison as Vega-Lite specifications. The page and the pictures are drawn from the same ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from promptwire.comparing.contrasts import INITIAL
from promptwire.comparing.curves import Axis, band, position
from promptwire.comparing.table import ComparisonTable
from promptwire.page.charts import AXES, CONFIG, SCORE_AXIS, TICKS

__all__ = ["COLOURS", "chart_data", "filled_chart", "specifications"]

Spec = dict[str, Any]
Rows = list[dict[str, Any]]

COLOURS: Final = ("#3b7dc4", "#d9772b", "#3c9a5f", "#d0525c", "#9a6cc0", "#2e9c9c", "#b5890f", "#a06b52", "#d86fa5", "#7d8790")
"""Colours of optimizers, readable on white and on dark."""


def specifications(rows: Sequence[str], metric: str) -> dict[str, Spec]:
    """Return the charts `curves` and `scores` for optimizers called `rows`, for one task and without data."""
    optimizers = [row for row in rows if row != INITIAL]
    return {"curves": _curves(optimizers), "scores": _scores(rows, metric)}


def chart_data(table: ComparisonTable, task: str, axis: Axis) -> dict[str, Rows]:
    """Return the data of both charts for one task: `band`, `ends`, `seeds` and `means`."""
    curves = [curve for curve in table.curves if curve.task == task]
    ends = [
        {"row": one.row, "seed": one.seed, "x": position(one.end, axis), "score": _rounded(one.heldout)}
        for one in curves
        if one.heldout is not None
    ]
    means = [one for one in table.estimates if one.task == task and one.mean is not None]
    seeds = [{"row": one.row, "seed": seed, "score": mean} for one in means for seed, mean in one.by_seed.items()]
    return {
        "band": [
            {**point.model_dump(), **{name: _rounded(getattr(point, name)) for name in ("mean", "low", "high")}}
            for point in band(curves, axis)
        ],
        "ends": ends,
        "means": [{"row": one.row, "score": one.mean, "low": one.low, "high": one.high} for one in means],
        "seeds": [one for one in seeds if one["row"] != INITIAL],
    }


def _rounded(score: float) -> float:
    """Equal scores that differ by rounding errors would make an axis of their own."""
    return round(score, 9)


def filled_chart(table: ComparisonTable, name: str, axis: Axis) -> Spec | None:
    """Return the chart `name` of all tasks with its data, for a picture; None when there is nothing to draw."""
    spec = specifications(table.rows, table.metric)[name]
    found = []
    for task in table.tasks:
        data = chart_data(table, task, axis)
        layers = [layer for layer in spec["layer"] if data[layer["data"]["name"]]]
        if layers:
            filled = [{**layer, "data": {"values": data[layer["data"]["name"]]}} for layer in layers]
            found.append({**spec, "layer": filled, "title": task, "width": 620})
    if not found:
        return None
    for one in found:
        one.pop("autosize")
        if name == "curves":
            one["encoding"] = {**one["encoding"], "x": {**one["encoding"]["x"], "title": AXES[axis]}}
    return {"vconcat": found, "config": CONFIG, "padding": 16}


def _colour(rows: Sequence[str]) -> Mapping[str, Any]:
    colours = [COLOURS[place % len(COLOURS)] for place in range(len(rows))]
    legend = {"title": None, "orient": "top", "columns": 3, "labelLimit": 260, "symbolType": "circle", "symbolOpacity": 1}
    return {"field": "row", "type": "nominal", "scale": {"domain": list(rows), "range": colours}, "legend": legend}


def _tooltip(*told: tuple[str, str, str]) -> Rows:
    row = {"field": "row", "type": "nominal", "title": "Optimizer"}
    return [row, *({"field": name, "title": title, "format": form, "type": "quantitative"} for name, title, form in told)]


def _curves(rows: Sequence[str]) -> Spec:
    """The mean over seeds as a line, the range of the seeds as a band, and held-out scores as diamonds at the ends."""
    scale = {"zero": False, "nice": False, "padding": 14}
    title = "Best selection score so far"
    score = {"field": "mean", "type": "quantitative", "title": title, "scale": scale, "axis": dict(SCORE_AXIS)}
    where = ("x", "Spent", ",.6~r")
    line = _tooltip(where, ("mean", "Mean of seeds", ".3f"), ("low", "Lowest seed", ".3f"), ("high", "Highest seed", ".3f"))
    ends = _tooltip(where, ("seed", "Seed", "d"), ("score", "Held-out score", ".3f"))
    steps = {"interpolate": "step-after"}
    area = {"y": {**score, "field": "low"}, "y2": {"field": "high"}}
    diamond = {"type": "point", "filled": True, "shape": "diamond", "size": 110, "opacity": 0.9}
    return {
        "height": 340,
        "autosize": {"type": "fit-x", "contains": "padding"},
        "encoding": {
            "x": {
                "field": "x",
                "type": "quantitative",
                "title": AXES["calls"],
                "scale": {"nice": False},
                "axis": {"grid": False, **TICKS},
            },
            "color": _colour(rows),
        },
        "layer": [
            {"data": {"name": "band"}, "mark": {"type": "area", "opacity": 0.16, **steps}, "encoding": area},
            {
                "data": {"name": "band"},
                "mark": {"type": "line", "strokeWidth": 2, **steps},
                "encoding": {"y": score},
            },
            {
                "data": {"name": "band"},
                "mark": {"type": "point", "size": 26, "opacity": 1, "filled": True},
                "encoding": {"y": score, "tooltip": line},
            },
            {
                "data": {"name": "ends"},
                "mark": diamond,
                "encoding": {
                    "y": {**score, "field": "score"},
                    "tooltip": ends,
                },
            },
        ],
    }


def _scores(rows: Sequence[str], metric: str) -> Spec:
    """Held-out scores: the mean with its interval, and a dot for each seed."""
    row = {"field": "row", "type": "nominal", "title": None, "sort": list(rows), "axis": {"labelLimit": 260, "ticks": False}}
    scale = {"zero": False, "nice": False, "padding": 12}
    title = f"Held-out {metric}" if metric else "Held-out score"
    mean = {"field": "score", "type": "quantitative", "title": title, "scale": scale, "axis": dict(SCORE_AXIS)}
    interval = {"x": {**mean, "field": "low"}, "x2": {"field": "high"}}
    told = _tooltip(("score", "Mean", ".3f"), ("low", "From", ".3f"), ("high", "To", ".3f"))
    seed = _tooltip(("seed", "Seed", "d"), ("score", "Held-out score", ".3f"))
    dots = {"type": "point", "size": 55, "filled": True, "opacity": 0.75, "style": "dot", "yOffset": 9}
    return {
        "height": 44 * len(rows) + 10,
        "autosize": {"type": "fit-x", "contains": "padding"},
        "encoding": {"y": row},
        "layer": [
            {"data": {"name": "means"}, "mark": {"type": "rule", "strokeWidth": 3, "style": "best"}, "encoding": interval},
            {
                "data": {"name": "means"},
                "mark": {"type": "point", "filled": True, "size": 110, "opacity": 1, "style": "top"},
                "encoding": {"x": mean, "tooltip": told},
            },
            {"data": {"name": "seeds"}, "mark": dots, "encoding": {"x": mean, "tooltip": seed}},
        ],
    }
