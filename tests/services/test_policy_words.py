"""What the utility's own policy calls its codes: kept with it, shown in both languages, understood by filters."""

from __future__ import annotations

from contextlib import closing
from datetime import timedelta

import pytest
from office import START, after, case_of, done, furnish, received
from sqlalchemy import text, update

from console.i18n import choose_language
from console.labels import label
from console.models import Department
from console.models.base import table_of
from console.rules.filters import FilterError, parse
from console.rules.policies import load_pack
from console.services.policies import BEGINNING, DEFAULT_PACK, adopt
from console.services.policy_words import known_words, take_words, zone_of_policy
from console.services.queues import count
from console.storage.engine import Store, open_store
from console.storage.schema import upgrade
from console.words import called, codes_called, words_for
from console.zone import zone_name

DEPARTMENTS = table_of(Department)
INSPECTED = """
[[states]]
name = "inspected"
label = { en = "Site inspected", zh = "已现场核查" }
phase = "open"

[[transitions]]
verb = "arrive"
from = ["received"]
to = "inspected"
who = ["agent:any"]

[[transitions]]
verb = "reply"
from = ["inspected"]
to = "replied"
required = ["reply", "outcome"]
who = ["agent:any"]

[severity]
"""
PACK = load_pack(DEFAULT_PACK)
HOUSE = PACK.replace("[severity]\n", INSPECTED.lstrip(), 1)
BEFORE_WORDS = "0010"


def furnished(store: Store) -> None:
    furnish(store)
    assert HOUSE != PACK
    with store.writing("root") as work:
        adopt(work, HOUSE, name="house", valid_from=START)
    take_words(store)


def counted(store: Store, filter_text: str) -> int:
    return count(store, filter_text, now=START)


def test_a_state_of_the_utilitys_own_is_shown_and_filtered_by_its_own_words(store: Store) -> None:
    furnished(store)
    case = received(store)
    done(store, "arrive", case, "an", START)
    assert case_of(store, case)["state"] == "inspected"
    assert label("inspected", "state") == "Site inspected"
    assert label("received", "state") == "Received"
    for written in ("state:inspected", 'state:"site inspected"', "状态:已现场核查"):
        assert str(parse(written)) == "state:inspected"
        assert counted(store, written) == 1
    with pytest.raises(FilterError, match="no value inspectd") as refused:
        parse("state:inspectd")
    assert refused.value.hint == "Did you mean inspected?"
    choose_language("zh_CN")
    assert label("inspected", "state") == "已现场核查"


def test_categories_and_departments_go_by_their_chinese_names_too(store: Store) -> None:
    furnished(store)
    received(store)
    assert label("billing / wrong", "category") == "billing / wrong"
    choose_language("zh_CN")
    assert label("billing / wrong", "category") == "账单 / 账单错误"
    assert label("billing / made up", "category") == "账单 / made up"
    assert label("Marketing and metering", "department") == label("marketing", "department") == "营销部"
    found = ("category:账单错误", 'category:"账单 / 账单错误"', "类别:账单/账单错误", "类别:账单", "category:billing")
    assert [counted(store, text) for text in found] == [1] * len(found)
    assert counted(store, "类别:停送电") == 0
    assert codes_called("category", "抄表") == ["business / metering"]
    assert counted(store, "部门:客户服务中心") == counted(store, "team:customer-service")


def test_a_department_that_was_renamed_goes_by_its_new_name_alone(store: Store) -> None:
    furnished(store)
    with store.writing("root") as work:
        work.connection.execute(
            update(DEPARTMENTS).where(DEPARTMENTS.c.code == "marketing").values(name="Sales and meters")
        )
        work.record("test", "department", "marketing")
    take_words(store)
    choose_language("zh_CN")
    assert label("Sales and meters", "department") == "Sales and meters"
    assert called("department", "Marketing and metering") is None


def test_a_later_policy_brings_its_words_and_leaves_those_of_older_states(store: Store) -> None:
    furnished(store)
    with store.writing("root") as work:
        adopt(work, PACK.replace('zh = "已审核"', 'zh = "审核完毕"'), name="later", valid_from=START)
    take_words(store)
    assert words_for("state")["reviewed"].text_zh == "审核完毕"
    assert words_for("state")["inspected"].text == "Site inspected"


def test_times_are_told_in_the_zone_of_the_policy_in_force_unless_another_is_named(store: Store) -> None:
    take_words(store)
    assert zone_name() == ""
    furnished(store)
    assert zone_name() == "Asia/Shanghai"
    with store.reading() as connection:
        assert zone_of_policy(connection, BEGINNING - timedelta(days=1)) == "Asia/Shanghai"
    with store.writing("root") as work:
        adopt(
            work, PACK.replace('zone = "Asia/Shanghai"', 'zone = "Asia/Urumqi"'), name="later", valid_from=after(days=1)
        )
    with store.reading() as connection:
        assert zone_of_policy(connection, after(days=2)) == "Asia/Urumqi"
        assert zone_of_policy(connection, after(hours=1)) == "Asia/Shanghai"
    take_words(store, "Europe/London")
    assert zone_name() == "Europe/London"


def test_the_words_of_policies_applied_before_there_were_words_are_kept_by_the_upgrade(empty_url: str) -> None:
    with closing(open_store(empty_url, must_exist=False)) as store:
        upgrade(store, BEFORE_WORDS)
        with store.engine.begin() as connection:
            connection.execute(
                text(
                    "INSERT INTO policies (code, title, content, digest, valid_from, applied_at, actor)"
                    " VALUES ('house', 'House', :content, 'd', :at, :at, 'root')"
                ),
                {"content": HOUSE, "at": START if store.engine.dialect.name != "sqlite" else START.isoformat()},
            )
        upgrade(store)
        with store.reading() as connection:
            zone = zone_of_policy(connection, START)
            found = {(word.subject, word.code): word.text_zh for word in known_words(connection)}
    assert zone == "Asia/Shanghai"
    assert found["state", "inspected"] == "已现场核查"
    assert found["clock", "reply"] == "答复"
    assert found["category", "billing / wrong"] == "账单错误"
    assert {subject for subject, _code in found} == {"state", "clock", "category", "area", "authority"}
