import pickle

import pytest

from muse_core.artifacts import ArtifactStore
from muse_core.config.run_config import RunConfig
from muse_core.context import StageContext
from muse_core.errors import MuseError
from muse_core.models.loading import save_model
from muse_core.records import from_table, to_table
from muse_core.stages import augment
from tests.builders import profile
from tests.unit.augmentation.builders_augmentation import dialogues, shop
from tests.unit.models.builders_models import tiny_model

INDEX = shop()


@pytest.fixture
def store(tmp_path):
    return ArtifactStore(tmp_path / "artifacts")


def in_this_process(work, shards, workers):
    """Every shard through pickle, as a process pool would send it."""
    return [work(pickle.loads(pickle.dumps(shard))) for shard in shards]


def run(store, tmp_path, fingerprint="f", workers=1, train=80, **settings):
    people = to_table("profiles", [profile()])
    talks = [*dialogues(INDEX, train), *dialogues(INDEX, 30, "dev", 2), *dialogues(INDEX, 5, "test", 3)]
    inputs = {
        "catalog": store.write_table("products", to_table("products", INDEX.catalog.products), "c"),
        "profiles": store.write_table("profiles", people, "p"),
        "conversations": store.write_table("conversations", to_table("conversations", talks), "t"),
        "base": store.write_folder("model", lambda folder: save_model(tiny_model(), folder), "b"),
    }
    config = RunConfig(augmentation=settings)
    ctx = StageContext(store, fingerprint, tmp_path, workers=workers, map_shards=in_this_process)
    ref = augment.run(config, **inputs, ctx=ctx)
    return ref, from_table("augmented", store.read_table(ref))


def test_rows_of_train_and_dev_with_their_numbers(store, tmp_path):
    ref, rows = run(store, tmp_path)
    assert {row.side for row in rows} == {"train", "dev"}
    assert len(rows) == 220
    numbers = store.manifest(ref)["metrics"]
    assert numbers["rows"] == 220
    assert numbers["yield/search"] > 0.8
    assert numbers["dev/auc"] > 0.8
    assert {
        "auc/dropped_limit",
        "precision",
        "recall",
        "from_call/auc",
        "recall_at_0.4/filter",
        "precision_at_0.2/en",
        "recall_at_0.1",
    } <= set(numbers)


def test_the_number_of_workers_does_not_change_the_bytes(store, tmp_path):
    assert run(store, tmp_path, "one")[0].digest == run(store, tmp_path, "two", workers=2)[0].digest


def test_samples_caps_the_rows_by_whole_conversations(store, tmp_path):
    _, rows = run(store, tmp_path, samples=50)
    assert 50 <= len(rows) <= 51


def test_an_untrained_language_model_is_refused_and_gold_is_the_way_out(store, tmp_path):
    with pytest.raises(MuseError, match="the lm scorer cannot tell right calls from wrong ones"):
        run(store, tmp_path, train=10, scorer="lm")
    ref, rows = run(store, tmp_path, train=10, scorer="lm", filter="gold")
    assert all(row.kept for row in rows)
    assert store.manifest(ref)["about"]["filter"] == "gold"


def test_calls_that_the_base_proposes_are_counted_and_change_no_row(store, tmp_path):
    """The base is untrained: it opens a brace anywhere, and what it writes there is no call."""
    _, plain = run(store, tmp_path, "plain", train=10)
    own = {"sampled_calls": 2, "sampled_places": 1, "sampled_threshold": 0.0}
    ref, rows = run(store, tmp_path, "own", train=10, **own)
    numbers = store.manifest(ref)["metrics"]
    assert numbers["sampled/drawn"] == 2 * numbers["sampled/places"] > 0
    assert numbers["sampled/readable"] == 0.0
    assert rows == plain
