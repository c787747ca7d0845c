from django.contrib import admin
from django.urls import include, path

from crm_project import mailbox, media

urlpatterns = [
    path("admin/", admin.site.urls),
    path("api/", include("crm.api.urls")),
    path("media/photos/<str:name>", media.photo, name="photo"),
    path("demo/mailbox/", mailbox.mailbox, name="mailbox"),
    path("demo/mailbox/<int:pk>/", mailbox.mail, name="mail"),
    path(
        "", include("accounts.urls")
    ),  # before allauth: its own sign-up view stands at the address
    path("accounts/", include("allauth.account.urls")),
    path("", include("billing.urls")),
    path("", include("listings.urls")),
]
