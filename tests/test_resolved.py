"""The resolved configuration: run again from its own folder, it gives the same numbers."""

from __future__ import annotations

from pathlib import Path

import pytest
from snippets import DETECTOR, EXPOSURE, SOURCE, study

from cevns import load
from cevns.config.study import study_from
from cevns.config.write import write_config
from cevns.yaml_reader import read_text

# --- integration --------------------------------------------------------------------------------

RADIATIVE = "couplings: {scheme: radiative}"
IN_MODEL = "model: [{standard-model: {scheme: radiative}}]"
SEVERAL = (
    f"experiments: {{near: {{{RADIATIVE}}}, far: {{}}}}",
    f"experiments: {{near: {{}}, far: {{{RADIATIVE}}}}}",
    f"couplings: {{scheme: radiative-q}}\nexperiments: {{near: {{{RADIATIVE}}}, far: {{}}}}",
    f"experiments: {{near: {{{IN_MODEL}}}, far: {{}}}}",
    f"experiments: {{near: {{{IN_MODEL}}}, far: {{{RADIATIVE}}}}}",
    f"{IN_MODEL}\nexperiments: {{near: {{}}, far: {{model: [standard-model]}}}}",
    "couplings: {sin2_theta_w: 24 %}\nexperiments: {near: {}, far: {form_factor: {Ar: point}}}",
)


@pytest.mark.parametrize("text", SEVERAL)
def test_several_experiments_run_again_to_the_same_numbers(text: str, tmp_path: Path) -> None:
    first = study_from(read_text(f"{SOURCE}\n{DETECTOR}\n{EXPOSURE}\n{text}"))
    again = load(write_config(first, tmp_path))
    assert list(again.experiments) == ["near", "far"]
    for name in first.experiments:
        assert again.predict(name).total == first.predict(name).total


@pytest.mark.parametrize("text", [RADIATIVE, IN_MODEL, "kinematics: exact"])
def test_one_experiment_runs_again_to_the_same_numbers(text: str, tmp_path: Path) -> None:
    first = study(tmp_path, text)
    again = load(write_config(first, tmp_path / "out"))
    assert again.predict().total == first.predict().total


# --- unit ---------------------------------------------------------------------------------------


def test_couplings_count_wherever_they_are_written(tmp_path: Path) -> None:
    tree, below, inside = (study(tmp_path, *blocks) for blocks in ((), (RADIATIVE,), (IN_MODEL,)))
    assert inside.predict().total == below.predict().total != tree.predict().total


def test_defaults_are_written_out(tmp_path: Path) -> None:
    text = write_config(study(tmp_path), tmp_path / "out").read_text("utf-8")
    assert read_text(text)["couplings"] == {"scheme": "tree", "sin2_theta_w": 0.23857}
