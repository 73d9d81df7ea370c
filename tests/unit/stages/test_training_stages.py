"""base → sft → dpo on a handful of conversations, through the artifact store."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace

import pytest
from transformers import AutoModelForCausalLM

from muse_core import records
from muse_core.catalog.product import Catalog
from muse_core.config.run_config import DpoConfig, PairsConfig, RunConfig, SftConfig
from muse_core.context import StageContext
from muse_core.errors import ArtifactError, HardwareError, MuseError
from muse_core.models.learnt_shop import learnt_schema
from muse_core.models.loading import load_model
from muse_core.profiles.reserved import taught
from muse_core.stages import base, dpo, sft
from muse_core.tools.shop_schema import ShopSchema
from muse_core.types import ArtifactRef
from tests import builders
from tests.unit.models.builders_models import TINY, talk
from tests.unit.training.builders_training import context, pair, row

CONFIG = RunConfig(
    base=TINY.model_copy(update={"max_tokens": 2000}),
    sft=SftConfig(num_epochs=2, learning_rate=3e-3),
    dpo=DpoConfig(num_epochs=2),
)


@dataclass
class Shop:
    ctx: StageContext
    catalog: ArtifactRef
    conversations: ArtifactRef
    rows: ArtifactRef
    pairs: ArtifactRef

    def at(self, name: str) -> StageContext:
        return replace(self.ctx, fingerprint=name, work=context(self.ctx.work.parent.parent, name).work)


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    ctx = context(tmp_path_factory.mktemp("stages"))
    talks = [talk(n, 2, side=("dev" if n % 5 == 0 else "test" if n % 5 == 1 else "train")) for n in range(30)]

    def write(kind: str, items: list[object]) -> ArtifactRef:
        return ctx.store.write_table(kind, records.to_table(kind, items), f"in {kind}")

    return Shop(
        ctx,
        write("products", [builders.product(facets={"memory": ("16 gb",)})]),
        write("conversations", [*talks]),
        write("augmented", [row(n) for n in range(30)]),
        write("preference_pairs", [pair(n) for n in range(30)]),
    )


def test_base_sft_and_dpo_publish_models_that_load(shop: Shop) -> None:
    found = base.run(CONFIG, shop.conversations, ctx=shop.at("base"))
    tuned = sft.run(CONFIG, shop.catalog, shop.conversations, shop.rows, found, ctx=shop.at("sft"))
    preferred = dpo.run(CONFIG, tuned, shop.pairs, ctx=shop.at("dpo"))
    store = shop.ctx.store
    abouts = [load_model(store.folder(ref)).about for ref in (found, tuned, preferred)]
    assert [about["can_call"] for about in abouts] == [False, True, True]
    tools = [learnt_schema(about) for about in abouts]
    assert [[facet.name for facet in one.facets] for one in tools] == [[], ["memory"], ["memory"]]
    written = [json.loads((store.folder(ref) / "tools.json").read_text()) for ref in (found, preferred)]
    assert written == [tools[0].as_json(), tools[1].as_json()] and written[0] != written[1]
    assert abouts[2]["tool_schema_digest"] == ShopSchema(Catalog.read(store, shop.catalog).facets).digest()
    AutoModelForCausalLM.from_pretrained(store.folder(preferred))
    measured = store.manifest(tuned)["metrics"]
    assert measured["sft_conversations"] == 18 and measured["sft_dev_loss"] > 0
    measured = store.manifest(preferred)["metrics"]
    assert measured["dpo_pairs"] + measured["dpo_held_out_pairs"] == 30
    heads = [load_model(store.folder(ref)).heads.position.weight for ref in (tuned, preferred)]
    assert heads[0].equal(heads[1])  # frozen in DPO

    again = base.run(CONFIG, shop.conversations, ctx=shop.at("base again"))
    assert again.digest == found.digest  # the same seed gives the same bytes


def test_sft_does_not_read_the_shoppers_kept_for_the_pairs(shop: Shop) -> None:
    talks = records.from_table("conversations", shop.ctx.store.read_table(shop.conversations))
    people = [replace(one, profile_id=f"u{number:05d}") for number, one in enumerate(talks)]
    people = [replace(one, side=records.side_of(one.profile_id)) for one in people]
    table = records.to_table("conversations", people)
    ref = shop.ctx.store.write_table("conversations", table, "many shoppers")
    found = base.run(CONFIG, ref, ctx=shop.at("base of many"))
    config = CONFIG.model_copy(update={"pairs": PairsConfig(reserved_share=0.4)})
    tuned = sft.run(config, shop.catalog, ref, shop.rows, found, ctx=shop.at("reserved"))
    left = len(taught(people, 0.4))
    assert 0 < left < sum(one.side == "train" for one in people)
    assert shop.ctx.store.manifest(tuned)["metrics"]["sft_conversations"] == left


def test_dpo_steps_with_muon_where_it_is_asked_to(shop: Shop) -> None:
    found = base.run(CONFIG, shop.conversations, ctx=shop.at("muon base"))
    settings = CONFIG.dpo.model_copy(update={"muon_learning_rate": 1e-3})
    configs = (CONFIG, CONFIG.model_copy(update={"dpo": settings}))
    made = [dpo.run(one, found, shop.pairs, ctx=shop.at(f"muon {k}")) for k, one in enumerate(configs)]
    assert made[0].digest != made[1].digest


def test_nothing_left_to_train_on_is_an_error(shop: Shop) -> None:
    ctx = shop.at("empty")
    found = base.run(CONFIG, shop.conversations, ctx=ctx)
    none = [row(n, kept=False) for n in range(30)]
    rows = ctx.store.write_table("augmented", records.to_table("augmented", none), "none kept")
    with pytest.raises(MuseError, match="loss filter"):
        sft.run(CONFIG, shop.catalog, shop.conversations, rows, found, ctx=ctx)
    pairs = ctx.store.write_table("preference_pairs", records.to_table("preference_pairs", []), "no pairs")
    with pytest.raises(MuseError, match="pairs"):
        dpo.run(CONFIG, found, pairs, ctx=ctx)


def test_a_tokenizer_without_tags_and_foreign_checkpoints_are_refused_before_weights(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    ctx = shop.at("refused")
    found = base.run(CONFIG, shop.conversations, ctx=ctx)

    def loads(*_: object) -> None:
        raise AssertionError("weights were loaded")

    monkeypatch.setattr(sft, "load_model", loads)
    other = ctx.work / "step-000002"
    other.mkdir()
    (other / "state.json").write_text('{"step": 2, "fingerprint": "another", "digests": {}}')
    with pytest.raises(ArtifactError, match="belongs to training another"):
        sft.run(CONFIG, shop.catalog, shop.conversations, shop.rows, found, ctx=ctx)
    with pytest.raises(HardwareError, match="needs a GPU"):
        sft.run(
            CONFIG, shop.catalog, shop.conversations, shop.rows, found, ctx=replace(ctx, precision="fp16")
        )
    old = replace(shop.conversations, contract="conversations@0")
    with pytest.raises(ArtifactError, match="conversations@0"):
        sft.run(CONFIG, shop.catalog, old, shop.rows, found, ctx=shop.at("old"))
    short = CONFIG.model_copy(update={"sft": SftConfig(max_sequence_length=8)})
    with pytest.raises(MuseError, match="do not fit 8 tokens"):
        sft.run(short, shop.catalog, shop.conversations, shop.rows, found, ctx=shop.at("short"))


def test_low_rank_adapters_end_in_a_plain_model(shop: Shop) -> None:
    found = base.run(CONFIG, shop.conversations, ctx=shop.at("lora base"))
    config = CONFIG.model_copy(update={"sft": SftConfig(num_epochs=1, learning_rate=1e-2, lora_rank=4)})
    tuned = sft.run(config, shop.catalog, shop.conversations, shop.rows, found, ctx=shop.at("lora"))
    before, after = (load_model(shop.ctx.store.folder(ref)).model.state_dict() for ref in (found, tuned))
    assert before.keys() == after.keys()
    changed = [name for name, tensor in after.items() if not tensor.equal(before[name])]
    assert any("q_proj" in name for name in changed) and not any("norm" in name for name in changed)
