"""Mixing of three neutrinos: mass states, and what counts in a detector when they arrive."""

from __future__ import annotations

from itertools import combinations_with_replacement
from typing import Any

import numpy as np
import pytest
from oracle import flavour as oracle
from oracle import solar

from cevns import Detector, Experiment, StandardModel
from cevns.exposure import Exposure
from cevns.flavours import FLAVOURS
from cevns.interactions.nsi import Nsi
from cevns.mixing import Mixing
from cevns.sources import Geoneutrino, Solar, Source, Supernova
from cevns.sources.thermal import SPECIES
from cevns.units import MeV, erg, kpc, tonne

ANGLES = (0.308, 0.02215, 0.470, 3.7001)
NAMES = ("sin2_theta12", "sin2_theta13", "sin2_theta23", "delta_cp")
S2W = 0.23857
COUPLINGS: tuple[dict[str, complex], ...] = (
    {"eps_ee_u": 0.2},
    {"eps_mutau_u": 0.2},
    {"eps_emu_u": 0.2},
    {"eps_emu_u": 0.1 + 0.2j, "eps_mumu_u": -0.1, "eps_mutau_u": 0.15j},
)
LEAVING = {
    "normal": {"nu_e": (3,), "nu_e_bar": (1,), "nu_x": (1, 2), "nu_x_bar": (2, 3)},
    "inverted": {"nu_e": (2,), "nu_e_bar": (3,), "nu_x": (1, 3), "nu_x_bar": (1, 2)},
}


def charge(couplings: dict[str, complex]) -> Any:
    """The weak charge of Ar40 between flavours."""
    up = np.zeros((3, 3), dtype=complex)
    for (i, one), (j, two) in combinations_with_replacement(enumerate(FLAVOURS), 2):
        value = couplings.get(f"eps_{one}{two}_u", 0.0)
        up[i, j], up[j, i] = value, np.conj(value)
    return oracle.charge(18, 22, S2W, up)


def argon(source: Source, exposure: str, couplings: dict[str, complex] | None = None) -> Experiment:
    model = StandardModel(sin2_theta_w=S2W)
    return Experiment(
        source,
        Detector(target="Ar40", mass=1 * tonne),
        Exposure.parse(exposure),
        model=model + Nsi(**couplings) if couplings else model,
        form_factor="point",
    )


def burst(conversion: str | dict[str, Any]) -> Supernova:
    return Supernova(
        distance=10 * kpc,
        energy=3e53 * erg,
        mean_energy={"nu_e": 10 * MeV, "nu_e_bar": 14 * MeV, "nu_x": 15 * MeV},
        pinching={"nu_e": 3.0, "nu_e_bar": 3.0, "nu_x": 2.5},
        conversion=conversion,
    )


# --- kind: reference ------------------------------------------------------------------------------


@pytest.mark.parametrize("couplings", COUPLINGS)
def test_geoneutrinos_with_couplings_between_flavours(couplings: dict[str, complex]) -> None:
    """Squares of amplitudes, averaged over the phases of mass states; 1e-12: rounding.

    At a point nucleus all that changes is the charge, the same at every energy.
    """
    U, Q = solar.mixing(*ANGLES), charge(couplings)
    plain = argon(Geoneutrino(), "1 year").predict().total
    expected = oracle.averaged(Q, U, antineutrino=True) / charge({})[0, 0].real ** 2
    found = argon(Geoneutrino(), "1 year", couplings).predict().total
    assert found / plain == pytest.approx(expected, rel=1e-12, abs=0)


@pytest.mark.parametrize(("name", "events"), [("eps_mutau_u", 40.61), ("eps_emu_u", 38.54)])
def test_events_of_geoneutrinos(name: str, events: float) -> None:
    """Two decimals, as an independent brute-force calculation prints them."""
    found = argon(Geoneutrino(), "1 year", {name: 0.2}).predict().total
    assert found == pytest.approx(events, rel=0, abs=0.005)


@pytest.mark.parametrize("ordering", ["normal", "inverted"])
@pytest.mark.parametrize("couplings", COUPLINGS)
def test_a_converted_burst(ordering: str, couplings: dict[str, complex]) -> None:
    """Squares of amplitudes of the mass states that each species leaves the star as; 1e-12.

    Counts of a species in the Standard Model are those of the package, tested elsewhere.
    """
    U, Q, one = solar.mixing(*ANGLES), charge(couplings), charge({})[0, 0].real ** 2
    plain, expected = argon(burst("none"), "1 burst"), 0.0
    for species in SPECIES:
        others = {f"source.{other}.norm": 0.0 for other in SPECIES if other != species}
        leaving = [
            (number, name.endswith("_bar"))
            for name, numbers in LEAVING[ordering].items()
            if name.startswith(species) and (species != "nu_e" or name == species)
            for number in numbers
        ]
        each = [oracle.scattered(Q, oracle.mass_state(U, *state), state[1]) for state in leaving]
        expected += plain.predict(others).total * float(np.mean(each)) / one
    found = argon(burst(ordering), "1 burst", couplings).predict().total
    assert found == pytest.approx(expected, rel=1e-12, abs=0)


def test_events_of_a_converted_burst() -> None:
    """Two decimals, as an independent brute-force calculation prints them (s12² = 0.307)."""
    source = burst({"ordering": "normal", "sin2_theta12": 0.307, "sin2_theta13": 0.0218})
    found = argon(source, "1 burst", {"eps_mutau_u": 0.2}).predict().total
    assert found == pytest.approx(15.17, rel=0, abs=0.005)


@pytest.mark.parametrize("antineutrino", [False, True])
def test_states(antineutrino: bool) -> None:
    """The PDG's matrix entry by entry: ρ of each state, its conjugate for antineutrinos; 1e-15."""
    U = solar.mixing(*ANGLES)
    ours = Mixing().mass_states(antineutrino=antineutrino)
    for number, state in enumerate(ours, start=1):
        amplitudes = oracle.mass_state(U, number, antineutrino)
        expected = [[a * b.conjugate() for b in amplitudes] for a in amplitudes]
        np.testing.assert_allclose(state, expected, rtol=0, atol=1e-15)
    np.testing.assert_allclose(ours.sum(axis=0), np.eye(3), rtol=0, atol=1e-14)


def test_survival_in_vacuum() -> None:
    """Closed form: c⁴(1 − ½ sin²2θ12) + s⁴, 1e-14."""
    s12, s13 = ANGLES[:2]
    expected = (1 - s13) ** 2 * (1 - 2 * s12 * (1 - s12)) + s13**2
    assert Mixing().averaged()[0, 0].real == pytest.approx(expected, rel=1e-14, abs=0)


# --- kind: unit -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("plain", "mixed", "exposure"),
    [
        (Geoneutrino(oscillation="none"), Geoneutrino(), "1 year"),
        (burst("none"), burst("normal"), "1 burst"),
        (burst("none"), burst("inverted"), "1 burst"),
    ],
)
def test_the_standard_model_does_not_see_it(plain: Source, mixed: Source, exposure: str) -> None:
    """Property: at tree level no flavour is different; 1e-12: rounding."""
    before, after = (argon(one, exposure).predict().total for one in (plain, mixed))
    assert after == pytest.approx(before, rel=1e-12, abs=0)


def test_one_place_for_the_defaults() -> None:
    """unit: the same numbers wherever they are used, and where they are from if not given."""
    made: dict[str, list[Source]] = {
        "oscillation": [Solar(), Geoneutrino()],
        "conversion": [burst("normal"), burst("inverted")],
    }
    for block, sources in made.items():
        for source in sources:
            found = {one.address: one for one in source.parameters("source")}
            for name, value in zip(NAMES, ANGLES, strict=True):
                parameter = found[f"source.{block}.{name}"]
                assert (parameter.value, parameter.source) == (value, "NuFIT 6.0")
    given = Solar(oscillation={"sin2_theta12": 0.31})
    labels = {one.address: one.source for one in given.parameters("source")}
    assert labels["source.oscillation.sin2_theta12"] == ""
    assert labels["source.oscillation.dm21"] == "NuFIT 6.0"


@pytest.mark.parametrize(
    ("source", "address", "exposure"),
    [
        (Geoneutrino(), "source.oscillation", "1 year"),
        (burst("normal"), "source.conversion", "1 burst"),
    ],
)
@pytest.mark.parametrize("name", NAMES)
def test_mixing_is_a_parameter(source: Source, address: str, exposure: str, name: str) -> None:
    """unit: at θ as in the declaration, 1e-12; couplings between flavours see it."""
    couplings = COUPLINGS[-1]
    experiment = argon(source, exposure, couplings)
    moved = experiment.predict({f"{address}.{name}": 0.2}).total
    key = address.removeprefix("source.")
    block: dict[str, Any] = {name: 0.2}
    if key == "conversion":
        block["ordering"] = "normal"
    given = {field: getattr(source, field) for field in source.model_fields_set}
    there = type(source)(**{**given, key: block})
    expected = argon(there, exposure, couplings).predict().total
    assert moved == pytest.approx(expected, rel=1e-12, abs=0)
    assert abs(moved / experiment.predict().total - 1) > 1e-4
