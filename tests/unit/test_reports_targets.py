"""Where reports go, read off an option's values."""

from pathlib import Path

import pytest

from lockgate.errors import UsageError
from lockgate.reports.targets import Targets, read_targets


@pytest.mark.parametrize(
    ("written", "folder", "github"),
    [
        ([], None, False),
        (["report"], "report", False),
        (["github"], None, True),
        (["report,github"], "report", True),
        (["github", "out/report"], "out/report", True),
        (["report", "report", " , "], "report", False),
        (["./github"], "./github", False),
    ],
)
def test_values_name_a_folder_and_github(written, folder, github):
    """Repeated or with commas between; a folder called github is written with its dot."""
    expected = Targets(folder=None if folder is None else Path(folder), github=github)
    assert read_targets(written, option="--x") == expected


def test_two_folders_are_one_too_many():
    """Both are named."""
    with pytest.raises(UsageError, match="one folder takes the reports, not a and b"):
        read_targets(["a,b"], option="--x")
