"""Measures the product on the sandbox, beside what it is compared with: `make bench`."""
