"""What the sources of a file choose where it does not say: written down, a result says it all."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from cevns.config.schema import ExperimentBlocks
from cevns.config.singles import single_experiments
from cevns.config.study import Study
from cevns.sources import Source
from cevns.spec import Spec


def with_choices(study: Study, content: Mapping[str, Any]) -> Mapping[str, Any]:
    """``content`` with what the sources of every experiment choose where it does not say."""
    chosen = {
        name: _chosen(study.blocks[name], merged["source"], study.directory)
        for name, merged in single_experiments(study.resolved, []).items()
        if study.blocks[name].data_set is None  # else its apparatus comes with the data
    }
    if "experiments" not in content:
        return {**content, "source": chosen[""]} if chosen else content
    experiments = {
        name: {**entry, "source": chosen[name]} if name in chosen else entry
        for name, entry in content["experiments"].items()
    }
    return {**content, "experiments": experiments}


def _chosen(blocks: ExperimentBlocks, written: Any, directory: Path) -> Any:
    """The source of an experiment as it is ``written``, with its choices."""
    if isinstance(written, list):
        pairs = zip(blocks.source, written, strict=True)
        return [_with_words(source, one, directory) for source, one in pairs]
    return _with_words(blocks.source, written, directory)


def _with_words(source: Source, written: Mapping[str, Any], directory: Path) -> dict[str, Any]:
    """``written`` with every word and flag that it leaves to a default.

    Those that do nothing beside what is written are refused by the source, and left out.
    """
    content, context = dict(written), {"file": True, "directory": directory}
    for key, word in _words(source).items():
        own = content.get(key, {})
        if key in content and not (isinstance(own, Mapping) and isinstance(word, Mapping)):
            continue
        tried = {**content, key: {**word, **own} if isinstance(word, Mapping) else word}
        try:
            type(source).model_validate(tried, context=context)
        except ValidationError:
            continue
        content = tried
    return content


def _words(spec: Spec) -> dict[str, Any]:
    """Words, flags and lists of words of a block and of the blocks inside, by key."""
    found: dict[str, Any] = {}
    for name, field in type(spec).model_fields.items():
        value = getattr(spec, name)
        if isinstance(value, Spec):
            value = _words(value) or None
        elif isinstance(value, tuple):
            value = list(value) if all(isinstance(one, str) for one in value) else None
        if isinstance(value, (str, bool, dict, list)):
            found[field.alias or name] = value
    return found
