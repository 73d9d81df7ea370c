"""What this machine's CPU gives a process: how many cores, which vector units, whether bf16 is native.

Cores come from the scheduler's affinity and from the quota of the process's cgroups (a container with
`--cpus 1.5` sees all cores of the host). torch is imported only where its answer is asked for.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path, PurePosixPath

CGROUPS = Path("/sys/fs/cgroup")
OWN_CGROUPS = Path("/proc/self/cgroup")
CPU_FACTS = Path("/proc/cpuinfo")


def usable_cpus() -> float:
    """Cores' worth of time that this process may use: 2.0, or 0.5 under a quota of half a core."""
    count = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min([float(count), *cgroup_quotas()])


def thread_count(asked: int = 0) -> int:
    """Threads that work beside one another without waiting for a core: `asked`, but never more than the
    whole cores that are usable; 0 asks for all of them. At least 1."""
    most = max(1, int(usable_cpus()))
    return min(asked, most) if asked > 0 else most


def cgroup_quotas(own: Path = OWN_CGROUPS, root: Path = CGROUPS) -> list[float]:
    """Every limit, in cores, of the process's cgroups (version 2, and `cpu` of version 1) up to the root."""
    found: list[float] = []
    for line in _lines(own):
        number, controllers, path = [*line.split(":", 2), "", ""][:3]
        if number == "0" and not controllers:
            found += _limits(root, path, _quota_v2)
        elif "cpu" in controllers.split(","):
            found += _limits(root / controllers, path, _quota_v1) or _limits(root / "cpu", path, _quota_v1)
    return found


def _lines(file: Path) -> list[str]:
    try:
        return file.read_text(encoding="utf-8").splitlines()
    except (OSError, ValueError):
        return []


def _limits(root: Path, path: str, read: Callable[[Path], float | None]) -> list[float]:
    """The limits of the group at `path` below `root` and of all above it. In a container the path is the
    host's, and only the root is there."""
    parts = PurePosixPath(path).parts[1:] if path.startswith("/") and ".." not in path else ()
    folders = [root.joinpath(*parts[:depth]) for depth in range(len(parts), -1, -1)]
    return [limit for folder in folders if (limit := read(folder)) is not None]


def _quota_v2(folder: Path) -> float | None:
    quota, period = [*_words(folder / "cpu.max"), "max", "100000"][:2]
    return _cores(quota, period)


def _quota_v1(folder: Path) -> float | None:
    quota, period = (_words(folder / name) for name in ("cpu.cfs_quota_us", "cpu.cfs_period_us"))
    return _cores(quota[0], period[0]) if quota and period else None


def _words(file: Path) -> list[str]:
    try:
        return file.read_text(encoding="ascii").split()
    except (OSError, ValueError):
        return []


def _cores(quota: str, period: str) -> float | None:
    """None where there is no limit (`max`, -1) or none that can be read."""
    if not quota.isdigit() or not period.isdigit() or int(quota) == 0 or int(period) == 0:
        return None
    return int(quota) / int(period)


def capability() -> str:
    """The vector units that torch's kernels were chosen for: `AVX512`, `AVX2`, `DEFAULT`, …"""
    import torch

    return torch.backends.cpu.get_cpu_capability()


def native_bf16() -> bool:
    """Whether this CPU multiplies bf16 in hardware and the libraries use it; where not, they emulate it,
    an order of magnitude slower than fp32."""
    import torch

    has_units = torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported()
    return bool(has_units) and capability() == "AVX512"


def threads_in_words(asked: int = 0) -> str:
    """`2 torch threads on 2 usable CPUs`, and why it is not what was asked for."""
    count, cpus = thread_count(asked), usable_cpus()
    text = f"{count} torch thread{'s' * (count != 1)} on {cpus:g} usable CPU{'s' * (cpus != 1)}"
    return f"{text} (execution.threads={asked} is more than that)" if asked > count else text


@lru_cache(maxsize=1)
def maker() -> str:
    """The CPU's vendor id (`GenuineIntel`, `AuthenticAMD`, …); empty where the system does not say."""
    for line in _lines(CPU_FACTS):
        if line.startswith("vendor_id"):
            return line.partition(":")[2].strip()
    return ""
