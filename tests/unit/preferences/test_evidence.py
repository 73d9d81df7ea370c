from dataclasses import replace

import pytest

from muse_core.errors import MuseError
from muse_core.preferences.contexts import Context, Environment, branch
from muse_core.preferences.evidence import need_replay, not_replaying, pair_of
from muse_core.preferences.pairing import match_of
from muse_core.records import from_table, to_table
from muse_core.world.shop import Shop
from tests.unit.augmentation.builders_augmentation import dialogues, shop
from tests.unit.preferences.builders_preferences import sample, tokens_of

INDEX = shop()
DIALOGUE = dialogues(INDEX, 1)[0]
ENVIRONMENT = Environment(Shop(INDEX), "references")
CONTEXT = Context(DIALOGUE, DIALOGUE.labels[1])  # "only the … ones": it filters what the first turn found
GOLD = CONTEXT.gold.calls[0].arguments


def filtered(reply="You may like [1], it costs [1:price]."):
    return sample(DIALOGUE, INDEX, reply, 1, tool="filter", **GOLD)


def one_pair():
    wrong = sample(DIALOGUE, INDEX, "Here is [1] for you.", 1, query="kurta")
    return pair_of(CONTEXT, match_of(filtered(), wrong, 0.6), "0", "on_policy", tokens_of)


def test_a_pair_replays_after_it_was_written_and_read():
    (read,) = from_table("preference_pairs", to_table("preference_pairs", [one_pair()]))
    assert need_replay([read], [CONTEXT], ENVIRONMENT) == 1.0


def with_trace(pair, side, **changes):
    return replace(pair, evidence={**pair.evidence, side: {**pair.evidence[side], **changes}})


def swapped(pair):
    """The loser called the winner, its scores with it."""
    evidence = {**pair.evidence, "chosen": pair.evidence["rejected"], "rejected": pair.evidence["chosen"]}
    return replace(pair, chosen=pair.rejected, rejected=pair.chosen, evidence=evidence)


@pytest.mark.parametrize(
    "broken",
    [
        lambda pair: with_trace(pair, "chosen", results=["0" * 16]),
        lambda pair: with_trace(pair, "rejected", results=[]),
        lambda pair: with_trace(
            pair, "rejected", reward={**pair.evidence["rejected"]["reward"], "arguments": 1.0}
        ),
        lambda pair: replace(pair, chosen_score=pair.chosen_score - 0.1),
        lambda pair: replace(pair, strength=pair.strength - 0.01),
        swapped,
        lambda pair: replace(pair, evidence={}),
    ],
    ids=["result", "missing result", "reward part", "score", "strength", "winner", "no evidence"],
)
def test_another_verdict_is_noticed(broken):
    pair = broken(one_pair())
    assert not_replaying([pair, one_pair()], [CONTEXT], ENVIRONMENT) == [pair.pair_id]
    with pytest.raises(MuseError, match=r"1 of 2 pairs give another verdict .*train0000\.1\.0"):
        need_replay([pair, one_pair()], [CONTEXT], ENVIRONMENT)


def test_a_changed_catalogue_gives_another_verdict():
    other = Environment(Shop(shop(seed=5)), "references")
    assert not_replaying([one_pair()], [CONTEXT], other) == ["train0000.1.0"]


def test_a_branch_leaves_its_world_as_it_was():
    world = ENVIRONMENT.world(CONTEXT)
    before = world.session
    branch(world).session.last_ids = ()
    assert world.session == before and before.last_ids
