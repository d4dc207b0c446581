"""Which option letter an answer settles on, and which answers settle on none."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptwire.metrics.option_letters import choice_letter, option_letter


@pytest.mark.parametrize("offered", ["ABCD", ""])
@pytest.mark.parametrize(
    "answer",
    [
        "B",
        "(B)",
        "b)",
        "B.\nBecause it fits",
        "**B.** text",
        "**B**: text",
        "\\boxed{B}",
        "<answer>B</answer>",
        "[B]",
        "B - text",
        "B, because (A) is wrong",
        "$B$",
        "\\(B\\)",
        "**Answer:** (B), because (A) is the capital",
        "answer: b",
        '"B"',
        "Answer: I think it is B",
        "b",
        "b.",
        "(b)",
        "B)",
        "B:",
        "'B'",
        "`B`",
        "*B*",
        "__B__",
        "Option B",
        "option b",
        "Choice (B)",
        "Answer: **B**",
        "**Answer: B**",
        "The correct answer is (B).",
        "The correct answer is B",
        "I think it is B",
        "Not A, but B",
        "The answer is B, not A.",
        "It can't be A, so it is B.",
        "A is wrong. B is correct.",
        "(A) is incorrect. (B) is correct.",
        "(B) is correct; (A) is not.",
        "My answer: B",
        "Final answer: B",
        "final answer: (b)",
        "I choose B",
        "I'd go with B.",
        "I would pick option B because it fits",
        '{"answer": "B"}',
        '{"answer": "b"}',
        "\\boxed{\\text{B}}",
        "$\\boxed{B}$",
        "The answer is $\\boxed{(B)}$.",
        "\\textbf{B}",
        "\\mathrm{B}",
        "\u3010B\u3011",
        "\u300cB\u300d",
        "\uff08\uff22\uff09",
        "\uff22",
        "\u7b54\u6848\u662fB",
        "\u7b54\u6848\uff1aB",
        "\u6b63\u786e\u7b54\u6848\u662f(B)\u3002",
        "\u9009B",
        "\u9009\u62e9B",
        "\u6b63\u89e3\u306fB\u3067\u3059",
        "\uc815\ub2f5\uc740 B\uc785\ub2c8\ub2e4",
        "\uc815\ub2f5: B",
        "Respuesta: B",
        "La respuesta es B",
        "La r\xe9ponse est B",
        "Antwort: B",
        "Die Antwort ist B",
        "\u041e\u0442\u0432\u0435\u0442: B",
        "\u0909\u0924\u094d\u0924\u0930: B",
        "\u0627\u0644\u0625\u062c\u0627\u0628\u0629: B",
        "\u0e04\u0e33\u0e15\u0e2d\u0e1a\u0e04\u0e37\u0e2d B",
        "\u0110\xe1p \xe1n: B",
        "B is the answer",
        "B is the correct answer",
        "B because it is the largest",
        "B\n\n(A) is wrong because ...",
        "Let's see. (A) is out. (C) is out. So (B).",
        "A) Incorrect\nB) Correct\nC) Incorrect",
        "A: no\nB: yes\nC: no",
        "A \u2717 B \u2713",
        "The best option is B",
        "The answer is option B.",
        "The answer would be B",
        "Answer - B",
        "Answer = B",
        "Answer -> B",
        "ANSWER: B",
        "Correct answer: B. Paris",
        "B. Paris",
        "B) Paris",
        "B: Paris",
        "(B) Paris",
        "Answer:B",
        "Answer (B)",
        "\U0001f171",
        "B\u200b",
        "So the answer is B!",
        "Therefore, B",
        "Hence (B)",
        "The answer must be (B) and not (A)",
        "Rather than A, I choose B",
        "B over A",
        "I choose B over A",
        "The answer isn't A, it's B",
        "A and C are wrong, so B.",
        "A, C, and D are wrong. B",
        "**B**",
        "**(B)**",
        "- B",
        "> B",
        "### B",
        "<b>B</b>",
        'The answer is: "B"',
        "I believe the answer is most likely B",
        "the answer is b",
        "The answer is b.",
        "Answer: B\n\nA is wrong",
        "<final_answer>B</final_answer>",
        "(A) could be, but (B) seems better, so (B)",
        "The final answer is (B)",
        "Choose: B",
        "Selected: B",
        "\u249d",
        "\u24b7",
        "B\uff09",
        "B\u3001\u5df4\u9ece",
        "The answer is \\text{(B)}",
        "{B}",
        "B.",
        "B;",
        "B (Paris)",
        "Answer is B",
        "Ans: B",
        "I'm going with B",
        "B!",
        "b:",
        "That's B",
        "**Answer**: B",
        "The answer is\n\nB",
    ],
)
def test_an_answer_that_means_b_is_read_as_b(answer: str, offered: str) -> None:
    assert option_letter(answer, offered) == "B"


@pytest.mark.parametrize(
    "answer",
    [
        "The answer is not (B)",
        "A or B",
        "A and B",
        "(A) or (B)",
        "Options (A) or (B)",
        "Either A or B",
        "A/B",
        "B, C",
        "A dog",
        "A person",
        "Answer: a dog",
        "The answer is a",
        "What do you mean?",
        "Vitamin-rich",
        "",
        "I don't know",
        "None of the above",
        "Not B",
        "It is not B",
        "B is wrong",
        "(B) is incorrect",
        "neither A nor B",
        "C++",
        "B's answer",
        "U.S.A.",
        "I think so",
        "The answer is A or B",
        "answer: A and C",
        "Both A and B are correct",
        "Hepatitis",
        "E-mail",
        "x+y",
        "A+",
        "Anything but B is fine?",
    ],
)
def test_an_answer_that_settles_on_no_option_is_unreadable(answer: str) -> None:
    assert option_letter(answer, "ABCD") is None


@pytest.mark.parametrize("answer", ["I", "E", "(E)", "The answer is E", "Answer: I think so", "(i)"])
def test_a_letter_that_the_question_does_not_offer_is_none(answer: str) -> None:
    assert option_letter(answer, "ABCD") is None


@pytest.mark.parametrize(
    ("answer", "letter"),
    [
        ("(A) Paris (B) Rome (C) Oslo", None),  # repeats the options
        ("(A) might do. (B) is better. I settle on (A).", "A"),
        ("(B) Rome is the capital, while (A) Paris is not.", "B"),
        ("(A) Paris is in France. (B) Rome is in Italy. So (B)", "B"),
        ("I don't think it is B", None),
        ("I don't believe that the answer is B", None),
        ("Answer: C. Reason: (A) is true only on Mondays.", "C"),
        ("\\boxed{C}. The answer is not A.", "C"),
        ("The answer is B.\n\nOn second thoughts, the answer is C.", "C"),
    ],
)
def test_of_several_letters_the_one_that_is_called_the_answer_counts(answer: str, letter: str | None) -> None:
    assert option_letter(answer, "ABC") == letter


@pytest.mark.parametrize(
    ("text", "letter"), [("(a)", "A"), ("B.", "B"), ("[C]", "C"), ("Paris", None), ("AB", None), ("3", None)]
)
def test_an_accepted_output_is_nothing_but_a_letter(text: str, letter: str | None) -> None:
    assert choice_letter(text) == letter


@pytest.mark.parametrize(
    "answer",
    [
        "Answer: 'B'",
        "Answer: <B>",
        "<B>",
        "A? No. B? Yes.",
        "A isn't right. B is.",
        "All except B are wrong",
        "B rather than A",
        "B 100%",
        "Between A and B, B is better",
        "B\ubc88",
        "b, because a is wrong",
        "b because",
        "so b.",
        "the option is b",
        "B > A",
        "\u0e04\u0e33\u0e15\u0e2d\u0e1a: B \u0e40\u0e1e\u0e23\u0e32\u0e30 (A) \u0e1c\u0e34\u0e14",
        "\u0e04\u0e33\u0e15\u0e2d\u0e1a\u0e04\u0e37\u0e2d B \u0e44\u0e21\u0e48\u0e43\u0e0a\u0e48 (A)",
        "\ub2f5\uc740 B\uc785\ub2c8\ub2e4. (A)\ub294 \uc544\ub2d9\ub2c8\ub2e4",
        "None but B is right",
        "B > A > C",
        "A < B",
        "Is it B? Yes.",
        "B, no doubt",
        "I cannot determine it fully, but the answer is B",
        "I'm not sure, but I'd say B",
        "B, pas A",
        "B, no la A",
        "B, \u043d\u0435 A",
        "No es A, sino B",
        "The answer is not A but B, since (C) is a fruit",
        "Nicht A, sondern B",
        "\u6b63\u89e3\u306fA\u3067\u306f\u306a\u304fB\u3067\u3059",
        "\ub2f5\uc740 A\uac00 \uc544\ub2c8\ub77c B\uc785\ub2c8\ub2e4",
        "\u7b54\u6848\u4e0d\u662fA\u800c\u662fB\uff0c\u56e0\u4e3a(C)",
        "\xabB\xbb",
        "All options but B are incorrect.",
        "Which one is right? B",
        "B?",
        "<B>B</B>",
        "option b",
        "B is more likely than A",
        "\u9009\u9879B",
        "B\uc785\ub2c8\ub2e4",
    ],
)
def test_a_letter_beside_denied_asked_or_lesser_letters_is_read(answer: str) -> None:
    assert option_letter(answer, "ABCD") == "B"


@pytest.mark.parametrize(
    "answer",
    [
        "Answer: B/C",
        "Answer: B/D",
        "B/C",
        "The wrong answer is B",
        "The incorrect option is B",
        "B is the wrong answer",
        "B would be wrong",
        "I doubt it's B",
        "The answer is anything but B",
        "Anything but B",
        "Is it B?",
        "B, or maybe D",
        "I cannot determine. (B) would need more info",
        "N/A",
        "Answer: N/A",
        "La respuesta no es B",
        "No es B",
        "La r\xe9ponse n'est pas B",
        "Pas B",
        "Die Antwort ist nicht B",
        "Nicht B",
        "Kein B",
        "\u041e\u0442\u0432\u0435\u0442 \u043d\u0435 B",
        "A resposta n\xe3o \xe9 B",
        "Odpowied\u017a to nie B",
        "\u0e44\u0e21\u0e48\u0e43\u0e0a\u0e48 B",
        "\u0e04\u0e33\u0e15\u0e2d\u0e1a\u0e44\u0e21\u0e48\u0e43\u0e0a\u0e48 B",
        "A 10%, B 90%",
        "answer: b, c",
        "the answer is b or c",
        "the wrong answer is b",
        "Could it be B?",
        "Is B right?",
        "B is unlikely",
        "All except B are right",
        "B or possibly D",
        "B (or D)",
        "B vs D",
        "B | C",
        "B de\u011fil",
        "B \u0928\u0939\u0940\u0902 \u0939\u0948",
        "La respuesta incorrecta es B",
        "B ist falsch",
        "B no es correcta",
        "I don't doubt A or B",
    ],
)
def test_a_letter_that_is_denied_asked_or_hedged_is_unreadable(answer: str) -> None:
    assert option_letter(answer, "ABCD") is None


@pytest.mark.parametrize(
    "answer",
    [
        "\u6b63\u89e3\u306fB\u3067\u306f\u306a\u304fC",
        "\uc815\ub2f5\uc740 B\uac00 \uc544\ub2c8\ub77c C",
        "\uc815\ub2f5\uc740 B\uac00 \uc544\ub2c8\ub77c C\uc785\ub2c8\ub2e4",
        "The answer is not B but C because (A) is wrong",
        "\u7b54\u6848\u4e0d\u662fB\u800c\u662fC",
        "No es B, sino C",
        "B? No. C.",
    ],
)
def test_the_letter_in_place_of_a_denied_one_is_read(answer: str) -> None:
    assert option_letter(answer, "ABCD") == "C"


@given(st.text(), st.sampled_from(["", "AB", "ABCDE"]))
def test_any_answer_settles_on_an_offered_letter_or_none(answer: str, offered: str) -> None:
    letter = option_letter(answer, offered)
    assert letter is None or not offered or letter in offered


@pytest.mark.parametrize(
    "piece",
    [
        "(A) ",
        "A, ",
        "answer is ",
        "not ",
        "A or ",
        "the ",
        "**",
        "{",
        "(",
        "is ",
        "<B>",
        "not B but ",
        "B > ",
        "is B ",
        "all ",
        "A, maybe ",
    ],
)
def test_a_hostile_answer_of_half_a_megabyte_is_read(piece: str) -> None:
    option_letter(piece * (500_000 // len(piece)), "ABCD")
