"""Quantities: what text is a number with a unit, and what it is worth."""

from __future__ import annotations

import math
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cevns import units
from cevns.errors import InputError
from cevns.quantities import KNOWN_UNITS, Labelled, parse_quantity, parse_unit, unit_scale

# --- unit --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "unit", "value"),
    [
        ("10 keV", "keV", 10 * units.keV),
        ("10keV", "keV", 10 * units.keV),
        ("  3.9 GW ", "MW", 3.9e9 * units.W),
        ("1 tonne*year", "kg*day", units.tonne * units.year),
        ("1e7 /cm^2/s", "/cm^2/s", 1e7 / units.cm**2 / units.s),
        ("1e7 / cm ** 2 / s", "/cm^2/s", 1e7 / units.cm**2 / units.s),
        ("1e7 1/cm^2/s", "/cm^2/s", 1e7 / units.cm**2 / units.s),
        ("1e7 cm^-2 s^-1", "/cm^2/s", 1e7 / units.cm**2 / units.s),
        ("0.0494 / us", "/us", 0.0494 / units.us),
        ("0.58 keVee^0.5", "keVee^0.5", 0.58 * units.keV**0.5),
        ("13.35 PE / keVee", "PE/keVee", 13.35 * units.PE / units.keV),
        ("5 MCi", "Bq", 5e6 * units.Ci),
        ("5 %", "1", 0.05),
        ("3e53 erg", "erg", 3e53 * units.erg),
        ("3.198e23 POT", "POT", 3.198e23),
        (".5 kpc", "kpc", 0.5 * units.kpc),
    ],
)
def test_text_to_internal_units(text: str, unit: str, value: float) -> None:
    assert parse_quantity(text, unit) == pytest.approx(value, rel=1e-14, abs=0)


@pytest.mark.parametrize(
    "text",
    [
        *("10", "keV", "", " ", "10 kg", "ten keV", "0x10 keV", "1,5 keV", "nan keV", "inf keV"),
        *("1e999 keV", "1e-999 keV", "1e308 TeV", "9**9**9 keV", "1 keV^99", "1 kpc^99", "1 keV/"),
        *("1 keV keV", "1 keV + 1 keV", "(1) keV", "1 lb", "1 ton", "1 kEV", "１ keV", "1 keV\0"),
        *("1 keVee", "1 keVnr", "1 PE", "1 keV" + " " * 200, "1" * 200 + " keV", "__import__ keV"),
    ],
)
def test_everything_else_is_refused(text: str) -> None:
    with pytest.raises(InputError) as error:
        parse_quantity(text, "keV")
    assert "expected a number with a unit such as '1 keV'" in str(error.value)


@pytest.mark.parametrize("value", [10, 10.0, None, True, [1], {"keV": 1}, b"1 keV"])
def test_only_text_is_a_quantity(value: object) -> None:
    with pytest.raises(InputError, match="a number with a unit"):
        parse_quantity(value, "keV")


@pytest.mark.parametrize(
    ("text", "close"), [("10 kEV", "keV"), ("3 kgg", "kg"), ("1 yr", "year"), ("2 hours", "hour")]
)
def test_a_misspelt_unit_is_named(text: str, close: str) -> None:
    with pytest.raises(InputError) as error:
        parse_quantity(text, "keV", "kg", "day")
    assert error.value.mistakes[0].nearest == close


def test_labels_tell_energies_apart() -> None:
    assert parse_quantity("1 keVee", "keV", "keVee").kind == "keVee"
    assert parse_quantity("1 eVnr", "keV", "keVnr").kind == "keVnr"
    assert parse_quantity("1 PE", "keV", "PE").kind == "PE"
    assert parse_quantity("1 MeV", "keV", "keVee").kind == ""
    with pytest.raises(InputError):
        parse_quantity("1 keVnr", "keV", "keVee")


def test_a_labelled_number_survives_pickling() -> None:
    import pickle

    again = pickle.loads(pickle.dumps(Labelled(1.5, "keVee", "keVee")))
    assert (again, again.unit, again.kind) == (1.5, "keVee", "keVee")


def test_nothing_is_evaluated() -> None:
    start = time.perf_counter()
    for text in ("9**9**9 keV", "1 keV^9^9^9", "1 keV**9**9**9", "1 " + "k" * 100, "1 ((((keV"):
        with pytest.raises(InputError):
            parse_quantity(text, "keV")
    assert time.perf_counter() - start < 60  # evaluating any of them would take for ever


# --- reference: pint, with its own definitions (the year is that of 365.25 days in both) ----------

TO_PINT = {
    "%": "percent",
    "burst": "count",
    "POT": "count",
    "PE": "count",
    "mu_B": "bohr_magneton",
}
LABELLED = {"eVee": "eV", "keVee": "keV", "MeVee": "MeV", "eVnr": "eV", "keVnr": "keV"}
COUNTED = ("burst", "fission", "POT", "PE", "mu_B", "MeVnr", *LABELLED)


@pytest.fixture(scope="module")
def pint_registry() -> Any:
    pint = pytest.importorskip("pint")
    return pint.UnitRegistry()


@pytest.mark.parametrize("name", [name for name in KNOWN_UNITS if name not in COUNTED])
def test_units_are_those_of_pint(name: str, pint_registry: Any) -> None:
    one = pint_registry.Quantity(1, TO_PINT.get(name, name)).to_base_units()
    base = {"meter": units.m, "second": units.s, "kilogram": units.kg, "count": 1.0}
    size = float(one.magnitude)
    for unit, exponent in one.unit_items():
        size *= base[unit] ** exponent
    # Exact definitions but for the parsec, where pint has a truncated number.
    accuracy = 1e-10 if name == "kpc" else 1e-14
    assert unit_scale(name) == pytest.approx(size, rel=accuracy, abs=0)


@pytest.mark.parametrize(("labelled", "plain"), LABELLED.items())
def test_labelled_units_have_the_size_of_plain_ones(labelled: str, plain: str) -> None:
    assert unit_scale(labelled) == unit_scale(plain)


# --- property ----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", KNOWN_UNITS)
def test_every_listed_unit_is_known(name: str) -> None:
    unit = parse_unit(name)
    assert unit.scale > 0
    assert parse_unit(f"1/{name}").scale == pytest.approx(1 / unit.scale, rel=1e-15, abs=0)


@given(st.floats(1e-30, 1e30), st.sampled_from(["eV", "keV", "MeV", "GeV", "TeV", "J", "erg"]))
def test_what_is_written_with_a_unit_is_read_back(number: float, unit: str) -> None:
    read = parse_quantity(f"{number!r} {unit}", "keV")
    assert read == pytest.approx(number * unit_scale(unit), rel=1e-15, abs=0)


@given(st.text(max_size=30), st.sampled_from(["", "1 ", "1e3 "]))
def test_no_text_is_anything_but_a_finite_number_or_a_mistake(text: str, number: str) -> None:
    try:
        assert math.isfinite(parse_quantity(number + text, "keV", "1"))
    except InputError as error:
        assert len(error.mistakes) == 1
