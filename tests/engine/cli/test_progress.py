"""Progress display on a recorded console of fixed width, with a clock that the test sets."""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from rich.console import Console

from promptwire.cli.progress import ProgressDisplay
from promptwire.gateway.activity import Activity
from promptwire.gateway.concurrency import AdaptiveConcurrency
from promptwire.gateway.usage import Usage

RUN = {"pipeline": "protegi", "task": "sentiment", "seed": 0, "models": {}}


@dataclass
class Screen:
    """A display on a console in memory, with a clock that stands still until the test moves it."""

    width: int = 80
    terminal: bool = True
    now: float = 100.0
    usage: Usage = field(default_factory=Usage)

    def __post_init__(self) -> None:
        console = Console(file=io.StringIO(), force_terminal=self.terminal, color_system=None, width=self.width)
        self.display = ProgressDisplay(console, clock=lambda: self.now)
        self.display.follow(self.usage)

    def event(self, event: str, **facts: Any) -> None:
        self.display(event, facts)

    def begin(self, **limits: float) -> None:
        self.event("run", **RUN, limits=limits)

    def model(self, **state: Any) -> Activity:
        self.usage.models.append(Activity("openai/m", AdaptiveConcurrency(8), **state))
        return self.usage.models[-1]

    def drawn(self) -> list[str]:
        """The lines of the moving part."""
        console = Console(file=io.StringIO(), color_system=None, width=self.width)
        console.print(self.display.drawn())
        return [line.rstrip() for line in console.file.getvalue().splitlines()]  # type: ignore[attr-defined]

    def printed(self) -> list[str]:
        """The lines above it."""
        return self.display.console.file.getvalue().splitlines()  # type: ignore[attr-defined]


def at_work() -> Screen:
    """A screen in the third round of a search."""
    screen = Screen()
    screen.begin(calls=1000, usd=1.0)
    screen.event("approved", new=900, usd=0.5, cached=30)
    screen.event("start", path="search", round="", element="")
    screen.event("loop", path="search", round="", of=6)
    for number in (0, 1):
        screen.event("round", path="search", round=str(number), of=6)
    for element in ("/0", "/1"):
        screen.event("start", path="search.edits", round="2", element=element)
    screen.event(
        "leader", path="search.keep", metric="exact", id="a", prompt="Say positive\nor negative.", score=0.8125, examples=32
    )
    edits, keep = screen.usage.of("search.edits"), screen.usage.of("search.keep")
    edits.wanted, edits.new, edits.tokens_in, edits.priced = 24, 10, 1234, 0.0123
    keep.wanted = keep.cached = 30
    screen.model(in_flight=4)
    return screen


def test_the_block_shows_round_leader_steps_rate_cost_and_time_left() -> None:
    screen = at_work()
    screen.drawn()
    screen.now += 10
    assert screen.drawn() == [
        "protegi on sentiment   search: round 3 of 6   0:10",
        'best so far 0.812 (n=32)  "Say positive or negative."',
        "  search.edits  10/24 calls  2 at once",
        "10 new calls, 30 from cache (75%)   1.0 calls/s   4 in flight",
        "10 of 1,000 calls   1,234 tokens   $0.0123 of $1   at most 14:50 left",
    ]


def test_no_time_is_left_where_no_bound_is_known() -> None:
    screen = Screen()
    screen.begin()
    screen.event("approved", new=None, usd=None, cached=0)
    screen.usage.of("a").new = 10
    screen.now += 10
    assert screen.drawn() == ["protegi on sentiment   0:10", "10 new calls, 0 from cache   1.0 calls/s   0 in flight"]


def test_a_limit_in_seconds_bounds_the_time_left_without_a_call() -> None:
    screen = Screen()
    screen.begin(seconds=300)
    screen.now += 61
    text = " ".join(screen.drawn())
    assert "1:01 of 5:00" in text and "at most 3:59 left" in text


def test_a_retry_counts_down_and_disappears() -> None:
    screen = Screen(width=120)
    for wait in (30.0, 12.4):
        screen.event("retry", path="a", model="openai/m", attempt=1, error="status 429: [slow] down\nbody", wait=wait)
    screen.event("retry", path="a", model="openai/m", attempt=6, error="given up", wait=None)
    assert screen.drawn()[-1] == "2 requests to openai/m will be sent again, the next in 0:13: status 429: [slow] down"
    screen.now += 20
    assert screen.drawn()[-1] == "1 request to openai/m will be sent again, the next in 0:10: status 429: [slow] down"
    screen.now += 11
    assert screen.drawn() == ["0:31", "0 new calls, 0 from cache   0.0 calls/s   0 in flight"]


def test_the_rate_limit_throttling_and_opening_are_shown() -> None:
    screen = Screen(width=120)
    model = screen.model(rate_limited=7, rate_limited_until=screen.now + 41)
    assert screen.drawn()[-1] == "7 requests to openai/m waiting for the rate limit, the next is sent in 0:41"
    model.rate_limited, model.concurrency.limit = 0, 2.5
    assert screen.drawn() == ["0:00", "0 new calls, 0 from cache   0 in flight, openai/m takes 2 at once"]
    model.opening = True
    assert screen.drawn()[-1] == "openai/m is being opened"


def test_a_finished_step_disappears_and_the_final_comparison_appears() -> None:
    screen = Screen()
    for event in ("start", "done"):
        screen.event(event, path="variants", round="", element="")
    screen.usage.of("variants").wanted = screen.usage.of("variants").new = 4
    screen.usage.of("report").wanted = 240
    assert [line for line in screen.drawn() if "/" in line] == ["  report  0/240 calls"]


def test_many_steps_take_few_lines() -> None:
    screen = Screen()
    for number in range(9):
        screen.event("start", path=f"step{number}", round="", element="")
    assert screen.drawn()[1:-1] == [*(f"  step{number}" for number in range(6)), "  and 3 more"]


def test_a_narrow_terminal_shortens_the_prompt_and_no_number() -> None:
    screen = at_work()
    screen.width = 48
    screen.display.console.width = 48
    lines = screen.drawn()
    assert 'best so far 0.812 (n=32)  "Say positive or n..."' in lines
    for part in ("10/24", "(75%)", "$0.0123 of $1"):
        assert part in " ".join(lines)


def test_text_of_a_model_is_never_read_as_markup() -> None:
    screen = Screen()
    screen.event("leader", path="a", metric="exact", id="a", prompt="[bold]x\x1b[31m", score=1.0, examples=2)
    assert '"[bold]x' in screen.drawn()[1] and "\x1b" not in screen.drawn()[1]


def test_without_a_terminal_lines_come_at_a_rhythm_that_slows_down() -> None:
    screen = Screen(terminal=False)
    screen.begin()
    times = []
    for second in range(1, 3601):
        screen.now = 100.0 + second
        before = len(screen.printed())
        screen.display.tick()
        times += [second] if len(screen.printed()) > before else []
    assert times[:4] == [10, 20, 30, 40]
    assert len(times) < 60 and max(late - early for early, late in pairwise(times)) <= 300


def test_a_plain_line_tells_what_the_block_does() -> None:
    screen = at_work()
    screen.display.console = Console(file=io.StringIO(), width=80)
    screen.now += 10
    screen.event("retry", path="a", model="openai/m", attempt=1, error="status 503", wait=5.0)
    screen.display.tick()
    assert screen.printed() == [
        "0:10  search: round 3 of 6  10 new calls, 30 from cache (75%)  1.0 calls/s  4 in flight  10 of 1,000 calls  "
        '1,234 tokens  $0.0123 of $1  at most 14:50 left  best 0.812 (n=32) "Say positive or negative."  '
        "1 request to openai/m will be sent again, the next in 0:05: status 503"
    ]


def test_the_display_works_before_the_run_begins() -> None:
    screen = Screen()
    with screen.display.drawing():
        screen.display.say("fetching [a model]")
    text = "".join(screen.printed())
    assert "fetching [a model]" in text and "Traceback" not in text


def test_without_a_terminal_a_short_run_prints_only_messages() -> None:
    screen = Screen(terminal=False)
    with screen.display.drawing():
        screen.display.say("fetching")
    assert screen.printed() == ["fetching"]


def test_a_second_run_on_the_same_display_begins_from_zero() -> None:
    screen = at_work()
    screen.drawn()
    screen.now += 10
    screen.usage = Usage()
    screen.display.follow(screen.usage)
    screen.begin()
    screen.now += 3
    text = "\n".join(screen.drawn())
    assert "0:03" in text and "0.812" not in text and "-" not in text.replace("protegi-", "")
