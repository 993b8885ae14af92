"""Why saved answers of AWS say nothing about what was asked: each is one line that a person reads."""


class NotUsable(Exception):
    """What was asked is unknown, as far as the saved answers go."""


class NotSaved(NotUsable):
    """The answer was not saved."""


class NotReadable(NotUsable):
    """A file is not what AWS has answered, whole and as JSON."""


class NotTold(NotUsable):
    """The answer was saved without what is needed, as its --query left that out."""


class NotReading(NotUsable):
    """It is no question, but would change something."""
