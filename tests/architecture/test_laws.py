"""The laws hold; and each checker sees its law being broken."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.architecture import laws

Law = Callable[[Path], list[str]]

LAWS: tuple[Law, ...] = (
    laws.wrong_external_imports,
    laws.wrong_contract_imports,
    laws.file_io,
    laws.environment_reads,
    laws.stages_importing_stages,
    laws.heavy_top_imports,
    laws.undeclared_config,
    laws.test_side_readers,
    laws.long_files,
    laws.long_functions,
)

STAGE = 'READS = ("sft", "base.max_positions")\n\n\ndef run(config: RunConfig, *, ctx):\n    {}\n'
BROKEN: tuple[tuple[Law, str, str], ...] = (
    (laws.wrong_external_imports, "muse_core/tools/search.py", "def f():\n    import prefect\n"),
    (laws.wrong_external_imports, "muse_core/scoring/slots.py", "import torch.nn as nn\n"),
    (laws.wrong_external_imports, "muse_core/evaluation/metrics.py", "from transformers import AutoModel\n"),
    (laws.wrong_external_imports, "tasks/summary.py", "from mlflow.tracking import MlflowClient\n"),
    (laws.wrong_external_imports, "flows/commands/eval.py", "import torch\n"),
    (laws.wrong_external_imports, "tasks/gate.py", "import great_expectations as gx\n"),
    (laws.wrong_external_imports, "data_contracts/derived.py", "import prefect\n"),
    (laws.wrong_contract_imports, "muse_core/records.py", "from data_contracts.validate import validate\n"),
    (laws.wrong_contract_imports, "muse_core/records.py", "from data_contracts import validate\n"),
    (laws.wrong_contract_imports, "data_contracts/schemas.py", "from muse_core.types import Side\n"),
    (laws.file_io, "muse_core/records.py", "import pyarrow.parquet as pq\n"),
    (laws.file_io, "muse_core/stages/sft.py", "from pyarrow import csv\n"),
    (laws.file_io, "tasks/summary.py", "import pandas as pd\npd.read_csv('x')\n"),
    (laws.file_io, "muse_core/evaluation/report.py", "def f(frame):\n    frame.to_parquet('x')\n"),
    (laws.file_io, "muse_core/records.py", "import pyarrow as pa\npa.memory_map('x')\n"),
    (laws.environment_reads, "muse_core/context.py", "import os\nX = os.environ.get('HOME')\n"),
    (laws.environment_reads, "tasks/tracking.py", "from os import environ\n"),
    (laws.environment_reads, "flows/commands/run.py", "import os\n\n\ndef f():\n    return os.getenv('X')\n"),
    (laws.stages_importing_stages, "muse_core/stages/dpo.py", "from muse_core.stages.sft import run\n"),
    (
        laws.stages_importing_stages,
        "muse_core/stages/dpo.py",
        "def f():\n    from muse_core.stages import sft\n",
    ),
    (laws.heavy_top_imports, "muse_core/catalog/index.py", "import bm25s\n"),
    (
        laws.heavy_top_imports,
        "muse_core/catalog/pictures.py",
        "try:\n    from PIL import Image\nexcept E:\n    x = 1\n",
    ),
    (laws.heavy_top_imports, "muse_core/scoring/x.py", "class A:\n    import sklearn\n"),
    (laws.undeclared_config, "muse_core/stages/sft.py", STAGE.format("return config.dpo.beta")),
    (laws.undeclared_config, "muse_core/stages/sft.py", STAGE.format("return config.base.source")),
    (laws.undeclared_config, "muse_core/stages/sft.py", STAGE.format("return train(config)")),
    (laws.undeclared_config, "muse_core/stages/sft.py", STAGE.format("return config.execution")),
    (
        laws.test_side_readers,
        "muse_core/stages/sft.py",
        "def f(rows):\n    return [r for r in rows if r.side == 'test']\n",
    ),
    (laws.test_side_readers, "muse_core/preferences/sampling.py", "SIDE = 'test'\n"),
    (laws.long_files, "muse_core/tools/search.py", "X = 1\n" * (laws.MAX_FILE_LINES + 1)),
    (laws.long_functions, "tasks/gate.py", "def f():\n" + "    x = 1\n" * laws.MAX_FUNCTION_LINES),
)
SOUND = (
    (
        laws.undeclared_config,
        "muse_core/stages/sft.py",
        STAGE.format("return config.sft.batch_size, config.seed"),
    ),
    (laws.undeclared_config, "muse_core/stages/sft.py", STAGE.format("return config.base.max_positions")),
    (
        laws.undeclared_config,
        "muse_core/stages/sft.py",
        STAGE.format("return other(config)\n\n\ndef other(c): ..."),
    ),
    (laws.test_side_readers, "muse_core/stages/evaluate.py", "SIDE = 'test'\n"),
    (
        laws.test_side_readers,
        "muse_core/stages/dpo.py",
        "def f(rows):\n    return [r for r in rows if r.side != 'test']\n",
    ),
    (laws.heavy_top_imports, "muse_core/catalog/index.py", "def f():\n    import bm25s\n"),
    (laws.environment_reads, "flows/environment.py", "import os\nX = os.environ\n"),
    (laws.file_io, "muse_core/artifacts.py", "import pyarrow.parquet as pq\n"),
    (laws.long_files, "muse_core/tools/search.py", "X = 1\n" * laws.MAX_FILE_LINES),
    (laws.long_functions, "tasks/gate.py", "def f():\n" + "    x = 1\n" * (laws.MAX_FUNCTION_LINES - 1)),
    (laws.wrong_external_imports, "muse_core/models/loading.py", "import torch\n"),
    (laws.wrong_contract_imports, "muse_core/records.py", "from data_contracts.schemas import SCHEMAS\n"),
)


def plant(root: Path, path: str, text: str) -> Path:
    for package in laws.PACKAGES:
        (root / package).mkdir()
    (root / path).parent.mkdir(parents=True, exist_ok=True)
    (root / path).write_text(text)
    return root


@pytest.mark.parametrize("law", LAWS, ids=lambda law: law.__name__)
def test_the_law_holds(law: Law) -> None:
    assert law(laws.ROOT) == []


@pytest.mark.parametrize(
    ("law", "path", "text"), BROKEN, ids=[f"{law.__name__}-{path}" for law, path, _ in BROKEN]
)
def test_a_broken_law_is_seen(law: Law, path: str, text: str, tmp_path: Path) -> None:
    found = law(plant(tmp_path, path, text))
    assert len(found) == 1 and found[0].startswith(path)


@pytest.mark.parametrize(
    ("law", "path", "text"), SOUND, ids=[f"{law.__name__}-{path}" for law, path, _ in SOUND]
)
def test_what_is_allowed_is_allowed(law: Law, path: str, text: str, tmp_path: Path) -> None:
    assert law(plant(tmp_path, path, text)) == []


def test_every_law_has_been_broken_on_purpose() -> None:
    assert {law.__name__ for law in LAWS} == {law.__name__ for law, _, _ in BROKEN}
