"""Draw the examples of the shipped tasks that follow a rule: dates, foods and sums.

The words were written by hand; which of them meet in an example is drawn with a fixed seed, so every run writes the same files.

    python bench/drawn_tasks.py [FOLDER]
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path
from random import Random

TASKS = Path(__file__).parent.parent / "pipelines" / "tasks"
SIZE = 120
"""Examples of a split."""

FOODS = """
apple bacon bread broccoli butter cabbage cake caramel carrot cheese cherry chocolate cucumber doughnut garlic grape
ham honey lasagne lemon lentils mango marmalade muffin mushroom noodles olive omelette onion pancake parsley peach peanut pear
pickle pineapple pizza plum popcorn porridge potato pretzel pudding pumpkin radish raisin raspberry rice salad salami sandwich
sausage soup spinach steak strawberry toast tofu walnut yoghurt"""
OTHERS = """
anchor armchair axe backpack balloon basket bell bicycle blanket bottle brick bridge broom brush bucket button camera
candle canoe carpet chimney cloud coat compass cork cradle curtain diary doorbell drill drum engine envelope feather fence
ferry flute fork fountain garage glove guitar hammer harbour helmet hinge jacket jigsaw kettle keyboard ladder lamp lantern
lighthouse magnet mailbox mattress mirror mitten motorway needle newspaper notebook oven paddle passport pebble pencil piano
pillow puddle puppet purse raincoat rainbow rope ruler saddle saucepan scarf scissors shovel shirt sofa spoon staircase stamp
statue suitcase sunset tent thermometer ticket toothbrush towel tractor trumpet tunnel umbrella vase violin volcano wallet
wardrobe whistle window wrench yacht zip"""

_ONES = """
zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen
eighteen nineteen
"""
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety"
_ORDINALS = {1: "st", 2: "nd", 3: "rd", 21: "st", 22: "nd", 23: "rd", 31: "st"}

Row = dict[str, str]


def dates(random: Random) -> Iterator[Row]:
    """A day of 1950 to 2049 in one of ten styles, and the same day as DD.MM.YYYY."""
    styles: tuple[Callable[[date], str], ...] = (
        lambda day: f"{day:%B} {day.day}, {day.year}",
        lambda day: f"{day.day} {day:%B} {day.year}",
        lambda day: f"the {_ordinal(day.day)} of {day:%B}, {day.year}",
        lambda day: f"{day:%Y-%m-%d}",
        lambda day: f"{day:%b} {_ordinal(day.day)} {day.year}",
        lambda day: f"{day:%A}, {day:%B} {day.day}, {day.year}",
        lambda day: f"{day:%Y/%m/%d}",
        lambda day: f"{day:%d-%b-%Y}".lower(),
        lambda day: f"{day.year}, {day:%B} {_ordinal(day.day)}",
        lambda day: f"{day:%a} {day.day} {day:%b} {day.year}",
    )
    while True:
        for style in random.sample(styles, len(styles)):
            day = date(1950, 1, 1) + timedelta(days=random.randrange(36524))
            yield {"input": style(day), "output": f"{day:%d.%m.%Y}"}


def foods(random: Random) -> Iterator[Row]:
    """Three to five words, and those of them that can be eaten: at least one, and never all."""
    eaten, others = FOODS.split(), OTHERS.split()
    while True:
        count = random.randrange(3, 6)
        good = random.sample(eaten, random.randrange(1, count))
        listed = good + random.sample(others, count - len(good))
        random.shuffle(listed)
        yield {"input": ", ".join(listed), "output": ", ".join(word for word in listed if word in good)}


def sums(random: Random) -> Iterator[Row]:
    """A small sum or difference in words, in turn, and its result in words, which is no word of the input."""
    plus = [(a, b, a + b) for a in range(2, 21) for b in range(2, a + 1)]
    minus = [(a, b, a - b) for a in range(4, 21) for b in range(2, a)]
    for pairs in (plus, minus):
        random.shuffle(pairs)
    kinds = {"plus": iter(plus), "minus": iter(minus)}
    while True:
        for kind, left in kinds.items():
            a, b, result = next(each for each in left if each[2] not in each[:2])
            yield {"input": f"{in_words(a)} {kind} {in_words(b)}", "output": in_words(result)}


def in_words(number: int) -> str:
    """A number below 100 as a word."""
    tens, ones = divmod(number, 10)
    words = _ONES.split()
    if number < len(words):
        return words[number]
    return _TENS.split()[tens - 2] + (f"-{words[ones]}" if ones else "")


def _ordinal(day: int) -> str:
    return f"{day}{_ORDINALS.get(day, 'th')}"


DRAWN: dict[str, Callable[[Random], Iterator[Row]]] = {"dates": dates, "foods": foods, "sums": sums}


def splits(name: str) -> dict[str, list[Row]]:
    """Train and test of a task; no input is there twice in any order of its words."""
    found: dict[tuple[str, ...], Row] = {}
    for row in DRAWN[name](Random(f"promptwire 2026 {name}")):
        found.setdefault(tuple(sorted(row["input"].replace(",", "").split())), row)
        if len(found) == 2 * SIZE:
            rows = list(found.values())
            return {"train": rows[:SIZE], "test": rows[SIZE:]}
    raise AssertionError("a generator of rows does not end")


def main() -> None:
    """Write the files of every drawn task."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else TASKS
    for name in DRAWN:
        (folder / name).mkdir(parents=True, exist_ok=True)
        for split, rows in splits(name).items():
            text = "".join(json.dumps(row) + "\n" for row in rows)
            (folder / name / f"{split}.jsonl").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
