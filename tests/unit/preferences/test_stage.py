import pytest

from muse_core.artifacts import ArtifactStore
from muse_core.config.run_config import PairsConfig, RunConfig
from muse_core.context import StageContext
from muse_core.errors import MuseError
from muse_core.models.loading import save_model
from muse_core.preferences.sampling import mine_pairs
from muse_core.progress import Silent
from muse_core.records import to_table
from muse_core.stages import pairs
from tests.builders import profile
from tests.unit.augmentation.builders_augmentation import dialogues, shop
from tests.unit.models.builders_models import tiny_model

INDEX = shop(60)
CONFIG = PairsConfig(contexts=3, samples_per_context=4, max_new_tokens=12)


def test_no_pair_above_the_threshold_is_an_error_with_counts(tmp_path):
    store = ArtifactStore(tmp_path / "artifacts")
    talks = [*dialogues(INDEX, 3), *dialogues(INDEX, 3, "dev", 2)]
    inputs = {
        "catalog": store.write_table("products", to_table("products", INDEX.catalog.products), "c"),
        "profiles": store.write_table("profiles", to_table("profiles", [profile()]), "p"),
        "conversations": store.write_table("conversations", to_table("conversations", talks), "t"),
        "sft": store.write_folder("model", lambda folder: save_model(tiny_model(), folder), "b"),
    }
    never = CONFIG.model_copy(
        update={"preference_strength_threshold": 1.0}
    )  # strength is below 1 by definition
    with pytest.raises(MuseError, match=r"no pair reached strength 1\.0 .*samples 12"):
        pairs.run(RunConfig(pairs=never), **inputs, ctx=StageContext(store, "f", tmp_path))


def test_mining_is_repeatable_and_samples_differ():
    talks = dialogues(INDEX, 3)
    mine = [
        mine_pairs(tiny_model(), talks, {}, INDEX, CONFIG, "references", 17, Silent(), "train")
        for _ in range(2)
    ]
    assert mine[0].samples == mine[1].samples
    assert [len(drawn) for drawn in mine[0].samples] == [4, 4, 4]
    assert sorted(sample.temperature for sample in mine[0].samples[0]) == [0.7, 0.7, 1.0, 1.0]
    assert len({sample.seed for drawn in mine[0].samples for sample in drawn}) == 12
