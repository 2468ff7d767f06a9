"""Bytecode beside the sources of a layer: half of a cold start is compiling.

``python compile.py FOLDER PLACE VERSION``: PLACE is where FOLDER will lie on Lambda. Lambda never writes the
bytecode it compiles, so it compiles again on each start. Pyc files that are trusted unchecked carry no
modification time, and two builds of the same sources are equal, byte for byte.
"""

from __future__ import annotations

import os
import py_compile
import sys
from pathlib import Path


def compile_tree(folder: Path, place: str) -> None:
    for source in sorted(folder.rglob("*.py")):
        py_compile.compile(
            str(source),
            dfile=f"{place}/{source.relative_to(folder).as_posix()}",
            doraise=True,
            optimize=0,
            invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH,
        )


def main() -> None:
    folder, place, version = sys.argv[1:]
    running = f"{sys.version_info.major}.{sys.version_info.minor}"
    if running != version:
        sys.exit(f"bytecode for Python {version} cannot be made by Python {running}: {sys.executable}")
    if os.environ.get("PYTHONHASHSEED") != "0":
        # The order of a set constant would differ from one build to the next.
        os.execve(sys.executable, [sys.executable, *sys.argv], {**os.environ, "PYTHONHASHSEED": "0"})  # noqa: S606
    compile_tree(Path(folder), place)


if __name__ == "__main__":
    main()
