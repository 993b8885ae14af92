from functions.core import catalogue
from statemachines import load, page


def test_the_catalogue_is_what_the_files_say() -> None:
    assert page.PAGE.read_text(encoding="utf-8") == page.page(), "run `make runbooks`"


def test_every_word_of_a_runbook_is_in_the_catalogue() -> None:
    text = page.page()
    for runbook in load.runbooks().values():
        words = [runbook.title, *runbook.symptoms, *(cause.title for cause in runbook.causes)]
        words += [f"`{use.check}`" for use in runbook.checks.values()]
        words += [
            word
            for use in runbook.fixes
            for word in (f"`{use.fix}`", str(catalogue.fixes()[use.fix].undo_effect or ""))
        ]
        words += [f"`{signal}`" for cause in runbook.causes for signal in cause.confirmed_by]
        assert [word for word in words if word not in text] == []
