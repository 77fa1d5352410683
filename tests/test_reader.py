"""The YAML reader: what plain words mean, what is refused, and that writing is undone."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cevns.config.write import dump
from cevns.errors import InputError
from cevns.yaml_reader import read_text

# --- unit: YAML --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "value"),
    [
        *(
            ("none", "none"),
            ("null", None),
            ("~", None),
            ("", None),
            ("true", True),
            ("off", "off"),
        ),
        *(("yes", "yes"), ("False", False), ("12", 12), ("-012", -12), ("0o17", 15), ("0x1F", 31)),
        *(("1e5", 1e5), ("4e22", 4e22), (".5", 0.5), ("5.", 5.0), ("1_000", "1_000")),
        *(("2021-01-01", "2021-01-01"), ("1:30", "1:30"), ("=", "="), ("'12'", "12"), ('"~"', "~")),
        *(("-.inf", float("-inf")), ("9" * 400, float("inf")), ("1e400", float("inf"))),
    ],
)
def test_plain_words(text: str, value: object) -> None:
    read = read_text(f"a: {text}")["a"]
    assert read == value
    assert type(read) is type(value)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("a: &x 1", "line 1: found an anchor (&)"),
        ("a: 1\nb: *x", "line 2: found an alias (*)"),
        ("a: !!python/name:os.system 1", "line 1: found the tag"),
        ("a: !x 1", "line 1: found the tag"),
        ("a: 1\na: 2", "a: found this key twice, expected each key once"),
        ("a: {b: 1, b: 2}\nc: {3: 4}", "a.b: found this key twice"),
        ("a: {3: 4}", "a: found the key 3, expected keys that are text"),
        ("[a]: 1", "line 1: found a key that is a block or a list"),
        ("a: " + "[" * 30 + "]" * 30, "line 1: found nesting beyond 20 levels"),
        ("a: " + "[" * 10_000, "line 1: found nesting beyond 20 levels"),
        ("a: [" + "1," * 60_000 + "]", "line 1: found more than 10000 values"),
        (
            "".join(f"k{i}: 1\n" for i in range(600)),
            "line 501: found a block of more than 500 keys",
        ),
        ("a: 1\n---\nb: 2", "line 2: found a second document (---)"),
        ("a: [1, 2", "line 1: found broken YAML"),
        ("a: b: c", "line 1: found broken YAML"),
        ("a: 1\nb: \0", "line 2: found broken YAML"),
        ('a: "\\e[31m"', "line 1: found a control character in text"),
        ("", "line 1: found an empty file, expected a block of keys"),
        ("- a\n- b", "line 1: found ['a', 'b'], expected a block of keys"),
        ("x" * 1_000_001, "line 1: found 1000001 characters of YAML, expected at most 1 MB"),
    ],
)
def test_what_is_not_plain_is_refused(text: str, line: str) -> None:
    with pytest.raises(InputError) as error:
        read_text(text)
    assert str(error.value).startswith(line)


# --- property ----------------------------------------------------------------------------------

PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**20), 10**20)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cc", "Cs"]), max_size=20)
    | st.sampled_from(["null", "1e5", "true", "2021-01-01", "0x1F", "- a", "a: b", "#", "1_0"]),
    lambda inner: st.lists(inner, max_size=4)
    | st.dictionaries(st.text("abc-_.", min_size=1, max_size=5), inner, max_size=4),
    max_leaves=12,
)  # fmt: skip


@given(st.dictionaries(st.sampled_from("abcdef"), PLAIN, min_size=1, max_size=4))
def test_what_is_written_is_read_back(data: dict[str, Any]) -> None:
    assert read_text(dump(data)) == data
