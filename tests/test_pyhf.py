"""Workspaces for pyhf: the same −2 ln L there as here. Kind: reference, computed by pyhf."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from data_files import need_data

from cevns.analysis import analysis_of
from cevns.config.study import study_from
from cevns.errors import InputError
from cevns.inference.export import (
    called_lumi,
    exportable,
    pyhf_values,
    workspace,
    write_workspace,
)
from cevns.inference.minimum import Minimum, minimise
from cevns.likelihood.joint import Likelihood

pyhf: Any = pytest.importorskip("pyhf", reason="the extra 'hep' is not installed")

# pyhf 0.7 validates with a part of jsonschema that is on its way out.
pytestmark = pytest.mark.filterwarnings("ignore:jsonschema.RefResolver:DeprecationWarning")

CSI, LAR = "coherent-csi-2021", "coherent-lar-2020"
FILES: dict[str, dict[str, Any]] = {
    "csi-2017": {"data": "coherent-csi-2017"},
    "csi": {"data": CSI},
    "lar": {"data": LAR},
    "lar-shapes": {
        "data": LAR,
        "parameters": {
            f"shape.{name}": {"fixed": False} for name in ("f90", "cevns-time-mean")
        } | {"sns.flux": {"fixed": True}, "signal.rate": {"value": 0.95, "prior": "8 %"}},
    },
    "joint": {"experiments": {"csi": {"data": CSI}, "lar": {"data": LAR}}},
}  # fmt: skip


def fitted(file: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> tuple[Minimum, str]:
    """The fit of a file, with interpolated shapes, and the strength of its first signal."""
    for name in ("coherent-csi-2017", CSI, LAR):
        need_data(name, monkeypatch)
    analysis = analysis_of(study_from(file))
    likelihood = analysis.likelihood.freed(analysis.interest).with_(morphed=True)
    return minimise(likelihood), analysis.interest[0]


class Twin:
    """pyhf's model of a workspace, at points of ours."""

    def __init__(self, likelihood: Likelihood, content: dict[str, Any]):
        self.likelihood = likelihood
        read = pyhf.Workspace(content)  # validates it against the schema
        self.model = read.model()
        self.data = read.data(self.model)

    def values(self, ours: Any) -> list[float]:
        translated = pyhf_values(self.likelihood, ours)
        assert set(translated) == set(self.model.config.par_order)
        return [translated[name] for name in self.model.config.par_order]

    def __call__(self, ours: Any) -> float:
        return float(-2 * self.model.logpdf(self.values(ours), self.data)[0])


@pytest.mark.parametrize("name", FILES)
def test_differences(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """At five random points: −2 ln L of each less that at the best fit.

    pyhf adds up logarithms of Poisson probabilities, thousands in all: 1e-8.
    """
    minimum, poi = fitted(FILES[name], monkeypatch)
    likelihood, held = exportable(minimum)
    assert [address.split(".")[-2:] for address in held] == [
        ["pulse", "mean"] for c in likelihood.channels if c.name == "csi" or name == "csi"
    ]
    twin, best = Twin(likelihood, workspace(likelihood, poi)), minimise(likelihood)
    assert twin.model.config.poi_name == poi
    generator = np.random.default_rng(21)
    for _ in range(5):
        shifts = generator.uniform(-1, 1, len(best.values)) * best.errors
        point = best.values + shifts
        ours, theirs = likelihood(point) - best.value, twin(point) - twin(best.values)
        assert ours == pytest.approx(theirs, rel=0, abs=1e-8)


@pytest.mark.parametrize("name", ["csi", "lar", "joint"])
def test_fits(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """pyhf's own fit, by MINUIT without gradients, ends in our minimum.

    Its tolerance of 0.1 on twice the logarithm is a distance of 2e-4; we start it from the nominal
    values in the workspace.
    """
    minimum, poi = fitted(FILES[name], monkeypatch)
    likelihood, _ = exportable(minimum)
    twin, best = Twin(likelihood, workspace(likelihood, poi)), minimise(likelihood)
    pyhf.set_backend("numpy", pyhf.optimize.minuit_optimizer())
    try:
        found, value = pyhf.infer.mle.fit(twin.data, twin.model, return_fitted_val=True)
    finally:
        pyhf.set_backend("numpy", pyhf.optimize.scipy_optimizer())
    assert float(value) == pytest.approx(twin(best.values), rel=0, abs=1e-3)
    errors = np.array(twin.values(best.values + best.errors)) - twin.values(best.values)
    assert (found - twin.values(best.values)) / errors == pytest.approx(0, abs=0.05)


def test_auxiliary_data(monkeypatch: pytest.MonkeyPatch) -> None:
    """The centres of a toy's constraints are the auxiliary data of its workspace."""
    minimum, poi = fitted(FILES["lar"], monkeypatch)
    toy = minimum.likelihood.toy({}, np.random.default_rng(6))
    twin, best = Twin(toy, workspace(toy, poi)), minimise(toy)
    point = best.values + 0.5 * best.errors
    ours, theirs = toy(point) - best.value, twin(point) - twin(best.values)
    assert ours == pytest.approx(theirs, rel=0, abs=1e-8)


def test_names(monkeypatch: pytest.MonkeyPatch) -> None:
    """Addresses; one shared flux is the "lumi" of both data sets; others are in their widths."""
    minimum, poi = fitted(FILES["joint"], monkeypatch)
    likelihood, _ = exportable(minimum)
    content = workspace(likelihood, poi)
    assert called_lumi(likelihood) == "sns.flux"
    assert [channel["name"] for channel in content["channels"]] == ["csi", "lar"]
    for channel in content["channels"]:
        names = {modifier["name"] for modifier in channel["samples"][0]["modifiers"]}
        assert {"lumi", f"{channel['name']}.signal.norm"} <= names
    values = dict(zip(likelihood.floating, likelihood.start, strict=True))
    values |= {"sns.flux": 1.1, "lar.background.beam-neutrons.norm": 1.322}
    translated = pyhf_values(likelihood, list(values.values()))
    assert translated["lumi"] == 1.1
    # 32.2 % is the prior, so one standard deviation up.
    assert translated["lar.background.beam-neutrons.norm"] == pytest.approx(1, rel=1e-9, abs=0)


# Kind: unit, from here on.
def test_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The file is the workspace, strict JSON, and what is held in it is said."""
    minimum, poi = fitted(FILES["csi"], monkeypatch)
    path = tmp_path / "new" / "workspace.json"
    held = write_workspace(path, minimum, poi)
    assert held == {"source.pulse.mean": minimum.at("source.pulse.mean")}
    likelihood, _ = exportable(minimum)
    assert json.loads(path.read_text("utf-8")) == workspace(likelihood, poi)


def test_what_cannot_be_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One line for each, and no file."""
    minimum, poi = fitted(FILES["csi"], monkeypatch)
    with pytest.raises(InputError, match=r"source\.pulse\.mean, which is folded with the spectrum"):
        workspace(minimum.likelihood, poi)
    likelihood, _ = exportable(minimum)
    with pytest.raises(InputError, match=r"found sin2_theta_w, which does not float"):
        workspace(likelihood, "sin2_theta_w")
    pair = ("sns.flux", "background.beam-neutrons.norm")
    with pytest.raises(InputError, match="found correlated priors, expected independent ones"):
        workspace(likelihood.with_(correlations={pair: 0.5}), poi)
    lar, poi = fitted(FILES["lar"], monkeypatch)
    crowded = lar.likelihood.freed(["shape.f90"])  # flux, rate and a shape move the signal
    with pytest.raises(InputError, match=r"signal\.rate, sns\.flux multiply while others move"):
        workspace(crowded, poi)
    with pytest.raises(InputError, match="multiply while others move them, expected one such"):
        write_workspace(tmp_path / "workspace.json", minimise(crowded), poi)
    assert list(tmp_path.iterdir()) == []


def test_negative_cells(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a morph makes a cell negative pyhf has no value, and we have one."""
    minimum, poi = fitted(FILES["csi"], monkeypatch)
    likelihood, _ = exportable(minimum)
    twin = Twin(likelihood, workspace(likelihood, poi))
    values = minimise(likelihood).values.copy()
    values[likelihood.floating.index("background.steady-state.norm")] = 0.0
    values[likelihood.floating.index("shape.efficiency")] = -4.0
    theta = likelihood.theta(values)
    assert np.min(likelihood.channels[0].expected(theta, morphed=True)) < 0
    with np.errstate(invalid="ignore"):
        assert np.isnan(twin(values))
    assert np.isfinite(likelihood(values))
