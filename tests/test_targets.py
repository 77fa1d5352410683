"""Targets: what is in a kilogram."""

from __future__ import annotations

import math
import pickle
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cevns.constants import atomic_mass_unit, c
from cevns.errors import InputError
from cevns.nuclides import elements, natural_isotopes
from cevns.targets import COMMON, Target, parse_formula
from cevns.units import g, kg

FORMULAE = st.dictionaries(st.sampled_from(elements()), st.integers(1, 99), min_size=1, max_size=5)
ENRICHED = st.sampled_from(elements()).flatmap(
    lambda symbol: st.tuples(
        st.just(symbol),
        st.lists(
            st.floats(0.01, 1),
            min_size=len(natural_isotopes(symbol)),
            max_size=len(natural_isotopes(symbol)),
        ),
    )
)


def counts(target: Target) -> dict[str, float]:
    """Element → nuclei per formula unit."""
    total: dict[str, float] = {}
    for part in target.constituents:
        total[part.element] = total.get(part.element, 0) + part.count
    return total


def enriched(symbol: str, weights: list[float]) -> dict[str, dict[str, float]]:
    total = math.fsum(weights)
    isotopes = natural_isotopes(symbol)
    return {symbol: {i.name: w / total for i, w in zip(isotopes, weights, strict=True)}}


# --- kind: property ------------------------------------------------------------------------------


def assert_masses_add_up(target: Target) -> None:
    """Nuclei per mass times atomic mass is the mass itself. Tolerance: double precision."""
    parts = [
        target.nuclei_per_mass(part) * part.nuclide.atomic_mass / c**2
        for part in target.constituents
    ]
    assert math.fsum(parts) == pytest.approx(1, rel=1e-14)
    electrons = [target.nuclei_per_mass(part) * part.nuclide.Z for part in target.constituents]
    assert target.electrons_per_mass == pytest.approx(math.fsum(electrons), rel=1e-14)


@pytest.mark.parametrize("spec", COMMON)
def test_common_targets(spec: str) -> None:
    assert_masses_add_up(Target(spec))


@given(FORMULAE)
def test_compounds(formula: dict[str, int]) -> None:
    """Formula → text → formula; the counts are the stoichiometry. Tolerance: double precision."""
    # A lone symbol with a number would be a nuclide.
    text = "".join(f"{symbol}{number if number > 1 else ''}" for symbol, number in formula.items())
    assert parse_formula(text) == formula
    if len(formula) > 1:
        target = Target(text)
        assert counts(target) == pytest.approx(formula, rel=1e-12)
        assert target.elements == tuple(formula)
        assert_masses_add_up(target)


@given(ENRICHED, st.randoms())
def test_enriched(case: tuple[str, list[float]], random: Any) -> None:
    """Fractions are kept, and their order in the input does not matter."""
    spec = enriched(*case)
    ((symbol, fractions),) = spec.items()
    target = Target(spec)
    assert_masses_add_up(target)
    assert counts(target) == pytest.approx({symbol: 1}, rel=1e-12)
    for part in target.constituents:
        # Tolerance 1e-9: the sum of the input is normalised.
        assert part.count == pytest.approx(fractions[part.nuclide.name], rel=1e-9)
    shuffled = list(fractions.items())
    random.shuffle(shuffled)
    assert Target({symbol: dict(shuffled)}) == target
    assert hash(Target({symbol: dict(shuffled)})) == hash(target)


@given(st.text(alphabet="CsIOaWHeNl0123456789() .-é٤", max_size=12))
def test_any_text_is_a_target_or_an_input_error(text: str) -> None:
    """No other exception gets out."""
    try:
        assert_masses_add_up(Target(text))
    except InputError as error:
        assert all(mistake.path == "detector.target" for mistake in error.mistakes)


# --- kind: reference -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("formula", "molar_mass"),
    [
        # IUPAC standard atomic weights (abridged, 2013). Tolerance 1e-4: they are rounded, and
        # hydrogen, oxygen and calcium vary in nature.
        *(("Ar", 39.948), ("Xe", 131.293), ("Ge", 72.630), ("CsI", 259.810), ("NaI", 149.894)),
        *(("CaWO4", 287.914), ("Al2O3", 101.961), ("C3F8", 188.020), ("H2O", 18.015)),
    ],
)
def test_formula_mass(formula: str, molar_mass: float) -> None:
    ours = Target(formula).formula_mass / atomic_mass_unit
    assert ours == pytest.approx(molar_mass, rel=1e-4)


def test_nuclei_per_kilogram() -> None:
    """Avogadro's number over the molar mass. Tolerance 1e-9: u in MeV and in kg (CODATA)."""
    target = Target("Ar40")
    (part,) = target.constituents
    expected = 6.02214076e23 / 39.96238312204
    assert target.nuclei_per_mass(part) * g == pytest.approx(expected, rel=1e-9)
    assert target.electrons_per_mass * kg == pytest.approx(18 * 1000 * expected, rel=1e-9)


# --- kind: unit ----------------------------------------------------------------------------------


def test_nuclide() -> None:
    target = Target("Xe136")
    assert [(p.nuclide.name, p.element, p.count) for p in target.constituents] == [
        ("Xe136", "Xe", 1.0)
    ]
    assert Target("136Xe").constituents == target.constituents


def test_letters_decide() -> None:
    assert Target("CSI").elements == ("C", "S", "I")
    assert Target("Co").elements == ("Co",)
    assert Target("CO").elements == ("C", "O")
    assert Target("Cs").elements == ("Cs",)
    assert Target("CS").elements == ("C", "S")
    assert Target("CsI").elements == ("Cs", "I")
    assert Target("H2").nuclides[0].name == "H2"


def test_groups_and_repeats() -> None:
    assert parse_formula("Ca(OH)2") == {"Ca": 1, "O": 2, "H": 2}
    assert parse_formula("((CH2)3O)2C") == {"C": 7, "H": 12, "O": 2}
    assert parse_formula("CH3OH") == {"C": 1, "H": 4, "O": 1}


def test_pickles_and_hashes() -> None:
    target = Target("CaWO4")
    assert pickle.loads(pickle.dumps(target)) == target
    assert len({target, Target("CaWO4"), Target("CsI")}) == 2


@pytest.mark.parametrize(
    ("text", "nearest"),
    [
        *(("csi", "CsI"), ("ar40", "Ar40"), ("Ar39", None), ("O2", None)),
        *(("", None), ("Cs I", None), ("CsI ", None), ("Xx", None), ("CsI0", None)),
        *(("Cs(I", None), ("Cs)I", None), ("Cs()I", None), ("(", None), ("2CsI", None)),
        *(("C1234567H", None), ("Cs01I", None), ("TcO2", None), ("cAwO4", "CaWO4")),
    ],
)
def test_bad_names(text: str, nearest: str | None) -> None:
    with pytest.raises(InputError) as caught:
        Target(text)
    (mistake,) = caught.value.mistakes
    assert mistake.path == "detector.target"
    if nearest:
        assert mistake.nearest == nearest


@pytest.mark.parametrize(
    ("spec", "paths"),
    [
        ({}, ["t"]),
        ({"Ge": 1}, ["t"]),
        ({"Ge76": 0.86}, ["t"]),
        ({"Ge": {"Ge76": 1}, "Si": {"Si28": 1}}, ["t"]),
        ({"Gx": {"Ge76": 1}}, ["t"]),
        ({"Ge": {}}, ["t.Ge"]),
        ({"Ge": {"Ge76": 0.86, "Ge74": 0.15}}, ["t.Ge"]),
        ({"Ge": {"Ge76": 0.5, "76Ge": 0.5}}, ["t.Ge"]),
        ({"Ge": {"Ge76": 0.5, "Si28": 0.5}}, ["t.Ge"]),
        ({"Ge": {76: 1}}, ["t.Ge"]),
        ({"Ge": {"Ge76": "0.86", "Ge74": True, "Ge75": 1}}, ["t.Ge.Ge76", "t.Ge.Ge74", "t.Ge"]),
        ({"Ge": {"Ge76": math.nan, "Ge74": -1, "Ge72": 2}}, [f"t.Ge.Ge{A}" for A in (76, 74, 72)]),
        (None, ["t"]),
        (["CsI"], ["t"]),
    ],
)
def test_bad_mixes(spec: Any, paths: list[str]) -> None:
    """Every wrong entry is named, all at once."""
    with pytest.raises(InputError) as caught:
        Target(spec, "t")
    assert [mistake.path for mistake in caught.value.mistakes] == paths
