"""The filter on the simulator's own dialogues: three languages, chains, pictures, translations."""

import numpy as np
import pytest

from muse_core.augmentation.anchor import Annotator
from muse_core.augmentation.candidates import acts
from muse_core.augmentation.filter import decide, measure, prepare
from muse_core.augmentation.insertion import remove_calls
from muse_core.augmentation.ngram import NgramModel
from muse_core.augmentation.plain_text import training_words
from muse_core.augmentation.utility import NgramScorer
from muse_core.augmentation.verdict import metrics
from muse_core.catalog.index import CatalogIndex
from muse_core.catalog.synthetic import make_catalog
from muse_core.config.run_config import AugmentationConfig, RunConfig
from muse_core.dialogue.families import all_families
from muse_core.dialogue.simulate import simulate
from muse_core.profiles.make import make_profiles
from muse_core.world.replay import world_for

CONFIG = AugmentationConfig()


@pytest.fixture(scope="module")
def scored():
    rng = np.random.default_rng(0)
    catalog = make_catalog(rng, 300)
    index = CatalogIndex(catalog)
    people = make_profiles(catalog, 120, {"en": 0.35, "hi": 0.25}, rng)
    talks = [simulate(one, index, rng, RunConfig(), all_families(), f"c{k}") for k, one in enumerate(people)]
    scorer = NgramScorer(NgramModel.train(training_words([one for one in talks if one.side == "train"])))
    annotator = Annotator(catalog)
    found = []
    for one, person in zip(talks, people, strict=True):
        prepared = prepare(one, world_for(person, index, one.attachments), annotator, 2, 17)
        assert len(prepared) == len(list(acts(one)))
        found += measure(prepared, scorer)
    return found


def test_most_gold_calls_of_every_tool_are_kept(scored):
    rows = [decide(one, CONFIG.threshold) for one in scored]
    numbers = metrics(scored, rows, CONFIG)
    assert numbers["not_replaying"] == 0
    assert numbers["auc"] >= CONFIG.min_auc
    assert all(value >= CONFIG.min_yield for name, value in numbers.items() if name.startswith("yield/"))
    assert {row.language for row in rows if row.kept} == {"en", "hi", "mixed"}


def test_every_act_of_a_chain_can_be_kept(scored):
    rows = [decide(one, CONFIG.threshold) for one in scored if one.turn_type == "multi_step"]
    assert {row.act for row in rows} >= {0, 1}
    for act in (0, 1):
        kept = [row.kept for row in rows if row.act == act]
        assert sum(kept) / len(kept) >= CONFIG.min_yield


def test_every_row_gives_back_its_utterance(scored):
    for one in scored:
        text, insertions = remove_calls(one.row.augmented_text)
        assert text == one.row.original_text
        assert all(
            insertion.position == call.position
            for insertion, call in zip(insertions, one.row.tool_calls, strict=True)
        )


def test_a_call_without_results_has_no_anchor(scored):
    empty = [one.row for one in scored if (one.row.tool_calls[0].result or {}).get("items") == []]
    assert all(row.drop_reason == "no_anchor" for row in empty if "\n" not in row.continuation)
