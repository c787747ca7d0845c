from django.urls import path

from accounts import views

urlpatterns = [
    path("accounts/signup/", views.SignupView.as_view(), name="account_signup"),
    path("owner/profile/", views.profile, name="profile"),
]
