"""A stage is one module and one line: CONTRIBUTING, "Add a stage", followed in a copy of the repository."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.promises.repository import copy_into, edit, python, run_tests

pytestmark = pytest.mark.slow

MODULE = '''"""products → the products that people like most."""

from __future__ import annotations

from muse_core.config.run_config import RunConfig
from muse_core.context import StageContext
from muse_core.records import from_table, to_table
from muse_core.types import ArtifactRef

READS = ("catalog.synthetic_products",)
KIND = "products"


def run(config: RunConfig, *, catalog: ArtifactRef, ctx: StageContext) -> ArtifactRef:
    """The better half of the shop."""
    products = from_table("products", ctx.store.read_table(catalog))
    liked = sorted(products, key=lambda one: -(one.rating or 0.0))[: len(products) // 2]
    return ctx.store.write_table(KIND, to_table(KIND, liked), ctx.fingerprint)
'''
BEHIND = '    Stage("profiles", ("catalog",), "The shoppers.", group="data"),\n'
LINE = '    Stage("liked", ("catalog",), "What people like most.", group="data", gpu=True),\n'
OWN_TESTS = (
    "tests/unit/stages/test_stage_table.py",
    "tests/unit/tasks/test_policy.py",
    "tests/unit/tasks/test_parts.py",
    "tests/unit/flows/test_deployments.py",
    "tests/unit/commands/test_explain.py::test_a_first_explain_runs_nothing_and_writes_nothing",
    "tests/architecture/test_laws.py",
)
LOOK = """
import json
from pathlib import Path
from flows.commands.explain import as_object
from muse_core.artifacts import ArtifactStore
from muse_core.config.load import load_config
from muse_core.context import NoMetrics
from muse_core.fingerprint import fingerprint, own_parts, plan
from muse_core.stage_table import STAGES, stage_named
from tasks.execution import Job, run_stage
from tasks.parts import wanted_stages
from tasks.stages import TASKS

config, _ = load_config("quickstart", None, ["catalog.synthetic_products=40"])
store, made = ArtifactStore(Path("artifacts")), {}
names = [stage.name for stage in STAGES]
for name in [name for name in names if name in ("catalog", "liked")]:
    given = {one: made[one] for one in stage_named(name).inputs}
    key = fingerprint(name, config, given)
    made[name] = run_stage(Job(name, key, config, store, "cpu", NoMetrics()), **given)
print(json.dumps({
    "names": names,
    "rows": {name: ref.rows for name, ref in made.items()},
    "explained": {one["name"]: one["status"] for one in as_object(plan(config, store), [])["stages"]},
    "data": sorted(wanted_stages("data")),
    "tags": {name: sorted(task.tags) for name, task in TASKS.items()},
    "keys": {name: own_parts(stage_named(name), config) for name in ("catalog", "conversations", "sft")},
}))
"""
FLOW = """
import json, os
from contextlib import contextmanager
os.environ["MUSE_HOME"] = "home"
import flows.pipeline as pipeline

ran = []


class Recorder:
    def __call__(self, stage):
        ran.append(stage.name)

    def register(self, task):
        ran.append(task.name)


@contextmanager
def opened(*given):
    yield Recorder()


pipeline.open_run, pipeline.publish_summary = opened, lambda *given: {}
pipeline.muse.fn("quickstart")
print(json.dumps(ran))
"""


@pytest.fixture(scope="module")
def before(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What a copy without the stage knows."""
    found: dict[str, Any] = python(copy_into(tmp_path_factory.mktemp("before")), LOOK)
    return found


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy with the module and the line, whose deployments are written again."""
    folder = copy_into(tmp_path_factory.mktemp("after"))
    (folder / "muse_core/stages/liked.py").write_text(MODULE, "utf-8")
    edit(folder, "muse_core/stage_table.py", BEHIND, BEHIND + LINE)
    python(folder, "import runpy; runpy.run_module('flows.deployments', run_name='__main__'); print('0')")
    return folder


def test_everything_that_lists_stages_knows_it(copy: Path, before: dict[str, Any]) -> None:
    found = python(copy, LOOK)
    assert found["names"] == [*before["names"][:2], "liked", *before["names"][2:]]
    assert found["rows"] == {"catalog": 40, "liked": 20}
    assert found["explained"] == before["explained"] | {"liked": "cached"}
    assert found["data"] == sorted([*before["data"], "liked"])
    assert found["tags"] == before["tags"] | {"liked": ["gpu"]}
    assert python(copy, FLOW) == [*found["names"], "register"]
    assert "name: liked" in (copy / "deployments/prefect.yaml").read_text("utf-8")


def test_no_other_stage_runs_again_for_it(copy: Path, before: dict[str, Any]) -> None:
    assert python(copy, LOOK)["keys"] == before["keys"]


def test_the_tests_that_look_at_stages_pass(copy: Path) -> None:
    done = run_tests(copy, *OWN_TESTS)
    assert done.returncode == 0, done.stdout[-3000:]


@pytest.mark.parametrize(
    ("name", "before", "after", "said"),
    [
        ("muse_core/stage_table.py", 'Stage("liked", ("catalog",)', 'Stage("liked", ()', "takes catalog"),
        ("muse_core/stage_table.py", LINE, LINE * 2, "assert"),
        ("muse_core/stages/liked.py", 'READS = ("catalog.synthetic_products",)', "", "must declare READS"),
        ("muse_core/stages/liked.py", "catalog.synthetic_products", "catalog.sympathetic", "READS of liked"),
        ("deployments/prefect.yaml", "name: liked", "name: loved", "assert"),
    ],
)
def test_broken_on_purpose_they_fail(copy: Path, name: str, before: str, after: str, said: str) -> None:
    whole = (copy / name).read_text("utf-8")
    edit(copy, name, before, after)
    try:
        done = run_tests(copy, OWN_TESTS[0], OWN_TESTS[3])
    finally:
        (copy / name).write_text(whole, "utf-8")
    assert done.returncode == 1 and said in done.stdout, done.stdout[-3000:]
