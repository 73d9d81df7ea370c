"""What no test can run here (containers, a worker) is parsed, and its commands are looked up."""

from __future__ import annotations

import re
import shutil
import sys
import tomllib
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from prefect.utilities.importtools import import_object

from flows.deployments import FILE, with_list
from muse_core.config.load import preset_names
from muse_core.stage_table import STAGE_NAMES
from tasks.parts import wanted_stages

ROOT = Path(__file__).resolve().parents[3]
DEPLOYMENTS = yaml.safe_load((ROOT / "deployments" / "prefect.yaml").read_text())
COMPOSE = yaml.safe_load((ROOT / "docker" / "compose.yaml").read_text())
DOCKERFILE = (ROOT / "docker" / "Dockerfile").read_text()


def installed(command: str) -> bool:
    return bool(shutil.which(command) or shutil.which(command, path=str(Path(sys.executable).parent)))


def test_there_is_a_deployment_for_every_part() -> None:
    assert [one["name"] for one in DEPLOYMENTS["deployments"]] == ["full", "data", *STAGE_NAMES, "challenger"]


def test_the_list_is_the_tables() -> None:
    """Otherwise: python -m flows.deployments"""
    text = FILE.read_text("utf-8")
    assert with_list(text) == text
    assert with_list(text.partition("  - <<")[0]) == text


@pytest.mark.parametrize("one", DEPLOYMENTS["deployments"], ids=lambda one: one["name"])
def test_a_deployment_can_be_run(one: dict[str, Any]) -> None:
    module, _, function = one["entrypoint"].rpartition(".")
    assert re.search(rf"@flow\(.*\)\ndef {function}\(", (ROOT / f"{module.replace('.', '/')}.py").read_text())
    assert one["parameters"].keys() == {"preset", "overrides", "stage"}
    assert one["parameters"]["preset"] in preset_names()
    assert wanted_stages(one["parameters"]["stage"])
    assert one["parameters"]["stage"] == {"full": "all", "challenger": "all"}.get(one["name"], one["name"])
    assert one["work_pool"]["name"] == "muse-local"
    assert one["concurrency_limit"] == {"limit": 1, "collision_strategy": "ENQUEUE"}
    assert {"muse", "restart"} <= set(one["tags"])
    (weekly,) = one["schedules"]
    assert weekly["active"] is False and re.fullmatch(r"\d+ \d+ \* \* \d", weekly["cron"])


def test_a_run_begins_in_the_workers_clone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Wherever the step is called. Prefect finds it by this name, and enters `directory`."""
    monkeypatch.chdir(tmp_path)
    ((name, arguments),) = DEPLOYMENTS["pull"][0].items()
    assert import_object(name)(**arguments) == {"directory": str(ROOT)}
    assert "working_dir" not in FILE.read_text("utf-8") and "{{" not in FILE.read_text("utf-8")


@pytest.mark.parametrize("name", ["prefect", "mlflow", "worker"])
def test_a_service_runs_commands_that_exist(name: str) -> None:
    service = COMPOSE["services"][name]
    words = " ".join(service["command"])
    used = {word for word in ("prefect", "mlflow") if re.search(rf"(^|\s){word}\s", words)}
    assert used and all(installed(command) for command in used)
    assert service["healthcheck"]["test"]


def test_services_wait_for_what_they_need() -> None:
    services = COMPOSE["services"]
    assert set(services) == {"postgres", "prefect", "mlflow", "worker"}
    for service in services.values():
        for needed, state in service.get("depends_on", {}).items():
            assert needed in services and state["condition"] == "service_healthy"
            assert services[needed]["healthcheck"]
        for mount in service.get("volumes", []):
            source = mount.split(":")[0]
            assert source in COMPOSE["volumes"] or (ROOT / "docker" / source).exists()


def test_passwords_are_variables() -> None:
    text = (ROOT / "docker" / "compose.yaml").read_text()
    assert not re.search(r"PASSWORD: (?!\$\{)", text)


def test_the_image_has_both_targets_and_runs_muse() -> None:
    assert re.findall(r"^FROM \S+ AS (\w+)$", DOCKERFILE, re.M) == ["base", "cpu", "gpu"]
    commands = re.findall(r'^CMD \["(\w+)", "run", "--preset", "(\w+)"\]$', DOCKERFILE, re.M)
    assert commands == [("muse", "quickstart"), ("muse", "full")]
    assert 'muse = "flows.cli:app"' in (ROOT / "pyproject.toml").read_text()
    assert {"prefect", "mlflow"} <= {script.name for script in entry_points(group="console_scripts")}


def test_the_image_runs_as_a_user_and_installs_before_it_copies() -> None:
    stages = re.split(r"^FROM ", DOCKERFILE, flags=re.M)[2:]
    for stage in stages:
        assert stage.index("--require-hashes") < stage.index("COPY") < stage.index("USER muse")
    images = [*re.findall(r"^FROM (\S+:\S+) AS", DOCKERFILE, re.M), COMPOSE["services"]["postgres"]["image"]]
    assert images and all(re.search(r":\d+\.\d+", image) for image in images), "a moving base tag"


def test_a_gpu_worker_reserves_gpus() -> None:
    gpu = yaml.safe_load((ROOT / "docker" / "compose.gpu.yaml").read_text())["services"]
    assert gpu.keys() <= COMPOSE["services"].keys()
    (device,) = gpu["worker"]["deploy"]["resources"]["reservations"]["devices"]
    assert device["capabilities"] == ["gpu"]


def test_every_dependency_of_the_image_but_torch_is_pinned_with_hashes() -> None:
    entries = re.split(r"\n(?=\S)", (ROOT / "docker" / "requirements.lock").read_text().strip())
    assert all(entry.count("--hash=sha256:") >= 1 for entry in entries)
    pins = [Requirement(entry.split("\\")[0]) for entry in entries]
    locked = {
        canonicalize_name(pin.name): pin.specifier for pin in pins if not pin.marker or pin.marker.evaluate()
    }
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    asked = [*project["dependencies"], *project["optional-dependencies"]["postgres"]]
    for one in map(Requirement, asked):
        if one.name == "torch":
            assert "torch" not in locked
            continue
        (pin,) = locked[canonicalize_name(one.name)]
        assert pin.operator == "==" and one.specifier.contains(pin.version), f"{one}: {pin}; lock again"
