"""Files are read row by row: memory follows the examples that are kept, not the size of the file."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROWS, LENGTH = 4_000, 8_000
SCRIPT = """
import resource, sys
if sys.argv[1].endswith("parquet"):
    import pyarrow.ipc, pyarrow.parquet
from pathlib import Path
from promptwire.tasks.readers import read_examples
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
loaded = read_examples(Path(sys.argv[1]))
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before, len(loaded.examples), loaded.duplicates)
"""


@pytest.mark.heavy
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="ru_maxrss counts kilobytes on Linux alone")
@pytest.mark.parametrize("name", ["a.csv", "a.jsonl", "a.parquet"])
def test_a_file_of_repeated_rows_takes_a_fraction_of_its_size(name: str, tmp_path: Path) -> None:
    path, text = tmp_path / name, "word " * (LENGTH // 5)
    if name == "a.parquet":
        pyarrow, parquet = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
        table = pyarrow.table({"input": [text] * ROWS, "output": ["x"] * ROWS})
        parquet.write_table(table, path, use_dictionary=False, compression="none", row_group_size=500)
    else:
        row = f'"{text}",x\n' if name == "a.csv" else json.dumps({"input": text, "output": "x"}) + "\n"
        path.write_text("input,output\n" * (name == "a.csv") + row * ROWS)
    done = subprocess.run([sys.executable, "-c", SCRIPT, str(path)], capture_output=True, text=True, check=True)
    grown, examples, repeated = map(int, done.stdout.split())
    assert (examples, repeated) == (1, ROWS - 1)
    assert grown < path.stat().st_size / 1024 / 2
