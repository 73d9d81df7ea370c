from __future__ import annotations

import pytest

from flows.environment import _require_answer
from muse_core.config.run_config import ExecutionConfig
from muse_core.errors import ConfigError
from tasks.addresses import without_passwords
from tasks.engine import check_engine


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("postgresql+psycopg2://muse:s3cret@db:5432/mlflow", "postgresql+psycopg2://muse:***@db:5432/mlflow"),
        ("http://u:p@ss@host/api is there", "http://u:***@host/api is there"),
        ("redis://:s3cret@host", "redis://:***@host"),
        ("http://127.0.0.1:4200/api", "http://127.0.0.1:4200/api"),
        ("sqlite:////tmp/a@b/mlflow.db", "sqlite:////tmp/a@b/mlflow.db"),
    ],
)
def test_a_password_in_an_address_is_not_shown(given: str, shown: str) -> None:
    assert without_passwords(given) == shown


def test_no_error_about_a_server_holds_its_password() -> None:
    with pytest.raises(ConfigError) as problem:
        _require_answer(
            "PREFECT_API_URL", "http://me:s3cret@127.0.0.1:9/api", "/health", "`prefect server start`"
        )
    assert "s3cret" not in str(problem.value) and "me:***@" in str(problem.value)
    with pytest.raises(ConfigError) as problem:
        check_engine(ExecutionConfig(engine="dask", cluster_address="tcp://me:s3cret@127.0.0.1:9"))
    assert "s3cret" not in str(problem.value)
