"""`manage.py up` from outside; `make proofs` does it in many more ways."""

import pytest

from proofs.installation import Installation


@pytest.fixture
def here(tmp_path):
    installation = Installation(
        tmp_path / "one data directory, with a name that is long and strange"
    )
    yield installation
    installation.destroy()


@pytest.mark.slow
def test_up_becomes_ready_refuses_a_second_and_leaves_nothing(here):
    here.start("--workers", "1")

    assert here.is_ready()
    assert f"Overture already runs on {here.data} (process {here.up.pid}" in here.refusal()
    assert f"Overture is ready: http://localhost:{here.port}\n" in here.log.read_text()
    assert here.stop() < 15
    assert here.processes() == []
