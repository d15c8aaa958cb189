# Copyright (c) 2026, Lifeboat Azure DR contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Time zones of backup policies: Azure takes the names of Windows and nothing else; people often know those of IANA."""

from __future__ import annotations

import difflib
import re

from .._arm.errors import OptionError

_WINDOWS = """
Afghanistan|Alaskan|Aleutian|Altai|Arab|Arabian|Arabic|Argentina|Astrakhan|Atlantic|AUS Central|Aus Central W.|AUS Eastern|Azerbaijan|Azores|Bahia
Bangladesh|Belarus|Bougainville|Canada Central|Cape Verde|Caucasus|Cen. Australia|Central America|Central Asia|Central Brazilian|Central Europe
Central European|Central Pacific|Central|Chatham Islands|China|Cuba|Dateline|E. Africa|E. Australia|E. Europe|E. South America|Easter Island|Eastern
Egypt|Ekaterinburg|Fiji|FLE|Georgian|GMT|Greenland|Greenwich|GTB|Haiti|Hawaiian|India|Iran|Israel|Jordan|Kaliningrad|Kamchatka|Korea|Libya
Line Islands|Lord Howe|Magadan|Magallanes|Marquesas|Mauritius|Mid-Atlantic|Middle East|Montevideo|Morocco|Mountain|Myanmar|N. Central Asia|Namibia
Nepal|New Zealand|Newfoundland|Norfolk|North Asia East|North Asia|North Korea|Omsk|Pacific|Pacific SA|Pakistan|Paraguay|Qyzylorda|Romance|Russian
Russia Time Zone 3|Russia Time Zone 10|Russia Time Zone 11|SA Eastern|SA Pacific|SA Western|Saint Pierre|Sakhalin|Samoa|Sao Tome|Saratov|SE Asia
Singapore|South Africa|South Sudan|Sri Lanka|Sudan|Syria|Taipei|Tasmania|Tocantins|Tokyo|Tomsk|Tonga|Transbaikal|Turkey|Turks And Caicos|Ulaanbaatar
US Eastern|US Mountain|Venezuela|Vladivostok|Volgograd|W. Australia|W. Central Africa|W. Europe|W. Mongolia|West Asia|West Bank|West Pacific|Yakutsk
Yukon
"""
_WITHOUT_SUFFIX = ("Russia Time Zone 3", "Russia Time Zone 10", "Russia Time Zone 11")
_MEXICO = ("Central Standard Time (Mexico)", "Eastern Standard Time (Mexico)", "Mountain Standard Time (Mexico)", "Pacific Standard Time (Mexico)")
_OFFSETS = ("UTC", "UTC-11", "UTC-09", "UTC-08", "UTC-02", "UTC+12", "UTC+13")

WINDOWS_ZONES = frozenset(
    [zone if zone in _WITHOUT_SUFFIX else f"{zone} Standard Time" for zone in _WINDOWS.replace("\n", "|").strip("|").split("|")]
) | {*_MEXICO, *_OFFSETS}
"""The names that Windows knows."""

_IANA = {
    "UTC": "Etc/UTC Etc/GMT UCT Zulu Universal GMT Etc/UCT Etc/Universal Etc/Zulu",
    "GMT Standard Time": "Europe/London Europe/Dublin Europe/Lisbon GB WET",
    "Greenwich Standard Time": "Atlantic/Reykjavik Africa/Abidjan Africa/Accra Africa/Dakar",
    "W. Europe Standard Time": (
        "Europe/Berlin Europe/Amsterdam Europe/Vienna Europe/Zurich Europe/Rome Europe/Stockholm Europe/Oslo Europe/Luxembourg Europe/Monaco"
        " Europe/Vaduz Europe/Malta CET MET"
    ),
    "Romance Standard Time": "Europe/Paris Europe/Madrid Europe/Brussels Europe/Copenhagen",
    "Central Europe Standard Time": "Europe/Prague Europe/Budapest Europe/Belgrade Europe/Bratislava Europe/Ljubljana Europe/Tirane",
    "Central European Standard Time": "Europe/Warsaw Europe/Zagreb Europe/Sarajevo Europe/Skopje",
    "FLE Standard Time": "Europe/Helsinki Europe/Kiev Europe/Kyiv Europe/Riga Europe/Sofia Europe/Tallinn Europe/Vilnius",
    "GTB Standard Time": "Europe/Athens Europe/Bucharest Asia/Nicosia EET",
    "E. Europe Standard Time": "Europe/Chisinau",
    "Turkey Standard Time": "Europe/Istanbul",
    "Russian Standard Time": "Europe/Moscow",
    "Belarus Standard Time": "Europe/Minsk",
    "Egypt Standard Time": "Africa/Cairo",
    "South Africa Standard Time": "Africa/Johannesburg Africa/Harare Africa/Lusaka Africa/Maputo",
    "W. Central Africa Standard Time": "Africa/Lagos Africa/Algiers Africa/Tunis Africa/Luanda Africa/Kinshasa",
    "E. Africa Standard Time": "Africa/Nairobi Africa/Addis_Ababa Africa/Kampala Africa/Dar_es_Salaam",
    "Morocco Standard Time": "Africa/Casablanca",
    "Israel Standard Time": "Asia/Jerusalem Asia/Tel_Aviv",
    "Jordan Standard Time": "Asia/Amman",
    "Middle East Standard Time": "Asia/Beirut",
    "Arab Standard Time": "Asia/Riyadh Asia/Kuwait Asia/Qatar Asia/Bahrain",
    "Arabian Standard Time": "Asia/Dubai Asia/Muscat",
    "Arabic Standard Time": "Asia/Baghdad",
    "Iran Standard Time": "Asia/Tehran",
    "Pakistan Standard Time": "Asia/Karachi",
    "West Asia Standard Time": "Asia/Tashkent",
    "India Standard Time": "Asia/Kolkata Asia/Calcutta",
    "Sri Lanka Standard Time": "Asia/Colombo",
    "Nepal Standard Time": "Asia/Kathmandu",
    "Bangladesh Standard Time": "Asia/Dhaka",
    "SE Asia Standard Time": "Asia/Bangkok Asia/Jakarta Asia/Ho_Chi_Minh Asia/Saigon",
    "China Standard Time": "Asia/Shanghai Asia/Hong_Kong Asia/Macau PRC",
    "Taipei Standard Time": "Asia/Taipei",
    "Singapore Standard Time": "Asia/Singapore Asia/Kuala_Lumpur Asia/Manila",
    "Korea Standard Time": "Asia/Seoul",
    "Tokyo Standard Time": "Asia/Tokyo Japan",
    "W. Australia Standard Time": "Australia/Perth",
    "AUS Central Standard Time": "Australia/Darwin",
    "Cen. Australia Standard Time": "Australia/Adelaide",
    "E. Australia Standard Time": "Australia/Brisbane",
    "AUS Eastern Standard Time": "Australia/Sydney Australia/Melbourne Australia/Canberra",
    "Tasmania Standard Time": "Australia/Hobart",
    "New Zealand Standard Time": "Pacific/Auckland NZ",
    "Hawaiian Standard Time": "Pacific/Honolulu US/Hawaii HST",
    "Alaskan Standard Time": "America/Anchorage US/Alaska",
    "Pacific Standard Time": "America/Los_Angeles America/Vancouver US/Pacific PST8PDT",
    "US Mountain Standard Time": "America/Phoenix US/Arizona MST",
    "Mountain Standard Time": "America/Denver America/Edmonton America/Boise US/Mountain MST7MDT",
    "Central Standard Time": "America/Chicago America/Winnipeg US/Central CST6CDT",
    "Canada Central Standard Time": "America/Regina",
    "Central Standard Time (Mexico)": "America/Mexico_City",
    "Eastern Standard Time": "America/New_York America/Toronto America/Detroit US/Eastern EST5EDT",
    "US Eastern Standard Time": "America/Indianapolis America/Indiana/Indianapolis",
    "Atlantic Standard Time": "America/Halifax",
    "Newfoundland Standard Time": "America/St_Johns",
    "SA Pacific Standard Time": "America/Bogota America/Lima America/Panama EST",
    "SA Western Standard Time": "America/La_Paz America/Puerto_Rico",
    "Venezuela Standard Time": "America/Caracas",
    "Pacific SA Standard Time": "America/Santiago",
    "Argentina Standard Time": "America/Buenos_Aires America/Argentina/Buenos_Aires",
    "E. South America Standard Time": "America/Sao_Paulo Brazil/East",
    "Montevideo Standard Time": "America/Montevideo",
}
WINDOWS_OF_IANA = {name.lower(): zone for zone, names in _IANA.items() for name in names.split()}


def _stem(zone: str) -> str:
    """What tells zones apart: nearly all end alike."""
    return zone.lower().replace(" standard time", "")


_BY_LOWER_CASE = {zone.lower(): zone for zone in WINDOWS_ZONES}
_BY_STEM = {_stem(zone): zone for zone in WINDOWS_ZONES}
_SHAPE = re.compile(r"^(.{2,} standard time( \(.+\))?|utc[+-]\d\d)$", re.IGNORECASE)


def check_time_zone(text: str) -> str:
    """The zone as Windows spells it; raises OptionError, with the Windows name where it is known, for anything else.

    A name of the right shape that resembles none of the known ones is left to Azure: Windows gets new zones.
    """
    zone = text.strip()
    known = _BY_LOWER_CASE.get(zone.lower())
    if known:
        return known
    translated = WINDOWS_OF_IANA.get(zone.lower())
    if translated:
        raise OptionError("time_zone", f"Azure takes the names of Windows: write {translated!r} instead of {zone!r}")
    near = [_BY_STEM[stem] for stem in difflib.get_close_matches(_stem(zone), _BY_STEM, n=3, cutoff=0.8)]
    if near:
        raise OptionError("time_zone", f"{zone!r} is not a time zone of Windows; did you mean {' or '.join(map(repr, near))}?")
    if _SHAPE.match(zone):
        return zone
    raise OptionError(
        "time_zone",
        f"{zone!r} is not a time zone of Windows, such as 'UTC', 'W. Europe Standard Time' or 'Eastern Standard Time'; tzutil /l lists them",
    )
