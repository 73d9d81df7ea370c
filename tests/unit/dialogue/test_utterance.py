"""Utterances: positions, agreement, punctuation, spelling."""

from __future__ import annotations

import numpy as np

from muse_core.dialogue.spelling import with_habits, with_slip
from muse_core.dialogue.utterance import Word, fill, join, render


def said(pattern: str, **values: str) -> tuple[str, int | None]:
    utterance = render(fill(pattern, values))
    return utterance.text, utterance.position


def test_the_position_is_after_the_last_argument_word() -> None:
    text, position = said("मुझे {np} चाहिए {tail}", np="casual shirts", tail="under 2000")
    assert (text, position) == ("मुझे casual shirts चाहिए under 2000", 35)
    text, position = said("{np} dikhao {tail}", np="lal kurta", tail="")
    assert text[:position] == "lal kurta"


def test_punctuation_is_not_counted_and_stray_marks_go() -> None:
    text, position = said("{tail}, do you have {np}?", tail="", np="'red shirts'")
    assert text == "do you have 'red shirts'?" and text[:position] == "do you have 'red shirts"


def test_cue_words_count_only_when_no_argument_is_said() -> None:
    text, position = said("can you *recommend* something {tail}?", tail="")
    assert text[:position] == "can you recommend"
    text, position = said("{tail} can you *recommend* something?", tail="under 500")
    assert text[:position] == "under 500"


def test_arguments_of_later_calls_do_not_move_the_position() -> None:
    text, position = said("show {np}, then only {limit2} ones", np="kurtas", limit2="red")
    assert text[:position] == "show kurtas"


def test_a_picture_counts_with_its_bracket() -> None:
    text, position = said("{img}, anything like it?", img="[image:att1]")
    assert text[:position] == "[image:att1]"


def test_hindi_agrees_with_noun_and_speaker() -> None:
    words = fill("{np} ढूंढ (रहा/रही) हूं, (मिलेगा/मिलेंगे/मिलेगी)?", {"np": "जूते"}, agreement=1, speaker="f")
    assert render(words).text == "जूते ढूंढ रही हूं, मिलेंगे?"


def test_a_question_mark_moves_behind_a_closing_but_not_behind_a_sentence() -> None:
    core = fill("do you have {np}?", {"np": "lamps"})
    assert render(join(core, fill("please", {}))).text == "do you have lamps please?"
    assert render(join(core, fill(", thanks", {}))).text == "do you have lamps, thanks"


def test_habits_and_slips_change_plain_words_only() -> None:
    rng = np.random.default_rng(3)
    words = fill("mujhe {np} chahiye", {"np": "kya mujhe"})
    for habit in np.linspace(0, 0.99, 20):
        assert "kya mujhe" in render(with_habits(words, float(habit))).text
        assert "kya mujhe" in render(with_slip(words, rng, is_roman=True)).text
    changed = {render(with_slip(words, rng, is_roman=True)).text for _ in range(20)}
    assert len(changed) > 1


def test_nothing_to_misspell_is_left_alone() -> None:
    words = [Word("[image:att1]", "argument")]
    assert with_slip(words, np.random.default_rng(1)) == words
