"""A client reads what they were told in the app."""

from __future__ import annotations

from shared.domain.caller import Caller
from shared.domain.errors import NotFound
from shared.domain.notices import Notice
from shared.usecases.ports import NoticePage, NoticeStore

LONGEST_ID = 100
"""In characters: none of ours is longer, and the store takes no key of any length."""


def my_notices(store: NoticeStore, *, caller: Caller, cursor: str | None, limit: int) -> NoticePage:
    return store.notices_of(caller.client_id, cursor, limit)


def read_notice(store: NoticeStore, *, caller: Caller, notice_id: str) -> Notice:
    """Raises ``NotFound``."""
    notice = store.read_notice(caller.client_id, notice_id) if len(notice_id) <= LONGEST_ID else None
    if notice is None:
        raise NotFound("There is no such notification.")
    return notice
