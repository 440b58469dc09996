"""Imports at once: the same file twice and one that overlaps it, the workers killed on the way."""

from collections.abc import Callable

from proofs.imports import ROWS, Imports, Memory, People, kill_at, settings
from proofs.installation import Installation, must

SECONDS = 1800


def prove(make: Callable[[str], Installation]) -> str:
    here = make("together")
    whole, half = People(ROWS // 4), People(ROWS // 8)
    here.settings = settings(whole)
    here.start("--workers", "3")
    imports, memory = Imports(here, whole), Memory(here)
    path, other = here.data.with_suffix(".csv"), here.data.with_suffix(".half.csv")
    whole.write(path)
    half.write(other)

    with here.paced(whole.table) as step:  # they begin together
        jobs = [
            imports.send(path, whole),
            imports.send(path, whole),
            imports.send(other, half, operation="upsert"),
        ]
        kill_at(imports, memory, jobs[0], whole.count // 5, step=step, all_of_them=False)
        kill_at(imports, memory, jobs[1], whole.count // 2, step=step, all_of_them=True)
    said = imports.wait(jobs, memory, SECONDS)

    for each, people in zip(said, (whole, whole, half), strict=True):
        must(each["read"] == people.count, f"not all was read: {each}")
    inserted = [each["inserted"] for each in said]
    must(sum(inserted) == whole.count, f"inserted: {said}")
    for each in said[:2]:
        must(each["inserted"] + each["rejected"] == each["read"], f"a row is missing: {each}")
        must(set(each["codes"]) <= {"duplicate_in_db"}, f"refused otherwise: {each}")
    upserted = said[2]
    must(upserted["rejected"] == upserted["updated"] == 0, f"upserted otherwise: {upserted}")
    imports.must_hold(whole)
    here.stop()
    return f"{whole.count:,} rows, inserted by {' + '.join(f'{n:,}' for n in inserted)}"
