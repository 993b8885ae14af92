"""`python -m messages`: collects every message and merges it into every language."""

from messages import files
from messages.collect import collected

files.update(collected())
for language in files.languages():
    for message in files.untranslated(files.read(language)):
        print(f"{language}: not translated yet: {message.id}")
