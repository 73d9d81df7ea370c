from muse_core.preferences.seed_rows import seed_row
from muse_core.records import pair_row
from tests.builders import pair


def test_a_row_has_the_seeds_keys_and_our_proof():
    row = seed_row(pair_row(pair()))
    assert row == {
        "input": "show me shirts under 2000",
        "chosen_response": {"tool_sequence": ["search"], "quality_score": 4.2, "reasoning": "right tool"},
        "rejected_response": {"tool_sequence": [], "quality_score": 2.8, "reasoning": "no call"},
        "strength": 0.802,
        "kind": "on_policy",
        "evidence": {"chosen_reasoning": "right tool", "rejected_reasoning": "no call"},
    }
