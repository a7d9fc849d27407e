"""The served bot under load, small and bounded: the rows of `benchmarks/load.py` that every change must keep.

Times depend on who else uses the machine, so their bounds are wide here and the figures are printed; what
must never happen (an error, a cut answer, a leak) is asserted as it stands.
"""

import shutil
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "benchmarks"))

import load  # noqa: E402 - the rows belong to the benchmarks
import visitors  # noqa: E402
from served import UNLIMITED, serving  # noqa: E402

BUSY = 8.0  # times a limit that a machine with other work may take

pytestmark = pytest.mark.skipif(
    not visitors.has_addresses(), reason="visitors need the addresses of 127.0.0.0/8, as Linux has them"
)


@pytest.fixture(scope="module")
def store(report_store: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store that servers may write beside: counts and registry."""
    return Path(shutil.copytree(report_store, tmp_path_factory.mktemp("load") / "store"))


def figures(found: load.Found) -> dict[str, float]:
    """The values by name, printed as the command prints them."""
    for measure in found.measures:
        sys.stdout.write(load.line(measure) + "\n")
    sys.stdout.write(f"{found.more}\n")
    return {measure.name.partition(" ")[2]: measure.value for measure in found.measures}


def test_fifty_conversations_for_a_minute_meet_no_error_and_a_stop_under_load_cuts_none(store: Path) -> None:
    with serving(store, UNLIMITED) as server:
        check_conversations(load.conversations(server, 60.0))
        check_restart(load.restart(server, store, 2.0))


def check_conversations(found: load.Found) -> None:
    told = figures(found)
    assert found.more["faults"] == {}
    assert told["questions answered"] >= 100
    assert told["first byte, p95"] <= 1.0 * BUSY
    assert told["first byte, p99"] <= 2.0 * BUSY
    assert told["server memory, growth at most"] <= load.GROWTH


def check_restart(found: load.Found) -> None:
    told = figures(found)
    assert found.more["cut"] == {}
    assert told["answers running at SIGTERM"] > 0
    assert told["questions taken after that"] == 0
    assert told["process ended after"] <= load.STOPPED
    assert told["exit code"] == 0
    assert told["ready again after"] <= load.AGAIN
    assert told["/readyz before that other than 503"] == 0
    assert told["first question not answered"] == 0


def test_of_two_hundred_questions_at_once_each_is_answered_or_told_when_to_come_again(store: Path) -> None:
    with serving(store, load.FOR_ALL) as server:
        found = load.storm(server, 6.0, settled=2.0)
    told = figures(found)
    assert found.more["faults"] == {}
    assert set(found.more["statuses"]) <= {"200", "429", "503"}
    assert told["questions answered"] > 0
    assert told["refused: 429 or 503, and when to come again"] > 0
    assert told["refusal told after, at most"] <= 1.0 * BUSY
    assert told["last refusal of a new visitor after the storm"] <= 10.0
    assert told["server memory, growth at most"] <= load.GROWTH


def test_thirty_visitors_who_leave_in_the_middle_leave_no_call_of_the_model_and_no_slot_taken(
    store: Path,
) -> None:
    told = figures(load.aborts(store))
    assert told["visitors who left in the middle"] == 30
    assert told["calls of the model that stayed open"] == 0
    assert told["call of the model closed after, at most"] <= load.CLOSED
    assert told["every slot free after"] <= load.CLOSED
    assert told[f"of {load.CALLS} questions at once afterwards, not by the model"] == 0
