"""Which number a reader takes from a text, and which accepted outputs give no single one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptwire.metrics.numerals import last_number, no_single_number


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("1 1/2 cups", 1.5),
        ("in 2 3/4 hours", 2.75),
        ("1,2,3", 3),
        ("1,234,567", 1234567),
        ("-0.5", -0.5),
        (".5", 0.5),
        ("5-3", 3),
        ("(7)", 7),
        ("1e3", 1000),
        ("\\boxed{42}", 42),
        ("3/0", None),
        ("no number", None),
        ("9" * 400, None),
        ("it is 7.", 7),
        ("-$5", -5),
        ("-\u20ac5", -5),
        ("\\frac{1}{4}", 0.25),
        ("\\frac{3}{4}", 0.75),
        ("\\dfrac{3}{4}", 0.75),
        ("\\frac34", 0.75),
        ("-\\frac{1}{4}", -0.25),
        ("1\\frac{1}{2}", 1.5),
        ("\\boxed{\\frac{3}{4}}", 0.75),
        ("2{,}500", 2500),
        ("10,\\!000", 10000),
        ("10\\,000", 10000),
        ("10^5", 100000.0),
        ("10^{5}", 100000.0),
        ("10**5", 100000.0),
        ("1.5e3", 1500),
        ("1.5E+3", 1500),
        ("25 m^2", 25),
        ("25 m\xb2", 25),
        ("H2O", None),
        ("1,000", 1000),
        ("-3.5", -3.5),
        ("50%", 50),
        ("50\\%", 50),
        ("2024-05-12", None),
        ("05/12/2024", None),
        ("12.05.2024", None),
        ("May 5, 2024", None),
        ("5 May 2024", None),
        ("5 (as of 2024-05-12)", 5),
        ("at 12:30", None),
        ("3 \xd7 10^5", 300000.0),
        ("3 \\times 10^{5}", 300000.0),
        ("3*10^-2", 0.03),
        ("10\u2075", 100000.0),
        ("2^10 = 1024", 1024),
        ("CO\u2082", None),
        ("x^2", None),
        ("x_1", None),
        ("B12", None),
        ("1'000", 1000),
        ("1\u2019234.5", 1234.5),
        ("1_000", 1000),
        ("1,00,000", 100000.0),
        ("12,34,567.5", 1234567.5),
        ("1.234,56", 1234.56),
        ("1.234.567", 1234567),
        ("0,5", 0.5),
        ("3,14", 3.14),
        ("10 000", 10000),
        ("12 500 \u20ac", 12500),
        ("12 500", 12500),
        ("100 200 300", 300),
        ("1 000 000", 1000000.0),
        ("\u7b54\u6848\u662f-5", -5),
        ("\u7b54\u6848\u662f42\u3002", 42),
        ("\u5408\u8a085\u5186", 5),
        ("\uff14\uff12", 42),
        ("\u0664\u0662", 42),
        ("\u096a\u0968", 42),
        ("\xbd", 0.5),
        ("1\xbd", 1.5),
        ("\u22127", -7),
        ("\u20137", -7),
        ("3\u20135", 5),
        ("= - 5", -5),
        ("It is minus 5", -5),
        ("10 minus 4", 4),
        ("\u8d1f5", -5),
        ("USD5", 5),
        ("US$5", 5),
        ("R$ 5", 5),
        ("Rs.500", 500),
        ("\u20b9500", 500),
        ("\xa55", 5),
        ("5\u20ac", 5),
        ("$-5", -5),
        ("5km", 5),
        ("$5 million", 5000000.0),
        ("2.5 million", 2500000.0),
        ("5 thousand", 5000),
        ("3 billion people", 3000000000.0),
        ("5\u4e07", 50000),
        ("2\\sqrt{3}", None),
        ("2\u221a3", None),
        ("9\u03c0", None),
        ("\\pi/2", None),
        ("r = 3, area = 9\\pi", None),
        ("\\sqrt{16} = 4", 4),
        ("\u03c0 \u2248 3.14", 3.14),
        ("\\frac{x}{2}", None),
        ("1/2/2024", None),
        ("1.2.3", None),
        ("twelve", 12),
        ("The answer is twenty-one.", 21),
        ("minus three", -3),
        ("Only one knows", None),
        ("two hundred", 200),
        ("**42**", 42),
        ("$42$", 42),
        ("\\(42\\)", 42),
        ("42 apples", 42),
        ("#### 72", 72),
        ("72.0", 72),
        ("3 / 4", 0.75),
        ("12 / 4 = 3", 3),
        ("5!", 5),
        ("+5", 5),
        ("~5", 5),
        ("-1 1/2", -1.5),
        ("-3/4", -0.75),
        ("<answer>42</answer> (6 * 7)", 42),
        ("(3,4)", 4),
        ("0x1F", None),
        ("20-10-10", 10),
        ("The total is 8. (Check: 8 - 5 = 3)", 3),
        ("10^-3", 0.001),
        ("1.5e-3", 0.0015),
        ("10^400", None),
        ("-10", -10),
        ("x=-10", -10),
        ("5 -3", -3),
        ("2 000,50", 2000.5),
        ("$1,234.50.", 1234.5),
        ("6.02 \\cdot 10^{23}", 6.02e23),
        ("5th", 5),
        ("100,200", 100200),
        ("3:1", None),
        ("a2b", None),
        ("25 \\text{ m}^2", 25),
        ("25~\\mathrm{m}^2", 25),
        ("3.5 kg/m^3", 3.5),
        ("60 km/h", 60),
        ("42\u200b", 42),
        ("{42}", 42),
        ("50 percent", 50),
        ("7pm", 7),
        ("-\\$5", -5),
    ],
)
def test_a_number_is_read_as_it_is_meant(text: str, number: float | None) -> None:
    assert last_number(text) == (None if number is None else pytest.approx(number))


@pytest.mark.parametrize(
    "output",
    [
        "5", "$5", "25 m^2", "1,000", "3/4", "50%", "#### 72", "She had 8 and ate 5, so 8 - 5 = 3", "Half of 6. The answer is 3.",
        "2 apples", "10^5", r"2 + 3 = \\boxed{5}", "-3.5", "five", "400 ppm CO2", "cat",
    ],
)  # fmt: skip
def test_an_output_with_one_number_is_accepted(output: str) -> None:
    assert not no_single_number(output)


@pytest.mark.parametrize(
    "output",
    [
        "2024-05-12", "May 5, 2024", "5 May 2024", "7/8/2024", "12.05.2024", "12:30", "3:1", "1.2.3", "3-5", "3 to 5", "1, 2, 3",
        "3 or 4", "x=3, y=4", r"2\\sqrt{3}", "9\u03c0", "5 ft 3 in", "10^400",
    ],
)  # fmt: skip
def test_an_output_that_is_no_single_number_is_refused(output: str) -> None:
    assert no_single_number(output)


@given(st.text())
def test_any_text_has_a_last_number_or_none(text: str) -> None:
    last_number(text)
    no_single_number(text)


@pytest.mark.parametrize(
    "piece", ["1,", "1 000 ", "1/", "1.", "-", "1e", "(1", "\frac{1}", "\boxed{", "<answer>", "1^", "May 1"]
)
def test_a_hostile_text_of_half_a_megabyte_is_read(piece: str) -> None:
    last_number(piece * (500_000 // len(piece)))
