"""The one style of all figures: colours, fonts, layout, and how a figure is written.

What the user has set in a matplotlibrc does not show, and the style leaves nothing behind. Fonts
are those that matplotlib brings along, as outlines in SVG. Colours are those of Okabe and Ito,
which the colour-blind can tell apart.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.resources import as_file, files
from pathlib import Path
from secrets import token_hex
from typing import TYPE_CHECKING, Any

import numpy as np

from cevns.errors import InputError, Mistake

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Array = np.ndarray[Any, np.dtype[Any]]

WIDTH = 7.2  # inches: the text width of a page
DPI = 150

# Okabe & Ito, "Color Universal Design" (2008).
BLACK, ORANGE, SKY, GREEN = "#000000", "#E69F00", "#56B4E9", "#009E73"
BLUE, VERMILION, PURPLE, GREY = "#0072B2", "#D55E00", "#CC79A7", "#999999"

# The tag of each format that would hold the date.
_DATES: Mapping[str, Any] = {"pdf": {"CreationDate": None}, "png": {}, "svg": {"Date": None}}


@contextmanager
def style() -> Iterator[None]:
    """matplotlib's defaults under our style file; its settings are put back on the way out."""
    from matplotlib import rc_context

    style = files("cevns") / "data" / "cevns.mplstyle"
    with as_file(style) as path, rc_context(fname=path):
        yield


@style()
def save(figure: Figure, path: Path) -> None:
    """Write ``figure`` to ``path`` (.png, .svg or .pdf), whole or not at all.

    The bytes are the same every time: no date and no random names are in them.

    Raises
    ------
    InputError
        For another ending.
    """
    kind = path.suffix.lower().removeprefix(".")
    if kind not in _DATES:
        found = f"a figure ending in {path.suffix!r}"
        raise InputError(Mistake(str(path), found, ", ".join(f".{known}" for known in _DATES)))
    temporary = path.with_name(f".{path.name}.{token_hex(4)}.tmp")
    try:
        figure.savefig(temporary, format=kind, dpi=DPI, metadata=_DATES[kind])
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def new_figure(height: float, width: float = WIDTH) -> Figure:
    from matplotlib.figure import Figure  # pyplot would choose a backend for the whole process

    return Figure(figsize=(width, height))


def finish(figure: Figure, title: str) -> Figure:
    """Put the title on and lay the panels out, once: each drawing would move them a little."""
    from matplotlib.layout_engine import ConstrainedLayoutEngine

    lines = textwrap.wrap(title, int(12 * figure.get_figwidth()), max_lines=3, placeholder=" …")
    figure.suptitle(plain_text("\n".join(lines)), fontsize=10)
    for axes in figure.axes:
        axes.tick_params(labelsize=8)  # sets the number of ticks too, so not left to the style
    ConstrainedLayoutEngine().execute(figure)
    return figure


def plain_text(text: str) -> str:
    """Text of the user's as matplotlib shows it word for word: no formula, no hidden label."""
    return text.lstrip("_").replace("$", r"\$") or " "


_SYMBOLS = {
    "nu_e": r"\nu_e",
    "nu_mu": r"\nu_\mu",
    "nu_tau": r"\nu_\tau",
    "nu_e_mu": r"\nu_e\,\nu_\mu",
    "nu_e_tau": r"\nu_e\,\nu_\tau",
    "nu_mu_tau": r"\nu_\mu\,\nu_\tau",
    "dm2": r"\Delta m^2",
    "Ue4_sq": r"|U_{e4}|^2",
    "Umu4_sq": r"|U_{\mu 4}|^2",
    "Utau4_sq": r"|U_{\tau 4}|^2",
}
"""Last parts of addresses that are no words."""


def axis_title(name: str, unit: str, latex: str = "") -> str:
    """The symbol of a parameter, or its address in words, with the unit.

    "magnetic-moment.nu_e" is "Magnetic moment" and the symbol of ν_e.
    """
    *parts, last = name.split(".")
    words = [re.sub("[-_]", " ", plain_text(part)) for part in parts]
    end = f"${_SYMBOLS[last]}$" if last in _SYMBOLS else re.sub("[-_]", " ", plain_text(last))
    text = " ".join((*words, end))
    shown = f"${latex}$" if latex else text[:1].upper() + text[1:]
    return f"{shown} [{shown_unit(unit)}]" if unit else shown


def shown_unit(unit: str) -> str:
    """A unit as it is printed: "cm²", "tonne year", the magneton with its symbol."""
    return unit.replace("^2", "²").replace("*", " ").replace("mu_B", r"$\mu_\mathrm{B}$")


def uneven(edges: Array) -> bool:
    """Whether bins differ in their widths."""
    return bool(np.ptp(np.diff(edges)) > 1e-6 * (edges[-1] - edges[0]))


def bin_widths(edges: Array) -> Array:
    """What counts are divided by, shape (bins,): the widths where these differ, else one.

    A wide bin beside a narrow one would look like a rise that is not there.
    """
    return np.diff(edges) if uneven(edges) else np.ones(len(edges) - 1)


def events_per(edges: Array, unit: str) -> str:
    """What is drawn then: events per unit, or in a bin, by its width."""
    if uneven(edges):
        return f"Events / {unit or 'unit'}"
    width = f"{(edges[-1] - edges[0]) / (len(edges) - 1):.3g}"
    return f"Events / {width} {unit}".rstrip()


def shown_events(number: float) -> str:
    """A number of events for reading: "25,896", "120.9", "0.0312", "4.1e-08"."""
    return f"{number:,.0f}" if 1e3 <= number < 1e7 else f"{number:.4g}"
