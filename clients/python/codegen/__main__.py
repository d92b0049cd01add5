"""``python -m codegen`` writes the methods of the client; ``--check`` only says whether they are current."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final

import dealwright.app  # noqa: F401 - fills the registry
from codegen.modules import modules
from dealwright.kernel.operations import registry

FOLDER: Final = Path(__file__).parents[1] / "src" / "dealwright_client" / "groups"
PROJECT: Final = Path(__file__).parents[3] / "pyproject.toml"


def written(folder: Path) -> dict[str, str]:
    """The text of every Python file of a folder, by name."""
    return {path.name: path.read_text() for path in folder.glob("*.py")}


def wanted() -> dict[str, str]:
    """The files as they should be, in the project's format."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for file, text in modules(registry).items():
            (folder / file).write_text(text)
        for command in (["check", "--quiet", "--fix", "--select=F401,I"], ["format", "--quiet"]):
            subprocess.run(
                [sys.executable, "-m", "ruff", *command, "--no-cache", f"--config={PROJECT}", str(folder)], check=True
            )
        return written(folder)


def main() -> int:
    now, then = written(FOLDER), wanted()
    changed = sorted(name for name in {*now, *then} if now.get(name) != then.get(name))
    if "--check" in sys.argv[1:]:
        if changed:
            print(f"The Python client is not current ({', '.join(changed)}). Write it anew: make client")
        return 1 if changed else 0
    FOLDER.mkdir(exist_ok=True)
    for name in changed:
        if name in then:
            (FOLDER / name).write_text(then[name])
        else:
            (FOLDER / name).unlink()
        print(f"wrote {name}" if name in then else f"removed {name}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
