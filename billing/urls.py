from django.urls import path

from billing.views import dashboard, plans, portal
from billing.webhook import stripe_webhook

urlpatterns = [
    path("owner/", dashboard.dashboard, name="dashboard"),
    path("owner/houses/<int:pk>/submit/", dashboard.house_submit, name="house_submit"),
    path("owner/billing/", portal.billing_portal, name="billing_portal"),
    path("owner/plans/", plans.plans, name="plans"),
    path("owner/plans/<int:plan_pk>/checkout/", plans.checkout, name="checkout"),
    path("owner/checkout/return/", plans.checkout_return, name="checkout_return"),
    path("stripe/webhook/", stripe_webhook, name="stripe_webhook"),
]
