"""One contract for the store, on the in-memory fake and on the real engine."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from local import engine
from shared.adapters.dynamodb import items, keys
from shared.adapters.dynamodb.effects import DynamoEffects
from shared.adapters.dynamodb.store import DynamoBookings
from shared.adapters.dynamodb.table import Found, Table
from shared.domain.appointment import Appointment, CalendarStatus
from shared.domain.diary import Settings
from shared.domain.effects import MAX_ATTEMPTS, Effect, EffectKind, EffectStatus, owed_for_booking
from shared.domain.errors import InvalidInput, PromoAlreadyUsed, PromoExhausted, SlotTaken
from shared.domain.promo import Promo
from shared.domain.schedule import LONGEST_BUFFER_MINUTES
from shared.domain.service import LONGEST_SESSION_MINUTES
from shared.domain.time import Interval
from shared.usecases.ports import AlreadyBooked, DiaryChanged
from tests.builders import NOW, START, appointment
from tests.fakes import FakeStore

WEEK = Interval(START - timedelta(days=3), START + timedelta(days=4))


class DynamoStore(DynamoBookings, DynamoEffects):
    """Both ports on one table, and the changes that the coach will make through the dashboard."""

    def __init__(self, table: Table) -> None:
        super().__init__(table)

    def change_settings(self, settings: Settings) -> None:
        changed = replace(settings, version=self.settings().version + 1)
        self._put(items.settings_record(changed))

    def change_promo(self, promo: Promo) -> None:
        self._put(items.promo_record(promo))

    def effect(self, subject_id: str, effect_id: str) -> Any:
        item = self.table.get("effect", keys.effect(subject_id, effect_id))
        assert item is not None
        return items.effect(items.load(item))

    def _put(self, record: items.Item) -> None:
        self.table.client.put_item(TableName=self.table.name, Item=items.dump(record))


Store = DynamoStore | FakeStore


@pytest.fixture(params=["fake", "dynamodb"])
def store(request: pytest.FixtureRequest) -> Iterator[Store]:
    if request.param == "fake":
        fake = FakeStore()
        fake.seed()
        yield fake
        return
    endpoint, name = request.getfixturevalue("dynamodb"), request.getfixturevalue("table_name")
    dynamo = DynamoStore(Table(engine.client("dynamodb", endpoint), name))
    dynamo.seed()
    yield dynamo


@pytest.fixture
def book(store: Store) -> Callable[[Appointment], Appointment]:
    def book(booking: Appointment) -> Appointment:
        relied_on = store.diary(WEEK)
        store.book_free(booking, "asked", relied_on, owed_for_booking(booking, NOW))
        return booking

    return book


def test_seeding_twice_changes_nothing(store: Store, book: Any) -> None:
    book(appointment())
    store.change_settings(
        replace(store.settings(), schedule=replace(store.settings().schedule, step_minutes=15))
    )
    before = (store.settings(), store.promo("WIMD25", "alex", NOW))
    store.seed()
    assert (store.settings(), store.promo("WIMD25", "alex", NOW)) == before
    assert store.settings().schedule.step_minutes == 15


def test_the_seeds_are_the_products(store: Store) -> None:
    settings = store.settings()
    assert {each.id: (each.duration_minutes, each.sessions) for each in settings.services.values()} == {
        "free": (30, 1),
        "single": (60, 1),
        "package": (60, 3),
    }
    assert [str(price) for price in settings.service("package").prices] == ["500.00", "500.00"]
    assert settings.schedule.timezone == "America/Toronto"
    promo = store.promo("WIMD25", "alex", NOW).promo
    assert promo is not None
    assert (promo.cap, promo.used) == (25, 0)


def test_a_booking_reads_back_as_it_was_made(store: Store, book: Any) -> None:
    made = book(
        appointment(
            backup_start=START + timedelta(days=1),
            answers={"Topic?": "Work\n& <b>life</b>"},
            manage_key=3,
        )
    )
    assert store.appointment(made.id) == made
    assert store.appointments([made.id, "f" * 32]) == [made]
    earlier = store.free_booking_facts(WEEK, "WIMD25", "alex", made.id, NOW).earlier
    assert earlier is not None
    assert (earlier.as_booked, earlier.fingerprint) == (made, "asked")
    assert store.appointment("f" * 32) is None


def test_a_booking_uses_the_code_up_once_and_claims_its_time(store: Store, book: Any) -> None:
    made = book(appointment("alex", buffer_before_minutes=10, buffer_after_minutes=15))
    reading = store.promo("WIMD25", "alex", NOW)
    assert reading.promo is not None
    assert (reading.promo.used, reading.used_by_client) == (1, True)
    assert not store.promo("WIMD25", "blake", NOW).used_by_client
    (claim,) = store.diary(WEEK).claims
    assert claim.interval == Interval(START - timedelta(minutes=10), START + timedelta(minutes=45))
    assert (claim.appointment_id, claim.client_id, claim.session_start) == (made.id, "alex", START)


@pytest.mark.parametrize("later", [-25, 0, 5, 25])
def test_an_overlapping_time_cannot_be_claimed_and_nothing_is_left_of_the_try(
    store: Store, book: Any, later: int
) -> None:
    book(appointment("alex"))
    with pytest.raises(SlotTaken):
        book(appointment("blake", later))
    reading = store.promo("WIMD25", "blake", NOW)
    assert reading.promo is not None
    assert (reading.promo.used, reading.used_by_client) == (1, False)
    assert len(store.diary(WEEK).claims) == 1
    assert store.appointments_of("blake", NOW, None, 10).items == ()


@pytest.mark.parametrize("later", [-30, 30])
def test_times_that_touch_do_not_overlap(store: Store, book: Any, later: int) -> None:
    book(appointment("alex"))
    book(appointment("blake", later))
    assert len(store.diary(WEEK).claims) == 2


def test_a_longer_session_and_a_shorter_one_collide_whichever_comes_first(store: Store, book: Any) -> None:
    book(appointment("alex", duration_minutes=60))
    with pytest.raises(SlotTaken):
        book(appointment("blake", 30))
    book(appointment("casey", 24 * 60 + 30))
    with pytest.raises(SlotTaken):
        book(appointment("drew", 24 * 60, duration_minutes=60))


def test_buffers_keep_others_away(store: Store, book: Any) -> None:
    book(appointment("alex", buffer_after_minutes=15))
    with pytest.raises(SlotTaken):
        book(appointment("blake", 40))
    book(appointment("casey", 45))


def test_a_hold_keeps_others_away_until_the_moment_it_runs_out(store: Store, book: Any) -> None:
    book(appointment("alex", hold_until=NOW))
    with pytest.raises(SlotTaken):
        book(appointment("blake"))
    a_second_later = NOW + timedelta(seconds=1)
    book(appointment("casey", created_at=a_second_later, updated_at=a_second_later))


def test_a_hold_does_not_keep_its_own_client_away(store: Store, book: Any) -> None:
    store.change_promo(Promo(code="OTHER", cap=1))
    book(appointment("alex", hold_until=NOW + timedelta(minutes=15)))
    (claim,) = store.diary(WEEK).claims
    assert not claim.binds("alex", NOW)
    assert claim.binds("blake", NOW)
    book(appointment("alex", promo_code="OTHER"))


def test_the_longest_claim_there_can_be_fits_one_transaction(store: Store, book: Any) -> None:
    settings = store.settings()
    store.change_settings(replace(settings, schedule=replace(settings.schedule, daily_limit=9)))
    book(
        appointment(
            duration_minutes=LONGEST_SESSION_MINUTES,
            buffer_before_minutes=LONGEST_BUFFER_MINUTES,
            buffer_after_minutes=LONGEST_BUFFER_MINUTES,
        )
    )
    assert len(store.diary(WEEK).claims) == 1


def test_one_client_uses_a_code_once(store: Store, book: Any) -> None:
    book(appointment("alex"))
    with pytest.raises(PromoAlreadyUsed):
        book(appointment("alex", 60))


def test_the_last_use_is_the_last(store: Store, book: Any) -> None:
    store.change_promo(Promo(code="WIMD25", cap=2))
    book(appointment("alex"))
    book(appointment("blake", 30))
    with pytest.raises(PromoExhausted):
        book(appointment("casey", 60))


def test_a_code_switched_off_after_the_check_is_refused(store: Store, book: Any) -> None:
    store.change_promo(Promo(code="WIMD25", cap=25, active=False))
    with pytest.raises(PromoExhausted):
        book(appointment())


def test_the_same_booking_again_is_recognised_before_anything_else(store: Store, book: Any) -> None:
    made = book(appointment())
    with pytest.raises(AlreadyBooked):
        book(made)
    reading = store.promo("WIMD25", "alex", NOW)
    assert reading.promo is not None
    assert reading.promo.used == 1


def test_a_decision_under_old_settings_is_refused(store: Store) -> None:
    relied_on = store.diary(WEEK)
    store.change_settings(relied_on.settings)
    booking = appointment()
    with pytest.raises(DiaryChanged):
        store.book_free(booking, "asked", relied_on, owed_for_booking(booking, NOW))
    assert store.appointment(booking.id) is None


def test_under_a_daily_limit_two_decisions_on_one_reading_cannot_both_stand(store: Store) -> None:
    settings = store.settings()
    store.change_settings(replace(settings, schedule=replace(settings.schedule, daily_limit=1)))
    relied_on = store.diary(WEEK)
    first, second = appointment("alex"), appointment("blake", 120)
    store.book_free(first, "asked", relied_on, owed_for_booking(first, NOW))
    with pytest.raises(DiaryChanged):
        store.book_free(second, "asked", relied_on, owed_for_booking(second, NOW))


def test_without_a_limit_others_bookings_do_not_disturb(store: Store) -> None:
    relied_on = store.diary(WEEK)
    first, second = appointment("alex"), appointment("blake", 120)
    store.book_free(first, "asked", relied_on, owed_for_booking(first, NOW))
    store.book_free(second, "asked", relied_on, owed_for_booking(second, NOW))
    assert len(store.diary(WEEK).claims) == 2


def test_a_diary_shows_the_claims_that_meet_its_span(store: Store, book: Any) -> None:
    store.change_promo(Promo(code="WIMD25", cap=100))
    for week in range(9):
        book(appointment(f"client{week}", week * 7 * 24 * 60))
    middle = Interval(START + timedelta(weeks=3), START + timedelta(weeks=5))
    starts = sorted(claim.session_start for claim in store.diary(middle).claims)
    assert starts == [START + timedelta(weeks=3), START + timedelta(weeks=4)]


def test_a_claim_reaching_over_the_week_is_seen_from_the_next(store: Store, book: Any) -> None:
    sunday_night = START.replace(month=11, day=29, hour=23, minute=45)
    book(appointment("alex", start=sunday_night, duration_minutes=60))
    monday = Interval(sunday_night.replace(day=30, hour=0, minute=0), sunday_night.replace(day=30, hour=6))
    assert len(store.diary(monday).claims) == 1


def test_misses_are_counted_for_each_client_and_forgotten_after_a_while(store: Store) -> None:
    for _ in range(3):
        store.count_miss("alex", NOW)
    assert store.promo("NOPE", "alex", NOW).misses == 3
    assert store.promo("NOPE", "blake", NOW).misses == 0
    assert store.promo("NOPE", "alex", NOW + timedelta(minutes=10)).misses == 0


def test_a_clients_list_has_the_next_session_first_and_the_past_after_it(store: Store, book: Any) -> None:
    store.change_promo(Promo(code="A", cap=9))
    made = {}
    for number, days in enumerate([-2, -1, 1, 2, 3]):
        store.change_promo(Promo(code=f"CODE{number}", cap=1))
        booking = appointment("alex", start=NOW + timedelta(days=days), promo_code=f"CODE{number}")
        made[days] = book(booking).id
    book(appointment("blake"))
    expected = [made[days] for days in (1, 2, 3, -1, -2)]
    listed_at_once = store.appointments_of("alex", NOW, None, 10).items
    assert [each.appointment.id for each in listed_at_once] == expected
    for size in (1, 2, 3, 4, 5):
        listed, cursor = [], None
        while True:
            page = store.appointments_of("alex", NOW, cursor, size)
            assert len(page.items) <= size
            listed += [each.appointment.id for each in page.items]
            cursor = page.next
            if cursor is None:
                break
        assert listed == expected, size


@pytest.mark.parametrize("cursor", ["x", "!!", "eA==", "ÿ", ""])
def test_a_made_up_cursor_is_refused(store: Store, cursor: str) -> None:
    with pytest.raises(InvalidInput):
        store.appointments_of("alex", NOW, cursor, 10)


def test_what_a_booking_owes_is_due_at_once_and_leased_to_one(store: Store, book: Any) -> None:
    made = book(appointment())
    due = store.due_effects(NOW)
    assert sorted(effect for _, effect in due) == [
        "calendar_event-0",
        "client_booked_mail-0",
        "coach_booked_mail-0",
    ]
    effect = store.lease_effect(made.id, "calendar_event-0", NOW)
    assert effect is not None
    assert effect.attempts == 1
    assert store.lease_effect(made.id, "calendar_event-0", NOW) is None
    assert len(store.due_effects(NOW)) == 2
    later = NOW + timedelta(minutes=2)
    assert store.lease_effect(made.id, "calendar_event-0", later) is not None


def test_a_finished_effect_is_owed_no_more(store: Store, book: Any) -> None:
    made = book(appointment())
    effect = store.lease_effect(made.id, "calendar_event-0", NOW)
    assert effect is not None
    store.finish_effect(effect, NOW, None)
    store.finish_effect(effect, NOW, None)
    assert store.effect(made.id, "calendar_event-0").status is EffectStatus.DONE
    assert store.lease_effect(made.id, "calendar_event-0", NOW + timedelta(days=1)) is None
    written = store.appointment(made.id)
    assert written is not None
    assert written.calendar_status is CalendarStatus.WRITTEN


def test_a_postponed_effect_waits_for_its_time(store: Store, book: Any) -> None:
    made = book(appointment())
    effect = store.lease_effect(made.id, "client_booked_mail-0", NOW)
    assert effect is not None
    later = NOW + timedelta(seconds=30)
    store.postpone_effect(effect, later, "Throttled")
    assert store.lease_effect(made.id, effect.id, NOW) is None
    assert (made.id, effect.id) in store.due_effects(later)
    assert store.effect(made.id, effect.id).last_error == "Throttled"
    assert store.lease_effect(made.id, effect.id, later) is not None


def test_whoever_lost_the_lease_can_no_longer_postpone_or_bury(store: Store, book: Any) -> None:
    made = book(appointment())
    slow = store.lease_effect(made.id, "client_booked_mail-0", NOW)
    quick = store.lease_effect(made.id, "client_booked_mail-0", NOW + timedelta(hours=1))
    assert slow is not None
    assert quick is not None
    store.bury_effect(slow, "late")
    store.postpone_effect(slow, NOW, "late")
    now = store.effect(made.id, slow.id)
    assert (now.status, now.due_at) == (EffectStatus.OWED, quick.due_at)


def test_the_services_own_word_ends_what_is_owed(store: Store, book: Any) -> None:
    made = book(appointment())
    store.lease_effect(made.id, "client_booked_mail-0", NOW)
    store.confirm_sent(made.id, "client_booked_mail-0", "ses-1", NOW)
    store.confirm_sent(made.id, "no_such-0", "ses-1", NOW)
    store.confirm_sent("f" * 32, "client_booked_mail-0", "ses-1", NOW)
    effect = store.effect(made.id, "client_booked_mail-0")
    assert (effect.status, effect.provider_id) == (EffectStatus.DONE, "ses-1")


def test_what_was_not_to_be_sent_is_owed_no_more_and_says_why(store: Store, book: Any) -> None:
    made = book(appointment(sms_consent_at=NOW))
    effect = store.lease_effect(made.id, "client_booked_sms-0", NOW)
    assert effect is not None
    later = NOW + timedelta(seconds=5)
    store.suppress_effect(effect, later, "texts are off")
    found = store.effect(made.id, effect.id)
    assert (found.status, found.last_error, found.done_at) == (
        EffectStatus.SUPPRESSED,
        "texts are off",
        later,
    )
    assert found.provider_id is None
    much_later = NOW + timedelta(days=1)
    assert (made.id, effect.id) not in store.due_effects(much_later)
    assert store.lease_effect(made.id, effect.id, much_later) is None


def test_whoever_lost_the_lease_suppresses_nothing(store: Store, book: Any) -> None:
    made = book(appointment())
    slow = store.lease_effect(made.id, "client_booked_mail-0", NOW)
    assert slow is not None
    store.lease_effect(made.id, slow.id, NOW + timedelta(hours=1))
    store.suppress_effect(slow, NOW, "late")
    assert store.effect(made.id, slow.id).status is EffectStatus.OWED


def test_the_services_own_word_beats_a_suppression(store: Store, book: Any) -> None:
    made = book(appointment())
    effect = store.lease_effect(made.id, "client_booked_mail-0", NOW)
    assert effect is not None
    store.suppress_effect(effect, NOW, "overtaken by later changes")
    store.confirm_sent(made.id, effect.id, "ses-1", NOW)
    found = store.effect(made.id, effect.id)
    assert (found.status, found.provider_id, found.last_error) == (EffectStatus.DONE, "ses-1", None)


def test_all_that_was_ever_owed_for_a_booking_is_read_back(store: Store, book: Any) -> None:
    made, other = book(appointment(sms_consent_at=NOW)), book(appointment("blake", 60))
    effect = store.lease_effect(made.id, "client_booked_sms-0", NOW + timedelta(minutes=1))
    assert effect is not None
    store.finish_effect(effect, NOW + timedelta(minutes=2), "SM1")
    found = {each.id: each for each in store.effects_of(made.id)}
    assert sorted(found) == [
        "calendar_event-0",
        "client_booked_mail-0",
        "client_booked_sms-0",
        "coach_booked_mail-0",
    ]
    sent = found["client_booked_sms-0"]
    assert (sent.status, sent.provider_id) == (EffectStatus.DONE, "SM1")
    assert (sent.owed_at, sent.done_at) == (NOW, NOW + timedelta(minutes=2))
    assert len(store.effects_of(other.id)) == 3
    assert store.effects_of("f" * 32) == []


def test_the_consent_is_kept_with_the_booking(store: Store, book: Any) -> None:
    when = NOW - timedelta(minutes=1)
    asked, not_asked = book(appointment(sms_consent_at=when)), book(appointment("blake", 60))
    read = {each.id: each.sms_consent_at for each in store.appointments([asked.id, not_asked.id])}
    assert read == {asked.id: when, not_asked.id: None}


def test_each_try_of_an_effect_is_counted_until_it_is_buried(store: Store, book: Any) -> None:
    made = book(appointment())
    now = NOW
    for tries in range(1, MAX_ATTEMPTS + 2):
        effect = store.lease_effect(made.id, "calendar_event-0", now)
        assert effect is not None
        assert effect.attempts == tries
        now += timedelta(hours=1)
    store.bury_effect(effect, "each try ended without a word")
    assert store.lease_effect(made.id, "calendar_event-0", now) is None
    assert store.effect(made.id, "calendar_event-0").status is EffectStatus.DEAD
    booking = store.appointment(made.id)
    assert booking is not None
    assert booking.calendar_status is CalendarStatus.FAILED


def reminder(subject_id: str, **changes: Any) -> Effect:
    fields: dict[str, Any] = {"sequence": 0, "owed_at": NOW, "due_at": NOW, "minutes_before": 60, **changes}
    return Effect(subject_id=subject_id, kind=EffectKind.CLIENT_REMINDER_MAIL, **fields)


def test_what_is_owed_a_second_time_stays_as_it_is(store: Store, book: Any) -> None:
    made = book(appointment())
    wanted = reminder(made.id)
    assert store.owe([wanted, reminder(made.id, minutes_before=1440)]) == 2
    assert store.effect(made.id, wanted.id) == wanted
    store.confirm_sent(made.id, wanted.id, "ses-1", NOW)
    later = NOW + timedelta(hours=1)
    assert store.owe([reminder(made.id, due_at=later), reminder(made.id, sequence=1, due_at=later)]) == 1
    assert store.effect(made.id, wanted.id).status is EffectStatus.DONE
    assert store.owe([]) == 0


class BlindTable(Table):
    """As if another had not written yet when it was read."""

    def get_all(self, operation: str, wanted: Iterable[keys.Key]) -> Found:
        return {}


def test_two_who_owe_the_same_at_once_owe_it_once(dynamodb: str, table_name: str) -> None:
    wanted, store = (
        reminder("a" * 32),
        DynamoEffects(BlindTable(engine.client("dynamodb", dynamodb), table_name)),
    )
    assert [store.owe([wanted]) for _ in range(3)] == [1, 0, 0]
    assert store.lease_effect(wanted.subject_id, wanted.id, NOW) is not None
    assert store.owe([wanted]) == 0
    assert store.lease_effect(wanted.subject_id, wanted.id, NOW) is None


@pytest.mark.parametrize("status", [EffectStatus.BOUNCED, EffectStatus.COMPLAINED])
@pytest.mark.parametrize("known", [False, True])
def test_a_mail_that_did_not_arrive_is_neither_owed_nor_done(
    store: Store, book: Any, status: EffectStatus, known: bool
) -> None:
    made = book(appointment())
    effect = store.lease_effect(made.id, "client_booked_mail-0", NOW)
    assert effect is not None
    if known:
        store.finish_effect(effect, NOW, "ses-1")
    assert store.note_undelivered(made.id, effect.id, "ses-1", status, "Permanent General")
    store.finish_effect(effect, NOW, "ses-1")
    store.confirm_sent(made.id, effect.id, "ses-1", NOW)
    found = store.effect(made.id, effect.id)
    assert (found.status, found.provider_id, found.last_error) == (status, "ses-1", "Permanent General")
    much_later = NOW + timedelta(days=1)
    assert (made.id, effect.id) not in store.due_effects(much_later)
    assert store.lease_effect(made.id, effect.id, much_later) is None


def test_news_of_an_unknown_mail_change_nothing(store: Store) -> None:
    assert not store.note_undelivered("f" * 32, "client_booked_mail-0", "x", EffectStatus.BOUNCED, "x")
    assert store.due_effects(NOW) == []
