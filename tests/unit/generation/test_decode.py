"""The decoder against `generate` of transformers on a small random Llama, and against itself."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from transformers import LlamaForCausalLM

from muse_core.generation.decode import Decoder, Row, Sampling, decode, prefill
from muse_core.generation.prefill import prefill_in_turn
from tests.unit.generation.builders_generation import STOP, hf_greedy, random_llama, random_prompts

HOT = Sampling(temperature=1.0, max_new_tokens=8)


@pytest.fixture(scope="module")
def model() -> LlamaForCausalLM:
    return random_llama()


@pytest.fixture
def prompts() -> list[list[int]]:
    own = random_prompts(9)
    return [*own, own[0][:1], own[3], own[3]]  # with shared prefixes


def written(model, prompts, sampling, stop=(STOP,), batch_size=64, after=lambda row: None, seeds=None):
    """The tokens after each prompt. `after` sees the rows as they stop."""
    tokens: dict[int, list[int]] = {}

    def note(row: Row) -> Sequence[int] | None:
        tokens.setdefault(row.number, []).extend(row.new)
        return after(row)

    def fresh() -> Iterator[list[Row]]:
        for rows in prefill_in_turn(model, prompts):
            for row in rows:
                row.sampling = sampling
                row.rng = np.random.default_rng(row.number if seeds is None else seeds[row.number])
            yield rows

    Decoder(model, fresh(), stop, note, batch_size).run()
    return [tokens[number] for number in range(len(prompts))]


@pytest.mark.parametrize("batch_size", [1, 2, 5, 64])
@pytest.mark.parametrize("max_new_tokens", [1, 2, 15])
def test_greedy_equals_generate(model, prompts, batch_size, max_new_tokens):
    found = written(model, prompts, Sampling(max_new_tokens=max_new_tokens), batch_size=batch_size)
    assert found == [hf_greedy(model, prompt, max_new_tokens) for prompt in prompts]


def test_greedy_equals_generate_where_rows_stop_at_all_lengths(model):
    prompts = random_prompts(24, longest=90)
    free = [hf_greedy(model, prompt, 30) for prompt in prompts]
    stop = {tokens[(3 * place) % len(tokens)] for place, tokens in enumerate(free)}  # each ends somewhere
    expected = [tokens[: next(k for k, t in enumerate(tokens) if t in stop) + 1] for tokens in free]
    assert len({len(tokens) for tokens in expected}) > 2
    assert written(model, prompts, Sampling(max_new_tokens=30), stop, batch_size=7) == expected


def test_decode_fills_the_rows_of_a_prefill(model, prompts):
    rows = prefill(model, prompts)
    decode(model, rows, {STOP}, Sampling(max_new_tokens=15))
    assert [row.new for row in rows] == [hf_greedy(model, prompt, 15) for prompt in prompts]


@pytest.mark.parametrize("batch_size", [2, 64])
def test_decoding_goes_on_behind_added_tokens(model, prompts, batch_size):
    went_on: set[int] = set()

    def more(row: Row) -> list[int] | None:
        is_first = row.number not in went_on
        went_on.add(row.number)
        return [9] * (row.number % 3) if is_first else None

    found = written(model, prompts, Sampling(max_new_tokens=6), batch_size=batch_size, after=more)
    for number, (prompt, tokens) in enumerate(zip(prompts, found, strict=True)):
        head = hf_greedy(model, prompt, 6)
        assert tokens == head + hf_greedy(model, prompt + head + [9] * (number % 3), 6)


def test_samples_of_one_prompt_share_a_slot_until_they_part(model):
    prompt = random_prompts(1)[0]
    found = written(model, [prompt] * 6, HOT, batch_size=3)
    alone = [written(model, [prompt], HOT, seeds=[seed])[0] for seed in range(6)]
    assert found == alone
    assert len({tuple(tokens) for tokens in found}) > 3  # they did part, though only three fit


def test_a_lane_is_computed_once_for_all_its_rows(model, monkeypatch):
    computed: list[int] = []
    forward = Decoder._forward
    monkeypatch.setattr(
        Decoder, "_forward", lambda self, first, ids: computed.append(len(ids)) or forward(self, first, ids)
    )
    written(model, [random_prompts(1)[0]] * 8, Sampling(max_new_tokens=5))
    assert computed == [1] * 5


@settings(max_examples=25, deadline=None)
@given(
    order=st.permutations(range(10)), kept=st.integers(1, 10), batch_size=st.integers(1, 12),
    top_p=st.sampled_from([1.0, 0.8]),
)  # fmt: skip
def test_a_sample_depends_on_its_seed_and_nothing_else(order, kept, batch_size, top_p):
    model, own = random_llama(), random_prompts(7)
    prompts = [*own, own[2], own[2], own[5]]
    sampling = Sampling(temperature=1.0, top_p=top_p, max_new_tokens=8)
    expected = _alone(top_p)
    chosen = list(order)[:kept]
    found = written(model, [prompts[at] for at in chosen], sampling, batch_size=batch_size, seeds=chosen)
    assert found == [expected[at] for at in chosen]


_ALONE: dict[float, list[list[int]]] = {}


def _alone(top_p: float) -> list[list[int]]:
    """Each of the ten prompts by itself, its number as its seed."""
    if top_p not in _ALONE:
        model, own = random_llama(), random_prompts(7)
        sampling = Sampling(temperature=1.0, top_p=top_p, max_new_tokens=8)
        _ALONE[top_p] = [
            written(model, [prompt], sampling, seeds=[seed])[0]
            for seed, prompt in enumerate([*own, own[2], own[2], own[5]])
        ]
    return _ALONE[top_p]


def test_another_seed_gives_other_tokens(model, prompts):
    found = written(model, [prompts[0]] * 8, HOT)
    assert len({tuple(tokens) for tokens in found}) > 1


def test_greedy_and_sampled_rows_share_a_batch(model, prompts):
    rows = [row for chunk in prefill_in_turn(model, [prompts[0], prompts[0], prompts[1]]) for row in chunk]
    rows.sort(key=lambda row: row.number)
    for row, sampling in zip(rows, [Sampling(max_new_tokens=8), HOT, HOT], strict=True):
        row.sampling, row.rng = sampling, np.random.default_rng(row.number)
    Decoder(model, iter([rows]), {STOP}, lambda row: None).run()
    assert rows[0].new == hf_greedy(model, prompts[0], 8)
    assert rows[1].new == written(model, [prompts[0]], HOT, seeds=[1])[0]
    assert rows[2].new == written(model, [prompts[1]], HOT, seeds=[2])[0]


def test_a_row_stops_when_the_positions_of_the_model_are_used_up():
    model = random_llama(positions=20)
    prompt = random_prompts(3)[1][:10]
    (tokens,) = written(model, [prompt], Sampling(max_new_tokens=50), stop=())
    assert len(prompt) + len(tokens) == 21  # the last one is written, but there is no place to read it
    assert tokens == hf_greedy(model, prompt, 11)


def test_memory_is_bounded_by_the_slots(model):
    """However many prompts come, no more rows than slots are in the cache, which is as wide as needed."""
    rows = [row for chunk in prefill_in_turn(model, random_prompts(20)) for row in chunk]
    for row in rows:
        row.sampling = Sampling(max_new_tokens=5)
    decoder = Decoder(model, iter([rows]), {STOP}, lambda row: None, batch_size=4)
    decoder.run()
    slots, width = decoder._cache._numbers.shape[1], decoder._cache._numbers.shape[3]
    assert (slots, width) == (4, 256)


def test_sampling_without_a_generator_is_refused(model, prompts):
    with pytest.raises(ValueError, match="rng"):
        decode(model, prefill(model, prompts[:1]), {STOP}, Sampling(temperature=1.0))


def test_a_row_cannot_be_decoded_twice(model, prompts):
    rows = prefill(model, prompts[:1])
    decode(model, rows, {STOP}, Sampling())
    with pytest.raises(ValueError, match="prefill it again"):
        decode(model, rows, {STOP}, Sampling())


def test_gradients_are_not_kept(model, prompts):
    rows = prefill(model, prompts)
    assert not any(row.logits.requires_grad for row in rows)
    assert not any(row.cache.requires_grad for row in rows)
    assert torch.is_grad_enabled()
