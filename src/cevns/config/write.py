"""Writing results: each file whole or not at all, and a folder that can be run again."""

from __future__ import annotations

import platform
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cevns import plugins
from cevns.config.choices import with_choices
from cevns.config.schema import Couplings
from cevns.config.study import Study
from cevns.files import json_text, write_bytes, write_text
from cevns.merge import with_files

CONFIG_NAME = "config.yaml"


def write_json(path: Path, content: Mapping[str, Any]) -> None:
    """Write plain data to ``path``, what is not a finite number as null."""
    write_text(path, json_text(content, indent=2) + "\n")


def versions() -> dict[str, str]:
    """Versions of what computed a result."""
    from importlib.metadata import version

    from cevns import __version__

    others = {name: version(name) for name in ("numpy", "scipy")}
    return {"cevns": __version__, "python": platform.python_version(), **others}


def write_config(study: Study, directory: Path) -> Path:
    """The resolved experiment file, with its tables beside it: it can be run from there.

    Defaults at the top level are written out, and choices that a source makes; ``extends`` is
    already merged. Plug-in files are named in a comment alone: a file names no code.
    """
    content = with_files(
        _with_defaults(study), lambda name: _copied(name, study.directory, directory)
    )
    header = "# Resolved configuration; made with " + ", ".join(
        f"{name} {number}" for name, number in versions().items()
    )
    needed = [f"--plugin {Path(file).name}" for file in plugins.named()]
    if needed:
        header += f"\n# To be run with {' '.join(needed)}"
    path = directory / CONFIG_NAME
    write_text(path, f"{header}\n{dump(content)}")
    return path


def dump(content: Mapping[str, Any]) -> str:
    """Plain data as YAML 1.2."""
    from io import StringIO

    from ruamel.yaml import YAML
    from ruamel.yaml.representer import SafeRepresenter

    class Representer(SafeRepresenter):
        """Quotes text that starts like a key: "?A" within brackets is one."""

    def text(representer: Any, value: str) -> Any:
        quoted = '"' if value.startswith("?") else None
        return representer.represent_scalar("tag:yaml.org,2002:str", value, style=quoted)

    Representer.add_representer(str, text)
    stream = StringIO()
    yaml: Any = YAML(typ="safe", pure=True)
    yaml.Representer = Representer
    yaml.default_flow_style = None
    yaml.sort_base_mapping_type_on_output = False
    yaml.width = 100
    yaml.dump(dict(content), stream)
    return stream.getvalue()


def _with_defaults(study: Study) -> dict[str, Any]:
    defaults: dict[str, Any] = {
        "name": study.name,
        "model": ["standard-model"],
        "kinematics": "exact",
        "form_factor": "helm",
        "electron_scattering": False,
        "axial": "none",
    }
    content = dict(with_choices(study, {**defaults, **study.resolved}))
    own = content.get("couplings", {})
    # Beside couplings in a model block, or below those that every experiment replaces, defaults
    # would be a second word on the same numbers.
    if isinstance(own, Mapping) and not any(one.own_couplings() for one in study.blocks.values()):
        content["couplings"] = {**Couplings().model_dump(), **own}
    return content


def _copied(name: str, source: Path, directory: Path) -> str:
    original = source / name
    copy = directory / "tables" / original.name
    number = 1
    while copy.exists() and copy.read_bytes() != original.read_bytes():
        number += 1
        copy = copy.with_name(f"{original.stem}-{number}{original.suffix}")
    if not copy.exists():
        write_bytes(copy, original.read_bytes())
    return str(copy.relative_to(directory))
