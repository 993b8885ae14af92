"""The message catalogues in functions/locales: collected from what says them, merged, compiled."""
