"""The invented town of Lindan: who works for its utility, and whom it serves."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from random import Random
from typing import Any

Row = dict[str, Any]

DEPARTMENTS = (
    ("customer-service", "Customer service", "客户服务中心", ""),
    ("marketing", "Billing and metering", "营销计量部", ""),
    ("operations", "Network operations", "运维检修部", ""),
    ("dispatching", "Dispatching", "调度中心", "operations"),
    ("emergency", "Emergency repair", "抢修中心", "operations"),
    ("construction", "Connections and works", "业扩建设部", ""),
    ("telecom", "Telecom services", "通信服务部", ""),
    ("discipline", "Inspection and discipline", "稽查监察部", ""),
)
CATEGORIES = (
    ("service", "Service", "服务", "customer-service"),
    ("service / attitude", "Attitude", "服务态度", "customer-service"),
    ("service / efficiency", "Efficiency", "服务效率", "customer-service"),
    ("service / process", "Process", "服务流程", "customer-service"),
    ("service / appointment", "Appointments", "预约服务", "customer-service"),
    ("quality", "Supply quality", "供应质量", "operations"),
    ("quality / interruption", "Interruptions", "供应中断", "operations"),
    ("quality / voltage", "Voltage", "电压质量", "operations"),
    ("quality / pressure", "Pressure", "水压", "operations"),
    ("quality / water", "Water quality", "水质", "operations"),
    ("quality / safety", "Leaks and safety", "泄漏与安全", "emergency"),
    ("quality / signal", "Signal and speed", "信号与网速", "telecom"),
    ("construction", "Construction", "工程建设", "construction"),
    ("construction / works", "Works and sites", "施工现场", "construction"),
    ("price", "Price", "价格", "marketing"),
    ("price / unreasonable", "Unreasonable price", "价格不合理", "marketing"),
    ("price / arbitrary", "Arbitrary charges", "乱收费", "discipline"),
    ("billing", "Billing", "账单", "marketing"),
    ("billing / wrong", "Wrong bill", "账单错误", "marketing"),
    ("billing / calculation", "Wrong calculation", "费用计算错误", "marketing"),
    ("billing / payment", "Payment and refund", "交费与退费", "marketing"),
    ("business", "Business process", "营业", "marketing"),
    ("business / connection", "Connection and capacity", "业扩报装", "construction"),
    ("business / metering", "Meter reading", "抄表", "marketing"),
    ("misconduct", "Misconduct", "举报", "discipline"),
    ("misconduct / theft", "Theft of supply", "窃电窃水", "discipline"),
    ("other", "Other", "其他", "customer-service"),
    ("other / suggestion", "Suggestion", "建议", "customer-service"),
    ("other / praise", "Praise", "表扬", "customer-service"),
    ("other / information", "Information", "咨询", "customer-service"),
)
STAFF = (
    ("mara.tesk", "Mara Tesk", "customer-service", "lead"),
    ("lan.suiyan", "兰穗砚", "customer-service", "agent"),
    ("owen.brevin", "Owen Brevin", "customer-service", "agent"),
    ("he.xi", "何汐", "customer-service", "agent"),
    ("tilda.okonra", "Tilda Okonra", "customer-service", "agent"),
    ("luo.boqi", "罗柏祺", "operations", "lead"),
    ("ivo.grenholm", "Ivo Grenholm", "operations", "agent"),
    ("xu.yun", "徐昀", "operations", "agent"),
    ("qin.duo", "秦铎", "emergency", "lead"),
    ("sean.oheskel", "Seán O'Heskel", "emergency", "agent"),
    ("tang.jisheng", "唐霁笙", "dispatching", "agent"),
    ("gu.lanke", "顾岚珂", "construction", "lead"),
    ("petra.halvard", "Petra Halvard", "construction", "agent"),
    ("meng.li", "孟砾", "marketing", "lead"),
    ("joost.vandermoor", "Joost van der Moor", "marketing", "agent"),
    ("pan.ran", "潘苒", "marketing", "agent"),
    ("ines.castelan", "Inés Castelán", "marketing", "lead"),
    ("ouyang.tang", "欧阳棠", "marketing", "agent"),
    ("bram.ilvary", "Bram Ilvary", "marketing", "agent"),
    ("shao.kui", "邵葵", "marketing", "agent"),
    ("dong.yizhen", "董弈蓁", "telecom", "lead"),
    ("kit.dunmarrow", "Kit Dunmarrow", "telecom", "agent"),
    ("fang.mingyou", "方铭柚", "discipline", "analyst"),
    ("noor.farrowlind", "Noor Farrow-Lind", "discipline", "auditor"),
)
CALLER = "caller"
"""The login in these files of the person who will run the demonstration: a lead of customer service."""

REGIONS = ("east", "south", "west", "north", "center")
REGION_NAMES = {"east": "城东", "south": "城南", "west": "城西", "north": "城北", "center": "城中"}
STREETS = {
    "east": (
        ("Harbour Street", "港湾路"),
        ("Ferry Lane", "渡口巷"),
        ("Saltworks Road", "盐场路"),
        ("Gull Terrace", "鸥台街"),
    ),
    "south": (
        ("Orchard Road", "果园路"),
        ("Mulberry Lane", "桑林巷"),
        ("Kiln Street", "窑前街"),
        ("Willow Bank", "柳岸路"),
    ),
    "west": (
        ("Foundry Street", "铸造街"),
        ("Quarry Road", "采石路"),
        ("Sluice Lane", "闸口巷"),
        ("Ridge Avenue", "岭西大道"),
    ),
    "north": (("Lantern Hill", "灯山路"), ("Birch Row", "白桦里"), ("Weir Road", "堰北路"), ("Depot Street", "货场街")),
    "center": (
        ("Clock Square", "钟楼广场"),
        ("Bell Street", "鼓前街"),
        ("Old Market", "老市场"),
        ("Court Lane", "衙前巷"),
    ),
}
SURNAMES = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧"
COMPOUND_SURNAMES = ("欧阳", "司徒", "上官", "诸葛")
GIVEN = "澜栎汐岚祺穗砚蓁昀柚铎弈笙葵霁棠珂砾苒柏"
FIRST_NAMES = (
    "Ada", "Bram", "Celia", "Dov", "Edda", "Finn", "Greta", "Hugo", "Ilse", "Jonas", "Kaja", "Leo", "Mirren", "Nils",
    "Orla", "Piet", "Rosa", "Stellan", "Tove", "Wanda",
)  # fmt: skip
LAST_NAMES = (
    "Marlowen", "Teskel", "Halvorden", "Brevinsk", "Castelan", "Dunmarrow", "Eskeldal", "Grenholm", "Ilvarsen", "Jorvanek",
    "Kessel-Lind", "Lindqvorn", "Morvane", "Norrabell", "O'Brien", "O'Heskel", "d'Ambry", "van der Moor", "Peñalva", "Szelényi",
)  # fmt: skip
ORGANISATIONS = {
    "intermediary": (
        ("{} Property Management", "{}物业管理有限公司"),
        ("{} Residents' Association", "{}业主委员会"),
    ),
    "enterprise": (
        ("{} Bakery Ltd", "{}面包坊"),
        ("{} Foundry (Lindan) Ltd", "临澜{}精密铸造厂"),
        ("{} Cold Store", "{}冷链有限公司"),
        ("{} Hotel & Baths", "{}宾馆"),
        ("{} Orchards", "{}果业合作社"),
    ),
    "government": (
        ("{} Primary School", "临澜市{}小学"),
        ("{} Health Station", "{}社区卫生服务站"),
        ("{} Library", "{}图书馆"),
    ),
}
HOUSE_NAMES = (
    ("Willow Court", "柳岸"), ("Blue Heron", "青鹭"), ("Ferrymen's", "渡口"), ("Three Kilns", "三窑"), ("Lantern", "灯山"),
    ("Old Weir", "古堰"), ("Mulberry", "桑林"), ("Ninth Gate", "九门"), ("Saltmarsh", "盐泽"), ("Copper Bell", "铜铃"),
)  # fmt: skip
UTILITIES = (("electricity", "01", "E"), ("water", "02", "W"), ("gas", "03", "G"), ("telecom", "04", "T"))
SUPPLY = {
    "individual": ("residential",),
    "intermediary": ("residential", "commercial"),
    "enterprise": ("commercial", "industrial", "industrial", "agricultural"),
    "government": ("non_industrial",),
}
CUSTOMERS = 300


@dataclass(frozen=True, slots=True)
class Account:
    """What the making of a case has to know of an account and whose it is."""

    number: str
    utility: str
    meter: str
    region: str
    address: str
    street: str
    customer: str
    name: str
    kind: str
    is_chinese: bool
    is_vulnerable: bool


def categories() -> list[Row]:
    """Return the categories, each after its parent."""
    return [
        {"code": code, "name": name, "name_zh": name_zh, "parent": code.rpartition(" / ")[0], "department": department}
        for code, name, name_zh, department in CATEGORIES
    ]


def staff(rng: Random, anchor: datetime) -> list[Row]:
    """Return those who work here, the person who will run the demonstration last."""
    people = [*STAFF, (CALLER, "", "customer-service", "lead")]
    return [
        {
            "login": login,
            "name": name,
            "department": department,
            "role": role,
            "created_at": anchor - timedelta(days=rng.randrange(400, 3000), minutes=rng.randrange(1440)),
        }
        for login, name, department, role in people
    ]


def _person(rng: Random, *, is_chinese: bool) -> str:
    if not is_chinese:
        return f"{rng.choice(FIRST_NAMES)} {rng.choice(LAST_NAMES)}"
    surname = rng.choice(COMPOUND_SURNAMES) if rng.random() < 0.05 else rng.choice(SURNAMES)
    given = rng.choice(GIVEN) if rng.random() < 0.35 else rng.choice(GIVEN[:10]) + rng.choice(GIVEN[10:])
    return surname + given


def _phone(rng: Random, *, is_chinese: bool) -> str:
    """Return a number that no one can have: 120… is no mobile range, 020 7946 0… and 555-01.. are kept for fiction."""
    if is_chinese:
        return f"1200{rng.randrange(10_000_000):07d}"
    if rng.random() < 0.5:
        return f"020 7946 0{rng.randrange(1000):03d}"
    return f"+1 202-555-01{rng.randrange(100):02d}"


def _number(position: int, kind: str) -> str:
    return f"{position * 37 + 100_003:010d}" if kind == "individual" else f"8{position * 37 + 3:09d}"


def _street(rng: Random, region: str, *, is_chinese: bool) -> tuple[str, str]:
    english, chinese = rng.choice(STREETS[region])
    house, flat = rng.randrange(1, 190), rng.randrange(101, 1206)
    if is_chinese:
        return f"临澜市{REGION_NAMES[region]}区{chinese}{house}号{flat}室", chinese
    return f"{house} {english}, flat {flat}, Lindan {region.title()}", english


def customers(rng: Random, anchor: datetime) -> tuple[list[Row], list[Row], list[Account]]:
    """Return the customers, their service accounts, and the accounts as the making of cases needs them."""
    found: list[Row] = []
    accounts: list[Row] = []
    known: list[Account] = []
    kinds = ["individual"] * 15 + ["intermediary"] * 2 + ["enterprise"] * 3 + ["government"]
    for position in range(1, CUSTOMERS + 1):
        kind = "individual" if position % 5 else rng.choice(kinds[12:])
        is_chinese = rng.random() < 0.55
        name = _person(rng, is_chinese=is_chinese)
        if kind != "individual":
            patterns, house = rng.choice(ORGANISATIONS[kind]), rng.choice(HOUSE_NAMES)
            name = patterns[is_chinese].format(house[is_chinese])
        region = rng.choices(REGIONS, (24, 20, 20, 18, 18))[0]
        address, street = _street(rng, region, is_chinese=is_chinese)
        is_vulnerable = kind == "individual" and rng.random() < 0.08
        relationship = rng.choices(("long_term", "new", "former", "potential", "needs_care"), (78, 11, 5, 2, 4))[0]
        supply = rng.choice(SUPPLY[kind])
        number = _number(position, kind)
        created = anchor - timedelta(days=rng.randrange(380, 6000), minutes=rng.randrange(1440))
        found.append(
            {
                "number": number,
                "name": name,
                "kind": kind,
                "relationship": relationship,
                "supply_category": supply,
                "size": "small" if kind == "individual" else rng.choice(("small", "medium", "large")),
                "credit_grade": rng.choices("ABC", (70, 24, 6))[0],
                "phone": _phone(rng, is_chinese=is_chinese) if rng.random() < 0.95 else "",
                "email": f"c{number}@example.{rng.choice(('com', 'org', 'net'))}" if rng.random() < 0.6 else "",
                "address": address,
                "region": region,
                "is_vulnerable": is_vulnerable,
                "created_at": created,
                "updated_at": created + timedelta(days=rng.randrange(1, 370)),
            }
        )
        if relationship == "potential":
            continue
        held = rng.choices((1, 2, 3, 4), (62, 24, 10, 4))[0]
        first = rng.randrange(4) if rng.random() < 0.45 else 0
        for step in range(held):
            utility, prefix, letter = UTILITIES[(first + step) % 4]
            account = f"{prefix}{position * 53 + step * 7 + 1_004_000:08d}"
            meter = "" if utility == "telecom" else f"{letter}{rng.randrange(1_000_000):07d}"
            opened = (created + timedelta(days=step * 9)).date()
            accounts.append(
                {
                    "number": account,
                    "customer": number,
                    "utility": utility,
                    "supply_category": supply,
                    "state": _account_state(rng, relationship),
                    "meter_number": meter,
                    "address": address,
                    "region": region,
                    "opened_on": opened,
                    "closed_on": None,
                }
            )
            if accounts[-1]["state"] == "closed":
                accounts[-1]["closed_on"] = _closing_day(rng, opened, anchor.date())
            known.append(
                Account(account, utility, meter, region, address, street, number, name, kind, is_chinese, is_vulnerable)
            )
    return found, accounts, known


def _account_state(rng: Random, relationship: str) -> str:
    if relationship == "former":
        return "closed"
    return "suspended" if rng.random() < 0.03 else "active"


def _closing_day(rng: Random, opened: date, anchor: date) -> date:
    return opened + timedelta(days=rng.randrange(30, (anchor - opened).days))
