"""The tools of a run's own (`tools.extra`) in the process that runs its stages: registered, and known to the
contracts."""

from __future__ import annotations

from data_contracts import nested
from muse_core.config.run_config import RunConfig
from muse_core.tools.in_use import InUse, use


def use_tools(config: RunConfig) -> None:
    """Have our own tools and exactly those of the config. ConfigError names everything wrong with them."""
    tools = use(InUse(config.tools.extra))
    nested.also_tools([tool.name for tool in tools])
