from django.urls import include, path
from drf_spectacular.views import SpectacularAPIView
from rest_framework.routers import SimpleRouter

from crm.api import views

router = SimpleRouter()
router.register("contacts", views.ContactViewSet, basename="api-contact")
router.register("properties", views.PropertyViewSet, basename="api-property")
router.register("enquiries", views.EnquiryViewSet, basename="api-enquiry")
router.register("memberships", views.MembershipViewSet, basename="api-membership")

urlpatterns = [
    path("v1/", include(router.urls)),
    path("schema/", SpectacularAPIView.as_view(), name="api-schema"),
]
