"""Who of the bank's customers gets what; the figures were checked by another model."""

PEOPLE = ["C1", "C2", "C3", "C4", "C5", "C6"]
HEROES = {
    "C1": "ACC50 25, SAHARA 18, NYC 18",
    "C2": "PLAT 30, HOMEINS 26, SNOW 21",
    "C3": "SNOW 21, NYC 18, SAHARA 18",
    "C4": "PLAT 30, ACC50 10, SAVE 8",
    "C5": "SAHARA 18, NYC 18, ROCKIES 15",
    "C6": "SAVE 8, PRESS 1, APP 0.5",
}
EMAILS = {
    "C1": "SAHARA 18, NYC 18",
    "C2": "SNOW 21, SAHARA 18",
    "C3": "SNOW 21, NYC 18",
    "C4": "PRESS 1",
    "C5": "SAHARA 18, NYC 18",
    "C6": "PRESS 1",
}
CALLS = {
    "C1": "ACC50 25, PRESS 1",
    "C2": "PLAT 40, HOMEINS 26",
    "C3": "HOMEINS 12, PRESS 1",
    "C4": "PLAT 40, ACC50 10",
    "C5": "PRESS 1, APP 0.5",
    "C6": "PRESS 1, APP 0.5",
}
SEASONS = [
    (
        "2026-06-25T10:00",
        ["SAHARA 18, NYC 18", "SAHARA 18, NYC 18", "NYC 18, SAHARA 18", "PRESS 1, APP 0.5",
         "SAHARA 18, NYC 18", "PRESS 1, APP 0.5"],
    ),
    (
        "2026-07-05T10:00",
        ["SAHARA 9, NYC 9", "SAHARA 9, NYC 9", "NYC 9, SAHARA 9", "PRESS 1, APP 0.5",
         "SAHARA 9, NYC 9", "PRESS 1, APP 0.5"],
    ),
    ("2026-10-02T10:00", ["PRESS 1, APP 0.5"] * 6),
]  # fmt: skip
