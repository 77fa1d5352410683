"""Tables in files: what is read, and what is said about a bad one."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Annotated

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cevns.errors import InputError
from cevns.spec import Spec
from cevns.tables import Column, Table, TableColumns, TableFile, read_table
from cevns.units import MeV, cm, day, keV, kg, s

EFFICIENCY: tuple[Column, Column] = (
    ("energy", ("keV", "keVee", "keVnr", "PE")),
    ("efficiency", ("1",)),
)


class Block(Spec):
    """A block that names a table."""

    file: Annotated[TableFile, TableColumns(*EFFICIENCY)]


def read(folder: Path, text: str | bytes) -> Table:
    """The table whose file holds ``text``."""
    content = text.encode() if isinstance(text, str) else text
    (folder / "t.csv").write_bytes(content)
    return read_table(folder / "t.csv", EFFICIENCY, "detector.efficiency.file")


# Kind: unit.
def test_read_and_interpolate(tmp_path: Path) -> None:
    text = "\ufeff# a comment\n\n energy [eVee] , efficiency [%]\n# another\n500,10\n1.5e3, 40\r\n"
    table = read(tmp_path, text)
    assert table.kind == "keVee"
    assert table.x == pytest.approx(np.array([0.5, 1.5]) * keV)
    # Linear between the points, the ends held.
    x = np.array([-1.0, 0.5, 1.0, 1.5, 9.0]) * keV
    assert table(x) == pytest.approx([0.1, 0.1, 0.25, 0.4, 0.4])
    with pytest.raises(ValueError):
        table.x[0] = 3.0


# Kind: unit.
def test_units_of_both_columns(tmp_path: Path) -> None:
    file = tmp_path / "flux.csv"
    file.write_text("energy [MeV],flux [/cm^2/s/MeV]\n1,2\n3,4")
    table = read_table(file, (("energy", ("MeV",)), ("flux", ("/cm^2/s/MeV",))))
    assert (table.x[1], table.y[1]) == pytest.approx((3 * MeV, 4 / (cm**2 * s * MeV)))
    file.write_text("energy [keVee],rate [/keVee/kg/day]\n1,2\n3,4\n")
    table = read_table(file, (("energy", ("keVee",)), ("rate", ("/keVee/kg/day",))))
    assert table.y[0] == pytest.approx(2 / (keV * kg * day))


GOOD = "energy [keVee],efficiency\n"


# Kind: unit.
@pytest.mark.parametrize(
    ("text", "said"),
    [
        (GOOD + "1,0.1\n2,nan\n", "table 't.csv', line 3: 'nan', expected a finite number"),
        (GOOD + "1,0.1\n2,1e999\n", "line 3: '1e999', expected a finite number"),
        (GOOD + "1,0.1\n2,1_0\n", "line 3: '1_0', expected a finite number"),
        (GOOD + "1,0.1\n2,\n", "line 3: '', expected a finite number"),
        (GOOD + "1,0.1\n# x\n1,0.2\n", "line 4: 1.0 after 1.0, expected an ascending first column"),
        (GOOD + "1,0.1\n2,0.1,3\n", "line 3: 3 value(s), expected 2 values"),
        (GOOD + "1,0.1\n", "1 row(s) of numbers, expected at least 2 rows"),
        ("energy [keVee]\n1\n2\n", "line 1: 1 column(s) in the header 'energy [keVee]', expected"),
        ("energy,efficiency\n1,2\n", "line 1: no unit of 'energy', expected [keV] or [keVee]"),
        ("energy [MW],efficiency\n1,2\n", "line 1: the unit 'MW' of 'energy', expected [keV]"),
        ("energy [kevee],efficiency\n1,2\n", "(did you mean 'keVee'?)"),
        (
            "energy [keV],eficiency\n1,2\n",
            "the column 'eficiency', expected the column 'efficiency' ",
        ),
        ("efficiency,energy [keV]\n1,2\n", "the column 'efficiency', expected the column 'energy"),
        ("1,0.1\n2,0.2\n", "line 1: the column '1', expected the column 'energy [keV]'"),
        ("# nothing\n", "no header row, expected a header row 'energy [keV],efficiency'"),
        (b"energy\xff\n", "bytes that are not UTF-8 text, expected a CSV text file"),
        ("#" + "x" * 1_000_000, "1000001 bytes, expected at most 1 MB"),
    ],
)
def test_mistakes(tmp_path: Path, text: str | bytes, said: str) -> None:
    with pytest.raises(InputError) as caught:
        read(tmp_path, text)
    message = str(caught.value)
    assert message.startswith("detector.efficiency.file: found table 't.csv'")
    assert said in message
    # One line, and no absolute path of the machine in it.
    assert "\n" not in message and str(tmp_path) not in message


# Kind: unit.
def test_files_that_are_none(tmp_path: Path) -> None:
    (tmp_path / "acceptance.csv").write_text(GOOD + "1,0\n2,1\n")
    context = {"file": True, "directory": tmp_path}
    for name, said in (
        ("aceptance.csv", "table 'aceptance.csv': no such file, expected a table file (CSV)"),
        (".", "a folder or device, expected a table file"),
        ("a\0b", "no such file, expected a table file"),
        ("x" * 5000, "file name too long, expected a table file"),
    ):
        with pytest.raises(ValueError) as caught:
            Block.model_validate({"file": name}, context=context)
        assert said in str(caught.value)
    with pytest.raises(InputError, match=r"did you mean 'acceptance\.csv'"):
        read_table(tmp_path / "aceptance.csv", EFFICIENCY)
    with pytest.raises(InputError, match="file: found 3, expected the name of a table file"):
        Block.check({"file": 3})


# Kind: unit. The text is kept for writing the block out again; two folders are two tables.
def test_file_in_a_block(tmp_path: Path) -> None:
    for folder, top in (("a", 1.0), ("b", 0.5)):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "t.csv").write_text(GOOD + f"1,0\n2,{top}\n")
    one, two = (
        Block.model_validate({"file": "t.csv"}, context={"directory": tmp_path / folder})
        for folder in "ab"
    )
    assert one.model_dump() == {"file": "t.csv"}
    assert one != two and len({one, two}) == 2
    assert pickle.loads(pickle.dumps(one)) == one
    assert Block(file=one.file) == one
    absolute = str(tmp_path / "a" / "t.csv")
    assert Block.model_validate({"file": absolute}).file.table == one.file.table


# Kind: property.
@given(st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=30, unique=True))
def test_interpolation_hits_its_points(points: list[float]) -> None:
    x = np.sort(points)
    if np.any(np.diff(x) < 1e-9):
        return
    table = Table(x, x**2)
    assert table(x) == pytest.approx(x**2)
    with pytest.raises(ValueError, match="ascending"):
        Table(x[::-1], x)
