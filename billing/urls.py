from django.urls import path

from billing.views import at_renewal, changed, changes, confirming, dashboard, plans, portal
from billing.webhook import stripe_webhook

urlpatterns = [
    path("owner/", dashboard.dashboard, name="dashboard"),
    path("owner/houses/<int:pk>/submit/", dashboard.house_submit, name="house_submit"),
    path("owner/billing/", portal.billing_portal, name="billing_portal"),
    path("owner/memberships/<int:pk>/", changes.membership_plans, name="membership_plans"),
    path(
        "owner/memberships/<int:pk>/change/<int:plan_pk>/",
        changes.membership_change,
        name="membership_change",
    ),
    path(
        "owner/memberships/<int:pk>/planned/",
        at_renewal.membership_drop_plan,
        name="membership_drop_plan",
    ),
    path(
        "owner/memberships/<int:pk>/take-back/",
        confirming.membership_take_back,
        name="membership_take_back",
    ),
    path("owner/memberships/<int:pk>/cancel/", changes.membership_cancel, name="membership_cancel"),
    path("owner/memberships/<int:pk>/keep/", changes.membership_keep, name="membership_keep"),
    path(
        "owner/memberships/<int:pk>/changed/", changed.membership_changed, name="membership_changed"
    ),
    path("owner/plans/", plans.plans, name="plans"),
    path("owner/plans/<int:plan_pk>/checkout/", plans.checkout, name="checkout"),
    path("owner/checkout/return/", plans.checkout_return, name="checkout_return"),
    path("stripe/webhook/", stripe_webhook, name="stripe_webhook"),
]
