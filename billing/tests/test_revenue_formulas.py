"""The formulas against the worked arithmetic cases A01 to A09, figure by figure."""

import json
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest

from billing.revenue import formulas as f

FILE = Path(__file__).parent / "data" / "revenue_cases.json"
CASES = {case["id"]: case for case in json.loads(FILE.read_text())["arithmetic_cases"]}
A_YEAR = {
    "bronze_m": 12_000,
    "silver_m": 24_000,
    "silver_y": 20_000,
    "gold_y": 40_000,
}


def expected(name):
    return CASES[name]["expected"]


def shown(value, places=4):
    return None if value is None else str(f.rounded(value, places))


def test_every_shared_arithmetic_case_is_here(revenue_cases_file):
    shared = json.loads(revenue_cases_file.read_text())["arithmetic_cases"]

    assert {case["id"]: case for case in shared} == CASES
    tested = {name[5:8].upper() for name in globals() if name.startswith("test_a0")}
    assert tested == set(CASES)


def test_a01_the_waterfall_adds_up_with_a_line_for_currencies():
    given = dict(CASES["A01"]["inputs_mrr_pence"])
    given["other"] = given.pop("fx")

    assert f.CLOSING(**given) == expected("A01")["closing_mrr_pence"]


def worth(members):
    return sum(A_YEAR[plan] * many for plan, many in members.items())


def test_a02_the_rates_of_a_month():
    given = CASES["A02"]["inputs"]
    moved = given["during_month"]
    opening = worth(given["opening"])
    new, returned = worth(moved["new"]), worth(moved["reactivated"])
    left, failed = worth(moved["churned voluntary"]), worth(moved["churned payment_failed"])
    churn = left + failed
    up = moved["upgrade bronze_m to silver_m"] * (A_YEAR["silver_m"] - A_YEAR["bronze_m"])
    down = moved["downgrade gold_y to silver_y"] * (A_YEAR["gold_y"] - A_YEAR["silver_y"])
    closing = f.CLOSING(
        opening=opening, new=new, expansion=up, reactivation=returned, contraction=down, churn=churn
    )
    lost, at_opening = 3, sum(given["opening"].values())
    joined, back = sum(moved["new"].values()), sum(moved["reactivated"].values())
    members = at_opening + joined + back - lost
    arpa = f.ARPA(closing_mrr=Fraction(closing, 12), closing_members=members)
    gross = {"opening": opening, "churn": churn, "contraction": down}
    ratio = {"new": new, "expansion": up, "churn": churn, "contraction": down}

    found = {
        "opening_arr_pence": opening,
        "new_arr_pence": new,
        "expansion_arr_pence": up,
        "contraction_arr_pence": down,
        "churn_arr_pence": churn,
        "reactivation_arr_pence": returned,
        "closing_arr_pence": closing,
        "opening_mrr_pence": opening // 12,
        "closing_mrr_pence_display": int(f.rounded(Fraction(closing, 12), 0)),
        "net_new_arr_pence": closing - opening,
        "gross_mrr_churn_rate": shown(f.GROSS_CHURN(**gross)),
        "net_mrr_churn_rate": shown(f.NET_CHURN(**gross, expansion=up)),
        "net_mrr_churn_rate_incl_reactivation": shown(
            f.NET_CHURN(**gross, expansion=up + returned)
        ),
        "gross_revenue_retention": shown(f.GROSS_RETENTION(**gross)),
        "net_revenue_retention": shown(f.NET_RETENTION(**gross, expansion=up)),
        "logo_churn_rate": shown(f.LOGO_CHURN(lost=lost, opening_members=at_opening)),
        "stripe_style_subscriber_churn_rate": shown(
            f.LOGO_CHURN(lost=lost, opening_members=at_opening + joined)
        ),
        "involuntary_share_of_churned_mrr": shown(
            f.INVOLUNTARY_SHARE(churn_by_failed_payments=failed, churn=churn)
        ),
        "quick_ratio": shown(f.QUICK_RATIO(**ratio, reactivation=returned)),
        "quick_ratio_excl_reactivation": shown(f.QUICK_RATIO(**ratio, reactivation=0)),
        "closing_paying_members": members,
        "arpa_pence": shown(arpa, 2),
        "ltv_pence": shown(
            f.LTV(arpa=arpa, logo_churn=Fraction(given["six_month_average_logo_churn"])), 2
        ),
    }
    assert found == expected("A02")


def test_a03_the_lifetime_value_divides_by_the_exact_rate():
    given = CASES["A03"]["inputs"]

    arpa = f.ARPA(closing_mrr=given["closing_mrr_pence"], closing_members=given["closing_members"])
    churn = f.LOGO_CHURN(lost=given["churned"], opening_members=given["opening_members"])

    assert {
        "arpa_pence": shown(arpa, 2),
        "churn_rate": shown(churn),
        "ltv_pence": shown(f.LTV(arpa=arpa, logo_churn=churn), 2),
    } == expected("A03")


def test_a04_a_cohort_keeps_what_it_pays_now():
    given = CASES["A04"]["inputs"]
    start = given["cohort_members"] * given["start_price_pence"]
    more = given["upgraded"] * (given["upgraded_to_pence"] - given["start_price_pence"])
    end = start - given["churned"] * given["start_price_pence"] + more
    kept = given["cohort_members"] - given["churned"]

    assert {
        "start_mrr_pence": start,
        "end_mrr_pence": end,
        "revenue_retention": shown(f.COHORT_REVENUE(recurring_now=end, recurring_at_first=start)),
        "member_retention": shown(f.COHORT_MEMBERS(paying=kept, joined=given["cohort_members"])),
    } == expected("A04")


def test_a05_nothing_to_divide_by_is_not_known():
    given = CASES["A05"]["inputs"]
    lost = {"churn": given["churn"], "contraction": given["contraction"]}
    churn = f.LOGO_CHURN(lost=given["churned_members"], opening_members=given["opening_members"])

    assert {
        "gross_mrr_churn_rate": f.GROSS_CHURN(opening=given["opening_mrr_pence"], **lost),
        "logo_churn_rate": churn,
        "quick_ratio": f.QUICK_RATIO(new=given["new"], expansion=0, reactivation=0, **lost),
        "ltv_pence": f.LTV(arpa=None, logo_churn=churn),
    } == expected("A05")


def test_a06_the_renewal_rate_is_of_those_due():
    given = CASES["A06"]["inputs"]
    due, lapsed = given["due_this_month"], given["lapsed"]

    assert {
        "renewal_rate": shown(f.RENEWAL_RATE(renewed=given["renewed"], due=due)),
        "due_based_churn_rate": shown(1 - f.RENEWAL_RATE(renewed=given["renewed"], due=due)),
        "naive_monthly_logo_churn_rate": shown(
            f.LOGO_CHURN(lost=lapsed, opening_members=given["annual_members"])
        ),
    } == expected("A06")


def test_a07_recovery_is_of_what_is_settled():
    invoices = CASES["A07"]["inputs"]["invoices"]

    def amounts(*outcomes):
        return [each["amount"] for each in invoices if each["outcome"] in outcomes]

    by_retry, by_member = amounts("paid_by_retry"), amounts("paid_after_card_update")
    found = f.RECOVERY(
        recovered=by_retry + by_member, lost=amounts("lost"), still_open=amounts("open")
    )

    assert {
        "failed_pence": found.failed,
        "recovered_pence": found.recovered,
        "recovered_by_retry_pence": sum(by_retry),
        "recovered_by_member_pence": sum(by_member),
        "lost_pence": found.lost,
        "open_pence": found.open,
        "recovery_rate_resolved": shown(found.rate),
        "recovery_rate_all": shown(found.rate_of_all),
        "recovery_rate_resolved_by_count": shown(found.rate_by_count),
    } == expected("A07")


def test_a08_the_bridge_from_charges_to_the_balance():
    given = CASES["A08"]["inputs_pence"]

    activity = f.NET_ACTIVITY(
        charges=given["charges"],
        refunds=-given["refunds"],
        disputes=-given["disputes"],
        fees=-given["stripe_fees"] - given["dispute_fees"],
    )
    balance = f.STRIPE_BALANCE(
        opening_balance=given["stripe_balance_opening"],
        net_activity=activity,
        paid_out=-given["payouts_sent"],
    )

    assert {
        "net_activity_pence": activity,
        "stripe_balance_closing_pence": balance,
    } == expected("A08")


def test_a09_the_bridge_to_stripes_own_figure():
    given = CASES["A09"]["inputs_mrr_pence"]

    figure = f.STRIPES_FIGURE(
        ours=given["ours"],
        scheduled_to_end=-given["scheduled_to_end_still_counted_by_us"],
        discounts=given["temporary_discounts_we_subtract"],
        paused=given["paused_collection_counted_by_stripe"],
        other_currency=given["other_currency_counted_by_stripe"],
        not_yet_synced=given["not_yet_synced"],
    )

    assert figure == expected("A09")["stripe_dashboard_mrr_pence"]


def test_nothing_failed_gives_no_rates():
    found = f.RECOVERY(recovered=[], lost=[], still_open=[])

    assert (found.failed, found.rate, found.rate_of_all, found.rate_by_count) == (
        0,
        None,
        None,
        None,
    )


@pytest.mark.parametrize("name", f.FORMULAS)
def test_every_formula_can_be_explained(name):
    formula = f.FORMULAS[name]

    assert formula.name
    assert formula.words.endswith(".")
    assert formula.text


@pytest.mark.parametrize(
    ("value", "places", "text"),
    [
        (Fraction(1, 8), 2, "0.13"),
        (Fraction(-1, 8), 2, "-0.13"),
        (Fraction(2, 3), 4, "0.6667"),
        (7, 2, "7.00"),
        (Fraction(10**15 + 1, 2), 0, "500000000000001"),
    ],
)
def test_rounding_is_half_up_and_only_for_show(value, places, text):
    assert f.rounded(value, places) == Decimal(text)
    assert str(f.rounded(value, places)) == text
