"""Every filter and method of a plain value that a template can call: bounded in memory, or refused."""

from __future__ import annotations

import resource
import subprocess
import sys
from typing import Any

import pytest

from promptwire.templating.call_limits import pretty, require_filter, require_method
from promptwire.templating.render_limits import start
from promptwire.templating.sandbox import compiled, pieces_of

HUGE = 10**9
AGAIN = (
    "{% set ns = namespace(x='\"' * 1000) %}{% for i in range(60) %}{% set ns.x = ns.x | BODY %}{% endfor %}{{ ns.x | length }}"
)
NESTED = "{% set ns = namespace(x=(range(1000) | list)) %}{% for i in range(700) %}{% set ns.x = BODY %}{% endfor %}{{ ns.x | FILTER }}"
LONG = "{% set t = ('TEXT' * 1000 * 1000) %}"
LARGE = LONG.replace("('TEXT' * 1000 * 1000)", "(['TEXT' * 1000] * 1000) | join")


def rendered(source: str, **values: Any) -> str:
    return "".join(pieces_of(compiled(source), values))


BOMBS = [
    "{{ [1] | tojson(indent=HUGE) }}",
    "{{ [1] | tojson(HUGE) }}",
    NESTED.replace("BODY", "[ns.x]").replace("FILTER", "tojson(indent=900) | length"),
    NESTED.replace("BODY", "[ns.x]").replace("FILTER", "tojson(indent=16) | length"),
    NESTED.replace("BODY", "[ns.x, ns.x]").replace("FILTER", "pprint"),
    "{% set x = {'k' * 1000 ~ 'k' * 1000 ~ 'k' * 1000: range(50000) | list} %}{{ x | pprint | length }}",
    AGAIN.replace("BODY", "tojson"),
    AGAIN.replace("BODY", "pprint"),
    AGAIN.replace("BODY", "forceescape | forceescape | replace('&', '&&')"),
    "{{ 'a'.encode().center(HUGE) | length }}",
    "{{ 'a'.encode().ljust(HUGE) | length }}",
    "{{ 'a'.encode().zfill(HUGE) | length }}",
    "{{ 'a'.encode().expandtabs(HUGE) | length }}",
    "{{ '\t'.encode().expandtabs(HUGE) | length }}",
    "{{ (5).to_bytes(HUGE, 'big') | length }}",
    "{{ true.to_bytes(HUGE, 'big') | length }}",
    "{{ (0).from_bytes(('a' * 1000).encode() * 1000, 'big') }}",
    "{{ ('a' * 1000).encode().replace('a'.encode(), ('b' * 1000).encode()).replace('b'.encode(), ('c' * 1000).encode()) | length }}",
    "{{ ('b' * 1000).encode().join([('a' * 1000).encode()] * 1000 * 10) | length }}",
    "{{ ('a' * 1000).encode() * 1000 * 1000 * 1000 }}",
    "{{ 'a'.encode() * HUGE }}",
    "{{ ('%' ~ HUGE ~ 'd').encode() % 5 }}",
    "{{ '%5d'.encode() % 5 }}",
    "{{ ('a' * 1000).encode().translate(none) }}",
    "{{ 5 | round(-HUGE) }}",
    "{{ 'a b' | indent(HUGE) }}",
    "{{ 'a b' | truncate(HUGE, end='x' * 1000) }}{{ 'a' | center(width=HUGE) }}",
    "{{ ['a'] | map('center', HUGE) | list }}",
    "{{ ['a'] | map('tojson', indent=HUGE) | list }}",
    "{{ ['a'] | slice(HUGE) | list }}",
    "{% filter center(HUGE) %}a{% endfilter %}",
    "{% filter tojson(indent=HUGE) %}a{% endfilter %}",
    LARGE.replace("TEXT", "<!---->") + "{{ t | striptags }}",
    LARGE.replace("TEXT", "<!---->") + "{{ (t | safe).striptags() }}",
    LARGE.replace("TEXT", ")") + "{{ (t ~ 'x') | urlize }}",
    LARGE.replace("TEXT", "w") + "{{ t | wordwrap(1) }}",
]


@pytest.mark.parametrize("bomb", BOMBS)
def test_no_filter_or_method_makes_much_of_little(bomb: str) -> None:
    with pytest.raises(OverflowError, match=r"not for templates|more than"):
        rendered(bomb.replace("HUGE", str(HUGE)))


def test_all_bombs_stay_below_half_a_gigabyte_also_while_they_are_compiled() -> None:
    script = (
        "import resource; resource.setrlimit(resource.RLIMIT_AS, (600_000_000, 600_000_000))\n"
        "from tests.engine.templating.test_call_limits import BOMBS, HUGE, rendered\n"
        "for bomb in BOMBS:\n"
        "    try: rendered(bomb.replace('HUGE', str(HUGE)))\n"
        "    except OverflowError: continue\n"
        "    raise SystemExit(bomb)\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:] + done.stdout
    assert resource.getrlimit(resource.RLIMIT_AS)[0] != 600_000_000


def test_nothing_is_evaluated_while_a_template_is_compiled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("promptwire.templating.sandbox.require_filter", lambda *_: pytest.fail("evaluated"))
    compiled("{{ 'a' | center(9) }}{{ [1] | tojson(indent=2) }}{% if 'a' | upper == 'A' %}{% endif %}{% set x = 'b' | upper %}")


@pytest.mark.parametrize(
    ("usual", "expected"),
    [
        ("{{ {'a': [1]} | tojson }}|{{ {'a': [1]} | tojson(indent=2) }}", '{"a": [1]}|{\n  "a": [\n    1\n  ]\n}'),
        ("{{ {'a': [1, 'x']} | pprint }}", "{'a': [1, 'x']}"),
        ("{{ 'é'.encode() | length }}{{ 'a'.encode().center(3).decode() }}", "2 a "),
        ("{{ 'a-b'.encode().replace('-'.encode(), '+'.encode()).decode() }}", "a+b"),
        ("{{ 'one two' | wordwrap(3) }}|{{ '<b>x</b>' | striptags }}|{{ 'a b' | title }}", "one\ntwo|x|A B"),
        ("{{ ('word ' * 300) | truncate(1200) | length }}", "1197"),
        ("{{ [1, 5000] | select('gt', 1500) | list }}{{ none | default(123456) }}", "[5000]None"),
        ("{{ (5).bit_length() }}{{ (2.0).is_integer() }}{{ {'a': 1}.get('b', 2) }}{{ [1, 2].index(2) }}", "3True21"),
        ("{{ dict(a=1).items() | list }}{{ {}.fromkeys('ab', 0) }}", "[('a', 1)]{'a': 0, 'b': 0}"),
        ("{% for k, v in {'a': 1} | dictsort %}{{ k }}{{ v }}{% endfor %}{{ [3, 1] | sort | join(',') }}", "a11,3"),
        ("{{ [{'a': 1}, {'a': 2}] | groupby('a') | map('first') | list }}{{ [[1, 2]] | map('last') | first }}", "[1, 2]2"),
        ("{{ 'A' ~ ('b' | capitalize) }}{{ '7' | int + 1 }}{{ 'a' | e }}{{ ['x'] | unique | list }}", "AB8a['x']"),
    ],
)
def test_ordinary_filters_and_methods_give_what_jinja_gives(usual: str, expected: str) -> None:
    assert rendered(usual) == expected


@pytest.mark.parametrize("of", ["a", b"a", 5, True, 0.5, [1], (1,), {"a": 1}, {1}, range(3), int, str, dict])
def test_of_all_methods_of_plain_values_only_listed_ones_can_be_called(of: Any) -> None:
    start()
    names = [name for name in dir(of) if not name.startswith("_") and callable(getattr(of, name))]
    refused = []
    for name in names:
        try:
            require_method(of, name, (), {})
        except OverflowError:
            refused.append(name)
    assert not {"to_bytes", "from_bytes", "expandtabs", "translate", "append", "update"} - {*refused} & {*names}


def test_what_is_measured_is_measured_with_all_that_is_in_it() -> None:
    start()
    require_filter("tojson", [[1] * 100] * 10, (), {"indent": 4})
    assert pretty([1, {"a": "b"}]) == "[1, {'a': 'b'}]"
    with pytest.raises(OverflowError):
        pretty(["x" * 3_000_000] * 2)


def test_a_rendering_inside_another_uses_up_what_the_outer_one_has(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("promptwire.templating.render_limits.MAX_TURNS", 1000)
    inner = compiled("{% for i in range(20) %}{% endfor %}x")
    outer = compiled("{% for i in range(100) %}{{ asked() }}{% endfor %}")
    with pytest.raises(OverflowError, match="turns"):
        "".join(pieces_of(outer, {"asked": lambda: "".join(pieces_of(inner, {}))}))
