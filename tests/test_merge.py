"""Blocks that can be written in several forms: one form over another replaces the whole block."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from snippets import EXPOSURE, SOURCE

from cevns.config.study import study_from
from cevns.merge import extended, merge
from cevns.yaml_reader import read_text

# --- unit ---------------------------------------------------------------------------------------

BINNING = (
    {"from": "0 keV", "to": "9 keV", "bins": 3},
    {"edges": [0, 1], "unit": "keV"},
    {"energy": {"from": "0 keV", "to": "9 keV", "bins": 3}, "time": {"edges": [0, 1]}},
)
FORM_FACTOR = (
    {"type": "helm", "rms_radius": "5 fm"},
    {"proton": "helm", "neutron": "point"},
    {"Cs": "helm", "I": {"proton": "helm"}},
)
QUENCHING = (
    {"type": "constant", "value": 0.2},
    {"Cs": {"type": "lindhard"}, "I": {"type": "lindhard"}},
)
FORMS = {"binning": BINNING, "form_factor": FORM_FACTOR, "quenching": QUENCHING}
PAIRS = [
    (key, one, other)
    for key, forms in FORMS.items()
    for one in forms
    for other in forms
    if one is not other
]


@pytest.mark.parametrize(("key", "one", "other"), PAIRS)
def test_another_form_replaces_the_block(key: str, one: Any, other: Any) -> None:
    assert merge({key: one, "name": "a"}, {key: other}) == {key: other, "name": "a"}
    assert merge({"detector": {key: one}}, {"detector": {key: other}})["detector"][key] == other


@pytest.mark.parametrize(
    ("key", "defaults", "override", "merged"),
    [
        ("binning", BINNING[0], {"bins": 5}, {**BINNING[0], "bins": 5}),
        (
            "form_factor",
            FORM_FACTOR[0],
            {"rms_radius": "4 fm"},
            {**FORM_FACTOR[0]} | {"rms_radius": "4 fm"},
        ),
        ("form_factor", FORM_FACTOR[1], {"neutron": "helm"}, {"proton": "helm", "neutron": "helm"}),
        ("form_factor", {"Cs": "helm"}, {"I": "point"}, {"Cs": "helm", "I": "point"}),
        (
            "form_factor",
            {"I": {"type": "helm"}},
            {"I": {"proton": "helm"}},
            {"I": {"proton": "helm"}},
        ),
        ("quenching", QUENCHING[0], {"value": 0.3}, {"type": "constant", "value": 0.3}),
        ("parameters", {"Cs.neutron_skin": 1}, {"norm": 2}, {"Cs.neutron_skin": 1, "norm": 2}),
    ],
)
def test_the_same_form_is_merged_key_by_key(
    key: str, defaults: Any, override: Any, merged: Any
) -> None:
    assert merge({key: defaults}, {key: override}) == {key: merged}


# --- integration --------------------------------------------------------------------------------

OVERRIDES = (
    (
        "binning: {energy: {from: 0 keV, to: 9 keV, bins: 3}}",
        "binning: {from: 0 keV, to: 8 keV, bins: 4}",
    ),
    ("form_factor: {Cs: helm}", "form_factor: {type: helm, rms_radius: 5 fm}"),
    ("form_factor: {type: helm, rms_radius: 5 fm}", "form_factor: {proton: helm, neutron: point}"),
)


@pytest.mark.parametrize(("default", "own"), [*OVERRIDES, *(pair[::-1] for pair in OVERRIDES)])
def test_an_experiment_in_another_form_is_as_if_it_stood_alone(default: str, own: str) -> None:
    detector = "detector: {target: CsI, mass: 1 kg}"
    blocks = f"{SOURCE}\n{detector}\n{EXPOSURE}"
    alone = study_from(read_text(f"{blocks}\n{own}")).predict()
    both = study_from(read_text(f"{blocks}\n{default}\nexperiments: {{a: {{{own}}}}}"))
    assert both.predict("a").counts == pytest.approx(alone.counts, rel=1e-12, abs=0)


CHAIN = {
    "study: {statistic: chi2-counting, observable: counts}": None,
    "study: {statistic: poisson}": None,
    "study: {observable: ratio}": ["delayed", "prompt"],
    "study: {ratio: [prompt, delayed]}": ["prompt", "delayed"],  # one's own, refused later
}


@pytest.mark.parametrize("own", CHAIN)
def test_samples_of_a_ratio_go_with_it(own: str, tmp_path: Path) -> None:
    """unit: inherited through a file that compares something else, they are there if used."""
    (tmp_path / "first.yaml").write_text("study: {ratio: [delayed, prompt], observable: ratio}\n")
    (tmp_path / "second.yaml").write_text("extends: first.yaml\nstudy: {observable: spectrum}\n")
    found = extended({"extends": "second.yaml", **read_text(own)}, tmp_path)
    assert found["study"].get("ratio") == CHAIN[own]
