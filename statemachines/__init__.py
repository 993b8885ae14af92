"""Runbooks and services as files, and the chain compiled from them."""
