"""Declarations: checks, addresses of numbers, and where a mistake is said to be."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import pytest
from pydantic import ValidationError

from cevns.errors import InputError, Mistake, join, nearest, printable, show, split
from cevns.parameters import Recorder
from cevns.sources import SOURCES
from cevns.spec import (
    BLOCK,
    WORD,
    WORD_OR_BLOCK,
    Fraction,
    Length,
    Quantity,
    Spec,
    mistakes_of,
    quantity_of,
    relay,
)
from cevns.units import m


class Inner(Spec):
    """A block in a block."""

    share: Fraction = 0.5


class Outer(Spec):
    """A block."""

    distance: Length
    inner: Inner = Inner()
    way: Annotated[Annotated[Literal["near", "far"], WORD] | Annotated[Inner, BLOCK], WORD_OR_BLOCK]
    several: tuple[Inner, ...] = ()


def lines(data: Any, path: str = "", from_file: bool = True) -> list[str]:
    with pytest.raises(InputError) as error:
        Outer.check(data, path, from_file)
    return str(error.value).splitlines()


# --- unit --------------------------------------------------------------------------------------


def test_files_give_text_and_python_gives_floats() -> None:
    by_file = Outer.check({"distance": "20 m", "way": "near"})
    assert by_file == Outer(distance=20 * m, way="near")
    assert lines({"distance": 20.0, "way": "near"})[0].startswith("distance: found 20.0, expected")


def test_all_mistakes_of_nested_blocks_come_at_once() -> None:
    data = {
        "distance": "-1 m",
        "inner": {"shar": 1},
        "way": "nearr",
        "several": [{"share": 0.1}, {"share": "two"}],
    }
    assert lines(data, "source") == [
        "source.distance: found '-1 m', expected a positive number",
        "source.inner.shar: found the unknown key 'shar', expected one of the keys share "
        "(did you mean 'share'?)",
        "source.way: found 'nearr', expected one of near, far (did you mean 'near'?)",
        "source.several[1].share: found 'two', expected a number",
    ]


def test_the_branch_that_was_meant_speaks() -> None:
    assert lines({"distance": "1 m", "way": {"share": 2}}) == [
        "way.share: found 2, expected a number from 0 to 1"
    ]


def test_a_missing_key_is_named_at_its_block() -> None:
    assert lines({"way": "far"}, "source") == [
        "source: found no 'distance', expected this key, which is required"
    ]


def test_declarations_are_frozen() -> None:
    with pytest.raises(ValidationError):
        Inner().share = 0.1  # type: ignore[misc]


def test_every_number_has_an_address() -> None:
    made = Outer.check({"distance": "20 km", "way": "near"})
    found = {parameter.address: parameter for parameter in made.parameters("source")}
    assert set(found) == {"source.distance", "source.inner.share"}
    assert found["source.distance"].unit == "km"
    assert found["source.distance"].value == pytest.approx(20e3 * m, rel=1e-15, abs=0)


def test_a_number_is_read_at_its_address() -> None:
    made = Outer.check({"distance": "20 m", "way": "near"})
    recorder = Recorder({"source.distance": 3.0})
    assert made.get("distance", recorder, "source") == 3.0
    assert recorder.read == {"source.distance"}
    assert made.get("distance", {}, "source") == pytest.approx(20 * m, rel=1e-15, abs=0)


def test_quantity_of_a_field_that_may_be_absent() -> None:
    fields = SOURCES["stopped-pion"].model_fields
    assert quantity_of(fields["flux"]) == Quantity("/cm^2/s", range="positive")
    assert quantity_of(fields["facility"]) is None


@pytest.mark.parametrize(
    ("kind", "good", "bad"),
    [
        ("any", (-1, 0, "5 %"), (".", float("inf"), float("nan"), 10**400, True, None)),
        ("positive", (1e-9, "5 %"), (0, -1, "0 %")),
        ("non-negative", (0, 1), (-1e-9,)),
        ("fraction", (0, 1, "100 %"), (1.01, "101 %", -0.01)),
    ],
)
def test_ranges(kind: str, good: tuple[Any, ...], bad: tuple[Any, ...]) -> None:
    quantity = Quantity("1", range=kind)
    for value in good:
        assert isinstance(quantity.parse(value, from_file=True), float)
    for value in bad:
        with pytest.raises(InputError):
            quantity.parse(value, from_file=True)


@pytest.mark.parametrize(
    ("path", "steps", "rest"),
    [
        ("a.b", ("a", "b"), ""),
        ("a.list[1].x", ("a", "list", 1, "x"), ""),
        ("a.list.1.x", ("a", "list", 1, "x"), ""),
        ("a.list[7]", ("a", "list"), "[7]"),
        ("source.norm.prior", ("source.norm", "prior"), ""),
        ("a.missing.x", ("a",), "missing.x"),
        ("", (), ""),
        ("nothing", (), "nothing"),
    ],
)
def test_places_in_data(path: str, steps: tuple[str | int, ...], rest: str) -> None:
    data = {"a": {"b": 1, "list": [0, {"x": 2}]}, "source": {}, "source.norm": {"prior": 1}}
    assert split(path, data) == (steps, rest)
    if not rest and ".1." not in path:
        assert join("", steps) == path


def test_relayed_mistakes_keep_their_place() -> None:
    error = relay(InputError(Mistake("list[1].x", "this", "that")), "block")
    found = mistakes_of(error, "outer", {"list": [{}, {"x": 1}]})
    assert found == [Mistake("outer.list[1].x", "this", "that")]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (True, "true"),
        (None, "nothing"),
        ("a", "'a'"),
        ({"a": 1}, "{'a': 1}"),
        ("x" * 100, "'" + "x" * 58 + "…"),
        pytest.param(10**5000, "a number of thousands of digits", id="huge"),
    ],
)
def test_values_are_shown_short_and_in_the_words_of_a_file(value: object, text: str) -> None:
    assert show(value) == text


def test_messages_are_one_printable_line() -> None:
    line = str(Mistake("a\nb", "\x1b[31m \ud800", "x", "y\u2028"))
    assert line.isprintable()
    assert printable("a\tb") == "a\\tb"


def test_nearest_names() -> None:
    assert nearest("STOPED-pion", ["reactor", "stopped-pion"]) == "stopped-pion"
    assert nearest("xyz", ["reactor"]) is None
    assert nearest(5, ["5"]) is None
    assert nearest("x" * 1000, ["x" * 1000]) is None
