"""Priors carried to counts and bins.

Kinds: reference (sums by hand for what is linear, a Taylor expansion for what is not) and unit.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cevns.cli.main import run
from cevns.config import study_from
from cevns.config.study import Study
from cevns.uncertainty import Uncertainty, uncertainty

ARGON: dict[str, Any] = {
    "source": {"type": "stopped-pion", "flux": "1e7 /cm^2/s"},
    "detector": {
        "target": "Ar40",
        "mass": "100 kg",
        "threshold": "10 keV",
        "backgrounds": [{"name": "flat", "type": "flat", "rate": "0.1 / keV / kg / day"}],
    },
    "exposure": "1 year",
    "binning": {"from": "10 keV", "to": "100 keV", "bins": 9},
}
ROUNDING = 1e-10  # differences of counts, relative to themselves


def study(parameters: dict[str, Any], **more: Any) -> Study:
    return study_from({**ARGON, "parameters": parameters, **more})


def found(made: Study, name: str = "") -> Uncertainty:
    error = uncertainty(made, name)
    assert error is not None
    return error


def test_norms_add_in_quadrature() -> None:
    made = study({"source.norm": {"prior": "10 %"}, "signal.norm": {"prior": "5 %"}})
    error, total = found(made), made.predict().total
    together = np.hypot(0.1, 0.05)
    assert error.total == pytest.approx(together * total, rel=ROUNDING, abs=0)
    assert error.bins == pytest.approx(together * made.predict().counts, rel=1e-8, abs=0)
    assert [one.parameter.address for one in error.effects] == ["source.norm", "signal.norm"]
    assert error.background == 0


@pytest.mark.parametrize("rho", [-1.0, -0.5, 1.0])
def test_correlated_norms(rho: float) -> None:
    parameters = {"source.norm": {"prior": "10 %"}, "signal.norm": {"prior": "5 %"}}
    between = [{"between": ["source.norm", "signal.norm"], "rho": rho}]
    made = study(parameters, correlations=between)
    together = np.sqrt(0.1**2 + 0.05**2 + 2 * rho * 0.1 * 0.05)
    assert found(made).total == pytest.approx(together * made.predict().total, rel=1e-9, abs=0)


def test_backgrounds_are_apart() -> None:
    made = study({"background.flat.norm": {"prior": "20 %"}})
    error = found(made)
    assert error.total == 0
    # 90 keV, 100 kg, a year at 0.1 a day
    assert error.background == pytest.approx(0.2 * 0.1 * 90 * 100 * 365.25, rel=1e-9, abs=0)


def test_weak_mixing_angle() -> None:
    """The counts are a parabola in g_V^p: both sides by hand."""
    made = study({"sin2_theta_w": {"prior": 0.01}})
    (effect,) = found(made).effects
    total = made.predict().total

    def at(angle: float) -> float:
        return made.experiments[""].predict({"sin2_theta_w": angle}).total

    nominal = made.parameters["sin2_theta_w"].value
    assert effect.up == pytest.approx(at(nominal + 0.01) - total, rel=1e-8, abs=0)
    assert effect.down == pytest.approx(at(nominal - 0.01) - total, rel=1e-8, abs=0)
    assert effect.signal == pytest.approx(0.5 * (effect.up - effect.down), rel=ROUNDING, abs=0)


def test_tied_parameters_move_together() -> None:
    iodide = {**ARGON, "detector": {"target": "CsI", "mass": "14 kg", "threshold": "5 keV"}}
    one = {"Cs.neutron_skin": {"prior": "0.1 fm"}}
    tied = {**one, "I.neutron_skin": {"same_as": "Cs.neutron_skin"}}
    both = {**one, "I.neutron_skin": {"prior": "0.1 fm"}}
    alone, together, apart = (
        found(study_from({**iodide, "parameters": parameters})) for parameters in (one, tied, both)
    )
    # 1e-3: the effect of one skin does not depend on the other, to first order exactly
    shares = [effect.signal for effect in apart.effects]
    assert together.total == pytest.approx(abs(sum(shares)), rel=1e-3, abs=0)
    assert alone.total < apart.total < together.total


def test_a_bound_ends_a_move() -> None:
    made = study({"nsi.eps_ee_u": {"value": 0.1, "prior": 0.2, "bounds": [0.05, 0.2]}}, **NSI)
    (effect,) = found(made).effects
    experiment = made.experiments[""]
    ends = [experiment.predict({"nsi.eps_ee_u": x}).total for x in (0.05, 0.1, 0.2)]
    assert effect.down == pytest.approx(ends[0] - ends[1], rel=1e-8, abs=0)
    assert effect.up == pytest.approx(ends[2] - ends[1], rel=1e-8, abs=0)


NSI = {"model": ["standard-model", "nsi"]}


def test_without_priors() -> None:
    assert uncertainty(study({})) is None
    assert uncertainty(study({"signal.norm": {"value": 2}})) is None


def test_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "one.yaml"
    parameters = {"source.norm": {"prior": "10 %"}}
    file.write_text(json.dumps({**ARGON, "parameters": parameters}), "utf-8")
    assert run(["predict", str(file), "--json"]) == 0
    result = json.loads(capsys.readouterr().out)
    error = result["uncertainty"]
    assert error["total"] == pytest.approx(0.1 * result["counts"]["total"], rel=1e-9, abs=0)
    assert len(error["bins"]) == len(result["bins"]["counts"])
    assert error["parameters"][0]["address"] == "source.norm"
    assert run(["predict", str(file), "--output", str(tmp_path / "out")]) == 0
    assert "±" in capsys.readouterr().out
