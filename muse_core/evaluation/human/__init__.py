"""Human evaluation: blinded pages for raters, and what their ratings say.

    make:    items.py (what is compared) -> study.py (who sees what, in which order) -> page.py
    import:  ratings_file.py (every problem, with its place) -> ratings_table.py (un-blinded rows)
             -> agreement.py (alpha), figures.py (means, wins, correlation)
             -> human_pairs.py -> preferences/people.py (training)

Test side: the last evaluation's models on the same cases; for figures only. Train side: the two turns
of a preference pair; these ratings may become training pairs. The key that says which model is A never
enters a page. Not covered: more than two answers per item, whole conversations with one model.
"""

CRITERIA = ("tool_appropriateness", "argument_quality", "fluency", "helpfulness")
