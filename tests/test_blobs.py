"""Blobs: what is read is what was written, or a sentence says why not."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from marl.algorithm import Checkpoint
from marl.blobs import Blobs, write_atomically
from marl.errors import RunError
from marl.snapshot import Snapshot, content_id

ARRAYS = {"a": np.arange(6.0).reshape(2, 3), "keys": np.array([2**63 + 1], dtype=np.uint64), "none": np.zeros((0, 4))}


def test_a_blob_comes_back_as_it_was(tmp_path: Path) -> None:
    blobs = Blobs(tmp_path)
    id = blobs.put(ARRAYS, {"text": "äö", "n": [1, 2.5, None]})
    arrays, meta = blobs.get(id)
    assert meta == {"text": "äö", "n": [1, 2.5, None]}
    assert set(arrays) == set(ARRAYS)
    for name, array in arrays.items():
        assert array.dtype == ARRAYS[name].dtype
        np.testing.assert_array_equal(array, ARRAYS[name])
    assert id in blobs
    assert blobs.put(ARRAYS, meta) == id
    assert sorted(path.suffix for path in tmp_path.iterdir()) == [".json", ".safetensors"]


def test_the_id_follows_from_every_part_of_the_content() -> None:
    ids = {
        content_id({"a": np.zeros(2)}, {}),
        content_id({"a": np.zeros(2, np.float32)}, {}),
        content_id({"a": np.zeros((1, 2))}, {}),
        content_id({"b": np.zeros(2)}, {}),
        content_id({"a": np.zeros(2)}, {"x": 1}),
    }
    assert len(ids) == 5


def test_snapshots_and_checkpoints_are_not_mistaken_for_each_other(tmp_path: Path) -> None:
    blobs = Blobs(tmp_path)
    snapshot = Snapshot("marl/tabular", {"x": np.ones(2)}, {"note": "n"})
    assert blobs.put_snapshot(snapshot) == snapshot.id
    assert blobs.get_snapshot(snapshot.id).meta == {"note": "n"}
    checkpoint = blobs.put_checkpoint(Checkpoint({"m": np.ones(1)}, {"step": 3}))
    assert blobs.get_checkpoint(checkpoint).meta == {"step": 3}
    with pytest.raises(RunError, match="not a snapshot"):
        blobs.get_snapshot(checkpoint)
    with pytest.raises(RunError, match="not a checkpoint"):
        blobs.get_checkpoint(snapshot.id)


@pytest.mark.parametrize("damage", ["flip a bit", "cut short", "other metadata", "not JSON"])
def test_a_corrupt_blob_is_never_read(tmp_path: Path, damage: str) -> None:
    blobs = Blobs(tmp_path)
    id = blobs.put(ARRAYS, {"x": 1})
    data, meta = tmp_path / f"{id}.safetensors", tmp_path / f"{id}.json"
    content = bytearray(data.read_bytes())
    match damage:
        case "flip a bit":
            content[-20] ^= 1
            data.write_bytes(content)
        case "cut short":
            data.write_bytes(content[:-8])
        case "other metadata":
            meta.write_text(json.dumps({"x": 2}))
        case "not JSON":
            meta.write_text("{")
    with pytest.raises(RunError, match=f"blob {id} .* is corrupt"):
        blobs.get(id)


def test_a_missing_blob_is_named(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="blob abc is missing"):
        Blobs(tmp_path).get("abc")


FILL = """
import resource, signal, sys
import numpy as np
from pathlib import Path
from marl.blobs import Blobs
from marl.errors import RunError
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
blobs = Blobs(Path(sys.argv[1]))
blobs.put({"small": np.zeros(10)}, {})
if len(sys.argv) > 2:
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
try:
    blobs.put({"large": np.zeros(1_000_000)}, {})
except RunError as error:
    print(error)
else:
    print("written")
"""


def check_nothing_half_written(directory: Path, output: str) -> None:
    assert "could not write" in output
    assert "free some space" in output
    names = sorted(path.name for path in directory.iterdir())
    assert len(names) == 2, names
    assert not any(name.startswith(".") for name in names)
    arrays, _ = Blobs(directory).get(names[0].split(".")[0])
    assert list(arrays) == ["small"]


def test_a_write_that_fails_half_way_leaves_nothing(tmp_path: Path) -> None:
    run = subprocess.run([sys.executable, "-c", FILL, str(tmp_path), "limit"], capture_output=True, text=True)
    check_nothing_half_written(tmp_path, run.stdout)


def test_a_full_disk_leaves_nothing_half_written(tmp_path: Path) -> None:
    if os.geteuid() != 0 or shutil.which("mount") is None:
        pytest.skip("needs root, to mount a file system of two megabytes")
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(tmp_path)], capture_output=True)
    if mounted.returncode != 0:
        pytest.skip("this machine does not let us mount a small file system")
    try:
        run = subprocess.run([sys.executable, "-c", FILL, str(tmp_path)], capture_output=True, text=True)
        assert "No space left on device" in run.stdout
        check_nothing_half_written(tmp_path, run.stdout)
    finally:
        subprocess.run(["umount", str(tmp_path)], check=True)


def test_an_atomic_write_keeps_the_old_file_when_it_fails(tmp_path: Path) -> None:
    target = tmp_path / "directory"
    target.mkdir()
    (target / "kept").write_text("x")
    with pytest.raises(RunError, match="could not write"):
        write_atomically(target, b"a file cannot replace a directory")
    assert [path.name for path in tmp_path.iterdir()] == ["directory"]
