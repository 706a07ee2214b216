"""Bad input comes out as the specification names: refused with a reason, or shown and marked."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from measure_data import judgement

from console.errors import OmbudError
from console.measures import distributions
from console.measures.acsi import acsi_index, acsi_of_means
from console.measures.ahp import ahp_weights, comparison_matrix, joint_judgements, usable_weights
from console.measures.anp import limit_priorities, local_columns, supermatrix
from console.measures.answers import Missing, answer_table
from console.measures.complaints import callback_result, complaint_rate, on_time
from console.measures.composites import composite_from_answers, composite_from_counts, group_composite
from console.measures.controlcharts import p_chart, rate_interval, xmr_chart
from console.measures.decomposition import mix_and_rate
from console.measures.drivers import Importance, driver_importance
from console.measures.effects import did_of_shares
from console.measures.fuzzy import fuzzy_evaluation
from console.measures.headlines import net_promoter, net_promoter_from_counts, top_levels
from console.measures.pathmodel import PathModel, fit_path_model
from console.measures.proportions import exact_interval, proportion, wilson
from console.measures.raking import rake, rake_table
from console.measures.reliability import cronbach_alpha
from console.measures.results import InconsistentError, MeasureError, ScaleError, WeightError
from console.measures.sampling import allocate, finite_correction, size_for_share
from console.measures.scales import FIVE, TEN, Scale, common_scale, rescale, value_score
from console.measures.setpairs import Potential, set_pair, set_pair_of_levels
from console.measures.strata import stratified_share
from console.measures.trees import Indicator, LeafScore, roll_up
from console.measures.trends import change_point
from console.measures.weights import WeightKind, checked_weights


@pytest.mark.parametrize("shares", [[0.5, 0.4], [0.5, 0.53], [-0.1, 1.1], [0.0, 0.0], [np.nan, 1.0], []])
def test_shares_that_do_not_add_up_are_refused(shares: list[float]) -> None:
    with pytest.raises(WeightError) as refusal:
        checked_weights(shares)
    assert refusal.value.hint


def test_shares_a_little_off_are_normalised_and_said_so() -> None:
    found = checked_weights([0.5, 0.49])
    assert sum(found.values) == pytest.approx(1.0)
    assert found.warnings == ("The weights added up to 0.990000 and were normalised.",)
    assert checked_weights([0.5, 0.5 + 5e-7]).warnings == ()
    assert checked_weights([0.49, 0.49]).values == (0.5, 0.5)


def test_points_are_normalised_in_silence() -> None:
    assert checked_weights([9, 3], WeightKind.POINTS).values == (0.75, 0.25)
    assert checked_weights([9, 3], WeightKind.POINTS).warnings == ()


def test_an_inconsistent_matrix_is_shown_refused_for_use_and_a_repair_proposed() -> None:
    upper = "5 3 7 6 6 1/3 1/4 1/3 5 3 3 1/5 1/7 6 3 4 6 1/5 1/3 1/4 1/7 1/8 1/2 1/5 1/6 1/5 1/6 1/2"
    house = comparison_matrix([judgement(word) for word in upper.split()])
    found = ahp_weights(house)
    assert found.weights[-1] == pytest.approx(0.33318898)
    assert not found.is_usable
    by_ratio, without_pair = found.repairs
    assert (by_ratio.row + 1, by_ratio.column + 1) == (3, 7)
    assert by_ratio.given == pytest.approx(6.0)
    assert by_ratio.error == pytest.approx(5.321, abs=5e-4)
    assert by_ratio.proposed == pytest.approx(1.1275, abs=5e-5)
    assert by_ratio.ratio == pytest.approx(0.09001, abs=5e-6)
    assert without_pair.proposed == pytest.approx(0.45867, abs=5e-6)
    assert without_pair.ratio == pytest.approx(0.08219, abs=5e-6)
    with pytest.raises(InconsistentError, match=r"ratio 0\.169") as refusal:
        usable_weights(found)
    assert "3 over 7" in refusal.value.hint
    with pytest.raises(InconsistentError):
        local_columns([found])


def test_impossible_judgements_are_refused() -> None:
    with pytest.raises(MeasureError, match="triangle"):
        comparison_matrix([1, 2])
    with pytest.raises(MeasureError, match="above 0"):
        comparison_matrix([0, 2, 3])
    with pytest.raises(MeasureError, match="contradict"):
        ahp_weights([[1, 2], [2, 1]])
    with pytest.raises(MeasureError, match="square"):
        ahp_weights(np.ones((2, 3)))
    with pytest.raises(MeasureError, match="random index"):
        ahp_weights(np.ones((11, 11)))
    with pytest.raises(MeasureError, match="size"):
        joint_judgements([np.ones((2, 2)), np.ones((3, 3))])
    assert "1/9" in ahp_weights(comparison_matrix([12])).warnings[0]
    assert ahp_weights(comparison_matrix([7])).consistency_ratio == 0


def test_an_item_without_answers_gives_up_its_weight_and_coverage_says_so() -> None:
    found = composite_from_answers([[5, np.nan], [3, np.nan]], [0.6, 0.4])
    assert (found.value, found.item_scores, found.weights) == (4.0, (4.0, None), (1.0, 0.0))
    assert found.coverage == pytest.approx(0.6)
    assert any("not publishable" in warning for warning in found.warnings)
    assert any("Item 2 has no answers" in warning for warning in found.warnings)


def test_no_answer_at_all_is_no_number_never_zero() -> None:
    empty = np.full((3, 2), np.nan)
    assert composite_from_answers(empty, [0.5, 0.5]).value is None
    assert composite_from_counts([[0, 0], [0, 0]], [0.5, 0.5], [1, 0]).value is None
    assert net_promoter(np.full(3, np.nan)).value is None
    assert net_promoter_from_counts(0, 0, 0).interval is None
    assert top_levels([np.nan], FIVE).value is None
    assert proportion(0, 0).value is None
    assert wilson(0, 0) is None
    assert exact_interval(0, 0) is None
    assert rate_interval(0, 0) is None
    assert complaint_rate(3, 0).value is None
    assert set_pair(0, 0, 0).value is None
    assert set_pair(0, 4, 0).potential is Potential.BALANCED
    assert fuzzy_evaluation([1.0], [[np.nan, np.nan]], [1, 0]).value is None
    assert acsi_index(np.full((3, 3), np.nan), [1, 1, 1]).value is None
    assert group_composite({"a": None}, {"a": 1.0}, {}).value is None


def test_a_scale_mismatch_is_refused() -> None:
    with pytest.raises(ScaleError, match="do not fit scale 1-5"):
        rescale([1, 5, 6], FIVE)
    with pytest.raises(ScaleError, match="different scales"):
        common_scale(["1-5", "0-100"])
    with pytest.raises(ScaleError):
        roll_up([Indicator("r", None), Indicator("a", "r", 1.0)], {"a": LeafScore(4.1, 40, scale_id="1-5")})
    with pytest.raises(ScaleError):
        net_promoter([11.0])
    with pytest.raises(ScaleError):
        acsi_of_means([8, 11, 7], [1, 1, 1])
    with pytest.raises(ScaleError):
        Scale("backwards", 5, 1)
    with pytest.raises(MeasureError, match="between"):
        value_score([1], 0, 5, 5)


def test_answers_to_unknown_items_are_left_out_and_counted() -> None:
    found = answer_table(
        ["r1", "r1", "r2", "r2", "r1"],
        ["q1", "q9", "q1", "q2", "q1"],
        [4.0, 5.0, Missing.DO_NOT_KNOW, None, 2.0],
        ["q1", "q2"],
        [1, 1, 1, 1, 2],
    )
    assert found.unknown == {"q9": 1}
    assert found.doubles == 1
    assert found.values[0, 0] == 2.0
    assert np.isnan(found.values[1]).all()
    assert found.missing["q1"][Missing.DO_NOT_KNOW] == 1
    assert found.missing["q2"][Missing.NOT_ANSWERED] == 1
    assert found.warnings == (
        "1 answers to unknown item q9 were left out.",
        "1 double entries were set aside; the last answer counts.",
        "Item q2 has no answers.",
    )


def test_trees_that_are_no_trees_are_refused() -> None:
    with pytest.raises(MeasureError, match="roots"):
        roll_up([Indicator("a", None), Indicator("b", None)], {})
    with pytest.raises(MeasureError, match="unknown parent"):
        roll_up([Indicator("a", None), Indicator("b", "x")], {})
    with pytest.raises(MeasureError, match="cycle"):
        roll_up([Indicator("a", None), Indicator("b", "c"), Indicator("c", "b")], {})
    with pytest.raises(MeasureError, match="same id"):
        roll_up([Indicator("a", None), Indicator("a", None)], {})
    with pytest.raises(WeightError, match="Under a"):
        roll_up([Indicator("a", None), Indicator("b", "a", 0.4), Indicator("c", "a", 0.4)], {})
    found = roll_up([Indicator("a", None), Indicator("b", "a", 1.0)], {"z": LeafScore(50.0)})
    assert found.value is None
    assert "z were ignored" in found.warnings[0]


def test_networks_without_one_limit_are_refused() -> None:
    with pytest.raises(MeasureError, match="depends on the start"):
        limit_priorities(np.eye(2))
    with pytest.raises(MeasureError, match="sum to 1"):
        limit_priorities([[0.5, 0.5], [0.2, 0.5]])
    with pytest.raises(MeasureError, match="depends on nothing"):
        supermatrix({"a": 1, "b": 1}, {("a", "b"): [[1.0]]}, {("a", "b"): 1.0})
    with pytest.raises(MeasureError, match="unknown cluster"):
        supermatrix({"a": 1}, {("a", "z"): [[1.0]]}, {})


def test_negative_weights_stop_an_index() -> None:
    with pytest.raises(WeightError, match="negative"):
        acsi_of_means([8, 7, 7], [0.5, 0.7, -0.2])


def test_path_models_that_cannot_be_are_refused() -> None:
    data = np.random.default_rng(3).integers(1, 11, (40, 4)).astype(float)
    blocks = {"A": (0, 1), "B": (2, 3)}
    with pytest.raises(MeasureError, match="circle"):
        fit_path_model(data, PathModel(blocks, (("A", "B"), ("B", "A"))))
    with pytest.raises(MeasureError, match="circle"):
        fit_path_model(data, PathModel(blocks, (("A", "A"),)))
    with pytest.raises(MeasureError, match="unknown latent"):
        fit_path_model(data, PathModel(blocks, (("A", "C"),)))
    with pytest.raises(MeasureError, match="of its own"):
        fit_path_model(data, PathModel({"A": (0, 1), "B": (1, 2)}, (("A", "B"),)))
    with pytest.raises(MeasureError, match="no path"):
        fit_path_model(data, PathModel(blocks, ()))
    with pytest.raises(MeasureError, match="No path leads to or from C"):
        fit_path_model(data, PathModel({"A": (0,), "B": (1,), "C": (2,)}, (("A", "B"),)))
    with pytest.raises(MeasureError, match="names item"):
        fit_path_model(data, PathModel({"A": (0,), "B": (9,)}, (("A", "B"),)))
    flat = data.copy()
    flat[:, 2:] = 5
    with pytest.raises(MeasureError, match="answers differ"):
        fit_path_model(flat, PathModel(blocks, (("A", "B"),)))
    flat[:, 3] = data[:, 3]
    found = fit_path_model(flat, PathModel(blocks, (("A", "B"),)))
    assert found.dropped_items == (2,)
    assert found.is_exploratory
    with pytest.raises(MeasureError, match="scales"):
        fit_path_model(data, PathModel(blocks, (("A", "B"),)), [TEN])


def test_too_little_for_a_method_is_refused() -> None:
    with pytest.raises(MeasureError, match="too few"):
        change_point([1, 2, 3, 4, 5, 6, 7])
    with pytest.raises(MeasureError, match="baseline"):
        p_chart([1] * 12, [10] * 12, 9)
    with pytest.raises(MeasureError, match="two values"):
        xmr_chart([1.0])
    with pytest.raises(MeasureError, match="no exposure"):
        p_chart([0, 0], [0, 0])
    with pytest.raises(MeasureError, match="too few"):
        driver_importance([1, 2, 3], np.arange(12).reshape(3, 4))
    with pytest.raises(MeasureError, match="does not vary"):
        driver_importance(np.ones(20), np.arange(20.0)[:, None])
    with pytest.raises(MeasureError, match="No driver varies"):
        driver_importance(np.arange(20.0), np.ones((20, 2)))
    with pytest.raises(MeasureError, match="up to 12"):
        driver_importance(np.arange(40.0), np.random.default_rng(1).normal(size=(40, 13)), Importance.LMG)
    with pytest.raises(MeasureError):
        cronbach_alpha([[1, 2]])
    assert did_of_shares((10, 20), (300, 400), (300, 400), (300, 400)).value is None


def test_raking_that_cannot_succeed_is_refused() -> None:
    with pytest.raises(MeasureError, match="Nobody answered in category 2"):
        rake([[0, 0, 0]], [[0.5, 0.5]])
    with pytest.raises(MeasureError, match="does not settle"):
        rake_table([[10, 0], [0, 10]], [0.2, 0.8], [0.8, 0.2])
    with pytest.raises(MeasureError, match="sums to"):
        rake([[0, 1]], [[0.5, 0.4]])


def test_impossible_samples_are_refused() -> None:
    with pytest.raises(MeasureError):
        finite_correction(10, 5)
    with pytest.raises(MeasureError):
        size_for_share(0)
    with pytest.raises(MeasureError, match="cannot be drawn"):
        allocate(100, [40, 40])
    with pytest.raises(MeasureError, match="every stratum"):
        allocate(40, [400, 400], minimum=30)
    with pytest.raises(MeasureError, match="more answers than customers"):
        stratified_share([5], [10], [3])
    with pytest.raises(MeasureError):
        set_pair_of_levels([0.5, 0.5])
    with pytest.raises(MeasureError, match="no share"):
        proportion(5, 3)
    with pytest.raises(MeasureError, match="has no age"):
        on_time([np.nan], [5], [np.nan])
    with pytest.raises(MeasureError, match="More call-backs"):
        callback_result(1, 5, 4)
    with pytest.raises(WeightError):
        mix_and_rate([0.5, 0.2], [1, 2], [0.5, 0.5], [1, 2])


def test_what_is_not_a_number_is_named() -> None:
    with pytest.raises(MeasureError, match="answers holds something"):
        composite_from_answers([["good", "bad"]], [0.5, 0.5])
    with pytest.raises(MeasureError, match="infinite"):
        composite_from_answers([[np.inf, 1]], [0.5, 0.5])
    with pytest.raises(MeasureError, match="negative number"):
        composite_from_counts([[-1, 2]], [1.0], [1, 0])


def test_a_missing_scipy_is_said_with_the_way_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "scipy.special", None)
    with pytest.raises(OmbudError, match="needs SciPy") as refusal:
        exact_interval(3, 10)
    assert "ombud[analysis]" in refusal.value.hint
    assert distributions.t_quantile(7) == pytest.approx(2.364624, abs=1e-6)


def test_the_measures_load_no_heavy_library() -> None:
    code = (
        "import importlib, pkgutil, sys, console.measures as m\n"
        "for found in pkgutil.iter_modules(m.__path__): importlib.import_module(f'console.measures.{found.name}')\n"
        "heavy = {'scipy', 'pandas', 'statsmodels', 'textual', 'typer', 'rich', 'sqlalchemy', 'sqlmodel'}\n"
        "print(sorted(heavy & {name.split('.')[0] for name in sys.modules}))\n"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"
