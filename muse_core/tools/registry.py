"""Which tools there are: our own, and those that a run's config adds (`tools.extra`).

Whoever needs a list of tools reads one of the views in `toolbox` (`ALL_TOOLS` and its kin). A view looks at
the registry whenever it is asked, so that nobody keeps a list from before a tool was added: a module reads
it where it uses it, and remembers what is costly to make of it with `per_tools`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from contextlib import contextmanager
from functools import lru_cache, wraps
from typing import Any, TypeVar, overload

from muse_core.errors import ConfigError
from muse_core.tools.base import Tool

T = TypeVar("T")
Read = Callable[[tuple[Tool, ...]], tuple[T, ...]]


class Registry:
    """The tools of this process, in the order in which a model is told of them."""

    def __init__(self, own: Iterable[Tool]) -> None:
        self.own = tuple(own)
        self.tools = self.own

    def register(self, tools: Iterable[Tool]) -> None:
        """Add tools behind those that are there; one that is there already stays as it is.

        ConfigError names every tool whose name another has."""
        added, problems = list(self.tools), []
        for tool in tools:
            taken = next((one for one in added if one.name == tool.name), None)
            if taken is None and tool.name != "none":
                added.append(tool)
            elif taken is not tool:
                problems.append(
                    f"the name {tool.name!r} is taken by {_who(taken, self.own)}; give it another"
                )
        if problems:
            raise ConfigError("a tool cannot be added:", problems)
        self.tools = tuple(added)

    def use(self, tools: Iterable[Tool]) -> None:
        """Have our own tools and exactly these; ConfigError as in `register`, and nothing changes then."""
        before, self.tools = self.tools, self.own
        try:
            self.register(tools)
        except ConfigError:
            self.tools = before
            raise

    @contextmanager
    def only(self, tools: Iterable[Tool]) -> Iterator[None]:
        """Exactly these tools for the length of a `with`; what was there before comes back."""
        before, self.tools = self.tools, tuple(tools)
        try:
            yield
        finally:
            self.tools = before


def _who(taken: Tool | None, own: tuple[Tool, ...]) -> str:
    if taken is None:
        return "the decision to call no tool"
    return "a tool of MUSE" if taken in own else "another tool of `tools.extra`"


class ListView(Sequence[T]):
    """A list that is read off the registry whenever it is looked at."""

    def __init__(self, registry: Registry, read: Read[T]) -> None:
        self._registry, self._read = registry, read

    def _now(self) -> tuple[T, ...]:
        return self._read(self._registry.tools)

    @overload
    def __getitem__(self, index: int) -> T: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[T, ...]: ...
    def __getitem__(self, index: int | slice) -> T | tuple[T, ...]:
        return self._now()[index]

    def __len__(self) -> int:
        return len(self._now())

    def __iter__(self) -> Iterator[T]:
        return iter(self._now())

    def __repr__(self) -> str:
        return repr(self._now())


class SetView(Set[str]):
    """The names of the tools that a trait picks."""

    def __init__(self, registry: Registry, picks: Callable[[Tool], bool]) -> None:
        self._registry, self._picks = registry, picks

    def __contains__(self, name: object) -> bool:
        return any(tool.name == name and self._picks(tool) for tool in self._registry.tools)

    def __iter__(self) -> Iterator[str]:
        return (tool.name for tool in self._registry.tools if self._picks(tool))

    def __len__(self) -> int:
        return sum(1 for _ in self)

    @classmethod
    def _from_iterable(cls, names: Iterable[Any]) -> frozenset[Any]:
        return frozenset(names)


class NameView(Mapping[str, Tool]):
    """The tools by name."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry

    def __getitem__(self, name: str) -> Tool:
        for tool in self._registry.tools:
            if tool.name == name:
                return tool
        raise KeyError(name)

    def __len__(self) -> int:
        return len(self._registry.tools)

    def __iter__(self) -> Iterator[str]:
        return (tool.name for tool in self._registry.tools)


def per_tools_of(registry: Registry) -> Callable[[Callable[..., T]], Callable[..., T]]:
    """A decorator: what a function makes of the tools and its (positional) arguments is remembered, and made
    anew where the tools are others."""

    def decorate(make: Callable[..., T]) -> Callable[..., T]:
        kept = lru_cache(maxsize=32)(lambda tools, *given: make(*given))

        @wraps(make)
        def read(*given: Any) -> T:
            return kept(registry.tools, *given)

        return read

    return decorate
