"""Which model talks, in which shop: what `muse chat` and `muse serve` open.

Nothing named: the last DPO or SFT model of the home folder, in the shop that it was trained in. A registered
version carries its shop along; a file of one's own products may stand in for either.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from flows.commands.eval import model_place
from flows.environment import home_folder
from muse_core.artifacts import ArtifactStore
from muse_core.errors import ArtifactError, ConfigError
from muse_core.types import ArtifactRef

if TYPE_CHECKING:
    from muse_core.catalog.index import CatalogIndex
    from muse_core.models.loading import LoadedModel

ABOUT = "muse.json"
Resolve = Callable[[str], Path]


@dataclass(frozen=True)
class Assistant:
    """A model and the shop it answers in; `model` and `shop` name them for people."""

    loaded: LoadedModel
    index: CatalogIndex
    model: str
    shop: str


def open_assistant(home: Path | None, model: str | None, catalog: Path | None, resolve: Resolve) -> Assistant:
    """Reads both, the shop first. ConfigError for what the user named wrongly or has not made yet,
    CatalogError for a file that is no catalogue, ArtifactError for a model of another chat format."""
    store = ArtifactStore(home_folder(home) / "artifacts")
    folder = _model_folder(store, model, resolve)
    index, shop = _shop(store, folder, catalog)
    from muse_core.models.carried_tools import serving
    from muse_core.models.device import resolve_device
    from muse_core.models.loading import load_model

    serving(folder)
    loaded = load_model(folder, resolve_device("auto"), index.catalog.facets, is_only_asked=True)
    return Assistant(loaded, index, model or _short(folder, store), shop)


def _model_folder(store: ArtifactStore, model: str | None, resolve: Resolve) -> Path:
    place = model_place(store, model, resolve)
    if isinstance(place, str):
        raise ConfigError(
            f"--model {model}: found neither a folder nor an artifact of {store.root}; expected a model that "
            "`muse run` has trained: a folder, an id of `muse artifacts ls`, or models:/muse@candidate"
        )
    exported = place / "model"  # the folder that `export` writes holds the model's
    return exported if not (place / ABOUT).is_file() and (exported / ABOUT).is_file() else place


def _short(folder: Path, store: ArtifactStore) -> str:
    """An artifact's id, or the folder."""
    below = folder.relative_to(store.root).parts if folder.is_relative_to(store.root) else ()
    return "/".join(below[:2]) or str(folder)


def _shop(store: ArtifactStore, folder: Path, catalog: Path | None) -> tuple[CatalogIndex, str]:
    from muse_core.catalog.index import CatalogIndex
    from muse_core.catalog.load import load_catalog
    from muse_core.catalog.product import Catalog

    if catalog is not None:
        return CatalogIndex(load_catalog(catalog).catalog), str(catalog)
    own = ArtifactStore(folder.parent / "shop")  # beside the model of a registered version
    place, ref = (own, own.list()[-1]) if own.list() else (store, _trained_in(store, folder))
    return CatalogIndex(Catalog.read(place, ref)), "/".join(ref.path.split("/")[:2])


def _trained_in(store: ArtifactStore, folder: Path) -> ArtifactRef:
    """The products that the model was trained with; those of the last run for a folder from elsewhere."""
    digest = _inputs(store, folder).get("catalog")
    products = [ref for ref in store.list() if ref.kind == "products"]
    found = [ref for ref in products if ref.digest == digest] if digest else products
    if found:
        return found[-1]
    if not products:
        raise ConfigError(
            f"no catalogue below {store.root}; name one with --catalog FILE, or make one with `muse run`"
        )
    raise ArtifactError(
        f"the catalogue that {folder} was trained with ({digest[:12] if digest else ''}…) is not below "
        f"{store.root} any more; name one with --catalog FILE"
    )


def _inputs(store: ArtifactStore, folder: Path) -> dict[str, str]:
    for ref in store.list():
        if (store.root / ref.path) == folder or folder.is_relative_to(store.root / ref.path):
            return dict(store.manifest(ref)["about"].get("inputs", {}))
    return {}
