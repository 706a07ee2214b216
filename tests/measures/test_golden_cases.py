"""Every golden case comes out within its tolerance."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pytest
from measure_data import AS_OF_DAY, COMPLAINTS, CUSTOMERS, cases, judgement, synthetic_survey

from console.measures import complaints as handling
from console.measures import controlcharts, sampling
from console.measures.acsi import acsi_of_means
from console.measures.ahp import RandomIndex, ahp_weights, comparison_matrix
from console.measures.anp import limit_priorities, one_step_priorities, supermatrix
from console.measures.composites import composite_from_counts, group_composite
from console.measures.decomposition import mix_and_rate
from console.measures.delphi import concordance
from console.measures.discoveries import benjamini_hochberg
from console.measures.distributions import poisson_upper
from console.measures.drivers import Importance, driver_importance
from console.measures.effects import did_of_shares, mcnemar
from console.measures.funnelplots import funnel_plot
from console.measures.funnels import critical_drivers, pareto_head
from console.measures.fuzzy import Operator, fuzzy_evaluation
from console.measures.gaps import GapForm, paired_gap, positions, service_gap_of_means
from console.measures.headlines import customer_effort_from_counts, net_promoter_change, net_promoter_from_counts
from console.measures.pathintervals import indirect_effects
from console.measures.pathmodel import PathModel, fit_path_model
from console.measures.proportions import (
    exact_interval,
    newcombe,
    newcombe_corrected,
    two_proportions,
    wilson,
    wilson_corrected,
)
from console.measures.quadrants import Crosshair, Quadrant, quadrant_places
from console.measures.raking import rake_table
from console.measures.regulators import Part, rate_per_accounts, rate_per_connections, regulator_composite
from console.measures.reliability import cronbach_alpha
from console.measures.responses import Dispositions, non_response, response_rates
from console.measures.results import Interval
from console.measures.scales import RECOMMENDATION, level_of
from console.measures.segments import association
from console.measures.setpairs import set_pair_of_levels
from console.measures.strata import stratified_share
from console.measures.trees import Indicator, LeafScore, roll_up
from console.measures.trends import change_point, mann_kendall
from console.measures.value import rfm_scores
from console.measures.weights import WeightKind

Given = Mapping[str, Any]
Found = Mapping[str, Any]
CASES = {case["case"]: case for case in cases()}


def pair(interval: Interval | None) -> list[float]:
    assert interval is not None
    return [interval.low, interval.high]


def composite(given: Given) -> Found:
    kind = WeightKind.POINTS if sum(given["weights"]) > 2 else WeightKind.SHARES
    found = composite_from_counts(given["counts"], given["weights"], given["levels"], given.get("target"), kind)
    assert found.value is not None
    return {
        "value": found.value,
        "scores": found.item_scores,
        "se": found.se,
        "coverage": found.coverage,
        "shortfalls": found.shortfalls,
        "order": [i + 1 for i in found.weak_order],
        "below": [i + 1 for i in found.below],
        "level": level_of(found.value, given["levels"]),
    }


def groups(given: Given) -> Found:
    found = group_composite(given["groups"], given["weights"], {"experts": 10, "consumers": 200, "staff": 40})
    return {"value": found.value, "spread": found.spread}


def tree(given: Given) -> Found:
    indicators, leaves = [Indicator("root", None)], {}
    for module, (weight, children) in given["modules"].items():
        indicators.append(Indicator(module, "root", weight))
        for leaf, (leaf_weight, score) in children.items():
            indicators.append(Indicator(f"{module}.{leaf}", module, leaf_weight))
            leaves[f"{module}.{leaf}"] = LeafScore(score, 100)
    found = roll_up(indicators, leaves, given["target"])
    modules = [found.node(module) for module in given["modules"]]
    return {
        "value": found.value,
        "coverage": found.coverage,
        "child_coverage": found.nodes[0].child_coverage,
        "modules": [module.value for module in modules],
        "shortfalls": [module.shortfall for module in modules],
    }


def agreement(given: Given) -> Found:
    found = concordance(given["ranks"])
    return {"w": found.value, "chi_square": found.chi_square, "p": found.p_chi_square, "rank_sums": found.rank_sums}


def compared(given: Given) -> Found:
    upper = [judgement(value) for value in given["upper"]]
    found = ahp_weights(comparison_matrix(upper), RandomIndex(given["table"]))
    return {
        "eigenvalue": found.eigenvalue,
        "weights": found.weights,
        "deviation": found.consistency_index,
        "ratio": found.consistency_ratio,
    }


def network(given: Given) -> Found:
    return {"priorities": limit_priorities(given["matrix"]).priorities}


def reservoir(given: Given) -> Found:
    sizes = {"purposes": 3, "levels": 3}
    to_levels, to_purposes = (np.array(given[key]).T for key in ("purposes_to_levels", "levels_to_purposes"))
    whole = supermatrix(
        sizes,
        {("levels", "purposes"): to_levels, ("purposes", "levels"): to_purposes},
        {("levels", "purposes"): 1.0, ("purposes", "levels"): 1.0},
    )
    found = limit_priorities(whole, sizes)
    return {**found.within, "period": found.period}


def inner_dependence(given: Given) -> Found:
    inner, goal = np.array(given["inner"]), np.array(given["goal"])
    whole = np.zeros((4, 4))
    whole[1:, 0], whole[1:, 1:] = goal, inner
    found = limit_priorities(whole, {"goal": 1, "criteria": 3})
    return {"one_step": one_step_priorities(inner, goal), "limit": found.within["criteria"]}


def fuzzy(given: Given) -> Found:
    found = {
        operator: fuzzy_evaluation(given["weights"], given["memberships"], given["levels"], operator)
        for operator in Operator
    }
    plain = found[Operator.WEIGHTED_SUM]
    return {
        "distribution": plain.distribution,
        "value": plain.value,
        "alpha": plain.alpha,
        "min_max": found[Operator.MIN_MAX].composed,
        "min_max_value": found[Operator.MIN_MAX].value,
        "product_max": found[Operator.PRODUCT_MAX].composed,
        "min_bounded_sum": found[Operator.MIN_BOUNDED_SUM].composed,
    }


def pairs(given: Given) -> Found:
    found = set_pair_of_levels(given["distribution"])
    return {
        "identity": found.identity,
        "difference": found.difference,
        "contrary": found.contrary,
        "value": found.value,
        "range": pair(found.interval),
        "ratio": found.ratio,
        "proportion": found.by_proportion,
        "even": found.even,
    }


def gap(given: Given) -> Found:
    plain = service_gap_of_means(given["perceived"], given["expected"], given["weights"])
    ratio = service_gap_of_means(given["perceived"], given["expected"], given["weights"], GapForm.RATIO)
    zone = positions(given["perceived"], given["acceptable"], given["expected"])
    return {"unweighted": plain.unweighted, "weighted": plain.value, "ratio": ratio.value, "positions": zone}


def gap_of_pairs(given: Given) -> Found:
    d = np.array(given["differences"], dtype=float)
    found = paired_gap(d + 5, np.full(d.size, 5.0))
    return {
        "value": found.value,
        "sd": found.sd,
        "se": found.se,
        "interval": pair(found.interval),
        "t": found.t,
        "p": found.p,
    }


def acsi(given: Given) -> Found:
    return {
        "value": acsi_of_means(given["means"], given["weights"]).value,
        "equal": acsi_of_means(given["means"], [1, 1, 1]).value,
    }


def path_model(given: Given) -> Found:
    model = PathModel(
        {"Q": (0, 1, 2), "S": (3, 4, 5), "L": (6, 7)},
        (("Q", "S"), ("Q", "L"), ("S", "L")),
        is_standardised=given["standardised"],
    )
    found = fit_path_model(synthetic_survey(), model)
    return {
        "paths": list(found.paths.values()),
        "r_squared": [found.variable("S").r_squared, found.variable("L").r_squared],
        "loadings": [load for variable in found.variables for load in variable.loadings],
        "total": found.total_effects["Q", "L"],
        "indices": [variable.index for variable in found.variables],
    }


def indirect(given: Given) -> Found:
    effects, shares = indirect_effects(given["causes"], given["onward"])
    return {"effects": list(effects.values()), "shares": list(shares.values())}


def alpha(given: Given) -> Found:
    return {"value": cronbach_alpha(given.get("answers", synthetic_survey()[:, :3])).value}


def importance(given: Given) -> Found:
    data = synthetic_survey()
    lmg = driver_importance(data[:, 3], data[:, :3])
    johnson = driver_importance(data[:, 3], data[:, :3], Importance.JOHNSON)
    return {"r_squared": lmg.value, "lmg": lmg.importances, "johnson": johnson.importances}


def quadrants(given: Given) -> Found:
    shares = np.array(given["shares"]) / sum(given["shares"])
    mean = quadrant_places(shares, given["performances"])
    median = quadrant_places(shares, given["performances"], Crosshair.MEDIAN)

    def improve(places: tuple[Quadrant, ...]) -> list[int]:
        return [i + 1 for i, place in enumerate(places) if place is Quadrant.IMPROVE]

    return {
        "improve_by_mean": improve(mean.quadrants),
        "improve_by_median": improve(median.quadrants),
        "order": [i + 1 for i in mean.order],
        "priorities": [mean.priorities[i] for i in mean.order],
        "critical": [i + 1 for i in critical_drivers(shares)],
    }


def pareto(given: Given) -> Found:
    found = pareto_head(given["contributions"])
    return {"customers": len(found.members), "cumulative": found.cumulative[:3]}


def rfm(given: Given) -> Found:
    return {"codes": list(rfm_scores(given["days"], given["payments"], given["revenue"]).codes)}


def nps(given: Given) -> Found:
    found = net_promoter_from_counts(given["promoters"], given["passives"], given["detractors"])
    return {"value": found.value, "se": found.se, "wald": pair(found.wald), "adjusted": pair(found.interval)}


def nps_change(given: Given) -> Found:
    found = net_promoter_change(net_promoter_from_counts(*given["first"]), net_promoter_from_counts(*given["second"]))
    assert found.warnings == ("No proven change.",)
    return {"value": found.value, "se": found.se, "z": found.z, "p": found.p}


def ces(given: Given) -> Found:
    found = customer_effort_from_counts(given["counts"])
    return {"mean": found.value, "sd": found.sd, "interval": pair(found.interval), "easy": found.easy.value}


def share_intervals(given: Given) -> Found:
    found = pair(wilson(given["x"], given["n"]))
    return {
        "wilson": found,
        "wilson_rounded": found,
        "corrected": pair(wilson_corrected(given["x"], given["n"])),
        "exact": pair(exact_interval(given["x"], given["n"])),
    }


def finite(given: Given) -> Found:
    found = sampling.share_of_finite(given["x"], given["n"], given["population"])
    return {
        "correction": found.correction,
        "se": found.se,
        "n_effective": found.n_effective,
        "wilson": pair(found.interval),
    }


def sizes(given: Given) -> Found:
    did = sampling.size_for_did([371 / 480, 412 / 500, 389 / 490, 398 / 495], 0.05)
    return {
        "n0": sampling.size_for_share(0.05).exact,
        "of_1000": sampling.size_for_share(0.05, population=1000).n,
        "of_10000": sampling.size_for_share(0.05, population=10000).n,
        "two_waves": sampling.size_for_two_waves(0.78, 0.83).n,
        "did": did.n,
        "margin_3": sampling.size_for_share(0.03).n,
        "high_share": sampling.size_for_share(0.03, 0.85).n,
        "deff": sampling.size_for_share(0.03, deff=1.4).n,
        "invitations": sampling.invitations(1068, 0.12),
        "mean": sampling.size_for_mean(2, 18).n,
    }


def tabled_sizes(given: Given) -> Found:
    return {"sizes": [sampling.krejcie_morgan(population) for population in given["populations"]]}


def strata(given: Given) -> Found:
    found = stratified_share(given["populations"], given["answers"], given["satisfied"])
    shared = sampling.allocate(1200, given["populations"], sampling.Allocation.NEYMAN, given["deviations"])
    assert sum(shared.sizes) == 1200
    return {
        "value": found.value,
        "se": found.se,
        "unweighted": found.unweighted,
        "deff": found.deff,
        "n_effective": found.n_effective,
        "neyman": shared.exact,
    }


def raking(given: Given) -> Found:
    found = rake_table(given["answers"], given["rows"], given["columns"])
    shares, n = np.array(given["shares"]), np.array(given["answers"])
    return {
        "raked": float((np.array(found.cells) * shares).sum()),
        "unweighted": float((n * shares).sum() / n.sum()),
        "weights": found.cell_weights,
        "deff": found.value,
    }


def response(given: Given) -> Found:
    ended = Dispositions(**{key: value for key, value in given.items() if key != "eligible"})
    found = response_rates(ended, given["eligible"])
    return {name: getattr(found, name) for name in ("rr1", "rr2", "rr3", "rr4", "rr5", "rr6", "cooperation", "refusal")}


def silence(given: Given) -> Found:
    found = non_response(given["share"], given["response_rate"], given["silent"])
    return {"bounds": pair(found.interval), "bias": found.bias}


def orange_juice(given: Given) -> Found:
    found = controlcharts.p_chart(given["counts"], [given["size"]] * 30)
    return {
        "centre": found.value,
        "lower": found.lower[0],
        "upper": found.upper[0],
        "outside": [i + 1 for i in found.outside],
    }


def u_complaints(given: Given) -> Found:
    given = CASES[given["same_as"]]["given"] if "same_as" in given else given
    found = controlcharts.u_chart(given["counts"], given["thousands"], given["baseline"])
    assert found.value is not None
    return {
        "centre": found.value,
        "upper": found.upper[-1],
        "lower": found.lower[-1],
        "z": found.z[-1],
        "sigma_z": found.sigma_z,
        "dispersion": found.dispersion,
        "dispersion_p": found.dispersion_p,
        "tail": poisson_upper(88, found.value * 65.8),
    }


def p_dissatisfied(given: Given) -> Found:
    # Seven months are fewer than a baseline needs, so the published limits are computed from their total.
    centre = sum(given["counts"][:7]) / sum(given["sizes"][:7])
    last, n = given["counts"][7] / given["sizes"][7], given["sizes"][7]
    sigma = math.sqrt(centre * (1 - centre) / n)
    chart = controlcharts.p_chart([round(centre * 10**9)] * 10 + [given["counts"][7]], [10**9] * 10 + [n], 10)
    return {"centre": chart.value, "last": last, "upper": chart.upper[-1], "z": (last - centre) / sigma}


def laney(given: Given) -> Found:
    plain = controlcharts.p_chart(given["counts"], given["sizes"])
    wide = controlcharts.p_chart(given["counts"], given["sizes"], is_laney=True)
    assert any("Laney" in warning for warning in plain.warnings)
    return {
        "centre": wide.value,
        "sigma_z": plain.sigma_z,
        "plain_outside": len(plain.outside),
        "outside": len(wide.outside),
        "first": [wide.lower[0], wide.upper[0]],
    }


def rare(given: Given) -> Found:
    return {"alarm_at": [controlcharts.rare_alarm_at(mean, given["alpha"]) for mean in given["expected"]]}


def xmr(given: Given) -> Found:
    found = controlcharts.xmr_chart(given["values"], given["baseline"])
    return {
        "mean": found.value,
        "mean_range": found.mean_range,
        "upper": found.upper,
        "lower": found.lower,
        "outside": [i + 1 for i in found.outside],
    }


def split(given: Given) -> Found:
    found = change_point(given["values"])
    return {
        "at": found.value,
        "before": found.before,
        "after": found.after,
        "sse": found.sse,
        "sst": found.sst,
        "pettitt": found.pettitt_k,
        "pettitt_p": found.pettitt_p,
    }


def trend(given: Given) -> Found:
    found = mann_kendall(given["values"])
    return {
        "s": found.s,
        "variance": found.variance,
        "z": found.z,
        "p": found.p,
        "slope": found.value,
        "tau": found.tau,
    }


def discoveries(given: Given) -> Found:
    found = benjamini_hochberg(given["p"])
    return {"rejected": len(found.rejected), "q": found.q}


def proportions(given: Given) -> Found:
    found = two_proportions(*given["first"], *given["second"])
    return {
        "difference": found.value,
        "z": found.z,
        "p": found.p,
        "newcombe": pair(found.interval),
        "interval": pair(found.interval),
    }


def published_newcombe(given: Given) -> Found:
    return {
        "plain": [pair(newcombe(*numbers)) for numbers in given["pairs"]],
        "corrected_first": pair(newcombe_corrected(*given["pairs"][0])),
    }


def panel(given: Given) -> Found:
    found = mcnemar(**given)
    return {
        "chi_square": found.chi_square,
        "corrected": found.chi_square_corrected,
        "p": found.p,
        "p_exact": found.p_exact,
        "change": found.value,
    }


def did(given: Given) -> Found:
    before, after = (tuple(cell) for cell in given["treated"])
    control_before, control_after = (tuple(cell) for cell in given["control"])
    found = did_of_shares(before, after, control_before, control_after)
    return {
        "value": found.value,
        "se": found.se,
        "interval": pair(found.interval),
        "p": found.p,
        "control": found.control.value,
    }


def control_alone(given: Given) -> Found:
    before, after = (tuple(cell) for cell in given["treated"])
    control_before, control_after = (tuple(cell) for cell in given["control"])
    found = did_of_shares(before, after, control_before, control_after).control
    return {"change": found.value, "interval": pair(found.interval)}


def mix(given: Given) -> Found:
    found = mix_and_rate(given["shares"][0], given["scores"][0], given["shares"][1], given["scores"][1])
    assert found.is_mostly_mix
    return {"first": found.first, "second": found.second, "rate": found.rate, "mix": found.mix_total}


def funnel(given: Given) -> Found:
    found = funnel_plot(given["satisfied"], given["sizes"])
    return {
        "centre": found.value,
        "z": found.z,
        "limits_of_third": [found.lower_95[2], found.lower_998[2]],
        "shrunk": found.shrunk,
    }


def twelve_complaints(given: Given) -> Found:
    names, customers, causes, received, limits, days, contacts, reopened = zip(*COMPLAINTS, strict=True)
    closing = np.array(days, dtype=float)
    is_closed = ~np.isnan(closing)
    ages = np.where(is_closed, np.nan, AS_OF_DAY - np.array(received, dtype=float))
    due = handling.on_time(closing, limits, ages)
    times = handling.resolution_times(closing, ages)
    rate = handling.complaint_rate(len(names), CUSTOMERS)
    open_ages = ages[~is_closed]
    backlog = handling.backlog(open_ages, bounds=(3, 7, 15, 30))
    after = handling.followed(customers, causes, received)
    return {
        "rate": rate.value,
        "rate_interval": pair(rate.interval),
        "of_closed": due.of_closed.value,
        "of_due": due.value,
        "first_contact": handling.first_contact_resolution(is_closed, contacts, reopened).value,
        "first_contact_strict": handling.first_contact_resolution(is_closed, contacts, reopened, after).value,
        "reopened": handling.reopened_share(is_closed, reopened).value,
        "repeated": handling.repeat_share(handling.repeats(customers, causes, received)).value,
        "mean": times.mean,
        "quantiles": times.quantiles,
        "curve": list(zip(times.curve.times, times.curve.shares, strict=True)),
        "median": times.value,
        "p90": times.curve.quantile(0.9),
        "backlog": backlog.sizes,
        "overdue": [names[i] for i in due.overdue],
        "mean_age": backlog.mean_age,
    }


def by_class(given: Given) -> Found:
    found = association(given["table"])
    return {
        "chi_square": found.chi_square,
        "df": found.df,
        "p": found.p,
        "v": found.value,
        "gini_parent": found.gini_parent,
        "gini_split": found.gini_split,
        "gain": found.information_gain,
    }


def regulator(given: Given) -> Found:
    found = regulator_composite([Part(str(i), w, y, RECOMMENDATION) for i, (w, y) in enumerate(given["parts"])])
    return {"value": found.value, "contributions": found.contributions}


def per_connections(given: Given) -> Found:
    return {"rates": [rate_per_connections(*figures).value for figures in given["companies"].values()]}


def per_accounts(given: Given) -> Found:
    return {"rate": rate_per_accounts(given["resolved"], given["accounts"]).value}


COMPUTED: Mapping[str, Callable[[Given], Found]] = {
    "composite of eight factors": composite,
    "composite without its eighth item": composite,
    "composite with Delphi points": composite,
    "postal five criteria": composite,
    "postal groups": groups,
    "indicator tree": tree,
    "agreement of six experts": agreement,
    "five modules compared": compared,
    "choice of a leader": compared,
    "Saaty's house": compared,
    "Saaty's city": compared,
    "a circle of judgements": compared,
    "limit of a full network": network,
    "water reservoir": reservoir,
    "inner dependence": inner_dependence,
    "fuzzy evaluation": fuzzy,
    "fuzzy textbook": fuzzy,
    "set pair": pairs,
    "expectation gap": gap,
    "paired gap": gap_of_pairs,
    "ACSI index": acsi,
    "path model, standardised": path_model,
    "path model, raw": path_model,
    "indirect effects": indirect,
    "alpha": alpha,
    "alpha of a block": alpha,
    "LMG": importance,
    "Johnson": importance,
    "importance and performance": quadrants,
    "Pareto head": pareto,
    "RFM of ten customers": rfm,
    "NPS": nps,
    "NPS of ten promoters": nps,
    "two waves of NPS": nps_change,
    "CES": ces,
    **{case: share_intervals for case in CASES if case.startswith(("Wilson ", "other intervals "))},
    "finite population": finite,
    "sample sizes": sizes,
    "Krejcie and Morgan": tabled_sizes,
    "four strata": strata,
    "raking": raking,
    "response rates": response,
    "silence": silence,
    "p chart of orange juice": orange_juice,
    "u chart of complaints": u_complaints,
    "u chart, spread of the baseline": u_complaints,
    "p chart of the dissatisfied": p_dissatisfied,
    "Laney chart": laney,
    "rare counts": rare,
    "XmR chart": xmr,
    "change point of the Nile": split,
    "Pettitt test of the Nile": split,
    "change point of an index": split,
    "Mann-Kendall": trend,
    "false discoveries": discoveries,
    "two proportions": proportions,
    "Newcombe 48/80 to 56/70": proportions,
    "Newcombe, published": published_newcombe,
    "McNemar": panel,
    "difference in differences": did,
    "comparison group alone": control_alone,
    "mix and rate": mix,
    "funnel of five units": funnel,
    "twelve complaints": twelve_complaints,
    "dissatisfied by class": by_class,
    "C-MeX": regulator,
    "complaints per 10,000 connections": per_connections,
    "complaints per 100,000 accounts": per_accounts,
}


def agrees(found: object, expected: object, tolerance: float | str) -> bool:
    if isinstance(expected, list):
        assert isinstance(found, (list, tuple))
        return len(found) == len(expected) and all(
            agrees(a, b, tolerance) for a, b in zip(found, expected, strict=True)
        )
    if expected is None or isinstance(expected, str):
        return found == expected
    assert isinstance(expected, (int, float))
    assert isinstance(found, (int, float, np.integer))
    if isinstance(tolerance, str):
        return bool(abs(found - expected) <= 0.51 / 10 ** int(tolerance.split()[0]))
    return math.isclose(found, expected, rel_tol=max(tolerance, 1e-9), abs_tol=1e-12)


def test_every_case_is_computed() -> None:
    assert set(COMPUTED) == set(CASES)


@pytest.mark.parametrize("name", CASES)
def test_golden_case(name: str) -> None:
    case = CASES[name]
    found = COMPUTED[name](case["given"])
    wrong = {
        key: (found[key], value)
        for key, value in case["expected"].items()
        if not agrees(found[key], value, case["tolerance"])
    }
    assert wrong == {}
