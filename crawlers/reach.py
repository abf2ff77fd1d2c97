"""How many are members of a place, where an address of its own tells.

The rule to know: that is asked for once a day, since another number changes the figures of every post that is met again. One that was
told holds until another is, or the place tells that it has none; an address that can't be had costs the run nothing but its request.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

from crawlers.interface import Ended
from crawlers.post import MOST
from crawlers.source import CollectError
from crawlers.trouble import Trouble


async def members_of_today(known: dict[str, Any], asking: Callable[[], Awaitable[int | None]], vain: Callable[[str], None]) -> int | None:
    """The members of a place. `known` is what the cursor keeps of them: the `day` of the last question, and how `many` were told.

    `vain` is told why nothing could be had. Raises Ended.
    """
    if known.get("day") != (today := datetime.now(UTC).date().isoformat()):
        known["day"] = today
        try:
            counted = await asking()
        except Ended:
            raise
        except (Trouble, CollectError) as wrong:
            vain(f"{wrong}; the members of the place stay what was known of them")
        else:
            known.pop("many", None)
            known |= {"many": counted} if counted is not None and 0 < counted <= MOST else {}
    return known.get("many")
