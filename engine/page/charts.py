"""Charts of a run as Vega-Lite specifications. The page and the pictures are drawn from the same ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

__all__ = ["AXES", "CHARTS", "CONFIG", "SCORE_AXIS", "TICKS", "filled", "specifications"]

Spec = dict[str, Any]

CHARTS: Final = ("progress", "scores", "usage")
"""Names of the charts."""
AXES: Final[Mapping[str, str]] = {"calls": "Calls", "tokens": "Tokens", "usd": "Dollars", "seconds": "Seconds"}
"""What the best so far is drawn against, with the title of the axis."""
TICKS: Final[Mapping[str, Any]] = {"tickCount": 8, "labelOverlap": "parity", "labelSeparation": 12}
"""Ticks of an axis of numbers. Labels that come closer than the separation are left out: a font may be wider than measured."""
SCORE_AXIS: Final[Mapping[str, Any]] = {**TICKS, "format": ",.4~f"}
"""The axis of a score."""

_SOFT, _LINE, _ACCENT, _DOT, _GOOD, _BAD = "#596673", "#dce2e8", "#1a6fb5", "#6f9dc4", "#1a7f4b", "#b3372f"
_AXIS: Final = {"labelColor": _SOFT, "titleColor": _SOFT, "gridColor": _LINE, "domainColor": _LINE, "tickColor": _LINE}
CONFIG: Final[Mapping[str, Any]] = {
    "background": "#ffffff",
    "font": "DejaVu Sans, Helvetica, Arial, sans-serif",
    "view": {"stroke": None},
    "axis": {**_AXIS, "labelFontSize": 12, "titleFontSize": 12, "titleFontWeight": 500},
    "legend": {"labelColor": _SOFT, "titleColor": _SOFT, "orient": "top"},
    "style": {"dot": {"color": _DOT}, "best": {"color": _ACCENT}, "top": {"color": _ACCENT}, "chosen": {"color": _GOOD}},
}
"""Colours of a picture. The page has its own, light and dark."""


def specifications() -> dict[str, Spec]:
    """Return the chart that the page draws, without data."""
    return {"progress": _progress()}


def _progress() -> Spec:
    """Every scored candidate as a dot, the best so far as steps, and the prompt that the search chose as a diamond."""
    scale = {"zero": False, "nice": False, "padding": 14}
    score = {"field": "score", "type": "quantitative", "title": "Score", "scale": scale, "axis": dict(SCORE_AXIS)}
    told = [("score", "Score", ".3f"), ("n", "Examples", ","), ("calls", "Calls", ","), ("prompt", "Prompt", None)]
    tooltip = [
        {"field": name, "title": title, **({"format": form, "type": "quantitative"} if form else {"type": "nominal"})}
        for name, title, form in told
    ]
    size = {"field": "n", "type": "quantitative", "legend": None, "scale": {"range": [14, 110]}}
    dots = {"type": "point", "filled": True, "opacity": 0.6, "style": "dot", "cursor": "pointer"}
    tops = {"type": "point", "filled": True, "size": 60, "opacity": 1, "style": "top", "cursor": "pointer"}
    chosen = {**tops, "shape": "diamond", "size": 190, "style": "chosen"}
    line = {"type": "line", "interpolate": "step-after", "style": "best", "strokeWidth": 2}
    return {
        "height": 320,
        "autosize": {"type": "fit-x", "contains": "padding"},
        "encoding": {
            "x": {
                "field": "calls",
                "type": "quantitative",
                "title": AXES["calls"],
                "scale": {"nice": False},
                "axis": {"grid": False, **TICKS},
            }
        },
        "layer": [
            {"data": {"name": "points"}, "mark": dots, "encoding": {"y": score, "size": size, "tooltip": tooltip}},
            {"data": {"name": "line"}, "mark": line, "encoding": {"y": score}},
            {"data": {"name": "best"}, "mark": tops, "encoding": {"y": score, "tooltip": tooltip}},
            {"data": {"name": "chosen"}, "mark": chosen, "encoding": {"y": score, "tooltip": tooltip}},
        ],
    }


def filled(name: str, data: Mapping[str, Any], *, axis: str = "calls") -> Spec | None:
    """Return the chart `name` with its data, for a picture; None when there is nothing to draw.

    `data` are those of a page, as JSON values.
    """
    there = {"progress": data["progress"]["points"], "scores": data["scores"], "usage": data["steps"]}
    if not there[name]:
        return None
    spec = {"progress": _filled_progress, "scores": _scores, "usage": _usage}[name](data, axis)
    return {**spec, "width": 760, "config": CONFIG, "padding": 16}


def _filled_progress(data: Mapping[str, Any], axis: str) -> Spec:
    spec, progress = _progress(), data["progress"]
    spec["encoding"]["x"] |= {"field": axis, "title": AXES[axis]}
    spec["datasets"] = {"points": progress["points"], "best": progress["best"], "line": _line(progress, axis)}
    spec["datasets"]["chosen"] = [one for one in progress["points"] if data["best"] and one["at"] == data["best"]["at"]]
    spec["layer"] = [layer for layer in spec["layer"] if spec["datasets"][layer["data"]["name"]]]  # Vega warns of empty data
    return spec


def _line(progress: Mapping[str, Any], axis: str) -> list[Mapping[str, Any]]:
    """The best so far, drawn on to the last score."""
    best, points = progress["best"], progress["points"]
    return [*best, {**best[-1], axis: points[-1][axis]}] if best else []


def _scores(data: Mapping[str, Any], axis: str) -> Spec:
    """Scores of both prompts with their intervals."""
    scores = data["scores"]
    rows = [
        {"prompt": side, "examples": title, **scores[split][side]}
        for split, title in (("test", "held-out"), ("train", "train"))
        for side in ("initial", "best")
        if scores[split][side]["score"] is not None
    ]
    title, scale = data["run"]["metric"] or "score", {"nice": False, "padding": 12}
    shared = {"x": {"field": "score", "type": "quantitative", "title": title, "scale": scale, "axis": dict(SCORE_AXIS)}}
    side = {"field": "prompt", "type": "nominal", "title": None, "sort": ["initial", "best"]}
    colour = {**side, "scale": {"domain": ["initial", "best"], "range": [_SOFT, _ACCENT]}, "legend": None}
    ends = {"x": {**shared["x"], "field": "low"}, "x2": {"field": "high"}}
    return {
        "data": {"values": rows},
        "facet": {
            "row": {"field": "examples", "type": "nominal", "title": None, "header": {"labelAngle": 0, "labelAlign": "left"}}
        },
        "spec": {
            "width": 620,
            "height": 70,
            "encoding": {"y": side, "color": colour},
            "layer": [
                {"mark": {"type": "rule", "strokeWidth": 3, "opacity": 0.5}, "encoding": ends},
                {"mark": {"type": "point", "filled": True, "size": 90, "opacity": 1}, "encoding": shared},
            ],
        },
    }


def _usage(data: Mapping[str, Any], axis: str) -> Spec:
    """Calls by node: new, cached, failed."""
    kinds = ("new", "cached", "failed")
    rows: Sequence[Mapping[str, Any]] = [
        {"node": step["path"], "kind": kind, "calls": step[kind], "order": kinds.index(kind)}
        for step in data["steps"]
        for kind in kinds
        if step[kind]
    ]
    colour = {"domain": list(kinds), "range": [_ACCENT, _DOT, _BAD]}
    return {
        "data": {"values": rows},
        "mark": "bar",
        "height": {"step": 24},
        "encoding": {
            "y": {"field": "node", "type": "nominal", "title": None, "sort": None, "axis": {"labelLimit": 320}},
            "x": {"field": "calls", "type": "quantitative", "title": "Calls", "stack": "zero", "axis": dict(TICKS)},
            "color": {"field": "kind", "type": "nominal", "title": None, "scale": colour},
            "order": {"field": "order", "type": "quantitative"},
        },
    }
