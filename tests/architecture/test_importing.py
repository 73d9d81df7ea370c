"""Laws 4 and 5: importing does nothing, and muse_core imports on a bare GPU box."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.architecture.laws import ROOT

IMPORTER = Path(__file__).with_name("importer.py")
ORCHESTRATION = ("prefect", "mlflow", "great_expectations", "wandb")
NOT_ON_A_BARE_BOX = (
    *ORCHESTRATION, "bm25s", "PIL", "sklearn", "scipy", "peft", "onnx", "onnxruntime", "onnxscript",
    "matplotlib", "jinja2", "gguf", "tensorrt", "tensorrt_rtx",
)  # fmt: skip


def complaints(root: Path, packages: str, blocked: tuple[str, ...] = ()) -> list[str]:
    command = [sys.executable, str(IMPORTER), str(root), ",".join(blocked), packages]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stderr
    found: list[str] = json.loads(done.stdout)
    return found


def test_muse_core_imports_on_a_bare_box_and_does_nothing() -> None:
    assert complaints(ROOT, "muse_core", NOT_ON_A_BARE_BOX) == []


def test_the_other_packages_do_nothing_either() -> None:
    assert complaints(ROOT, "data_contracts,tasks,serving,flows") == []


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("import os\nX = os.environ.get('HOME')\n", "reads the environment variable HOME"),
        ("import os\nX = os.getenv('HOME')\n", "reads the environment variable HOME"),
        ("from pathlib import Path\nPath(__file__).with_name('made').mkdir()\n", "does os.mkdir"),
        ("open(__file__ + '.txt', 'w').close()\n", "for writing"),
        ("print('hello')\n", "prints"),
        ("import random\nrandom.seed(1)\n", "seed"),
        ("import prefect\n", "cannot be imported"),
        ("import socket\nsocket.create_connection(('127.0.0.1', 9), 0.1)\n", "does socket.connect"),
    ],
)
def test_a_module_that_does_something_is_seen(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "planted").mkdir()
    (tmp_path / "planted" / "__init__.py").touch()
    (tmp_path / "planted" / "bad.py").write_text(text)
    assert any(said in complaint for complaint in complaints(tmp_path, "planted", ORCHESTRATION))


def test_an_innocent_module_passes(tmp_path: Path) -> None:
    (tmp_path / "planted").mkdir()
    (tmp_path / "planted" / "__init__.py").write_text("import json\n\n\ndef f():\n    print('later')\n")
    assert complaints(tmp_path, "planted", ORCHESTRATION) == []


def test_explain_never_loads_prefect_or_torch() -> None:
    code = (
        "import sys; import flows.commands.explain, flows.commands.artifacts; "
        "loaded = {'prefect', 'mlflow', 'great_expectations', 'torch', 'transformers'} & sys.modules.keys(); "
        "sys.exit(', '.join(loaded) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
