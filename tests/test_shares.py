"""Fractions of one whole: fuels of a reactor, energies of a supernova; in a file and as they move.

Kind: unit.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from snippets import refused, study

from cevns import Detector, Experiment, Target
from cevns.cli.main import run
from cevns.exposure import Exposure
from cevns.sources import Reactor, Supernova
from cevns.units import MW, MeV, erg, kg, kpc, m, tonne, year

REACTOR = "source: {type: reactor, power: 3 GW, distance: 20 m}"
BURST = """source: {type: supernova, distance: 10 kpc, energy: 3e53 erg,
  mean_energy: {nu_e: 10 MeV, nu_e_bar: 14 MeV, nu_x: 20 MeV},
  pinching: {nu_e: 3, nu_e_bar: 3, nu_x: 2.5}}"""
ONCE = "exposure: 1 burst"
CORES = f"source: [{{name: A, {REACTOR[9:]}, {{name: B, {REACTOR[9:]}]"
FUEL = {"U235": 0.561, "U238": 0.076, "Pu239": 0.307, "Pu241": 0.056}


# --- in a file ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("blocks", "parameters", "line"),
    [
        (
            [REACTOR],
            "{source.fuel.U235: {value: 0.8}}",
            "source.fuel.U235: found fractions that sum to 1.239 (U235 0.8, U238 0.076, Pu239 0.307"
            ", Pu241 0.056), expected a sum of 1 of all in source.fuel",
        ),
        (
            [REACTOR.replace("3 GW", "3 GW, fuel: heu")],
            "{U235: {value: 0.9}}",
            "U235: found fractions that sum to 0.9 (U235 0.9), expected a sum of 1 of all in"
            " source.fuel",
        ),
        (
            [BURST, ONCE],
            "{sharing.nu_e: {value: 0.3}, sharing.nu_x: {value: 0.6}}",
            "sharing.nu_e: found fractions that sum to 1.06667 (nu_e 0.3, nu_e_bar 0.166667, nu_x"
            " 0.6), expected a sum of 1 of all in source.sharing",
        ),
        (
            [CORES],
            "{source.B.fuel.Pu239: {same_as: source.A.fuel.U235}}",
            "source.B.fuel.Pu239: found fractions that sum to 1.254 (U235 0.561, U238 0.076, Pu239"
            " 0.561, Pu241 0.056), expected a sum of 1 of all in source.B.fuel",
        ),
        (
            [REACTOR],
            "{U235: {value: 3}}",
            "U235: found the value 3, expected a value within its bounds [0, 1]",
        ),
    ],
)
def test_a_broken_sum_is_refused(
    blocks: list[str], parameters: str, line: str, tmp_path: Path
) -> None:
    """One line, whatever way the numbers take into the file."""
    assert refused(tmp_path, *blocks, f"parameters: {parameters}") == [f"parameters.{line}"]


def test_whole_sums_are_taken(tmp_path: Path) -> None:
    """All of them given, with three digits, or with priors only; 1e-12: rounding."""
    shares = {"nu_e": 0.2, "nu_e_bar": 0.2, "nu_x": 0.6}
    settings = ", ".join(f"sharing.{one}: {{value: {x}}}" for one, x in shares.items())
    given = study(tmp_path, BURST, ONCE, f"parameters: {{{settings}}}")
    own = BURST[:-1] + ", sharing: {nu_e: 0.2, nu_e_bar: 0.2, nu_x: 0.6}}"
    expected = study(tmp_path, own, ONCE).predict().total
    assert given.predict().total == pytest.approx(expected, rel=1e-12, abs=0)
    rounded = BURST[:-1] + ", sharing: {nu_e: 0.333, nu_e_bar: 0.333, nu_x: 0.333}}"
    thirds = study(tmp_path, rounded, ONCE).experiments[""]
    third = {f"source.sharing.{one}": 1 / 3 for one in ("nu_e", "nu_e_bar", "nu_x")}
    both = thirds.predict().total, thirds.predict(third).total
    assert both[0] == pytest.approx(both[1], rel=1e-12, abs=0)
    assert study(tmp_path, REACTOR, "parameters: {source.fuel.U235: {prior: 5 %}}").predict().total


# --- where they move ------------------------------------------------------------------------------


def burst(**changes: Any) -> Experiment:
    source = Supernova(
        distance=10 * kpc,
        energy=3e53 * erg,
        mean_energy={"nu_e": 10 * MeV, "nu_e_bar": 14 * MeV, "nu_x": 20 * MeV},
        pinching={"nu_e": 3.0, "nu_e_bar": 3.0, "nu_x": 2.5},
        **changes,
    )
    return Experiment(source, Detector(target=Target("Ar40"), mass=1 * tonne), Exposure(1, "burst"))


def core(**changes: Any) -> Experiment:
    source = Reactor(power=3000 * MW, distance=20 * m, **changes)
    return Experiment(source, Detector(target=Target("Ge"), mass=1 * kg), 1 * year)


@pytest.mark.parametrize("x", [0.01, 0.3, 0.9])
def test_one_that_moves_alone(x: float) -> None:
    """It is what a declaration of the same ratios says; 1e-12: rounding."""
    total = x + 5 / 6
    shares = {"nu_e": x / total, "nu_e_bar": 1 / 6 / total, "nu_x": 4 / 6 / total}
    moved = burst().predict({"source.sharing.nu_e": x}).total
    declared = burst(sharing=shares).predict().total
    assert moved == pytest.approx(declared, rel=1e-12, abs=0)
    fuel = {**FUEL, "U235": x}
    whole = {one: share / sum(fuel.values()) for one, share in fuel.items()}
    moved = core().predict({"source.fuel.U235": x}).total
    assert moved == pytest.approx(core(fuel=whole).predict().total, rel=1e-12, abs=0)


def test_the_energy_stays() -> None:
    """The fluences carry ε/(4πd²) in all, whatever the shares are; 1e-12: rounding."""
    source = burst().source
    assert isinstance(source, Supernova)
    mean = dict(zip(("nu_e", "nu_e_bar", "nu_x"), (10 * MeV, 14 * MeV, 20 * MeV), strict=True))
    for theta in ({}, {"source.sharing.nu_x": 0.1}, {"source.sharing.nu_e_bar": 0.9}):
        fluences = source.fluences(Exposure(1, "burst"), theta, "source")
        parts = zip(source.components("source"), fluences, strict=True)
        energy = sum(fluence * mean[part.group] for part, fluence in parts)
        area = 4 * 3.141592653589793 * (10 * kpc) ** 2
        assert energy * area == pytest.approx(3e53 * erg, rel=1e-12, abs=0)


def test_a_fit_says_which_share_it_is(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Counts made with nu_x at 0.6: fitted beside two others of 1/6 it is 0.5, of the sum 0.6."""
    rest = f"detector: {{target: Xe, mass: 1000 tonne}}\n{ONCE}\n"
    rest += "binning: {energy: {edges: [0, 5, 10, 20, 40], unit: keVnr}}\n"
    own = BURST[:-1] + ", sharing: {nu_e: 0.2, nu_e_bar: 0.2, nu_x: 0.6}}"
    (tmp_path / "truth.yaml").write_text(f"{own}\n{rest}", "utf-8")
    sample = ["sample", str(tmp_path / "truth.yaml"), "--output", str(tmp_path), "--asimov"]
    assert run(sample) == 0
    asked = "data: {file: counts.csv}\nfit: {parameters: [source.sharing.nu_x]}\n"
    (tmp_path / "fit.yaml").write_text(f"{BURST}\n{rest}{asked}", "utf-8")
    assert run(["fit", str(tmp_path / "fit.yaml")]) == 0
    said = capsys.readouterr().err.splitlines()
    assert said == [
        "warning: source.sharing.nu_x is relative: of the sum 0.8333 of its block it is 0.6"
    ]
