"""What an engagement asks for at a moment, and when that changes, case by case."""

from __future__ import annotations

import pytest

from chalicelib.routing.model import Category, QueueRules, Requirement, Waiting
from chalicelib.routing.widen import Need, Needs, requirements, step_at
from tests.routing.worlds import FRENCH, NOW, work

ENGLISH, WARRANTY = Requirement("english", 2), Requirement("warranty")
LANGUAGES, PRODUCTS = frozenset({"english", "french"}), frozenset({"warranty", "repairs"})
REPAIRS = (("repairs", 4),)


@pytest.mark.parametrize(("age", "step"), [(0, 0), (9, 0), (10, 1), (11, 1), (20, 2), (99, 2)])
def test_how_often_a_search_has_widened(age: int, step: int) -> None:
    assert step_at(QueueRules(steps=(10, 20)), age) == step


ASKED: list[tuple[str, tuple[Category, ...], tuple[Requirement, ...], list[tuple[Requirement, ...]]]] = [
    ("without a profile what is named", (), (ENGLISH, WARRANTY), [(ENGLISH, WARRANTY)] * 3),
    ("a line gives way at the first step", (Category(LANGUAGES),), (ENGLISH,), [(ENGLISH,), (), ()]),
    ("a required one never does", (Category(LANGUAGES, required=True),), (ENGLISH,), [(ENGLISH,)] * 3),
    (
        "the last line goes first, one line a step",
        (Category(LANGUAGES), Category(PRODUCTS)),
        (ENGLISH, WARRANTY),
        [(ENGLISH, WARRANTY), (ENGLISH,), ()],
    ),
    (
        "a required line keeps no step for itself",
        (Category(LANGUAGES), Category(PRODUCTS, required=True)),
        (ENGLISH, WARRANTY),
        [(ENGLISH, WARRANTY), (WARRANTY,), (WARRANTY,)],
    ),
    (
        "unless it has a backup to accept",
        (Category(LANGUAGES), Category(PRODUCTS, required=True, instead=REPAIRS)),
        (ENGLISH, WARRANTY),
        [
            (ENGLISH, WARRANTY),
            (ENGLISH, Requirement("warranty", 1, REPAIRS)),
            (Requirement("warranty", 1, REPAIRS),),
        ],
    ),
    (
        "first its backups do, then nothing is asked for",
        (Category(PRODUCTS, instead=REPAIRS),),
        (WARRANTY,),
        [(WARRANTY,), (Requirement("warranty", 1, REPAIRS),), ()],
    ),
    (
        "a line with a step of its own gives way there, and takes no other's",
        (Category(LANGUAGES), Category(PRODUCTS, gives_way=2)),
        (ENGLISH, WARRANTY),
        [(ENGLISH, WARRANTY), (WARRANTY,), ()],
    ),
    (
        "the higher of both proficiencies",
        (Category(LANGUAGES, minimum=3, required=True),),
        (ENGLISH, Requirement("french", 5)),
        [(Requirement("english", 3), Requirement("french", 5))] * 3,
    ),
    (
        "a default, where none of the category is named, at the line's proficiency",
        (Category(PRODUCTS, minimum=2, default="warranty"),),
        (ENGLISH,),
        [(ENGLISH, Requirement("warranty", 2)), (ENGLISH,), (ENGLISH,)],
    ),
    ("no default where one is named", (Category(PRODUCTS, default="repairs"),), (WARRANTY,), [(WARRANTY,), (), ()]),
    ("nothing of a category that nobody names", (Category(PRODUCTS),), (ENGLISH,), [(ENGLISH,)] * 3),
    (
        "what two lines ask for alike is asked for once",
        (Category(LANGUAGES, gives_way=1), Category(LANGUAGES, gives_way=2)),
        (ENGLISH,),
        [(ENGLISH,), (ENGLISH,), ()],
    ),
    (
        "the work's own backups come before the line's",
        (Category(PRODUCTS, required=True, instead=REPAIRS),),
        (Requirement("warranty", 1, (("english", 5),)),),
        [
            (Requirement("warranty", 1, (("english", 5),)),),
            (Requirement("warranty", 1, (("english", 5), *REPAIRS)),),
            (Requirement("warranty", 1, (("english", 5), *REPAIRS)),),
        ],
    ),
]


@pytest.mark.parametrize(("profile", "named", "asked"), [a[1:] for a in ASKED], ids=[a[0] for a in ASKED])
def test_what_is_asked_for_step_by_step(
    profile: tuple[Category, ...], named: tuple[Requirement, ...], asked: list[tuple[Requirement, ...]]
) -> None:
    assert [requirements(profile, named, step) for step in range(3)] == asked


PROFILE = QueueRules(profile=(Category(frozenset({"french"})),), steps=(50, 200), delays=(10, 150))
NEEDS: list[tuple[str, QueueRules, Waiting, Need]] = [
    ("in a usual queue", QueueRules(), work(skills=FRENCH), Need("billing", "work_item", FRENCH)),
    ("another queue's rules are not its own", PROFILE, work(queue_id="general"), Need("general", "work_item")),
    (
        "widened, and patient",
        PROFILE,
        work(skills=FRENCH, queued_at=NOW - 50),
        Need("billing", "work_item", patience=10),
    ),
    (
        "a step too early, and a delay",
        PROFILE,
        work(skills=FRENCH, queued_at=NOW - 9),
        Need("billing", "work_item", FRENCH),
    ),
    (
        "at the very moment of a delay",
        PROFILE,
        work(skills=FRENCH, queued_at=NOW - 10),
        Need("billing", "work_item", FRENCH, patience=10),
    ),
    ("after the last delay", PROFILE, work(queued_at=NOW - 151), Need("billing", "work_item", patience=150)),
    (
        "not to those who still cool down",
        QueueRules(),
        work(cooling=(("ana", NOW), ("ben", NOW + 1), ("cem", NOW + 9))),
        Need("billing", "work_item", not_to=("ben", "cem")),
    ),
    ("to one alone", QueueRules(), work(direct_to="ana"), Need("billing", "work_item", only="ana")),
    (
        "held for the preferred one",
        QueueRules(),
        work(preferred="ana", preferred_until=NOW + 1),
        Need("billing", "work_item", only="ana"),
    ),
    (
        "and he is asked first from then on",
        QueueRules(),
        work(preferred="ana", preferred_until=NOW),
        Need("billing", "work_item", prefer="ana"),
    ),
    (
        "who alone may have it goes before who is preferred",
        QueueRules(),
        work(direct_to="ana", preferred="ben", preferred_until=NOW + 1),
        Need("billing", "work_item", only="ana"),
    ),
]


@pytest.mark.parametrize(("rules", "waiting", "need"), [n[1:] for n in NEEDS], ids=[n[0] for n in NEEDS])
def test_the_need_at_a_moment(rules: QueueRules, waiting: Waiting, need: Need) -> None:
    needs = Needs({"billing": rules})
    assert [needs.of(waiting, NOW) for _ in range(2)] == [need] * 2, "what it remembers is the same"


def test_a_search_that_is_remembered_is_of_that_queue_those_skills_and_that_step_alone() -> None:
    strict = QueueRules(profile=(Category(frozenset({"french"}), minimum=4),), steps=(50,))
    needs = Needs({"billing": PROFILE, "general": strict})
    asked = [
        needs.of(work(skills=skills, queue_id=queue_id), now).skills
        for queue_id in ("billing", "general")
        for skills in (FRENCH, ())
        for now in (0, 50)
    ]
    assert asked == [FRENCH, (), (), (), (Requirement("french", 4),), (), (), ()]


def test_when_it_changes() -> None:
    needs = Needs({"billing": PROFILE})
    waiting = work(queued_at=100, cooling=(("ana", 130),), preferred="ben", preferred_until=120)
    moments = [110, 120, 130, 150, 250, 300]
    assert sorted(needs.changes(waiting)) == moments
    assert [needs.next_change(waiting, now) for now in (100, *moments)] == [*moments, None]
    assert needs.changes(work(queue_id="general")) == []
    assert needs.next_change(work(queue_id="general"), 0) is None


def test_the_least_that_it_will_ever_ask_for() -> None:
    waiting = work(skills=FRENCH, cooling=(("ana", 999),), preferred="ben", preferred_until=999)
    assert Needs({"billing": PROFILE}).relaxed(waiting) == Need("billing", "work_item", patience=150)
    assert Needs({}).relaxed(waiting) == Need("billing", "work_item", FRENCH)
    assert Needs({}).relaxed(work(direct_to="ana")) == Need("billing", "work_item", only="ana")
