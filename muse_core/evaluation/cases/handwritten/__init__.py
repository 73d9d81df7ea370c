"""Sixty cases in people's words: the row beside every headline that no simulator made.

`cases.jsonl` has the format of `muse eval`; `kind` (passed over by the reader) says which no-call case
it is. Twenty per language; every tool six times, 21 cases without a call: a question back, out of scope,
small talk. Pictures were drawn by the synthetic shop's outlines. The gold follows DECISIONS (canonical
English arguments); it was written before any model was run on it.
"""
