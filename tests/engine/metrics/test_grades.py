"""What a judge's words grade, and which words are no grade."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptwire.metrics.grades import read_grade


@pytest.mark.parametrize(
    ("verdict", "grade"),
    [
        ("0.8", 0.8),
        ("1", 1),
        ("0", 0),
        ("1.0", 1),
        ("0.80", 0.8),
        (".5", 0.5),
        ("0,5", 0.5),
        ("0,85", 0.85),
        ("3/10", 0.3),
        ("3 / 10", 0.3),
        ("7.5/10", 0.75),
        ("75/100", 0.75),
        ("0.8/1", 0.8),
        ("0.8/1.0", 0.8),
        ("4/5", 0.8),
        ("1/2", 0.5),
        ("\u00bd", 0.5),
        (r"\frac{3}{4}", 0.75),
        ("2 out of 10", 0.2),
        ("2 OUT OF 10", 0.2),
        ("two out of ten", 0.2),
        ("2 of 10", 0.2),
        ("8 out of a possible 10", 0.8),
        ("30%", 0.3),
        ("30 %", 0.3),
        (r"30\%", 0.3),
        ("100%", 1),
        ("0%", 0),
        ("12.5 percent", 0.125),
        ("1e-1", 0.1),
        ("**0.8**", 0.8),
        ("`0.8`", 0.8),
        ("$0.8$", 0.8),
        (r"\boxed{0.8}", 0.8),
        ('"0.8"', 0.8),
        ("0.8.", 0.8),
        ("~0.8", 0.8),
        ("Grade: 0.8", 0.8),
        ("**Grade:** 8/10", 0.8),
        ("Grade: 0.8. See rule 2.", 0.8),
        ("Score (0-1): 0.8", 0.8),
        ("Score (0-10): 8", 0.8),
        ("Score (out of 10): 8", 0.8),
        ("8 on a scale of 0 to 10", 0.8),
        ("On a scale from 0 to 1, 0.8", 0.8),
        ("0.8 (on a scale from 0 to 1)", 0.8),
        ("It names 2 of 3 cities. 0.67", 0.67),
        ("\uff10\uff0e\uff18", 0.8),
        ("\uff13\uff10\uff05", 0.3),
        ("\u0660\u066b\u0665", 0.5),
        ("8\u204410", 0.8),
        ("\u200b0.8", 0.8),
        ("3\u00a0/\u00a010", 0.3),
        ("-0", 0),
        ("+0.5", 0.5),
        ("Overall: 7/10. Accuracy: 9/10", 0.7),
        ("Initial score: 0.5. Final score: 0.8", 0.8),
        ("Maximum score is 1. Grade: 0.8", 0.8),
        ("Accuracy: 9/10\nGrade: 0.8", 0.8),
        ("Score: 0.3. On reflection, score: 0.8", 0.8),
        ("4 stars out of 5", 0.8),
        ("4/5 stars", 0.8),
        ("5 points out of 10", 0.5),
        ("Score (0-10): 8 points", 0.8),
        ("<grade>0.8", 0.8),
        ("<score>8/10</score> because 3 of 4", 0.8),
        ("8 (/10)", 0.8),
        (r"8\/10", 0.8),
        ("8 von 10", 0.8),
        ("8 z 10", 0.8),
        ("Score - 0.8", 0.8),
        ("8 sur 10", 0.8),
        ("8 de 10", 0.8),
        ("8 \u0438\u0437 10", 0.8),
        ("8\u5206/10\u5206", 0.8),
        ("8\u5206\uff08\u6ee1\u520610\u5206\uff09", 0.8),
        ("\u6ee1\u520610\u5206\uff0c8\u5206", 0.8),
        ("10\u70b9\u6e80\u70b9\u4e2d8\u70b9", 0.8),
        ("10\uc810 \ub9cc\uc810\uc5d0 8\uc810", 0.8),
    ],
)
def test_a_grade_is_read_as_what_it_says(verdict: str, grade: float) -> None:
    assert read_grade(verdict) == pytest.approx(grade)


@pytest.mark.parametrize(
    "verdict",
    [
        "", "good", "N/A", "B+", "8", "2", "1.5", "10", "100", "-1", "-0.5", "\u22120.5", "150%", "-30%", "11/10", "3/0", "-3/10",
        "1,000", "0.7-0.8", "0.7 to 0.8", "0.3 or 0.4", "between 0.7 and 0.8", "> 0.9", "<0.5", "\u22640.5", "nan", "inf", "8 points",
        "Grade: 8", "H2O", "v1", "1.2.3", "3/10/2024", "12 on a scale of 0 to 10", "I can't assess this.", "1e9", "x0.5",
        "0.8, 0.9", "0.8 \u00b1 0.1", "0.7 - 0.8", "0.7; 0.8", "1 point", "1 star", "1\u5206", "80/100%", "Accuracy: 9/10. Fluency: 7/10",
        "Accuracy score: 9/10. Fluency score: 7/10",
    ],
)  # fmt: skip
def test_what_is_outside_of_its_scale_or_uncertain_is_no_grade(verdict: str) -> None:
    assert read_grade(verdict) is None


@given(st.text())
def test_every_grade_is_a_share(text: str) -> None:
    assert (grade := read_grade(text)) is None or 0.0 <= grade <= 1.0


@pytest.mark.parametrize("piece", ["1/", "0.5 ", "(0-", "1 of ", "grade ", "-", "scale of 0 to ", "9"])
def test_a_hostile_verdict_of_half_a_megabyte_is_read(piece: str) -> None:
    read_grade(piece * (500_000 // len(piece)))
