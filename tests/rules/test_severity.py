"""Severity from impact and urgency."""

from __future__ import annotations

from itertools import pairwise, product

import pytest

from console.codes import SEVERITIES
from console.rules.policies import load_pack, parse_policy, ready_packs


@pytest.mark.parametrize("name", ready_packs())
def test_every_pair_has_a_severity_that_never_falls(name: str) -> None:
    matrix = parse_policy(load_pack(name), name=name).severity
    values = {pair: matrix.severity(*pair) for pair in product(matrix.impacts, matrix.urgencies)}
    assert set(values.values()) == set(SEVERITIES)
    for impact in matrix.impacts:
        assert all(values[impact, low] <= values[impact, high] for low, high in pairwise(matrix.urgencies))
    for urgency in matrix.urgencies:
        assert all(values[low, urgency] <= values[high, urgency] for low, high in pairwise(matrix.impacts))


def test_the_gravest_case_is_special_and_the_slightest_ordinary() -> None:
    matrix = parse_policy(load_pack("cn-95598"), name="cn-95598").severity
    assert matrix.severity("public safety", "high") == 4
    assert matrix.severity("one customer", "low") == 1
