"""How a change can work out, and how an incident can end, as a person reads it."""

from functions.core.language import marked

VERDICTS = {
    "fixed": marked("fixed"),
    "not fixed": marked("not fixed"),
    "worse": marked("worse"),
    "unverifiable": marked("unverifiable"),
}
OUTCOMES = {
    "recovered": marked("recovered"),
    "rejected": marked("rejected, nothing was changed"),
    "expired": marked("nobody decided in time, nothing was changed"),
    "healthy": marked("well again by itself, nothing was changed"),
    "diagnosed": marked("diagnosed, nothing was asked or changed"),
    "manual": marked("handed to people, nothing was changed"),
    "limited": marked("beyond the service's limits, handed to people, nothing was changed"),
    "flapping": marked("repaired too often lately, handed to people, nothing was changed"),
    "locked": marked("another incident was changing the service, handed to people, nothing was changed"),
    "refused": marked("the change was refused at the last moment, handed to people"),
    "joined": marked("another incident is about the same cause, nothing was changed for this one"),
    "unclear": marked("handed to people without a certain cause, nothing was changed"),
    "changed": marked("handed to people, since the plan kept changing"),
    "unfinished": marked("a first change was made, the next one was not; handed to people"),
    "overdue": marked("what the change has set going takes too long, handed to people"),
    "not fixed": marked("not fixed, handed to people"),
    "worse": marked("worse than before, handed to people"),
    "not undone": marked("not fixed and not undone, handed to people"),
    "unverifiable": marked("cannot be verified, handed to people"),
    "failed": marked("the automation failed, handed to people"),
    "stopped": marked("the execution was stopped or died, handed to people"),
}
# Those that say themselves that nothing was changed, and those after which the service is known to be well.
UNCHANGED = {
    "rejected",
    "expired",
    "healthy",
    "diagnosed",
    "manual",
    "limited",
    "flapping",
    "locked",
    "joined",
    "unclear",
}
WELL = {"recovered", "healthy"}
