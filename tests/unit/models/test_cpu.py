"""How many cores a process may use, from its affinity and its cgroups' quotas."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from muse_core.models import cpu


def _group(tmp_path: Path, lines: str, files: dict[str, str]) -> list[float]:
    own = tmp_path / "cgroup"
    own.write_text(lines)
    for name, text in files.items():
        path = tmp_path / "fs" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return cpu.cgroup_quotas(own, tmp_path / "fs")


def test_the_quota_of_a_group_and_of_those_above_it_count(tmp_path: Path) -> None:
    files = {"a/b/cpu.max": "150000 100000\n", "a/cpu.max": "max 100000\n", "cpu.max": "50000 100000\n"}
    assert _group(tmp_path, "0::/a/b\n", files) == [1.5, 0.5]


def test_a_container_finds_its_quota_at_the_root(tmp_path: Path) -> None:
    assert _group(tmp_path, "0::/../../host/path\n", {"cpu.max": "200000 100000\n"}) == [2.0]


@pytest.mark.parametrize("controllers", ["cpu", "cpu,cpuacct"])
def test_quotas_of_version_one_are_read(tmp_path: Path, controllers: str) -> None:
    files = {
        f"{controllers}/docker/x/cpu.cfs_quota_us": "50000",
        f"{controllers}/docker/x/cpu.cfs_period_us": "100000",
        f"{controllers}/cpu.cfs_quota_us": "-1",
        f"{controllers}/cpu.cfs_period_us": "100000",
    }
    assert _group(tmp_path, f"4:{controllers}:/docker/x\n3:memory:/y\n", files) == [0.5]


@pytest.mark.parametrize("text", ["", "max", "0 0", "junk here", "-5 100000", "100000 0"])
def test_a_quota_that_cannot_be_read_limits_nothing(tmp_path: Path, text: str) -> None:
    assert _group(tmp_path, "0::/\n", {"cpu.max": text}) == []


def test_no_cgroups_at_all_limit_nothing(tmp_path: Path) -> None:
    assert cpu.cgroup_quotas(tmp_path / "none", tmp_path) == []


@pytest.mark.parametrize(
    ("usable", "asked", "expected"),
    [(2.0, 0, 2), (2.0, 64, 2), (2.0, 1, 1), (0.5, 0, 1), (1.5, 0, 1), (3.5, 3, 3), (0.5, 64, 1)],
)
def test_threads_never_exceed_the_whole_cores(
    monkeypatch: pytest.MonkeyPatch, usable: float, asked: int, expected: int
) -> None:
    monkeypatch.setattr(cpu, "usable_cpus", lambda: usable)
    assert cpu.thread_count(asked) == expected


def test_the_affinity_is_respected() -> None:
    allowed = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(allowed)})
    try:
        assert cpu.usable_cpus() <= 1.0
    finally:
        os.sched_setaffinity(0, allowed)


def test_bf16_is_native_only_where_its_kernels_are_chosen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cpu, "capability", lambda: "AVX2")
    assert not cpu.native_bf16()
