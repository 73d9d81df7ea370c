"""A seventh tool, as somebody who follows CONTRIBUTING would add it; `test_promise_tool.py` does."""
