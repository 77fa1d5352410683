"""No input whatever is an internal error: mutated experiment files, texts and tables.

`CEVNS_FUZZ=2000` runs that many examples of each test, with a new seed, in place of the few fixed
ones.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from mutations import as_yaml, garbled, mutated, steps_of
from shared_files import BUNDLED, WORKED

from cevns.cli.main import run
from cevns.errors import TOP, InputError, join, printable
from cevns.yaml_reader import read_text

LONGEST = 120.0  # seconds for one run: far beyond a slow machine under load, short of a hang
Test = TypeVar("Test", bound=Callable[..., None])
MANY = int(os.environ.get("CEVNS_FUZZ", "0"))

MINIMAL = """
source: {type: stopped-pion, flux: 1e7 /cm^2/s}
detector: {target: Ar40, mass: 1 kg}
exposure: 1 year
"""
RICH = """
name: rich
source:
  - {name: a, type: stopped-pion, power: 1 MW, proton_energy: 1 GeV, pions_per_proton: 0.08,
     distance: 20 m, pulse: {shape: gaussian, mean: 440 ns, width: 150 ns}, length_spread: 1 m}
  - {name: b, type: monoenergetic, flavour: nu_e, energy: 30 MeV, flux: 1e6 /cm^2/s}
  - {name: c, type: tabulated, file: flux.csv, flavour: nu_mu}
detector:
  target: {Ge: {Ge76: 0.86, Ge74: 0.14}}
  mass: 2 kg
  quenching: {Ge: {type: lindhard, k: 0.16, cutoff: 1 eVnr}}
  resolution: {type: gaussian, noise: 60 eVee, fano: 0.11, pair_energy: 2.96 eV}
  efficiency: [{type: erf, midpoint: 1 keVee, width: 0.1 keVee}, {type: table, file: eff.csv}]
  threshold: 0.5 keVee
  backgrounds: [{name: flat, type: flat, rate: 10 / keVee / kg / day}]
exposure: {on: 119 day, off: 27 day}
model: [{standard-model: {}}]
couplings: {scheme: radiative-q, sin2_theta_w: 0.23857}
kinematics: no-T-over-E
form_factor: {Ge: {proton: {type: helm, rms_radius: 4.1 fm}, neutron: klein-nystrand}}
binning: {from: 0 keVee, to: 5 keVee, bins: 10, spacing: linear}
"""
LIGHT = """
experiments:
  near: {source: {distance: 20 m}, exposure: 1e20 POT}
  far: {source: {distance: 40 m}, exposure: 2e20 POT}
source: {type: stopped-pion, facility: sns-2021, components: [prompt, delayed]}
detector:
  target: CsI
  mass: 14.6 kg
  quenching: {type: polynomial, unit: MeV, coefficients: [0.055, 4.3, -111, 840]}
  light_yield: 13.35 PE / keVee
  resolution: {type: poisson}
  efficiency: {type: sigmoid, top: 1.32, steepness: 0.286 / PE, midpoint: 10.9 PE, offset: -0.33}
  time: {window: [0 us, 6 us], efficiency: {type: exponential, onset: 0.5 us, rate: 0.05 / us}}
binning: {energy: {edges: [0, 8, 12, 60], unit: PE}, time: {edges: [0, 1, 6], unit: us}}
parameters:
  near.source.norm: {value: 1.1, prior: 10 %}
  source.distance: {bounds: [1 m, 100 m]}
  Cs.neutron_skin: {value: 0.2 fm, bounds: [-0.5 fm, 1 fm]}
  I.neutron_skin: {same_as: Cs.neutron_skin}
correlations: [{between: [near.source.norm, far.source.norm], rho: 0.5}]
fit: {parameters: [sin2_theta_w], statistic: poisson}
scan: {parameters: {sin2_theta_w: [0.1, 0.4, 20]}, profile: all, confidence: [90 %], dof: 1}
study: {statistic: poisson, systematic: [0, 5 %]}
"""
TABLES = {
    "flux.csv": "energy [MeV],flux [/cm^2/s/MeV]\n1,100\n10,50\n50,0\n",
    "eff.csv": "energy [keVee],efficiency\n0,0\n1,0.5\n5,1\n",
}
OWN = tuple(read_text(text) for text in (MINIMAL, RICH, LIGHT))
OTHERS = tuple(read_text(path.read_text("utf-8")) for path in (*BUNDLED, *WORKED))
TEXTS = (MINIMAL, RICH, LIGHT)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with every table that the documents name."""
    made = tmp_path_factory.mktemp("fuzz")
    for name, text in TABLES.items():
        (made / name).write_text(text, "utf-8")
    for path in (*BUNDLED, *WORKED):
        for table in path.parent.glob("*.csv"):
            (made / table.name).write_bytes(table.read_bytes())
    return made


def fuzz(fast: int) -> Callable[[Test], Test]:
    """Settings: ``fast`` fixed examples, or many new ones."""
    return settings(
        max_examples=MANY or fast,
        derandomize=not MANY,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )


def call(*arguments: str) -> tuple[int, str, str]:
    """Exit code, standard output and standard error of the command line."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = run(list(arguments))
    return code, out.getvalue(), err.getvalue()


def places(text: str, file: Path) -> set[str]:
    """Everything that a message may name as the place of a mistake in ``text``."""
    try:
        data = read_text(text)
    except InputError:
        return {TOP, str(file)}
    return {printable(join("", steps)) for steps in steps_of(data)} | {TOP, str(file)}


def _no_constant(name: str) -> None:
    raise AssertionError(f"{name} in the output")


def _in_unread(path: str, text: str) -> bool:
    """Whether a file that is no plain YAML has the line, or every key of the path."""
    line = re.fullmatch(r"line (\d+)", path)
    if line:
        return 1 <= int(line[1]) <= len(text.splitlines()) + 1
    return all(step in text for step in re.split(r"\.|\[\d+\]\.?", path))


def check(text: str, file: Path) -> None:
    """The file is accepted and gives finite numbers, or is refused line by line."""
    file.write_text(text, "utf-8", errors="surrogatepass")
    known = places(text, file)
    for verb in (["list", "parameters", str(file)], ["predict", str(file)]):
        start = time.perf_counter()
        code, out, err = call(*verb, "--json")
        spent = time.perf_counter() - start
        assert "internal error" not in err, err
        assert code in (0, 2), (code, err)
        assert spent < LONGEST, (spent, text[:2000])
        if code == 0:
            json.loads(out, parse_constant=_no_constant)
            continue
        assert out == ""
        assert err
        for line in err.splitlines():
            path, found, _ = line.partition(": found ")
            assert found, line
            assert ", expected " in line, line
            assert path in known or _in_unread(path, text), line


# --- property -----------------------------------------------------------------------------------


@fuzz(120)
@given(data=mutated(OWN))
def test_own_files_mutated(data: dict[str, Any], folder: Path) -> None:
    check(as_yaml(data), folder / "own.yaml")


@pytest.mark.skipif(not OTHERS, reason="neither bundled nor worked experiment files")
@fuzz(60)
@given(data=mutated(OTHERS + OWN))
def test_real_files_mutated(data: dict[str, Any], folder: Path) -> None:
    check(as_yaml(data), folder / "real.yaml")


@fuzz(100)
@given(text=garbled(TEXTS))
def test_text_garbled(text: str, folder: Path) -> None:
    check(text, folder / "garbled.yaml")


@fuzz(40)
@given(content=st.binary(max_size=200))
def test_bytes(content: bytes, folder: Path) -> None:
    file = folder / "bytes.yaml"
    file.write_bytes(content)
    code, out, err = call("predict", str(file), "--json")
    assert (code, out) == (2, "")
    assert "internal error" not in err


@fuzz(60)
@given(table=garbled(tuple(TABLES.values())) | st.text(max_size=60))
def test_tables_garbled(table: str, folder: Path) -> None:
    for name in TABLES:
        (folder / name).write_text(table, "utf-8", errors="surrogatepass")
    try:
        check(RICH, folder / "tables.yaml")
    finally:
        for name, text in TABLES.items():
            (folder / name).write_text(text, "utf-8")
