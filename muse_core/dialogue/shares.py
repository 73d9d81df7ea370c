"""How often shoppers ask in these ways.

Of complete requests in a shop with facets two in five name one. Of 287 requests that people wrote 60 need
what the shop alone tells, 8 exclude something and 7 want one like another.
"""

from __future__ import annotations

# Of whole requests in a shop that tells it: docs/decisions.md#what-people-name. A little more than people's,
# since answers to a question name less (`ANSWERED` of these); ratings and orders, which people type into no
# search box, are for a model that is talked to.
NAMES = {
    "colour": 0.41, "material": 0.18, "size": 0.17, "gender": 0.11, "occasion": 0.03, "brand": 0.16,
    "max_price": 0.065, "min_price": 0.012, "min_rating": 0.02, "sort_by": 0.015,
}  # fmt: skip
ANSWERED = 0.65
MOST_NAMED = 0.6  # of requests for a product that has it, where few of the shop's products do
ABSENT = 0.28  # of new requests are for what the shop does not sell: about three of a hundred turns
ANSWERED_BY_FACET = 0.12  # of answers to what product it is to be
FACET, SECOND_FACET = 0.4, 0.2  # of requests for a product that has facets; of these, a second one
SUGGESTED_BY_FACET = 0.15  # of suggestions of a kind of product: "suggest a laptop with 16 gb memory"
NARROWED_BY_FACET = 2.2  # weight beside the limits of our own fields, whose weights are about 6 together
EXCLUDED = 0.12  # of requests and of refinements, where there is something that it is not
DISLIKED = (
    0.55  # of these requests say so in a sentence: "i already have navy blue", "not a fan of polyester"
)
TWO_EXCLUDED = 0.15  # of these: "not red or black"
EITHER = 0.035  # of requests with a colour, a brand or a choice: "red or maroon"
LIKE = 0.65  # of recommendations while results are on the screen: "like the second"
CHANGED_LIKE = 0.65  # of these say how it is to differ
CHANGED_TWICE = 0.35  # of these in two ways: "like this but red and with long sleeves"
EXCLUDED_LIKE = 0.3  # of these by what it must not be: "same as the second, without print"
THIS = 0.6  # of likenesses to the item that was just talked of: "like this but red"
LEVEL = 0.45  # of cheap, premium and well rated are said so, the others as an order or a number
LACKED = 0.25  # of yes/no facets that the target lacks: "without touchscreen"
NAMED = 0.25  # of results whose titles tell them apart are named by a word of theirs: "Kiara or Oslo"
COMPARED_BY_FACET = 0.3  # of comparisons of products that have one in common

# Of what no tool answers. In a shop people ask mostly for what its other people do. Each kind, and each kind
# of small talk, is at least seven of a thousand turns: what comes up less often is not learnt.
SERVICE = 0.76  # of turns out of scope; the others are no shop's business
SERVICES = {
    "delivery": 0.16, "status": 0.19, "order": 0.15, "returns": 0.14, "payment": 0.13, "warranty": 0.12,
    "human": 0.11, "bargain": 0.26, "detail": 0.25, "fit": 0.24, "stock": 0.25,
}  # fmt: skip
OF_RESULTS = frozenset(("bargain", "detail", "fit", "stock"))  # asked once something is on the screen
ABOUT_RESULTS = 0.85  # of these turns then are
NOT_SOLD = {"noun": 0.32, "task": 0.33, "question": 0.35}
FIRST_TALK = {
    "greet": 0.64, "smalltalk": 0.07, "abilities": 0.12, "gibberish": 0.07, "thanks": 0.06, "abuse": 0.04,
}  # fmt: skip
LAST_TALK = {"bye": 0.45, "thanks": 0.42, "smalltalk": 0.03, "abuse": 0.05, "wait": 0.05}
TALK = {
    "thanks": 0.38, "smalltalk": 0.14, "abilities": 0.12, "wait": 0.14, "abuse": 0.12, "gibberish": 0.1,
}  # fmt: skip
THANKS_FOR_NOTHING = 0.12  # weight of thanks at most, where nothing has been shown

# Of small talk while the last result tells of products: a question that the row of one of them answers.
OF_A_ROW = 0.3
ASKED_OF_A_ROW = {"price": 0.3, "material": 0.25, "rating": 0.15, "size": 0.15, "colour": 0.1, "brand": 0.1}
FACET_OF_A_ROW = 0.4  # of each facet that the call named
