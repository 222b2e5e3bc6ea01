"""Checks of this repository's own suites: written like any user's, as functions."""

from lockgate import check


@check
def short_reason(case, completion):
    """The reason of a triaged ticket fits on one line of the desk's list: at most twelve words."""
    try:
        reason = completion.json()["reason"]
    except (ValueError, KeyError, TypeError):
        return False
    return isinstance(reason, str) and 1 <= len(reason.split()) <= 12 and "\n" not in reason
