"""The steps of the chain around checks and fixes."""
