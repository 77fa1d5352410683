"""Files of the user's own counts: what is read, what is refused, and backgrounds beside them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cevns.analysis import analysis_of, channels_of
from cevns.config.study import study_from
from cevns.errors import InputError
from cevns.likelihood import own
from cevns.likelihood.cells import CellAxis, Cells
from cevns.likelihood.own import counts_text, read_counts
from cevns.units import keV, us
from cevns.yaml_reader import read_text

LIGHT = Cells((CellAxis("energy", np.array([2.0, 4.0, 10.0]) * keV, "keVee", keV),))
PLANE = Cells((*LIGHT.axes, CellAxis("time", np.array([0.0, 1.0, 6.0]) * us, "us", us)))
CUBE = Cells((LIGHT.axes[0], CellAxis("f90", np.array([0.5, 0.7, 0.9])), PLANE.axes[1]))


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "counts.csv"


# --- unit: what is read --------------------------------------------------------------------------


def test_counts(file: Path) -> None:
    """Comments and blank lines are nothing, rows of a bin add up, those outside are left out."""
    file.write_text(
        "# a comment\n\nenergy [keVee],counts\n2,1\n3.9,2\n  # another\n4, 3.5\n10,9\n", "utf-8"
    )
    with pytest.warns(UserWarning, match="9 events outside the binning are left out"):
        assert read_counts(file, LIGHT).tolist() == [3, 3.5]


def test_events(file: Path) -> None:
    """Without counts every row is one event; columns in any order, in any unit of their kind."""
    file.write_text("time [ns],energy [eV]\n500,2500\n500,2600\n1e3,+9.e3\n-1,3000\n", "utf-8")
    with pytest.warns(UserWarning, match="1 events outside"):
        assert read_counts(file, PLANE).tolist() == [2, 0, 0, 1]
    file.write_bytes(b"\xef\xbb\xbfenergy [keV],time [us]\r\n3,0.5\r\n")  # as spreadsheets write
    assert read_counts(file, PLANE).tolist() == [1, 0, 0, 0]


def test_the_name_of_the_observable(file: Path) -> None:
    """``observable`` is a title, or the unit of a column that names none."""
    file.write_text("E_rec [keVee],counts\n3,4\n5,0\n", "utf-8")
    assert read_counts(file, LIGHT, "E_rec").tolist() == [4, 0]
    file.write_text("energy,counts\n3,4\n5,0\n", "utf-8")
    assert read_counts(file, LIGHT, "keVee").tolist() == [4, 0]


def test_bins_without_a_row(file: Path) -> None:
    """No counts is a claim: it is said how often it is made. Of events nothing is missing."""
    file.write_text("energy [keVee],counts\n3,4\n", "utf-8")
    with pytest.warns(UserWarning, match=r"^counts\.csv: 1 of 2 bins have no row and are taken"):
        assert read_counts(file, LIGHT).tolist() == [4, 0]
    file.write_text("energy [keVee]\n3\n", "utf-8")
    assert read_counts(file, LIGHT).tolist() == [1, 0]


# --- unit: what is refused -----------------------------------------------------------------------

HEADER = "energy [keVee],counts"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (f"{HEADER}\n2000,3\n", "no events inside the binning, expected events at energy"),
        (f"{HEADER}\n3,1e300\n", "line 2: 1e+300 counts, expected at most 1e+12"),
        ("", f"no rows of numbers, expected a header such as '{HEADER}' and rows"),
        ("energy [keVee],counts\n# 3,4\n", "no rows of numbers, expected a header such as"),
        ("energy [keVee],3*x\n1,2\n", f"line 1: the column '3*x', expected {HEADER}"),
        ("energy [keVee],energy [keVee]\n1,2\n", "line 1: the column 'energy [keVee]', expected"),
        (
            "energy [keVee],count\n1,2\n",
            f"line 1: the column 'count', expected the columns '{HEADER}' (did you mean 'counts'?)",
        ),
        ("counts\n1\n", f"line 1: no column 'energy', expected the columns '{HEADER}'"),
        ("energy,counts\n1,2\n", "line 1: 'energy' without a unit, expected [keV] or [keVee]"),
        ("energy [PE],counts\n1,2\n", "line 1: 'energy' in PE, expected [keV] or [keVee]"),
        ("energy [keVnr],counts\n1,2\n", "line 1: 'energy' in keVnr, expected [keV] or [keVee]"),
        ("energy [lb],counts\n1,2\n", "line 1: 'energy' in lb, expected [keV] or [keVee]"),
        ("#\nenergy [keVee],counts\n1,2\n1\n", "line 4: 1 value(s), expected 2 values"),
        ("energy [keVee],counts\n1,2,3\n", "line 2: 3 value(s), expected 2 values"),
        ("energy [keVee],counts\n1,\n", "line 2: '', expected a finite number"),
        ("energy [keVee],counts\nnan,1\n", "line 2: 'nan', expected a finite number"),
        ("energy [keVee],counts\n1e999,1\n", "line 2: '1e999', expected a finite number"),
        ("energy [keVee],counts\n1_0,1\n", "line 2: '1_0', expected a finite number"),
        ("energy [keVee],counts\n3,1\n3,-2\n", "line 3: -2 counts, expected counts of zero or"),
    ],
)
def test_refused(content: str, message: str, file: Path) -> None:
    """One line with the file, the line in it, what was found and what is expected."""
    file.write_text(content, "utf-8")
    with pytest.raises(InputError) as caught:
        read_counts(file, LIGHT)
    (said,) = str(caught.value).splitlines()
    assert said.startswith("data.file: found 'counts.csv'")
    assert message in said


def test_every_bad_line_is_told(file: Path) -> None:
    """Of header and rows at once, in their order; of many the first eight and how many more."""
    rows = ["enrgy [keVee],counts", "3,1", "3", "x,-2", "3,1e13", "4,2"]
    file.write_text("\n".join(rows), "utf-8")
    with pytest.raises(InputError) as caught:
        read_counts(file, LIGHT)
    assert [one.found.removeprefix("'counts.csv', ") for one in caught.value.mistakes] == [
        "line 1: the column 'enrgy'",
        "line 3: 1 value(s)",
        "line 4: 'x'",
        "line 4: -2 counts",
        "line 5: 1e+13 counts",
    ]
    file.write_text("\n".join([HEADER, *["a,1"] * 1000]), "utf-8")
    with pytest.raises(InputError) as caught:
        read_counts(file, LIGHT)
    *told, last = (one.found for one in caught.value.mistakes)
    assert told == [f"'counts.csv', line {number}: 'a'" for number in range(2, 10)]
    assert last == "'counts.csv': 992 more mistakes"


def test_files_that_are_none(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def said() -> str:
        with pytest.raises(InputError) as caught:
            read_counts(file, LIGHT, shown="data/mine.csv")
        return str(caught.value)

    expected = "expected a file of counts (CSV)"
    assert said() == f"data.file: found 'data/mine.csv': no such file or directory, {expected}"
    file.mkdir()
    assert said() == f"data.file: found 'data/mine.csv': is a directory, {expected}"
    file.rmdir()
    file.write_bytes(b"energy [keVee]\n\xff\n")
    assert said().endswith(f": bytes that are not UTF-8 text, {expected}")
    monkeypatch.setattr(own, "LARGEST", 10)
    assert said().endswith(f": more than 10 bytes, {expected}")


# --- unit: in an experiment file -----------------------------------------------------------------

EXPERIMENT = """
source: {type: stopped-pion, facility: sns-2021, distance: 20 m,
         pulse: {shape: gaussian, mean: 440 ns, width: 150 ns}}
detector:
  target: Ar40
  mass: 10 kg
  quenching: {type: linear, a: 0.246, b: 0.00078 / keVnr}
  time: {window: [0 us, 6 us]}
  backgrounds: [{name: flat, type: flat, rate: 0.5 / keVee / kg / day}]
exposure: 1 year
binning: {energy: {edges: [2, 4, 10], unit: keVee}, time: {edges: [0, 1, 6], unit: us}}
data: {file: counts.csv}
"""


def test_in_an_experiment(file: Path) -> None:
    """The file lies beside the experiment file; its mistakes have the place there."""
    with pytest.raises(InputError, match=r"^data\.file: found 'counts\.csv', which is not there"):
        study_from(read_text(EXPERIMENT), file.parent)
    file.write_text("energy [keVee],time [us]\n3,x\n", "utf-8")
    study = study_from(read_text(EXPERIMENT), file.parent)
    with pytest.raises(InputError, match=r"^data\.file: found 'counts\.csv', line 2: 'x'"):
        analysis_of(study)
    several = "experiments: {a: {data: {file: counts.csv}}}"
    within = study_from(
        read_text(EXPERIMENT.replace("data: {file: counts.csv}", several)), file.parent
    )
    with pytest.raises(
        InputError, match=r"^experiments\.a\.data\.file: found 'counts\.csv', line 2"
    ):
        analysis_of(within)
    file.write_text("energy [keVee],time [us],counts\n3,0.5,7\n3,3,0\n5,0.5,0\n5,3,2\n", "utf-8")
    analysis = analysis_of(study)
    assert analysis.interest == ("signal.norm",)
    (channel,) = analysis.likelihood.channels
    assert channel.observed.tolist() == [7, 0, 0, 2]


def test_counts_need_bins(file: Path) -> None:
    """Three counts would be spread over a hundred default bins; events are sorted into them."""
    lines = [line for line in EXPERIMENT.splitlines() if not line.startswith("binning")]
    file.write_text("energy [keVee],counts\n3,7\n5,4\n8,2\n", "utf-8")
    study = study_from(read_text("\n".join(lines)), file.parent)
    with pytest.raises(InputError) as caught:
        analysis_of(study)
    assert str(caught.value) == (
        "binning: found none, beside counts of bins in 'counts.csv', expected the bins that they "
        "are counts of, such as binning: {edges: [...], unit: keVee}"
    )
    file.write_text("energy [keVee]\n3\n5\n8\n", "utf-8")
    (channel,) = analysis_of(study).likelihood.channels
    assert channel.observed.size == 100 and channel.observed.sum() == 3


def test_backgrounds_are_the_same_at_all_times(file: Path) -> None:
    """rate × mass × width × running time; a sixth of it in the first of six microseconds."""
    study = study_from(read_text(EXPERIMENT.replace("data: {file: counts.csv}", "")), file.parent)
    (channel,) = channels_of(study, "")
    flat = channel.components({})["flat"].reshape(2, 2)
    total = 0.5 * 10 * 365.25 * np.array([2.0, 6.0])
    assert flat.sum(axis=1) == pytest.approx(total, rel=1e-9, abs=0)
    assert flat[:, 0] == pytest.approx(total / 6, rel=1e-9, abs=0)
    doubled = channel.components({"background.flat.norm": 2.0})
    assert doubled["flat"] == pytest.approx(2 * flat.ravel(), rel=1e-12, abs=0)
    signal = channel.components({})["cevns"]
    assert doubled["cevns"].tolist() == signal.tolist()


# --- property: written and read again ------------------------------------------------------------

numbers = st.floats(0, 1e9, allow_subnormal=False)


@given(st.lists(numbers, min_size=8, max_size=8))
def test_round_trip(tmp_path_factory: pytest.TempPathFactory, counts: list[float]) -> None:
    """Every digit comes back, in cells of one axis, two and three (a pure number among them)."""
    file = tmp_path_factory.mktemp("counts") / "counts.csv"
    for cells in (LIGHT, PLANE, CUBE):
        file.write_text(counts_text(cells, counts[: cells.size], ["made by a test"]), "utf-8")
        assert read_counts(file, cells).tolist() == counts[: cells.size]
    assert "# made by a test\nenergy [keVee],f90,time [us],counts\n" in file.read_text("utf-8")
