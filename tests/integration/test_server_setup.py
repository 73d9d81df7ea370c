"""What `muse up` makes on a server, and the templates of pools, taken by Prefect's own server and client."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
import yaml

from flows.deployments import FILE
from flows.work_pools import FOLDER, TYPES, template, text

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("prefect_server")]


@pytest.mark.parametrize("kind", TYPES)
def test_a_pool_template_is_the_shipped_one_with_our_defaults(kind: str) -> None:
    """Otherwise: python -m flows.work_pools"""
    assert (FOLDER / f"{kind}-pool.json").read_text("utf-8") == text(kind)


@pytest.mark.parametrize("kind", TYPES)
def test_a_pool_template_is_taken_by_the_server_and_filled_by_the_client(kind: str) -> None:
    from prefect.client.orchestration import get_client
    from prefect.client.schemas.actions import WorkPoolCreate
    from prefect.utilities.templating import apply_values
    from prefect.workers.base import BaseJobConfiguration

    name = f"muse-{kind}"
    with get_client(sync_client=True) as client:
        client.create_work_pool(WorkPoolCreate(name=name, type=kind, base_job_template=template(kind)))
        stored = client.read_work_pool(name).base_job_template
    assert stored == json.loads((FOLDER / f"{kind}-pool.json").read_text("utf-8"))
    defaults = {
        key: one["default"] for key, one in stored["variables"]["properties"].items() if "default" in one
    }
    filled: dict[str, Any] = apply_values(stored["job_configuration"], defaults | {"command": "x"})
    assert filled["env"]["MUSE_HOME"].startswith("/data")
    config = asyncio.run(BaseJobConfiguration.from_template_and_values(stored, {"env": {"A": "1"}}))
    assert config.env["A"] == "1"
    if kind == "docker":
        assert filled["volumes"] == ["muse_data:/data"] and filled["image"] == "muse:cpu"
        return
    spec = filled["job_manifest"]["spec"]["template"]["spec"]
    (container,) = spec["containers"]
    assert container["resources"]["limits"]["nvidia.com/gpu"] == 1
    assert spec["volumes"][0]["persistentVolumeClaim"] == {"claimName": "muse-data"}
    assert {mount["name"] for mount in container["volumeMounts"]} == {one["name"] for one in spec["volumes"]}
    assert container["envFrom"] == [{"secretRef": {"name": "muse-secrets", "optional": True}}]
    assert spec["securityContext"]["runAsNonRoot"] is True


def test_a_server_is_set_up_once_and_mended_where_it_was_changed() -> None:
    from prefect.client.orchestration import get_client

    from flows import server_setup

    told: list[str] = []
    server_setup.set_up(2, told.append)
    assert len(told) == len(list(server_setup.parts()))
    told.clear()
    server_setup.set_up(None, told.append)
    assert told == [] and all(not lacks for _, lacks in server_setup.lacking())
    with get_client(sync_client=True) as client:
        assert client.read_concurrency_limit_by_tag("gpu").concurrency_limit == 2
        (lost,) = client.read_automations_by_name("muse: no heartbeat")
        client.pause_automation(lost.id)
        client.update_work_pool(server_setup.POOL, _paused())
        deployed = client.read_deployment_by_name("muse/full")
        client.delete_deployment(client.read_deployment_by_name("muse/sft").id)
    assert dict(server_setup.lacking()) | {} == {
        "pool": "the work pool muse-local is paused",
        "gpu slots": "",
        "muse: no heartbeat": "it is off",
        "muse: never began": "",
        "muse: start again": "",
        "muse: start again later": "",
        "deployments": "sft is missing",
    }
    _is_as_written(deployed)
    server_setup.set_up(None, told.append)
    assert len(told) == 3 and all(not lacks for _, lacks in server_setup.lacking())


def test_a_schedule_that_is_switched_on_makes_runs() -> None:
    """What Prefect's server does once a minute; with SQLAlchemy 2.1 it fails, and nothing is scheduled."""
    from prefect.client.orchestration import get_client
    from prefect.server.services.scheduler import schedule_deployments

    from flows import server_setup

    server_setup.set_up(None, lambda _: None)
    with get_client(sync_client=True) as client:
        found = client.read_deployment_by_name("muse/catalog")
        (weekly,) = found.schedules
        answer = client.request(
            "PATCH", "/deployments/{id}/schedules/{schedule_id}",
            path_params={"id": found.id, "schedule_id": weekly.id}, json={"active": True},
        )  # fmt: skip
        assert answer.status_code == 204
        asyncio.run(schedule_deployments())
        assert [run for run in client.read_flow_runs() if run.deployment_id == found.id]


def _paused() -> Any:
    from prefect.client.schemas.actions import WorkPoolUpdate

    return WorkPoolUpdate(is_paused=True)


def _is_as_written(deployed: Any) -> None:
    """Typed parameters with choices and help, ENQUEUE, the pull step, a schedule that is off."""
    written = next(
        one for one in yaml.safe_load(FILE.read_text("utf-8"))["deployments"] if one["name"] == "full"
    )
    schema = deployed.parameter_openapi_schema["properties"]
    assert (
        set(schema["preset"]["enum"]) >= {"quickstart", "full"} and "GPU" in schema["preset"]["description"]
    )
    assert {"all", "data", "sft"} <= set(schema["stage"]["enum"]) and schema["overrides"]["type"] == "array"
    assert deployed.enforce_parameter_schema and deployed.parameters == written["parameters"]
    assert deployed.entrypoint == "flows.pipeline.muse" and "restart" in deployed.tags
    assert deployed.pull_steps == [{"flows.worker_folder.project_folder": {}}]
    assert deployed.concurrency_options.collision_strategy == "ENQUEUE"
    assert [one.active for one in deployed.schedules] == [False]
