# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The order of waves: their ids, what each comes after, circles, and the stages in which they run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Iterator, Mapping, Sequence

from .problems import KeyPath


@dataclass(frozen=True)
class Place:
    """A wave of the plan: where it is written, and what it is part of."""

    path: KeyPath
    application: Mapping[str, Any]
    wave: Mapping[str, Any]

    @property
    def id(self) -> str:
        return f"{self.application['name']}/{self.wave['name']}"


def places(plan: Mapping[str, Any]) -> list[Place]:
    """All waves in the order of the plan."""
    return [
        Place(("applications", outer, "waves", inner), application, wave)
        for outer, application in enumerate(plan["applications"])
        for inner, wave in enumerate(application["waves"])
    ]


def predecessors(place: Place) -> list[str]:
    """The ids of the waves that come first; the wave before it in its application, unless it says otherwise."""
    after: Sequence[str] | None = place.wave["after"]
    if after is not None:
        return list(dict.fromkeys(name if "/" in name else f"{place.application['name']}/{name}" for name in after))
    number = place.path[-1]
    if not isinstance(number, int) or number == 0:
        return []
    return [f"{place.application['name']}/{place.application['waves'][number - 1]['name']}"]


def circle(after: Mapping[str, Sequence[str]]) -> list[str] | None:
    """The first circle, from a wave back to itself; None where there is none. Names that are none of the keys are passed over."""
    done: set[str] = set()
    for start in after:
        # Depth first, without recursion: a plan may have a thousand waves in a row.
        chain: list[str] = [start]
        open_ways: list[Iterator[str]] = [iter(after[start])]
        while chain and start not in done:
            following = next((name for name in open_ways[-1] if name in after and name not in done), None)
            if following is None:
                done.add(chain.pop())
                open_ways.pop()
            elif following in chain:
                return [*chain[chain.index(following) :], following]
            else:
                chain.append(following)
                open_ways.append(iter(after[following]))
    return None


def stages(after: Mapping[str, Sequence[str]]) -> dict[str, int]:
    """The stage of each wave, from 1: one more than the latest of those before it. There must be no circle."""
    found: dict[str, int] = {}
    waiting = dict(after)
    while waiting:
        ready = {name: before for name, before in waiting.items() if all(one in found for one in before)}
        for name, before in ready.items():
            found[name] = 1 + max((found[one] for one in before), default=0)
            del waiting[name]
    return {name: found[name] for name in after}
