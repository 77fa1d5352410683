"""Settings of sensitivity studies, and what is said about mistakes.

Kinds: reference (predictions of the changed file, significance by hand) and unit.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
from studies import ARGON, COUNTING, PLAIN, TWO, design, exactly, finished, study

from cevns.config.study import study_from
from cevns.errors import InputError
from cevns.sensitivity.design import design_of
from cevns.sensitivity.evaluate import StudyGrid
from cevns.yaml_reader import read_text


def settings_scan(setting: str) -> str:
    return f"scan: {{settings: {{{setting}}}}}\n{COUNTING}"


def test_counts_against_a_threshold() -> None:
    """reference: each what a prediction with that threshold gives; significance by hand."""
    made = finished(design(ARGON, settings_scan("detector.threshold: [20 keV, 60 keV, 3]")))
    for place, threshold in enumerate((20, 40, 60)):
        prediction = study(ARGON.replace("threshold: 20", f"threshold: {threshold}")).predict()
        assert made.columns["total"][place] == exactly(prediction.total)
        background = float(np.sum(prediction.backgrounds["flat"]))
        assert made.columns["background"][place] == exactly(background)
        signal = float(np.sum(prediction.counts))
        relative = math.sqrt(signal + 3 * background) / signal
        assert made.columns["precision"][place] == exactly(relative)
        on, off = signal + background, 0.5 * background
        pooled = (on + off) / 1.5
        by_hand = math.sqrt(2 * (on * math.log(on / pooled) + off * math.log(off / (0.5 * pooled))))
        assert made.columns["significance"][place] == exactly(by_hand)


def test_a_study_alone_is_over_strengths_of_the_signal() -> None:
    """reference: events in proportion, and at the strength 1 those of the file."""
    made = finished(design(ARGON, COUNTING))
    strengths = made.design.shown("signal.norm")
    total = study(ARGON).predict().total
    assert made.columns["total"] == exactly(strengths * total)
    assert 1.0 in strengths.round(12)


@pytest.mark.parametrize("statistic", ["chi2-counting", "poisson"])
def test_events_are_those_of_the_binned_range(statistic: str) -> None:
    """reference: the bins of a prediction; above the highest edge nothing is counted."""
    text = ARGON.replace("to: 180 keV, bins: 8", "to: 60 keV, bins: 4")
    scan = "scan: {settings: {detector.mass: [50 kg, 100 kg, 2]}}\n"
    made = finished(design(text, f"{scan}study: {{statistic: {statistic}}}"))
    prediction = study(text).predict()
    inside = float(np.sum(prediction.counts))
    assert inside < 0.95 * prediction.total
    assert made.columns["total"] == exactly(inside * np.array([0.5, 1.0]))
    background = float(np.sum(prediction.backgrounds["flat"]))
    assert made.columns["background"] == exactly(background * np.array([0.5, 1.0]))


def test_precision_for_each_systematic() -> None:
    """reference: in quadrature with what counting knows; all under their names."""
    scan = "scan: {settings: {exposure: [10 day, 20 day, 2]}}\n"
    several = "study: {statistic: chi2-counting, systematic: [0, 10 %]}\n"
    made = finished(design(PLAIN, scan + several))
    counting = made.columns["total"] ** -0.5
    assert made.columns["precision at systematic 0"] == exactly(counting)
    assert made.columns["precision at systematic 0.1"] == exactly(np.hypot(counting, 0.1))
    content = made.as_dict()
    assert content["precision"] == exactly(counting.tolist())
    assert [one["systematic"] for one in content["by_systematic"]] == [0.0, 0.1]
    assert content["by_systematic"][1]["precision"] == exactly(np.hypot(counting, 0.1).tolist())
    single = finished(design(PLAIN, scan + COUNTING))
    assert "by_systematic" not in single.as_dict()


CASES: Mapping[str, tuple[str, str, str]] = {
    "exposure of all": ("exposure: [10 day, 30 day, 3]", "near", "10 day"),
    "exposure of one": ("far.exposure: [10 day, 30 day, 3]", "far", "10 day"),
    "inherited": ("near.exposure: [10 day, 30 day, 3]", "near", "10 day"),
}


@pytest.mark.parametrize("case", CASES)
def test_keys_of_several_experiments(case: str) -> None:
    """With a name in front one of them, without it all that have the key; others stay."""
    setting, changed, exposure = CASES[case]
    made = finished(design(PLAIN, TWO + settings_scan(setting)))
    total = study(PLAIN.replace("200 day", exposure)).predict().total
    assert made.columns[f"{changed}.total"][0] == exactly(total)
    names = ("near", "far") if case == "exposure of all" else (changed,)
    for name in ("near", "far"):
        nominal = made.design.study.predict(name).total
        expected = total if name in names else nominal
        assert made.columns[f"{name}.total"][0] == exactly(expected)


def test_an_address_as_a_setting() -> None:
    """One that is no key of the file, with what 'parameters' says about it already."""
    text = "parameters: {source.norm: {prior: 10 %, value: 2}}\n"
    made = finished(design(PLAIN, text + settings_scan("source.norm: [1, 3, 3]")))
    total = study(PLAIN).predict().total
    assert made.columns["total"] == exactly(total * np.array([1, 2, 3]))


def test_a_source_in_a_list() -> None:
    """Its key by number, for one experiment that inherits the list."""
    sources = "source: [{name: a, type: stopped-pion, flux: 1e7 /cm^2/s}]"
    text = PLAIN.replace("source: {type: stopped-pion, flux: 1e7 /cm^2/s}", sources)
    scan = settings_scan("'near.source[0].flux': [1e7 /cm^2/s, 3e7 /cm^2/s, 3]")
    made = finished(design(text, TWO + scan))
    total = study(PLAIN).predict().total
    assert made.columns["near.total"] == exactly(total * np.array([1, 2, 3]))
    assert made.columns["far.total"] == exactly(np.full(3, total / 4))


# --- unit: mistakes -------------------------------------------------------------------------------

GRID = "scan: {parameters: {signal.norm: [0.5, 1.5, 5]}}\n"
MISTAKES = {
    "": "scan: found no axes, expected a block 'scan' with 'parameters'",
    GRID + "data: {file: own.csv}\n": "data: found data, expected none: the data are what",
    GRID + "study: {statistic: chi3}\n": "study.statistic: found 'chi3', expected",
    GRID + "study: {systematic: -5 %}\n": "study.systematic: found '-5 %', expected",
    GRID + "study: {systematic: [0, -1]}\n": "study.systematic[1]: found -1, expected",
    GRID + "study: {statistic: poisson, observable: counts}\n": "study.observable: found 'counts'",
    GRID + "study: {statistic: chi2-counting, ratio: [prompt, delayed]}\n": (
        "study.ratio: found two samples beside the observable 'counts', expected none, or obs"
    ),
    GRID + "study: {statistic: poisson, systematic: 5 %}\n": "study.systematic: found a systematic",
    GRID + "study: {statistic: chi2-counting, observable: ratio, ratio: [prompt, late]}\n": (
        "study.ratio: found 'late', expected two of prompt, delayed"
    ),
    GRID + "study: {statistic: chi2-counting, observable: ratio, ratio: [prompt, prompt]}\n": (
        "study.ratio: found 'prompt' twice"
    ),
    "scan: {settings: {detector.thresholds: [1 keV, 9 keV, 3]}}\n": "did you mean 'detector.thresh",
    "scan: {settings: {detector.threshold: [1 kg, 9 kg, 3]}}\n": (
        "scan.settings.detector.threshold: found '1.0 kg', expected"
    ),
    "scan: {settings: {detector.threshold: [1 keV, 9 kg, 3]}}\n": (
        "scan.settings.detector.threshold: found '9 kg', expected"
    ),
    "scan: {settings: {exposure: [-9 day, 9 day, 3]}}\n": (
        "scan.settings.exposure: found '-9.0 day'"
    ),
    "scan: {settings: {detector.target: [1, 9, 3]}}\n": "scan.settings.detector.target: found 1",
    "scan: {settings: {exposure: 9 day}}\n": "scan.settings.exposure: found '9 day'",
    "scan: {parameters: {signal.norm: [0.5, 1.5, 5]}, overlays: [charm-2004]}\n": (
        "scan.overlays[0]: found 'charm-2004', expected one of the overlays charm-2003"
    ),
    "scan: {parameters: {source.norm: [1, 2, 3]}, settings: {source.norm: [1, 2, 3]}}\n": (
        "scan.settings.source.norm: found 'source.norm', which is one of scan.parameters too"
    ),
    "fit: {parameters: [source.norm]}\nscan: {parameters: {signal.norm: [0.5, 1.5, 5]}, "
    f"profile: all}}\n{COUNTING}": "scan.profile: found source.norm, which has no prior",
    "fit: {parameters: [source.norm]}\nscan: {settings: {exposure: [1 day, 9 day, 3]}, "
    "profile: all}\n": "scan.profile: found source.norm, which has no prior, expected a prior on",
    "scan: {parameters: {signal.norm: [0.5, 1.5, 5]}, profile: [source.norm]}\n": (
        "scan.profile: found 'source.norm', which has no prior and is not in 'fit'"
    ),
    "scan: {parameters: {signal.norm: [0, 1, 1000], source.norm: [0, 1, 1001]}}\n": "at most 100",
    "scan: {parameters: {near.signal.norm: [0, 1, 3]}}\n": "scan.parameters.near.signal.norm",
}


@pytest.mark.parametrize("text", MISTAKES)
def test_mistakes(text: str, tmp_path: Path) -> None:
    (tmp_path / "own.csv").write_text("energy [keV],counts\n30,5\n")
    with pytest.raises(InputError) as caught:
        design_of(study_from(read_text(f"name: A study\n{PLAIN}{text}"), tmp_path))
    assert MISTAKES[text] in str(caught.value)
    assert len(caught.value.mistakes) == 1


def test_mistakes_of_several_experiments() -> None:
    with pytest.raises(
        InputError, match=r"for near\.signal\.norm, far\.signal\.norm, expected one"
    ):
        design(PLAIN, TWO + GRID)


def test_groups_have_no_background() -> None:
    block = "study: {statistic: chi2-counting, observable: ratio}\n"
    with pytest.raises(InputError, match="groups of a source beside a background"):
        design(ARGON, GRID + block)


def test_nothing_to_count() -> None:
    with pytest.raises(InputError, match="study: found nothing expected where it counts"):
        design(PLAIN.replace("20 keV", "900 keV"), GRID + COUNTING)


def test_time_without_the_source_is_no_prior() -> None:
    """A likelihood says so; with the background profiled there is nothing to say."""
    with pytest.warns(UserWarning, match=r"profile background\.flat\.norm, with a prior"):
        design(ARGON, GRID)
    prior = "parameters: {background.flat.norm: {prior: 5 %}}\n"
    design(ARGON, prior + GRID.replace("]}}", "]}, profile: all}"))


def test_settings_use_the_time_without_the_source() -> None:
    """Significance and precision subtract what was measured: no warning, whatever the statistic."""
    scan = "scan: {settings: {detector.threshold: [20 keV, 60 keV, 2]}}\n"
    measured = finished(design(ARGON, scan)).columns["significance"]
    known = finished(design(ARGON.replace(", off: 100 day", ""), scan)).columns["significance"]
    assert np.all(measured < known)


def test_a_grid_on_which_nothing_works() -> None:
    """Tried out before anything is written."""
    axes = "scan: {parameters: {Ar.neutron_skin: {from: -9 fm, to: -3 fm, points: 7}}}\n"
    made = design(PLAIN, axes + COUNTING)
    with pytest.raises(InputError, match=r"no point that succeeds \(Ar.neutron_skin outside"):
        StudyGrid(made).try_out()
