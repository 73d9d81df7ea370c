"""How often shoppers ask in these ways.

Of complete requests in a shop with facets about a third name one. Of 287 requests that people wrote 60 need
what the shop alone tells, 8 exclude something and 7 want one like another.
"""

from __future__ import annotations

FACET, SECOND_FACET = 0.34, 0.2  # of requests for a product that has facets; of these, a second one
SUGGESTED_BY_FACET = 0.15  # of suggestions of a kind of product: "suggest a laptop with 16 gb memory"
NARROWED_BY_FACET = 2.2  # weight beside the limits of our own fields, whose weights are about 6 together
EXCLUDED = 0.06  # of requests and of refinements, where there is something that it is not
TWO_EXCLUDED = 0.15  # of these: "not red or black"
EITHER = 0.035  # of requests with a colour, a brand or a choice: "red or maroon"
LIKE = 0.5  # of recommendations while results are on the screen: "like the second"
CHANGED_LIKE = 0.65  # of these say how it is to differ
LEVEL = 0.45  # of cheap, premium and well rated are said so, the others as an order or a number
LACKED = 0.25  # of yes/no facets that the target lacks: "without touchscreen"
COMPARED_BY_FACET = 0.3  # of comparisons of products that have one in common
