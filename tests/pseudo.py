"""A language that shows what escapes translation: there, every message reads as its name in ⟦marks⟧."""

import re
from gettext import NullTranslations

from babel.messages.pofile import read_po

from messages import files

MARKS = re.compile("[⟦⟧]")


class Pseudo(NullTranslations):
    """Marks every message of the catalogues; what is in none stays as it is."""

    def __init__(self) -> None:
        super().__init__()
        with files.TEMPLATE.open("rb") as file:
            self.known = {form for message in read_po(file) for form in files.forms(message.id) if form}

    def gettext(self, message: str) -> str:
        """Mark a message."""
        return f"⟦{message}⟧" if message in self.known else message

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        """Mark the form for so many, as English tells them apart."""
        return self.gettext(msgid1 if n == 1 else msgid2)


def escaped(text: str) -> str:
    """Return what is outside of all marks: data, or what was never translated."""
    depth, outside = 0, []
    for letter in text:
        depth += letter == "⟦"
        if depth == 0:
            outside.append(letter)
        depth -= letter == "⟧"
    return "".join(outside).strip()


def plain(text: str) -> str:
    """Return a text without marks, which is English."""
    return MARKS.sub("", text)


def english(text: str) -> str:
    """Return a text without marks, of which nothing may have escaped translation."""
    assert not any(map(str.isalpha, escaped(text))), (
        f"{text!r} has words that no catalogue has; say() them, and run: make messages"
    )
    return plain(text)
