"""Words that rules change in claims: those that exclude each other, opposites, and some that say the same."""

from __future__ import annotations

__all__ = ["COUNTS", "GROUPS", "OPPOSITES", "SYNONYMS"]

_OPPOSITES = """
increase/decrease increased/decreased increases/decreases increasing/decreasing rise/fall rose/fell
rising/falling more/less higher/lower high/low highest/lowest before/after above/below over/under up/down
early/late earlier/later best/worst better/worse good/bad large/small larger/smaller largest/smallest
big/little long/short longer/shorter old/new older/younger young/old strong/weak stronger/weaker
positive/negative with/without accept/reject accepted/rejected allow/forbid allowed/banned win/lose
won/lost winning/losing begin/end began/ended start/stop started/stopped open/closed opened/closed
buy/sell bought/sold gain/loss gained/lost support/oppose supported/opposed supports/opposes love/hate
loved/hated success/failure successful/unsuccessful able/unable possible/impossible likely/unlikely
safe/dangerous true/false right/wrong left/right inside/outside include/exclude includes/excludes
included/excluded male/female man/woman men/women he/she his/her boy/girl him/her public/private
major/minor common/rare easy/difficult hot/cold warm/cool fast/slow rich/poor happy/sad agree/disagree
agreed/refused agrees/refuses confirmed/denied confirm/deny improve/worsen improved/worsened
approve/reject approved/rejected alive/dead born/died arrived/left expensive/cheap free/paid
indoor/outdoor wide/narrow thick/thin empty/full entered/left remember/forget majority/minority
maximum/minimum north/south east/west import/export imports/exports teacher/student cause/prevent
causes/prevents caused/prevented significant/insignificant effective/ineffective legal/illegal
guilty/innocent married/divorced friend/enemy war/peace attack/defend same/different presence/absence
increase/reduce increases/reduces increased/reduced before/since only/also
"""
_SAME = """
also/additionally however/but approximately/about around/about began/started ended/finished help/assist
helps/assists large/big children/kids purchase/buy purchased/bought many/numerous shows/demonstrates
showed/demonstrated use/utilize uses/utilizes used/utilized however/though near/close because/since
says/states said/stated quickly/rapidly often/frequently get/obtain become/turn find/discover
found/discovered important/significant main/primary different/distinct area/region film/movie job/role
people/individuals made/created make/create show/reveal revealed/showed needs/requires need/require
several/multiple difficult/hard allows/lets include/contain includes/contains while/whereas
"""
_GROUPS = """
January February March April May June July August September October November December
Monday Tuesday Wednesday Thursday Friday Saturday Sunday
north south east west
northern southern eastern western
first second third fourth fifth last
morning afternoon evening night
million billion thousand hundred
hours days weeks months years minutes
hour day week month year minute
red blue green black white yellow
one two three four five six seven eight nine ten eleven twelve
mother father brother sister wife husband son daughter
all some most no few many
always never sometimes often rarely
must may can
American British French German Chinese Russian Spanish Italian Japanese
"""


def _both_ways(pairs: str) -> dict[str, str]:
    """Each word of a pair with the other; of several, the first."""
    found: dict[str, str] = {}
    for pair in pairs.split():
        one, other = pair.split("/")
        found.setdefault(one, other)
        found.setdefault(other, one)
    return found


OPPOSITES = _both_ways(_OPPOSITES)
"""A word and what would turn its claim around."""

SYNONYMS = _both_ways(_SAME)
"""A word and one that says the same."""

GROUPS = tuple(tuple(line.split()) for line in _GROUPS.strip().splitlines())
"""Words of which one stands where another could, and says something else."""

COUNTS = next(group for group in GROUPS if group[0] == "one")
"""One to twelve."""
