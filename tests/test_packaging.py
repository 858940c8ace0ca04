"""The wheel holds the package and the tables, and no copy of them grows old."""

import subprocess
import sys
import zipfile
from pathlib import Path


def test_the_wheel_has_the_tables(root: Path, tmp_path: Path) -> None:
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)],
        cwd=root,
        check=True,
        capture_output=True,
    )
    (wheel,) = tmp_path.glob("server_lifecycle-*.whl")
    with zipfile.ZipFile(wheel) as archive:
        packed = {name: archive.read(name) for name in archive.namelist()}
    tables = {path.relative_to(root).as_posix(): path.read_bytes() for path in (root / "specs").rglob("*") if path.is_file()}
    assert {f"lifecycle/{name}": content for name, content in tables.items()} == {
        name: content for name, content in packed.items() if name.startswith("lifecycle/specs/")
    }
    assert "lifecycle/py.typed" in packed
    beside = {
        path.relative_to(root).as_posix() for path in (root / "lifecycle").rglob("*.*") if path.suffix in {".html", ".css", ".js"}
    }
    assert beside
    assert beside <= packed.keys()
    assert not [name for name in packed if name.startswith(("tests/", "bench/", "specs/"))]
