from dataclasses import replace

import pytest

from muse_core.artifacts import ArtifactStore
from muse_core.catalog.index import CatalogIndex
from muse_core.catalog.product import Catalog
from muse_core.config.run_config import PairsConfig, RunConfig
from muse_core.context import StageContext
from muse_core.errors import MuseError
from muse_core.models.loading import save_model
from muse_core.preferences import sampling
from muse_core.preferences.cleaning import held_out_requests
from muse_core.preferences.contexts import Environment
from muse_core.preferences.evidence import need_replay
from muse_core.preferences.sampling import mine_pairs
from muse_core.profiles.reserved import is_reserved
from muse_core.progress import Silent
from muse_core.records import from_table, side_of, to_table, tool_message
from muse_core.scoring.normal import normal_text
from muse_core.stages import pairs
from muse_core.tools.toolbox import Toolbox
from muse_core.types import Message, ToolCall
from muse_core.world.shop import Shop
from tests.builders import profile
from tests.unit.augmentation.builders_augmentation import dialogues, shop
from tests.unit.models.builders_models import tiny_model

INDEX = shop(60)
ENVIRONMENT = Environment(Shop(INDEX), "references")
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


def test_pairs_are_mined_from_the_shoppers_that_sft_does_not_hear(tmp_path, monkeypatch):
    """Twelve shoppers of one conversation each, of whom some are reserved."""
    monkeypatch.setattr("muse_core.generation.assistant.respond", _answers)
    store, share = ArtifactStore(tmp_path / "artifacts"), 0.5
    talks = [replace(one, profile_id=f"u{k:05d}") for k, one in enumerate(dialogues(INDEX, 12))]
    train = [one for one in talks if side_of(one.profile_id) == "train"]
    kept = {one.conversation_id for one in train if is_reserved(one.profile_id, share)}
    assert 0 < len(kept) < len(train)
    people = [replace(profile(), profile_id=f"u{k:05d}", side=side_of(f"u{k:05d}")) for k in range(12)]
    inputs = {
        "catalog": store.write_table("products", to_table("products", INDEX.catalog.products), "c"),
        "profiles": store.write_table("profiles", to_table("profiles", people), "p"),
        "conversations": store.write_table("conversations", to_table("conversations", train), "t"),
        "sft": store.write_folder("model", lambda folder: save_model(tiny_model(), folder), "b"),
    }
    config = CONFIG.model_copy(update={"contexts": 24, "samples_per_context": 6, "reserved_share": share})
    ref = pairs.run(RunConfig(pairs=config), **inputs, ctx=StageContext(store, "f", tmp_path))
    found = from_table("preference_pairs", store.read_table(ref))
    assert {pair.conversation_id for pair in found} == kept


def test_mining_is_repeatable_and_samples_differ():
    talks = dialogues(INDEX, 3)
    mine = [mine_pairs(tiny_model(), talks, ENVIRONMENT, CONFIG, 17, Silent(), "train") for _ in range(2)]
    assert mine[0].samples == mine[1].samples
    assert [len(drawn) for drawn in mine[0].samples] == [4, 4, 4]
    assert sorted(sample.temperature for sample in mine[0].samples[0]) == [0.7, 0.7, 1.0, 1.0]
    assert len({sample.seed for drawn in mine[0].samples for sample in drawn}) == 12


def test_top_p_reaches_the_sampler():
    """The narrowest nucleus is the most probable token alone: every sample is the greedy one."""
    config = CONFIG.model_copy(update={"top_p": 1e-6})
    found = mine_pairs(tiny_model(), dialogues(INDEX, 3), ENVIRONMENT, config, 17, Silent(), "train")
    assert [len({sample.text for sample in drawn}) for drawn in found.samples] == [1, 1, 1]


def test_samples_do_not_depend_on_how_many_contexts_run_together(monkeypatch):
    talks = dialogues(INDEX, 3)
    together = mine_pairs(tiny_model(), talks, ENVIRONMENT, CONFIG, 17, Silent(), "train")
    monkeypatch.setattr(sampling, "CHUNK", 1)
    alone = mine_pairs(tiny_model(), talks, ENVIRONMENT, CONFIG, 17, Silent(), "train")
    assert alone.samples == together.samples


GOOD = "You may like [1], it costs [1:price]."


def _answers(loaded, requests, sampling, progress=None):
    """Stands for a model that is right twice in three: the gold call, or one that nobody asked for."""
    from muse_core.generation.assistant import TurnOutcome

    golds = {one.messages[1].content: one for one in dialogues(INDEX, 12)}
    outcomes = []
    for number, request in enumerate(requests):
        gold = golds[request.context[1].content].messages[2 + 4 * request.turn].tool_calls[0]
        call = (
            gold
            if number % 3
            else ToolCall(gold.call_id, ("search", "filter")[number % 2], {"max_price": number + 50})
        )
        acts = (Message("assistant", "", (call,)), tool_message(Toolbox(request.world).run(call)))
        reply = (
            f"{GOOD} Number {number % 2}."
            if number % 3
            else f"Nothing for you, not even number {number % 2}."
        )
        messages = (*acts, Message("assistant", reply))
        outcomes.append(TurnOutcome(messages, repr((call, reply)), False, "end"))
    return outcomes


def mined(monkeypatch, **changes):
    monkeypatch.setattr("muse_core.generation.assistant.respond", _answers)
    config = CONFIG.model_copy(update={"contexts": 24, "samples_per_context": 6, **changes})
    talks = dialogues(INDEX, 12)
    return mine_pairs(tiny_model(), talks, ENVIRONMENT, config, 17, Silent(), "train")


def test_every_mined_pair_replays_and_says_where_it_parts(monkeypatch):
    found = mined(monkeypatch)
    assert found.counters["replay"] == 1.0 and found.counters["contexts_below_min_pairs"] == 0
    assert len(found.pairs) == 48
    assert all(pair.evidence["divergence"]["token"] > 0 for pair in found.pairs)


def test_contexts_below_the_minimum_give_no_pair_and_are_counted(monkeypatch):
    """Six samples with two distinct bad and two distinct good texts allow two pairs, never three."""
    assert len(mined(monkeypatch, min_pairs_per_example=2).pairs) == 48
    few = mined(monkeypatch, min_pairs_per_example=3)
    assert few.pairs == [] and few.counters["contexts_below_min_pairs"] == 24


def test_contrast_pairs_are_added_up_to_their_share(monkeypatch):
    found = mined(monkeypatch, contrast_share=0.2)
    made = [pair for pair in found.pairs if "difficulty" in pair.evidence]
    assert len(made) == 12 and len(found.pairs) == 60
    assert found.counters["pairs/contrast"] == 12 and found.counters["contrast_missing"] == 0
    assert found.counters["pairs/contrast/easy"] + found.counters["pairs/contrast/hard"] == 12
    assert found.counters["replay"] == 1.0
    assert len({pair.pair_id for pair in found.pairs}) == 60


def test_a_tool_that_does_not_repeat_itself_stops_the_stage(monkeypatch):
    """Prices that move between sampling and replay."""
    monkeypatch.setattr(
        sampling, "need_replay", lambda pairs, contexts, now: need_replay(pairs, contexts, _dearer(now))
    )
    with pytest.raises(MuseError, match="pairs give another verdict when their calls are run again"):
        mined(monkeypatch)


def _dearer(now):
    products = [replace(one, price=one.price + 1000) for one in now.shop.index.catalog.products]
    return replace(now, shop=Shop(CatalogIndex(Catalog(tuple(products)))))


def test_the_stage_keeps_requests_of_other_sides_out():
    talks = [*dialogues(INDEX, 2), *dialogues(INDEX, 2, "dev", 2)]
    assert held_out_requests(talks) == {
        normal_text(m.content) for one in talks[2:] for m in one.messages if m.role == "user"
    }
