"""The documents: what they show works, what they link to is there, what they name is right.

Everything in this file is of kind *unit*.
"""

from __future__ import annotations

import json
import re
import shlex
import tomllib
from collections.abc import Iterator
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest
from data_files import DATA, need_data
from ruamel.yaml import YAML
from test_architecture import MACHINE

import cevns
from cevns.cli.main import run

ROOT = Path(__file__).resolve().parents[1]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
RUN = ("README.md", "CONTRIBUTING.md")

_FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
_LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
_PROMISE = re.compile(r"^print\(.*\)  # (.+)$", re.MULTILINE)


def name_of(path: Path) -> str:
    """A document as it is called from the root."""
    return path.relative_to(ROOT).as_posix()


def fences(text: str) -> Iterator[tuple[str, str, int]]:
    """Language, content and first line number of every fenced block."""
    for match in _FENCE.finditer(text):
        yield match[1], match[2], text.count("\n", 0, match.start(2)) + 1


@pytest.mark.parametrize("name", RUN)
def test_python_blocks(
    name: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """unit: they run in order in one namespace; a comment after a print is what it prints."""
    monkeypatch.chdir(ROOT)
    namespace: dict[str, Any] = {"__name__": "document"}
    for language, block, line in fences((ROOT / name).read_text("utf-8")):
        if language == "python":
            code = compile("\n" * (line - 1) + block, name, "exec", dont_inherit=True)
            exec(code, namespace)
            printed = capsys.readouterr().out
            for promise in _PROMISE.findall(block):
                assert promise in printed


@pytest.mark.parametrize("name", RUN)
def test_commands(
    name: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """unit: every ``cevns ...`` line works in a folder with the examples."""
    (tmp_path / "examples").symlink_to(ROOT / "examples", target_is_directory=True)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CEVNS_DATA", str(DATA))
    for language, block, _ in fences((ROOT / name).read_text("utf-8")):
        for line in block.splitlines() if language in ("", "sh", "bash", "console") else ():
            words = shlex.split(line.removeprefix("$ "), comments=True)
            if words[:1] == ["cevns"]:
                if words[1] in ("fit", "scan", "data"):
                    need_data("coherent-csi-2021")
                code = run(words[1:])
                captured = capsys.readouterr()
                assert (code, captured.err) == (0, ""), line
                assert captured.out.strip(), line


@pytest.mark.parametrize("text", ["yaml"])
def test_experiment_files_in_the_readme(text: str, tmp_path: Path) -> None:
    """unit: they predict something."""
    for language, block, _ in fences((ROOT / "README.md").read_text("utf-8")):
        if language == text:
            file = tmp_path / "experiment.yaml"
            file.write_text(block, "utf-8")
            for experiment in cevns.load(file).experiments.values():
                assert experiment.predict().total > 0


def test_studies_of_the_page_on_sensitivities(tmp_path: Path) -> None:
    """unit: blocks of docs/sensitivity.md are whole files, whose scans have their parameters."""
    text = (ROOT / "docs" / "sensitivity.md").read_text("utf-8")
    blocks = [dedent(one) for one in re.findall(r"^ *```yaml\n(.*?)^ *```$", text, re.S | re.M)]
    assert len(blocks) == 2
    for block in blocks:
        file = tmp_path / "study.yaml"
        file.write_text(block, "utf-8")
        study = cevns.load(file)
        assert study.together.scan is not None
        for address in study.together.scan.axes:
            assert study.matching(address)


def anchors(path: Path) -> set[str]:
    """The anchors of a document's headings, as GitHub makes them."""
    text = _FENCE.sub("", path.read_text("utf-8"))
    found = set()
    for heading in re.findall(r"^#+ +(.+?) *$", text, re.MULTILINE):
        plain = re.sub(r"[^\w\- ]", "", re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading))
        found.add(plain.lower().replace(" ", "-"))
    return found


@pytest.mark.parametrize("path", DOCUMENTS, ids=name_of)
def test_links(path: Path) -> None:
    """unit: relative links lead to files of the repository, and to headings that are there."""
    for link in _LINK.findall(_FENCE.sub("", path.read_text("utf-8"))):
        if re.match(r"[a-z]+:", link):
            continue
        file, _, anchor = link.partition("#")
        target = (path.parent / file).resolve() if file else path
        assert target.exists() and target.is_relative_to(ROOT), link
        if anchor:
            assert anchor in anchors(target), link


@pytest.mark.parametrize("path", DOCUMENTS, ids=name_of)
def test_fences_are_closed(path: Path) -> None:
    """unit: an odd fence would swallow the rest of the page."""
    assert path.read_text("utf-8").count("\n```") % 2 == 0


@pytest.mark.parametrize("path", DOCUMENTS, ids=name_of)
def test_no_machine_is_named(path: Path) -> None:
    """unit: no path of a machine."""
    assert not MACHINE.search(path.read_text("utf-8"))


# --- names ----------------------------------------------------------------------------------------


def documented(heading: str) -> list[str]:
    """The names in backticks in the first column of the table below a heading of nomenclature."""
    text = (ROOT / "docs" / "nomenclature.md").read_text("utf-8")
    section = re.search(rf"^## {heading}\n(.*?)(?=^## |\Z)", text, re.DOTALL | re.MULTILINE)
    assert section is not None, heading
    rows = re.findall(r"^\| (.*?) \|", section[1], re.MULTILINE)
    return [name for row in rows for name in re.findall(r"`([^`]+)`", row)]


def keys(content: Any, path: str = "") -> Iterator[str]:
    """Dotted paths of the keys of plain data, down to lists and to names that vary."""
    if isinstance(content, dict) and not _VARIES.search(path):
        for key, inner in content.items():
            yield from keys(inner, f"{path}.{key}" if path else key)
    elif isinstance(content, list) and content and isinstance(content[0], dict):
        yield from keys(content[0], f"{path}[]")
    else:
        yield path


_VARIES = re.compile(r"(^|\.)(by_\w+|events_above_by_\w+|backgrounds)$")
BACKGROUND = "backgrounds: [{name: flat, type: flat, rate: 1 /keVee/kg/day}]"


def test_results_are_documented(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """unit: every key of the object of ``predict --json`` is in docs/nomenclature.md."""
    text = (ROOT / "examples" / "coherent-lar-2020.yaml").read_text("utf-8")
    text = text.replace("exposure: 13.8e22 POT", "exposure: 1 year")
    text = text.replace("  pions_per_proton: 0.09", "  facility: sns-2020")
    text = text.replace("  mass: 24.4 kg", f"  mass: 24.4 kg\n  {BACKGROUND}")
    file = tmp_path / "experiment.yaml"
    file.write_text(text, "utf-8")
    for table in (ROOT / "examples").glob("*.csv"):
        (tmp_path / table.name).write_bytes(table.read_bytes())
    assert run(["predict", str(file), "--json", "--budget"]) == 0
    found = set(keys(json.loads(capsys.readouterr().out)))
    known = set(documented("Results"))
    assert found <= known, sorted(found - known)


@pytest.mark.parametrize(
    "path", sorted((ROOT / "examples").rglob("*.yaml")), ids=lambda path: path.stem
)
def test_addresses_are_documented(path: Path) -> None:
    """unit: every address of every example fits a pattern of docs/nomenclature.md."""
    patterns = [
        re.sub(r"<[^>]*>", r"[^.]+", re.escape(name).replace(r"\<", "<").replace(r"\>", ">"))
        for name in documented("Addresses")
    ]
    patterns = [pattern.replace(r"\*", ".+") for pattern in patterns]
    study = cevns.load(path)
    fronts = tuple(f"{name}." for name in study.blocks if name)
    for address in study.parameters:
        bare = address.partition(".")[2] if address.startswith(fronts) else address
        assert any(re.fullmatch(pattern, bare) for pattern in patterns), address


# --- versions -------------------------------------------------------------------------------------


def test_citation() -> None:
    """unit: CITATION.cff parses, has what version 1.2.0 of the format asks for, invents nothing."""
    citation = YAML(typ="safe", pure=True).load((ROOT / "CITATION.cff").read_text("utf-8"))
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    assert citation["cff-version"] == "1.2.0"
    assert citation["title"] == project["name"]
    assert str(citation["version"]) == cevns.__version__ == project["version"]
    assert citation["license"] == project["license"]
    assert citation["authors"] == project["authors"]
    assert citation["message"]
    assert not {"doi", "url", "repository-code", "identifiers"} & set(citation)


def test_changelog() -> None:
    """unit: the version of the package has its section, data changes first."""
    text = (ROOT / "CHANGELOG.md").read_text("utf-8")
    sections = re.split(r"^## ", text, flags=re.MULTILINE)[1:]
    assert any(section.startswith(f"[{cevns.__version__}]") for section in sections)
    for section in sections:
        kinds = re.findall(r"^### (.+)$", section, re.MULTILINE)
        assert "Data" not in kinds[1:], "data changes come first"
