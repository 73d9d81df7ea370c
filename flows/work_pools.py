"""Work-pool templates for Docker and Kubernetes: Prefect's own, with what runs need (docs/deployments.md).

    python -m flows.work_pools

writes `deployments/docker-pool.json` and `deployments/kubernetes-pool.json`. Prefect ships the template of
every worker type; a template of ours is that one with other defaults, and for Kubernetes a job that mounts
the artifact folder, reads a secret and may ask for GPUs. So a new version of Prefect is taken over by running
this again.
"""

from __future__ import annotations

import json
from copy import deepcopy
from importlib import resources
from typing import Any

from flows.deployments import FILE

FOLDER = FILE.parent
SHIPPED = "collections_data/views/aggregate-worker-metadata.json"
TYPES = {"docker": "prefect-docker", "kubernetes": "prefect-kubernetes"}
DATA = "/data"  # VOLUME of the image
VARIABLES = {
    "MUSE_HOME": f"{DATA}/muse",
    "MLFLOW_TRACKING_URI": "http://mlflow:5000",
    "PREFECT_FLOWS_HEARTBEAT_FREQUENCY": "30",
}
SECRET = "muse-secrets"
CLAIM = "muse-data"
USER = 1000  # of the image


def template(kind: str) -> dict[str, Any]:
    """The base job template of a pool of that type."""
    shipped = json.loads(resources.files("prefect.server.api").joinpath(SHIPPED).read_text("utf-8"))
    found = deepcopy(shipped[TYPES[kind]][kind]["default_base_job_configuration"])
    return {"docker": _docker, "kubernetes": _kubernetes}[kind](found)


def text(kind: str) -> str:
    return json.dumps(template(kind), indent=2, ensure_ascii=False) + "\n"


def _default(found: dict[str, Any], name: str, value: Any) -> None:
    found["variables"]["properties"][name]["default"] = value


def _docker(found: dict[str, Any]) -> dict[str, Any]:
    """Runs share the volume and the network of `docker/compose.yaml`."""
    _default(found, "image", "muse:cpu")
    _default(found, "image_pull_policy", "IfNotPresent")
    _default(found, "env", VARIABLES)
    _default(found, "volumes", [f"muse_data:{DATA}"])
    _default(found, "networks", ["muse_default"])
    _default(found, "auto_remove", True)
    return found


def _kubernetes(found: dict[str, Any]) -> dict[str, Any]:
    """A claim that every run mounts, a secret that may be missing, and GPUs where they are asked for."""
    _default(found, "image", "muse:gpu")
    _default(found, "env", VARIABLES)
    _default(found, "finished_job_ttl", 7 * 24 * 3600)
    found["variables"]["properties"] |= {
        "gpus": {
            "title": "GPUs",
            "description": "How many GPUs of NVIDIA's device plugin a run gets.",
            "default": 1,
            "type": "integer",
        },
        "data_claim": {
            "title": "Volume claim",
            "description": f"The persistent volume claim mounted at {DATA}: artifacts, checkpoints, locks.",
            "default": CLAIM,
            "type": "string",
        },
        "secret": {
            "title": "Secret",
            "description": "Its keys become environment variables (MUSE_LLM_API_KEY); it may be missing.",
            "default": SECRET,
            "type": "string",
        },
    }
    spec = found["job_configuration"]["job_manifest"]["spec"]["template"]["spec"]
    spec["securityContext"] = {"runAsNonRoot": True, "runAsUser": USER, "fsGroup": USER}
    spec["volumes"] = [
        {"name": "data", "persistentVolumeClaim": {"claimName": "{{ data_claim }}"}},
        {"name": "shm", "emptyDir": {"medium": "Memory"}},  # torch's processes share batches there
    ]
    (container,) = spec["containers"]
    container["envFrom"] = [{"secretRef": {"name": "{{ secret }}", "optional": True}}]
    container["volumeMounts"] = [
        {"name": "data", "mountPath": DATA},
        {"name": "shm", "mountPath": "/dev/shm"},
    ]
    container["resources"]["limits"]["nvidia.com/gpu"] = "{{ gpus }}"
    return found


if __name__ == "__main__":
    for kind in TYPES:
        (FOLDER / f"{kind}-pool.json").write_text(text(kind), encoding="utf-8")
