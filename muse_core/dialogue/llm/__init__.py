"""An optional language model that rewords simulated shoppers: what is asked, and what is accepted."""
