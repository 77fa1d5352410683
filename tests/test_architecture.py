"""The shape of the package: which module may know which, how large one may be, what is public.

The imports run one way, along the flow of docs/architecture.md; `LAYERS` is the one place that
says which way that is. A new module is put into the earliest layer that holds all it needs.
"""

from __future__ import annotations

import ast
import importlib
import importlib.util
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import cevns

ROOT = Path(__file__).resolve().parents[1]
SOURCE = ROOT / "src"
DOCUMENTS = [*sorted((ROOT / "docs").glob("*.md")), *sorted(ROOT.glob("*.md"))]
FIGURE = ROOT / "docs" / "figures" / "data-flow.svg"

LAYERS: tuple[tuple[str, ...], ...] = (
    ("units", "flavours"),
    ("constants", "errors"),
    ("plugins",),
    ("special", "parameters", "quantities", "registry", "yaml_reader", "files", "progress"),
    ("packaged",),
    ("catalogue",),
    ("merge",),
    ("memo",),
    ("spec",),
    ("tables", "overlays"),
    ("nuclides", "targets"),
    ("form_factor_shapes", "beta_decay", "mixing", "msw"),
    ("form_factors", "form_factor_spec"),
    ("kinematics",),
    ("spectra", "weighted", "power_law_spectrum", "timing", "beam"),
    ("time_window",),
    ("exposure",),
    ("sources.base", "sources.shipped", "sources.facilities", "sources.monoenergetic"),
    ("sources.stopped_pion", "sources.tabulated", "sources.fission", "sources.reactor"),
    ("sources.solar_fluxes", "sources.solar_spectra", "sources.solar"),
    ("sources.thermal", "sources.burst_table", "sources.supernova", "sources.diffuse_supernova"),
    ("sources.radioactive", "sources.atmospheric", "sources.geoneutrino", "sources"),
    ("amplitudes",),
    ("spins", "electrons"),
    ("scatterers",),
    ("interactions.base", "interactions.standard_model"),
    ("interactions.mediator",),
    ("interactions.nsi", "interactions.electromagnetic", "interactions.vector_mediator"),
    ("interactions.magnetic_moment", "interactions.scalar"),
    ("interactions.tensor", "interactions.dipole_portal", "interactions.sterile"),
    ("interactions.axial", "interactions.pseudoscalar", "interactions"),
    ("rate", "nodes"),
    ("divergence",),
    ("response",),
    ("response.quenching", "response.resolution", "response.efficiency", "response.smearing"),
    ("backgrounds", "binning", "detector"),
    ("declared", "prediction", "experiment"),
    ("cross_sections", "budget", "testing"),
    ("likelihood.morph", "likelihood.part", "likelihood.poisson", "likelihood.constraints"),
    ("likelihood.statistic",),
    ("likelihood.cells", "likelihood.steps", "likelihood.signal", "likelihood.own"),
    ("likelihood.curves", "likelihood.recoils"),
    ("likelihood.channel", "likelihood.linear", "likelihood.joint", "likelihood"),
    ("datasets.release", "datasets.store", "datasets.profiles", "datasets.analysis"),
    ("datasets.claims", "datasets.apparatus", "datasets.rows", "datasets.histograms"),
    ("datasets.files",),
    ("datasets.backgrounds", "datasets.signals", "datasets.templates", "datasets"),
    ("config.places", "config.schema", "config.singles", "config.settings"),
    ("config.addressed", "config.study", "config.choices", "config"),
    ("",),  # the face: the package itself, with its public names
    ("analysis", "uncertainty"),
    (
        "inference.bounds",
        "inference.kinks",
        "inference.minuit",
        "inference.minimum",
        "inference.refit",
        "inference.goodness",
        "inference.interval",
        "inference.fit",
        "inference.profile",
        "inference.result",
    ),
    ("inference.cross_section", "inference.export", "inference.toys"),
    ("scan.interrupts", "scan.plan", "scan.evaluate", "scan.shards", "scan.manifest", "scan.pool"),
    ("scan.run", "scan.merge", "scan"),
    ("inference.plane", "inference.outcome", "inference.limits", "inference.raster", "inference"),
    ("sensitivity.counting", "sensitivity.priors", "sensitivity.samples", "sensitivity.variants"),
    (
        "sensitivity.axes",
        "sensitivity.design",
        "sensitivity.evaluate",
        "sensitivity.few",
        "sensitivity.result",
        "sensitivity",
    ),
    ("published",),
    ("reproductions", "reproductions.lines", "reproductions.workbench"),
    ("reproductions.computations", "reproductions.algebra"),
    ("reproductions.neutrinos", "reproductions.precision"),
    ("reproductions.studies", "reproductions.figures", "reproductions.series"),
    ("reproductions.changes",),
    ("reproductions.paper", "reproductions.results"),
    ("config.write", "display.report", "display.plot_style", "display.plot", "display.plot_scan"),
    ("display.report_fit", "display.plot_fit"),
    ("display.plot_reproduction", "display.plot_sensitivity", "display"),
    ("cli.output",),
    (
        "cli.predict",
        "cli.cross_section",
        "cli.list",
        "cli.data",
        "cli.fit",
        "cli.scan",
        "cli.sample",
        "cli.sensitivity",
        "cli.reproduce",
        "cli.main",
    ),
    ("cli",),
    ("__main__",),
)
"""Names below ``cevns``, from the ground up; a module imports from its own layer or earlier."""

PUBLIC = (
    *("Binning", "Detector", "Experiment", "Exposure", "InputError", "Monoenergetic"),
    *("StandardModel", "StoppedPion", "Tabulated", "Target", "__version__", "constants"),
    *("differential_cross_section", "flux_averaged_cross_section", "load", "nuclide"),
    *("total_cross_section", "units"),
)
"""What ``dir(cevns)`` shows. A change here is a change of the interface: see CHANGELOG.md."""

LONGEST = 400  # lines of a source file
HEAVY = ("numpy", "scipy", "pydantic", "matplotlib")


@cache
def modules() -> dict[str, Path]:
    """Name below ``cevns`` → file of every module; "" is the package itself."""
    found = {}
    for path in sorted((SOURCE / "cevns").rglob("*.py")):
        parts = path.relative_to(SOURCE / "cevns").with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


@cache
def tree(name: str) -> ast.Module:
    """The syntax tree of a module."""
    return ast.parse(modules()[name].read_text("utf-8"))


def _at_run_time(node: ast.AST) -> Iterator[ast.AST]:
    """Everything below ``node`` but what stands under ``if TYPE_CHECKING``."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test):
            for other in child.orelse:
                yield other
                yield from _at_run_time(other)
        else:
            yield child
            yield from _at_run_time(child)


def _named(node: ast.AST) -> Iterator[str]:
    """Full names that an import statement may stand for."""
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom):
        assert node.level == 0, "imports are absolute"
        for alias in node.names:
            inner = f"{node.module}.{alias.name}".removeprefix("cevns.")
            yield f"cevns.{inner}" if inner in modules() else str(node.module)


@cache
def imports(name: str) -> frozenset[str]:
    """Modules of the package that ``name`` imports, anywhere in the file.

    Importing a module of a folder runs the folder's ``__init__`` too; the public names of the
    package, which are loaded on first use, count as imports of the package itself.
    """
    full = {found for node in _at_run_time(tree(name)) for found in _named(node)}
    inside = {
        found.removeprefix("cevns").removeprefix(".")
        for found in full
        if found.split(".")[0] == "cevns"
    }
    folders = {found.rpartition(".")[0] for found in inside if "." in found}
    inside |= {folder for folder in folders if not f"{name}.".startswith(f"{folder}.")}
    if name == "":
        inside |= {home.removeprefix("cevns.") for home in cevns._HOMES.values()}
    return frozenset(inside - {name})


def layer(name: str) -> int:
    """The number of the layer that a module is in."""
    return next(number for number, group in enumerate(LAYERS) if name in group)


# --- kind: unit (the imports) ---------------------------------------------------------------------


def test_every_module_has_a_layer() -> None:
    """unit: none is missing from the list, none is listed twice, none is only a name."""
    listed = [name for group in LAYERS for name in group]
    assert sorted(listed) == sorted(modules())


@pytest.mark.parametrize("name", modules())
def test_imports_run_one_way(name: str) -> None:
    """unit: a module knows those of its own layer and of earlier ones, in functions too."""
    later = [other for other in imports(name) if layer(other) > layer(name)]
    assert not later, f"cevns.{name} imports {later}, which the flow puts after it"


def test_there_are_no_cycles() -> None:
    """unit: within a layer as well."""
    graph = {name: imports(name) for name in modules()}
    try:
        tuple(TopologicalSorter(graph).static_order())
    except CycleError as error:
        pytest.fail(" → ".join(f"cevns.{name}" for name in error.args[1]))


def test_modules_are_loaded_by_name_in_two_places_only() -> None:
    """unit: the public names and the verbs; any other dynamic import would escape these tests."""
    users = {
        name
        for name in modules()
        for node in _at_run_time(tree(name))
        if isinstance(node, ast.Attribute) and node.attr == "import_module"
    }
    assert users <= {"", "cli.main"}


@pytest.mark.parametrize(
    "code",
    [
        "import cevns",
        "import cevns, cevns.units, cevns.constants, cevns.errors",
        "import cevns.cli.main as cli; cli.run(['--help'])",
    ],
)
def test_nothing_heavy_is_loaded_early(code: str) -> None:
    """unit: neither the package nor the help of the command line loads the heavy libraries."""
    check = f"{code}\nimport sys\nsys.stderr.write(' '.join({HEAVY} & sys.modules.keys()))"
    check = check.replace(f"{HEAVY}", f"set({HEAVY})")
    found = subprocess.run([sys.executable, "-c", check], capture_output=True, text=True)
    assert (found.returncode, found.stderr) == (0, "")


# --- kind: unit (the face) ------------------------------------------------------------------------


def test_public_names() -> None:
    """unit: frozen, at most 20, and each of them is there."""
    assert sorted(dir(cevns)) == sorted(PUBLIC)
    assert len(PUBLIC) <= 20
    assert sorted(cevns.__all__) == sorted(set(PUBLIC) - {"__version__"})
    for name in PUBLIC:
        assert getattr(cevns, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'Nonsense'"):
        _ = cevns.Nonsense


def test_public_names_are_documented() -> None:
    """unit: what a user meets says what it is."""
    for name in cevns.__all__:
        assert (getattr(cevns, name).__doc__ or "").strip(), name


# --- kind: unit (the files) -----------------------------------------------------------------------


@pytest.mark.parametrize("name", modules())
def test_source_files_are_short(name: str) -> None:
    """unit: a file that grows beyond this holds two things."""
    assert len(modules()[name].read_text("utf-8").splitlines()) <= LONGEST


@pytest.mark.parametrize("name", modules())
def test_every_module_says_what_it_is_for(name: str) -> None:
    """unit: a docstring."""
    assert ast.get_docstring(tree(name))


DATA = (path for path in (SOURCE / "cevns" / "data").rglob("*") if path.is_file())
FILES = [*modules().values(), *sorted(DATA)]
MACHINE = re.compile(r"(?<![\w.~/:-])/(?:home|root|Users|tmp|var|opt|mnt|srv|work)/|\b[A-Z]:\\\\")


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_nothing_of_the_workshop_is_left(path: Path) -> None:
    """unit: no path of a machine, no reminder, no print."""
    text = path.read_text("utf-8")
    assert not MACHINE.search(text)
    assert not re.search(r"\b(TODO|FIXME|XXX|HACK)\b", text)
    if path.suffix == ".py":
        calls = [node.func for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Call)]
        assert "print" not in [func.id for func in calls if isinstance(func, ast.Name)]


# --- kind: unit (the figure of docs/architecture.md) ----------------------------------------------


@cache
def script() -> ModuleType:
    """tools/draw_data_flow.py as a module."""
    path = ROOT / "tools" / "draw_data_flow.py"
    spec = importlib.util.spec_from_file_location("draw_data_flow", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


def test_every_module_is_in_the_figure_once() -> None:
    """unit: the boxes hold all modules and folders, and nothing that does not exist."""
    drawn = [name for box in script().BOXES.values() for name in box.modules]
    top = {name.split(".")[0] for name in modules()} - {""}
    folders = {name.split(".")[0] for name in modules() if "." in name}
    expected = {f"{name}/*" if name in folders else name for name in top}
    assert sorted(drawn) == sorted(expected | {"cevns"})


def test_the_figure_is_the_one_the_script_draws() -> None:
    """unit: every box and its modules are in the file (as the comments beside the outlines)."""
    written = FIGURE.read_text("utf-8")
    shown = {" ".join(text.split()) for text in re.findall(r"<!--(.*?)-->", written, re.DOTALL)}
    for box in script().BOXES.values():
        for line in (box.title, *box.lines):
            assert line in shown, line


def exists(name: str) -> bool:
    """Whether ``name`` below ``cevns`` is a module, or something (a field, a method) in one."""
    parts = name.split(".")
    for length in range(len(parts), -1, -1):
        if ".".join(parts[:length]) in modules():
            break
    value: Any = importlib.import_module(".".join(["cevns", *parts[:length]]))
    for part in parts[length:]:
        fields = getattr(value, "__dataclass_fields__", {}) | getattr(value, "model_fields", {})
        if not hasattr(value, part):
            return part in fields
        value = getattr(value, part)
    return True


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_the_documents_name_what_exists(path: Path) -> None:
    """unit: names in the package, files and tests that a document speaks of are there."""
    text = path.read_text("utf-8")
    for name in re.findall(r"`cevns\.([\w.]+)`", text):
        assert exists(name), f"cevns.{name}"
    for name in re.findall(r"`((?:src|tests|tools|docs|examples|benchmarks)/[\w./-]+)`", text):
        assert (ROOT / name).exists() or name.endswith("baryonic_vector.py"), name
    for file, test in re.findall(r"`(tests/\w+\.py)::(\w+)`", text):
        assert f"def {test}(" in (ROOT / file).read_text("utf-8"), f"{file}::{test}"
