"""Draw docs/figures/data-flow.svg: the modules of the package and what flows between them.

``BOXES`` is the one place that says which module is in which box; tests compare it with the
package. Usage: ``python tools/draw_data_flow.py [OUTPUT]`` (.svg or .png). Same input, same bytes.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch

from cevns.display.plot_style import BLACK, BLUE, GREEN, GREY, ORANGE, PURPLE, SKY, VERMILION, save

OUTPUT = Path(__file__).parents[1] / "docs" / "figures" / "data-flow.svg"
WIDTH, HEIGHT = 10.4, 9.95  # inches, and the coordinates of the figure


@dataclass(frozen=True)
class Box:
    """A box: its title, its lines of module names, its lower left corner and size."""

    title: str
    lines: tuple[str, ...]
    x: float
    y: float
    width: float
    height: float
    color: str

    @property
    def modules(self) -> tuple[str, ...]:
        """Module names below ``cevns``; "sources/*" stands for a folder."""
        return tuple(name.strip() for line in self.lines for name in line.split(","))


@dataclass(frozen=True)
class Arrow:
    """What flows from one point to another, with its label beside the middle."""

    start: tuple[float, float]
    end: tuple[float, float]
    label: str = ""
    at: tuple[float, float] = (0.0, 0.0)
    align: str = "left"


_LEFT, _MIDDLE, _RIGHT, _LAST = 0.25, 2.85, 5.45, 8.05
_WIDE = 2.1

BOXES = {
    "cli": Box("command line", ("cli/*, __main__",), _LEFT, 8.90, _WIDE, 0.8, GREY),
    "config": Box("experiment files", ("config/*, catalogue",), _MIDDLE, 8.90, 4.7, 0.8, GREY),
    "face": Box("Python", ("cevns",), _LAST, 8.90, _WIDE, 0.8, GREY),
    "sources": Box(
        "sources",
        ("sources/*, exposure", "beta_decay, mixing, msw"),
        *(_LEFT, 7.10, _WIDE, 1.0, ORANGE),
    ),
    "interactions": Box("interactions", ("interactions/*",), _MIDDLE, 7.10, _WIDE, 1.0, GREEN),
    "targets": Box("targets", ("targets", "nuclides"), _RIGHT, 7.10, _WIDE, 1.0, SKY),
    "detector": Box(
        "detector", ("detector, binning", "backgrounds"), _LAST, 7.10, _WIDE, 1.0, PURPLE
    ),
    "beam": Box(
        "beam",
        ("beam, spectra, weighted", "power_law_spectrum", "timing, time_window"),
        *(_LEFT, 5.40, _WIDE, 1.0, ORANGE),
    ),
    "amplitudes": Box(
        "amplitudes",
        ("amplitudes, scatterers", "spins, electrons", "kinematics"),
        *(_MIDDLE, 5.40, _WIDE, 1.0, GREEN),
    ),
    "form_factors": Box(
        "form factors",
        ("form_factors", "form_factor_shapes", "form_factor_spec"),
        *(_RIGHT, 5.40, _WIDE, 1.0, SKY),
    ),
    "response": Box("response", ("response/*",), _LAST, 5.40, _WIDE, 1.0, PURPLE),
    "rate": Box("THE fold", ("rate, nodes, divergence",), _LEFT, 3.90, 4.7, 0.8, VERMILION),
    "cross_sections": Box(
        "cross-sections, checks", ("cross_sections, testing",), _LEFT, 2.50, _WIDE, 0.8, BLUE
    ),
    "experiment": Box("experiment", ("experiment, declared",), _RIGHT, 3.90, 4.7, 0.8, BLUE),
    "budget": Box(
        "how well it is known", ("budget, uncertainty",), _MIDDLE, 2.50, _WIDE, 0.8, BLUE
    ),
    "prediction": Box("results", ("prediction, display/*",), _RIGHT, 2.50, _WIDE, 0.8, BLUE),
    "datasets": Box("public data", ("datasets/*, overlays",), _LAST, 2.50, _WIDE, 0.8, ORANGE),
    "scan": Box("grids of fits", ("scan/*",), _LEFT, 1.15, _WIDE, 0.8, BLUE),
    "inference": Box(
        "fits",
        ("inference/*, published", "sensitivity/*", "reproductions/*"),
        _MIDDLE,
        1.15,
        _WIDE,
        0.8,
        BLUE,
    ),
    "likelihood": Box("likelihood", ("likelihood/*, analysis",), _RIGHT, 1.15, 4.7, 0.8, VERMILION),
    "ground": Box(
        "the ground everything stands on",
        (
            "units, constants, errors, special, parameters, memo, flavours, files, progress",
            "quantities, spec, registry, plugins, tables, packaged, yaml_reader, merge",
        ),
        *(_LEFT, 0.1, 9.9, 0.85, GREY),
    ),
}


def _down(upper: str, lower: str, label: str = "") -> Arrow:
    """An arrow from the bottom of one box to the top of another below it."""
    one, other = BOXES[upper], BOXES[lower]
    x = max(one.x, other.x) + min(one.width, other.width) / 2
    start, end = (x, one.y), (x, other.y + other.height)
    beside = -0.09 if x > _LAST else 0.09  # no room to the right of the last column
    align = "right" if x > _LAST else "left"
    return Arrow(start, end, label, (x + beside, (start[1] + end[1]) / 2), align)


def _across(left: str, right: str, label: str = "", height: float = 0.5) -> Arrow:
    """An arrow from the side of one box to the side of another; ``height`` is a share of it."""
    one, other = BOXES[left], BOXES[right]
    y = one.y + height * one.height
    lift = 0.13 + 0.1 * label.count("\n")
    forwards = one.x < other.x
    start = (one.x + one.width if forwards else one.x, y)
    end = (other.x if forwards else other.x + other.width, y)
    return Arrow(start, end, label, ((start[0] + end[0]) / 2, y + lift), "center")


ARROWS = (
    _across("cli", "config"),
    *(
        Arrow((BOXES[name].x + _WIDE / 2, 8.55), (BOXES[name].x + _WIDE / 2, 8.10))
        for name in ("sources", "interactions", "targets", "detector")
    ),
    _down("sources", "beam", "components: ρ, φ(E),\np(t), L, fluence"),
    _down("interactions", "amplitudes", "terms: V A S P T M;\nC(θ), f(Q²; θ)"),
    _down("targets", "form_factors", "M, Z, N, R;\nnuclei per mass"),
    _down("detector", "response", "numbers and tables\nof each stage"),
    _across("form_factors", "amplitudes", "$Z F_p$\n$N F_n$", 0.35),
    _down("beam", "rate", r"$G_n(E)$, break points"),
    _down("amplitudes", "rate", r"$w_{kl}(\theta)$, $f_k f_l$, $a_n(T)$"),
    _across("rate", "experiment", "basis"),
    _down("rate", "cross_sections", r"$\mathrm{d}R/\mathrm{d}T$"),
    _down("response", "experiment", r"$S$[bin, $T$], break points"),
    _down("experiment", "prediction", "counts, bins"),
    _down("datasets", "likelihood", "counts,\ntemplates"),
    Arrow((7.8, 3.9), (7.8, 1.95), "signal", (7.71, 2.22), "right"),
    _across("likelihood", "inference", "−2 ln L"),
    _across("inference", "scan"),
    Arrow((5.6, 3.90), (4.4, 3.30), "again, one\nchoice changed", (4.05, 3.61), "right"),
)


def draw() -> Figure:
    """The figure."""
    figure = Figure(figsize=(WIDTH, HEIGHT))
    axes = figure.add_axes((0.0, 0.0, 1.0, 1.0))
    axes.set_xlim(0.0, WIDTH)
    axes.set_ylim(0.0, HEIGHT)
    axes.set_axis_off()
    for box in BOXES.values():
        _draw_box(axes, box)
    for arrow in ARROWS:
        _draw_arrow(axes, arrow)
    _draw_declarations(axes)
    return figure


def _draw_box(axes: Axes, box: Box) -> None:
    shade = tuple(0.82 + 0.18 * part for part in to_rgb(box.color))
    axes.add_patch(
        FancyBboxPatch(
            (box.x, box.y),
            box.width,
            box.height,
            boxstyle="round,pad=0,rounding_size=0.08",
            facecolor=shade,
            edgecolor=box.color,
            linewidth=1.4,
        )
    )
    rows = 1 + len(box.lines)
    step = min(0.24, box.height / (rows + 0.4))
    top = box.y + box.height / 2 + step * (rows - 1) / 2
    x = box.x + box.width / 2
    axes.text(x, top, box.title, size=11, weight="bold", ha="center", va="center")
    for row, line in enumerate(box.lines, start=1):
        axes.text(
            *(x, top - row * step, line), family="monospace", size=9.5, ha="center", va="center"
        )


def _draw_arrow(axes: Axes, arrow: Arrow) -> None:
    axes.add_patch(
        FancyArrowPatch(
            arrow.start,
            arrow.end,
            arrowstyle="-|>",
            mutation_scale=13,
            shrinkA=1,
            shrinkB=1,
            color=BLACK,
            linewidth=1.1,
        )
    )
    if arrow.label:
        axes.text(*arrow.at, arrow.label, size=9, ha=arrow.align, va="center", linespacing=2.50)


def _draw_declarations(axes: Axes) -> None:
    """The rail on which declarations come down from files and from Python."""
    ends = [BOXES[name].x + _WIDE / 2 for name in ("sources", "detector")]
    axes.plot(ends, [8.55, 8.55], color=BLACK, linewidth=1.1)
    for x in (BOXES["config"].x + BOXES["config"].width / 2, ends[1]):
        axes.plot([x, x], [8.55, 8.90], color=BLACK, linewidth=1.1)
    x = BOXES["sources"].x + 0.1
    axes.text(x, 8.67, "declarations, all numbers with an address", size=9, va="center")
    axes.text(
        *(_LAST + _WIDE / 2 - 0.12, 8.38, "θ rides along every arrow"),
        size=9,
        style="italic",
        ha="right",
        va="center",
    )


if __name__ == "__main__":
    save(draw(), Path(sys.argv[1]) if len(sys.argv) > 1 else OUTPUT)
