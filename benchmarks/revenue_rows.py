"""Millions of memberships with their spans, movements and payments, made inside PostgreSQL."""

from django.db import connection

MONTHS = 48
PAYMENTS_EACH = 5

# A fifth has left, one in twenty is past due, one in thirty is to end.
MEMBERSHIPS = """
INSERT INTO billing_membership (stripe_subscription_id, stripe_customer_id, tier_id, billing_cycle,
    net_pence, vat_pence, currency, status, auto_renew, start_date, end_date, renewal_date,
    payment_failure_count, created_at, updated_at)
SELECT 'sub_' || n, 'cus_' || n, tiers.ids[1 + n %% 3],
    CASE WHEN n %% 2 = 0 THEN 'monthly' ELSE 'annual' END, 6500, 1300, 'gbp',
    CASE WHEN n %% 5 = 0 THEN 'cancelled' WHEN n %% 20 = 1 THEN 'past_due' ELSE 'active' END,
    true, began, began + 365, CASE WHEN n %% 5 = 0 THEN NULL ELSE began + 365 END, 0, now(), now()
FROM generate_series(1, %(rows)s) n,
    LATERAL (SELECT current_date - (n %% 1400)::int AS began) b,
    (SELECT array_agg(id) AS ids FROM billing_tier) tiers
"""
SPANS = """
INSERT INTO billing_revenuespan (account, stripe_subscription_id, membership_id, starts_on, ends_on,
    standing, annual_pence, currency, tier, cycle, is_at_risk, leaving_on, end_reason)
SELECT 'cus_' || m.n, 'sub_' || m.n, id, start_date,
    CASE WHEN status = 'cancelled' THEN start_date + 200 END, 'paying', 78000, 'gbp',
    (array['bronze', 'silver', 'gold'])[1 + m.n %% 3], billing_cycle, status = 'past_due',
    CASE WHEN m.n %% 30 = 2 THEN current_date + 30 END,
    CASE WHEN status = 'cancelled' THEN 'voluntary' ELSE '' END
FROM (SELECT *, substr(stripe_subscription_id, 5)::int AS n FROM billing_membership) m
"""
JOINED = """
INSERT INTO billing_revenuechange (account, stripe_subscription_id, day, kind, before_pence,
    after_pence, amount_pence, tier, cycle, what, reason, was_past_due, cohort)
SELECT account, stripe_subscription_id, starts_on, 'new', 0, 78000, 78000, tier, cycle, '', '',
    false, date_trunc('month', starts_on)::date
FROM billing_revenuespan
"""
LEFT = """
INSERT INTO billing_revenuechange (account, stripe_subscription_id, day, kind, before_pence,
    after_pence, amount_pence, tier, cycle, what, reason, was_past_due, cohort)
SELECT account, stripe_subscription_id, ends_on, 'churn', 78000, 0, 78000, tier, cycle, '',
    end_reason, false, date_trunc('month', starts_on)::date
FROM billing_revenuespan WHERE ends_on IS NOT NULL
"""
PAYMENTS = """
INSERT INTO billing_payment (kind, stripe_object_id, step, stripe_invoice_id, stripe_customer_id,
    membership_id, owner_name, description, invoice_number, currency, net_pence, vat_pence,
    gross_pence, fee_pence, paid_at, period_start, period_end, created_at)
SELECT 'invoice', 'in_' || id || '_' || k, 1, 'in_' || id || '_' || k, stripe_customer_id, id, '',
    'Silver monthly membership', '', 'gbp', 6500, 1300, 7800, 140,
    day, day::date, (day + length)::date, now()
FROM billing_membership, generate_series(1, %(each)s) k,
    LATERAL (SELECT CASE WHEN billing_cycle = 'annual' THEN interval '1 year'
        ELSE interval '1 month' END AS length) l,
    LATERAL (SELECT start_date::timestamptz + k * length AS day) d
"""


def fill(memberships: int) -> None:
    wish = {"rows": memberships, "each": PAYMENTS_EACH}
    with connection.cursor() as cursor:
        for statement in (MEMBERSHIPS, SPANS, JOINED, LEFT, PAYMENTS):
            cursor.execute(statement, wish)
        cursor.execute("ANALYZE")
