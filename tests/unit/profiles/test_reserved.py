from dataclasses import replace

import pytest

from muse_core.errors import MuseError
from muse_core.profiles.reserved import for_pairs, is_reserved, taught
from muse_core.records import side_of
from tests.builders import conversation

IDS = [f"u{k:05d}" for k in range(2000)]
TALKS = [replace(conversation(), conversation_id=name, profile_id=name, side=side_of(name)) for name in IDS]


def test_the_share_is_one_of_the_train_side_and_grows_with_itself():
    train = [name for name in IDS if side_of(name) == "train"]
    small, large = ({name for name in IDS if is_reserved(name, share)} for share in (0.1, 0.3))
    assert small < large <= set(train)
    assert len(large) / len(train) == pytest.approx(0.3, abs=0.04)


@pytest.mark.parametrize("share", [0.1, 0.3])
def test_what_sft_reads_and_what_pairs_are_mined_from_share_nobody_and_leave_nobody_out(share):
    read, mined = taught(TALKS, share), for_pairs(TALKS, share)
    assert read and mined and not {one.profile_id for one in read} & {one.profile_id for one in mined}
    assert len(read) + len(mined) == sum(one.side == "train" for one in TALKS)


def test_with_nobody_reserved_both_are_the_train_side():
    train = [one for one in TALKS if one.side == "train"]
    assert taught(TALKS, 0.0) == for_pairs(TALKS, 0.0) == train


def test_too_few_shoppers_to_reserve_one_is_an_error():
    kept = [one for one in TALKS if one.side == "train" and not is_reserved(one.profile_id, 0.3)]
    with pytest.raises(MuseError, match=r"keeps none of 1 train-side shoppers .*pairs\.reserved_share=0"):
        for_pairs(kept[:1], 0.3)
