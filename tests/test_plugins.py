"""Plug-in files: interactions of one's own, named on the command line."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

import cevns
from cevns import plugins
from cevns.cli.main import VERBS, run
from cevns.config import study_from
from cevns.errors import InputError
from cevns.interactions import INTERACTIONS
from cevns.testing import check_interaction

ROOT = Path(__file__).resolve().parents[1]
CONTENT = """
name: Argon
source: {type: stopped-pion, flux: 1e7 /cm^2/s}
detector: {target: Ar40, mass: 1 tonne}
exposure: 1 year
model: [standard-model, {baryonic-vector: {mass: 30 MeV, coupling: 1e-4}}]
"""


@pytest.fixture(autouse=True)
def _none_before(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a test names is forgotten after it."""
    monkeypatch.setenv(plugins.VARIABLE, "")


@pytest.fixture
def plugin(tmp_path: Path) -> Path:
    """The class that CONTRIBUTING.md shows, in a file of its own."""
    text = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
    block = next(b for b in re.findall(r"```python\n(.*?)```", text, re.S) if "class Bary" in b)
    file = tmp_path / "baryonic_vector.py"
    file.write_text(block, "utf-8")
    return file


# Kind: reference, against the same class given to an experiment in Python; both are one float.
def test_a_file_can_name_the_interaction(
    plugin: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "argon.yaml"
    file.write_text(CONTENT, "utf-8")
    assert run(["predict", str(file), "--json", "--plugin", str(plugin)]) == 0
    total = json.loads(capsys.readouterr().out)["counts"]["total"]
    kind = plugins.load(str(plugin.resolve())).BaryonicVector
    given = cevns.StandardModel() + kind.model_validate(
        {"mass": "30 MeV", "coupling": 1e-4}, context={"file": True}
    )
    content = {
        "source": {"type": "stopped-pion", "flux": "1e7 /cm^2/s"},
        "detector": {"target": "Ar40", "mass": "1 tonne"},
        "exposure": "1 year",
    }
    plain = study_from(content).experiments[""]
    other = cevns.Experiment(plain.source, plain.detector, plain.exposure, given)
    assert total == pytest.approx(other.predict().total, rel=1e-12, abs=0)
    assert total != pytest.approx(plain.predict().total, rel=1e-3)


# Kind: property. The public helper covers it as it covers those of the package.
def test_the_helper_checks_it(plugin: Path) -> None:
    plugins.add([plugin])
    content = {"mass": 30.0 * cevns.units.MeV}
    check_interaction(INTERACTIONS["baryonic-vector"].model_validate(content))


# Kind: unit.
def test_it_is_listed_with_the_option_only(
    plugin: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert run(["list", "interactions", "--plugin", str(plugin)]) == 0
    assert "baryonic-vector" in capsys.readouterr().out
    monkeypatch.setenv(plugins.VARIABLE, "")
    assert "baryonic-vector" not in INTERACTIONS


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("gone.py", None, "gone.py: no such file, expected a Python file (.py)"),
        ("wrong.txt", "x = 1", "wrong.txt: a file that is not Python, expected a Python file"),
        ("broken.py", "1 / 0", "broken.py: ZeroDivisionError: division by zero, expected"),
        ("syntax.py", "def", "syntax.py: SyntaxError: invalid syntax"),
    ],
)
def test_a_file_that_does_not_run(
    name: str,
    content: str | None,
    message: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Unit: one line, exit code 2."""
    if content is not None:
        (tmp_path / name).write_text(content, "utf-8")
    assert run(["list", "interactions", "--plugin", str(tmp_path / name)]) == 2
    captured = capsys.readouterr()
    assert captured.out == "" and captured.err.count("\n") == 1
    assert f"--plugin: found {message}" in captured.err


def test_builtin_names_win(tmp_path: Path) -> None:
    """Unit: a plug-in cannot change what a known name means."""
    file = tmp_path / "mine.py"
    file.write_text(
        "from cevns.interactions import Interaction\n"
        "class Mine(Interaction):\n"
        '    name = "nsi"\n'
        "    def terms(self):\n        return ()\n",
        "utf-8",
    )
    plugins.add([file])
    assert INTERACTIONS["nsi"].__name__ == "Nsi"
    with pytest.raises(InputError):
        plugins.add([tmp_path / "none.py"])


# --- sources, and what a result says --------------------------------------------------------------

THERMAL = """
source: {type: fermi-dirac, temperature: 4 MeV, flux: 1e9 /cm^2/s}
detector: {target: Ge, mass: 1 kg}
exposure: 100 day
"""


def from_contributing(folder: Path, name: str) -> Path:
    """The block of CONTRIBUTING.md that defines the class ``name``, as a plug-in file."""
    text = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
    blocks = re.findall(r"```python\n(.*?)```", text, re.S)
    file = folder / "mine.py"
    file.write_text(next(block for block in blocks if f"class {name}" in block), "utf-8")
    return file


def test_a_source(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Unit: the block of the document runs by itself; the result says how it is run again."""
    (tmp_path / "file.yaml").write_text(THERMAL, "utf-8")
    option = ["--plugin", str(from_contributing(tmp_path, "FermiDirac"))]
    out = tmp_path / "out"
    assert run(["predict", str(tmp_path / "file.yaml"), "--output", str(out), *option]) == 0
    capsys.readouterr()
    comments = [one for one in (out / "config.yaml").read_text("utf-8").splitlines() if "#" in one]
    assert comments[1:] == ["# To be run with --plugin mine.py"]
    assert run(["predict", str(out / "config.yaml"), "--json", *option]) == 0
    again = json.loads(capsys.readouterr().out)["counts"]
    assert again == json.loads((out / "results.json").read_text("utf-8"))["counts"]


def test_nothing_is_said_without_one(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Unit."""
    plain = CONTENT.replace(", {baryonic-vector: {mass: 30 MeV, coupling: 1e-4}}", "")
    (tmp_path / "file.yaml").write_text(plain, "utf-8")
    assert run(["predict", str(tmp_path / "file.yaml"), "--output", str(tmp_path / "out")]) == 0
    capsys.readouterr()
    assert "--plugin" not in (tmp_path / "out" / "config.yaml").read_text("utf-8")


@pytest.mark.parametrize("verb", VERBS)
def test_verbs_that_take_one(verb: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Unit: those that read names of interactions and sources, and no other."""
    assert run([verb, "--help"]) == 0
    takes = verb not in ("cross-section", "reproduce", "data")
    assert ("--plugin" in capsys.readouterr().out) == takes
