"""Train-side shoppers that SFT does not hear: their turns are where preference pairs are mined.

On turns that SFT has read a model makes few mistakes, and not those that it makes in front of new
shoppers. `pairs.reserved_share` of the train side's shoppers are therefore kept for the pairs, by hash of
the profile id; the simulator lets them ask in wordings of their own (`dialogue/families.py`). With a share
of 0 nobody is reserved, and pairs are mined from what SFT has read. Not kept from them: a base from scratch
reads everybody's plain text, and the linear baseline everybody's decisions.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from muse_core.errors import MuseError
from muse_core.records import side_of
from muse_core.types import Conversation


def is_reserved(profile_id: str, share: float) -> bool:
    """Whether a shopper is on the train side and kept for the pairs. A larger share keeps these and more."""
    digest = hashlib.sha256(f"reserved {profile_id}".encode()).digest()
    return side_of(profile_id) == "train" and int.from_bytes(digest[:4], "big") < share * 2**32


def taught(conversations: Iterable[Conversation], share: float) -> list[Conversation]:
    """The train side's conversations that SFT reads."""
    train = (one for one in conversations if one.side == "train")
    return [one for one in train if not is_reserved(one.profile_id, share)]


def for_pairs(conversations: Iterable[Conversation], share: float) -> list[Conversation]:
    """The train side's conversations that pairs are mined from; MuseError when nobody is reserved."""
    train = [one for one in conversations if one.side == "train"]
    if not share:
        return train
    kept = [one for one in train if is_reserved(one.profile_id, share)]
    if train and not kept:
        raise MuseError(
            f"pairs: pairs.reserved_share={share:g} keeps none of {len({one.profile_id for one in train})} "
            "train-side shoppers from SFT; expected at least one. Raise profiles.count (or give more chats), "
            "raise pairs.reserved_share, or set pairs.reserved_share=0 to mine from what SFT has read."
        )
    return kept
