from typing import Any

import pytest

from functions.core.judged import Rule, Verdict, field, judged
from functions.core.listed import Listed

RULES = {"odd": field("n", lambda n: n % 2 == 1), "big": Rule(lambda one: one["big"], lambda _: "big")}


def one(n: int, *, big: Verdict = False) -> dict[str, Any]:
    return {"id": f"i{n}", "n": n, "big": big}


@pytest.mark.parametrize(
    ("found", "whole", "odd", "big", "none"),
    [
        ([], True, False, False, True),
        ([], False, None, None, None),
        ([one(2)], True, False, False, False),
        ([one(2)], False, None, None, False),
        ([one(2), one(3)], False, True, None, False),
        ([one(2), one(4, big=None)], True, False, None, False),
        ([one(2, big=True), one(4, big=None)], True, False, True, False),
    ],
)
def test_wrong_and_fine_both_need_proof(
    found: list[Any], odd: Verdict, big: Verdict, none: Verdict, *, whole: bool
) -> None:
    assert judged(Listed(found, whole), "id", RULES).signals == {"odd": odd, "big": big, "none": none}


def test_a_line_for_each_that_is_wrong_and_then_for_each_unknown() -> None:
    result = judged(Listed([one(1, big=None), one(3, big=True), one(2)]), "id", RULES)
    assert result.counts == {"odd": 2, "big": 1}
    assert result.evidence == ["i1: n 1", "i3: n 3, big", "unknown: i1: big"]


def test_what_is_wrong_with_one_only_is_among_the_first_lines() -> None:
    """Of the evidence a finding keeps ten lines."""
    many = [one(n) for n in range(1, 41, 2)]
    result = judged(Listed([*many, one(42, big=True), one(44, big=True)]), "id", RULES)
    assert result.evidence[:4] == ["i1: n 1", "i42: big", "i3: n 3", "i44: big"]
    assert len(result.evidence) == len(many) + 2


def test_a_finding_counts_them_and_says_where_a_list_was_cut() -> None:
    result, told = judged(Listed([one(1), one(2)]), "id", RULES), "{count} {days} {odd} {big}"
    finding = result.finding(told, "nothing", Listed([1]), days=7)
    assert (finding.summary, finding.facts) == ("2 7 1 0", {"count": 2, "ids": ["i1", "i2"]})
    finding = result.finding(told, "nothing", Listed([1]), Listed([2], whole=False), days=7)
    assert finding.summary == "2 7 1 0; there is more than could be read"


def test_a_finding_of_nothing() -> None:
    finding = judged(Listed[Any]([]), "id", RULES).finding("{count} {odd}", "nothing", Listed[Any]([]))
    assert (finding.summary, finding.facts) == ("nothing", {"count": 0, "ids": []})
