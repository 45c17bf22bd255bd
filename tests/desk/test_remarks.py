"""What is remarked on is a code with a value: records show it, templates say it."""

from __future__ import annotations

from mailbot.desk.remarks import CODES, HoldCode, RefusalCode, Remark


def test_no_code_stands_twice_because_all_share_one_catalogue() -> None:
    assert len({code.value for code in CODES}) == len(CODES)


def test_records_show_the_code_with_its_value() -> None:
    assert str(Remark(RefusalCode.WRONG_STATE, "closed")) == "wrong_state: closed"
    assert str(Remark(HoldCode.NO_TEXT)) == "no_text"
